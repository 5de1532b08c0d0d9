"""A telephone that has only Opus is answered, outlives its node and is heard both ways after it."""

import asyncio
import signal
import wave
from pathlib import Path

import numpy as np

from contactcentre.adapters.embedded.server import free_port
from contactcentre.bench.peer import strongest_tone
from contactcentre.domain.ids import QueueId
from contactcentre.domain.presence import Presence
from tests.adapters.sip.test_real_phones import control, equip, needs, running
from tests.apps.small_centre import PAYING, small_centre
from tests.apps.test_trunk_rescue import (
    CALLER_HZ,
    NUMBER,
    other_node,
    settings_of_the_lost,
    until_there,
)

ADVISER_HZ = 1_000.0
LOOPBACK = "127.0.0.1"
WAITS_WITHIN_S = 8.0


@needs("baresip")
async def test_a_telephone_that_has_only_opus_is_taken_over_with_sound_both_ways(
    redis_url: str, tmp_path: Path
) -> None:
    trunks = tmp_path / "trunks.toml"
    trunks.write_text('[trunks.north]\naddresses = ["127.0.0.1"]\n')
    shared = {"CC_SIP_TRUNKS": str(trunks), "CC_RTP_PORTS": "27000-27999"}
    lost = settings_of_the_lost(redis_url, tmp_path / "lost", shared)
    more = shared | {"CC_SIP_PORT": str(free_port())}
    told = equip(tmp_path, f"<sip:caller@{LOOPBACK}>;regint=0", codec="opus")
    async with (
        small_centre(redis_url, tmp_path / "kept", nodes=1, **more) as centre,
        other_node(lost) as node,
    ):
        await until_there(centre.state)
        async with running("baresip", "-f", str(tmp_path), cwd=tmp_path):
            await control(told, "dial", f"sip:{NUMBER}@{LOOPBACK}:{lost['CC_SIP_PORT']}")
            async with asyncio.timeout(WAITS_WITHIN_S):
                while not (await centre.state.overview([QueueId(PAYING)])).queues[0].waiting_count:
                    await control(told, "sndcode", "3")
                    await asyncio.sleep(0.5)
            await asyncio.sleep(2.2)  # two beats: what has changed is kept
            node.send_signal(signal.SIGKILL)
            await centre.desk.report("ada", Presence.READY, PAYING)
            _, adviser = await centre.answer_ring()
            await adviser.hear("bridged")
            adviser.peer.tone(ADVISER_HZ)
            assert await adviser.peer.hears(CALLER_HZ), (tmp_path / "baresip.log").read_text()
            await asyncio.sleep(1.5)  # of it the last second is looked at
            await adviser.say("hang_up")
            assert (await adviser.hear("over"))["ending"] == "handled"
    newest = max(tmp_path.glob("*-dec.wav"), key=lambda path: path.stat().st_mtime)
    with wave.open(str(newest)) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16)
        rate, channels = sound.getframerate(), sound.getnchannels()
    assert rate == 48_000, "Opus"
    frequency, _ = strongest_tone(samples[::channels][-rate:])
    assert abs(frequency * rate / 8_000 - ADVISER_HZ) < 20
