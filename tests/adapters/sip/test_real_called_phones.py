"""Telephones that others have written and that we ring: sipp and baresip."""

import asyncio
import wave
from pathlib import Path

import numpy as np
import pytest

from contactcentre.adapters.embedded.server import free_port
from contactcentre.bench.peer import strongest_tone
from contactcentre.bench.phone import PhonePeer
from contactcentre.domain.dialling import DialFailure
from contactcentre.domain.ids import LegId
from contactcentre.ports.dialling import (
    DialEvent,
    NumberAnswered,
    NumberEnded,
    NumberFailed,
    NumberRings,
)
from contactcentre.ports.media import KeyHeard
from tests.adapters.sip.answering import OUTSIDE, Answering
from tests.adapters.sip.called_side import ACCOUNT, CALLED, PASSWORD
from tests.adapters.sip.entrance import LOOPBACK, until
from tests.adapters.sip.test_real_phones import control, equip, needs, running
from tests.apps.outside import Outside, outside

RINGS, ANSWERED = NumberRings(is_heard=False), NumberAnswered()
BARESIP_HZ, OTHER_HZ = 440.0, 700.0
COMES_OF_IT: dict[str, list[DialEvent]] = {
    "rings and answers": [RINGS, ANSWERED],
    "asks for a password": [RINGS, ANSWERED],
    "is slow": [NumberRings(is_heard=True), ANSWERED],
    "is busy": [NumberFailed(why=DialFailure.BUSY)],
    "does not answer": [RINGS, NumberFailed(why=DialFailure.NO_ANSWER)],
}


@needs("sipp")
@pytest.mark.parametrize(
    ("phone", "transport"),
    [*((phone, "udp") for phone in CALLED), ("asks for a password", "tcp")],
)
async def test_sipp_is_rung_and_finds_nothing_wrong(
    tmp_path: Path, phone: str, transport: str
) -> None:
    port, told = free_port(), COMES_OF_IT[phone]
    (tmp_path / "phone.xml").write_text(CALLED[phone])
    command = ["sipp", "-sf", "phone.xml", "-i", LOOPBACK, "-p", str(port), "-m", "1", "-nostdin"]
    options = ["-t", f"{transport[0]}1", "-timeout", "15", "-trace_err", "-error_file", "errors"]
    async with (
        running(*command, *options, cwd=tmp_path) as sipp,
        outside(port, transport=transport, username=ACCOUNT, password=PASSWORD) as town,
    ):
        await listens(town, transport)
        call = await town.dial(ring_ms=600 if phone == "does not answer" else 10_000)
        assert await until(lambda: town.told == told), town.told
        if call.is_answered:
            call.hang_up()
        async with asyncio.timeout(10):
            assert await sipp.wait() == 0, (tmp_path / "sipp.log").read_text()[-2_000:]
    assert not (tmp_path / "errors").exists(), (tmp_path / "errors").read_text()


async def listens(town: Outside, transport: str) -> None:
    """Wait until a program that has just been started can be called over TCP; UDP asks again."""
    if transport == "tcp":
        for _ in range(50):
            try:
                _, writer = await asyncio.open_connection(*town.trunk.peer)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


@needs("baresip")
async def test_baresip_is_rung_and_both_hear_one_another(tmp_path: Path) -> None:
    port = free_port()
    account = f"<sip:{OUTSIDE}@{LOOPBACK}>;regint=0;answermode=auto;audio_codecs=PCMA/8000/1"
    told = equip(tmp_path, account, port=port)
    trunk, other = Answering(), PhonePeer()
    await trunk.open()
    await other.open()
    trunk.script = lambda rung: rung.respond(200, sdp=other.sdp())
    async with running("baresip", "-f", str(tmp_path), cwd=tmp_path), outside(port) as town:
        await control(told, "uafind", f"sip:{OUTSIDE}@{LOOPBACK}")
        await town.dial()
        assert await until(lambda: NumberAnswered() in town.told), town.told
        await ring_other(town, trunk, other)
        other.hum(OTHER_HZ)
        assert await other.hears(BARESIP_HZ), other.heard()
        await asyncio.sleep(1.2)
        await control(told, "sndcode", "5")
        assert await until(lambda: KeyHeard(leg=LegId("outside 1"), key="5") in town.heard)
        await control(told, "hangup")
        assert await until(lambda: NumberEnded() in town.told)
    await other.close()
    await trunk.close()
    with wave.open(str(next(tmp_path.glob("*-dec.wav")))) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16)
    frequency, _ = strongest_tone(samples[-8_000:])
    assert abs(frequency - OTHER_HZ) < 20


async def ring_other(town: Outside, trunk: Answering, other: PhonePeer) -> None:
    """Bring a second phone into the room, which hears the first one and is heard by it."""
    town.ring_over(trunk.outward)
    await town.dial()
    assert await until(lambda: town.told.count(NumberAnswered()) == 2)
    other.answered(trunk.rung[0].invite.body.decode())
    one, two = LegId("outside 1"), LegId("outside 2")
    for listener, speaker in ((one, two), (two, one)):
        town.media.let_hear(listener=listener, speaker=speaker, on=True)
