"""Telephones that others have written: sipp and baresip.

Without them installed these tests are left out, which the check does not accept.
"""

import asyncio
import json
import shutil
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from contactcentre.adapters.embedded.server import free_port
from contactcentre.adapters.sip.tls import TlsFiles, TlsKeys
from contactcentre.bench.peer import strongest_tone
from tests.adapters.sip.certificates import make_authority, make_certificate
from tests.adapters.sip.entrance import LOOPBACK, NUMBER, Entrance, until
from tests.adapters.sip.sounding_board import TONE_HZ, Heard, SoundingBoard, sounding_board

KEYS = "159*0#"
HUM_HZ = 440
BARESIP = """
module_path {modules}
module {codec}.so
module aubridge.so
module ausine.so
module sndfile.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen {host}:{control}
sip_listen {host}:{port}
rtp_ports 23400-23499
audio_source ausine,{hum_hz}
ausrc_srate 48000
ausrc_channels 2
audio_player aubridge,echo
snd_path {heard}
net_interface {host}
"""


def needs(program: str) -> pytest.MarkDecorator:
    """Leave a test out where a program is not installed."""
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


@asynccontextmanager
async def running(*command: str, cwd: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a program, and end it."""
    log = (cwd / f"{Path(command[0]).name}.log").open("wb")
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
    )
    try:
        yield process
    finally:
        log.close()
        if process.returncode is None:
            process.terminate()
        await process.wait()


def equip(
    folder: Path,
    account: str,
    *,
    port: int | None = None,
    codec: str = "g711",
    hum_hz: int = HUM_HZ,
    more: str = "",
) -> int:
    """Make baresip ready in a folder, with `more` in its settings; return where it is told."""
    told = free_port()
    config = BARESIP.format(
        modules=modules(),
        codec=codec,
        host=LOOPBACK,
        port=port or free_port(),
        control=told,
        hum_hz=hum_hz,
        heard=folder,
    )
    (folder / "config").write_text(config + more)
    (folder / "accounts").write_text(account + "\n")
    return told


@needs("sipp")
@pytest.mark.parametrize("transport", ["u1", "t1"])
async def test_sipp_calls_and_hangs_up_without_asking_twice(
    entrance: Entrance, tmp_path: Path, transport: str
) -> None:
    await entrance.open()
    command = ["sipp", f"{LOOPBACK}:{entrance.there[1]}", "-sn", "uac", "-s", NUMBER]
    options = ["-i", LOOPBACK, "-t", transport, "-m", "20", "-r", "20", "-d", "300"]
    async with running(*command, *options, "-nostdin", "-timeout", "20", cwd=tmp_path) as sipp:
        assert await sipp.wait() == 0, (tmp_path / "sipp.log").read_text()[-2_000:]
    assert len(entrance.board.calls) == 20
    assert all(call.told == ["began", "ended"] for call in entrance.board.calls)
    assert entrance.door.repeated_count == 0


async def control(port: int, command: str, params: str = "") -> None:
    """Tell baresip to do something (its ctrl_tcp speaks netstrings)."""
    text = json.dumps({"command": command, "params": params, "token": "t"}).encode()
    writer = await connected(port)
    writer.write(b"%d:%s," % (len(text), text))
    await writer.drain()
    await asyncio.sleep(0.1)
    writer.close()
    await writer.wait_closed()


async def connected(port: int) -> asyncio.StreamWriter:
    """Connect to a program that has just been started."""
    for _ in range(100):
        try:
            return (await asyncio.open_connection(LOOPBACK, port))[1]
        except OSError:
            await asyncio.sleep(0.05)
    raise TimeoutError("the program does not listen")


def is_heard(board: SoundingBoard, call: Heard) -> bool:
    """Say whether a phone's sound has come: before that its keys go nowhere."""
    quality = board.media.quality(call.leg)
    return quality is not None and quality.received_count > 0


def modules() -> Path:
    """Return where baresip's modules are."""
    return next(Path("/usr/lib").glob("**/baresip/modules"))


@needs("baresip")
@pytest.mark.parametrize("codec", ["g711", "opus"])
async def test_baresip_sends_keys_hears_the_tone_and_is_heard_saying_it_back(
    entrance: Entrance, tmp_path: Path, codec: str
) -> None:
    port = equip(tmp_path, f"<sip:caller@{LOOPBACK}>;regint=0", codec=codec)
    async with sounding_board() as board:
        await entrance.open(switchboard=board)
        async with running("baresip", "-f", str(tmp_path), cwd=tmp_path):
            there = f"sip:{NUMBER}@{LOOPBACK}:{entrance.there[1]}"
            await control(port, "dial", there)
            assert await until(lambda: bool(board.calls)), (tmp_path / "baresip.log").read_text()
            call = board.calls[0]
            assert await until(lambda: is_heard(board, call))
            for key in KEYS:
                await control(port, "sndcode", key)
                await asyncio.sleep(0.15)
            assert await until(lambda: call.keys == KEYS), call.keys
            quality = board.media.quality(call.leg)
            assert quality is not None
            assert quality.level_dbov > -40
            await control(port, "hangup")
            assert await until(lambda: call.is_over)
    with wave.open(str(next(tmp_path.glob("*-dec.wav")))) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16)
        rate, channels = sound.getframerate(), sound.getnchannels()
    assert rate == {"g711": 8_000, "opus": 48_000}[codec], "the codec that was agreed"
    frequency, _ = strongest_tone(samples[::channels][-rate:])
    assert abs(frequency * rate / 8_000 - TONE_HZ) < 20


def tls_phone(folder: Path, files: TlsFiles, authority: str) -> int:
    """Write down a baresip that calls over TLS and shows a certificate; return its control port."""
    (folder / "both.pem").write_text(files.certificate.read_text() + files.key.read_text())
    shown = f"sip_certificate {folder}/both.pem\nsip_cafile {folder}/{authority}.pem\n"
    return equip(folder, f"<sip:caller@{LOOPBACK};transport=tls>;regint=0", more=shown)


@needs("baresip")
@needs("openssl")
async def test_baresip_calls_over_tls_and_both_sides_show_certificates(
    entrance: Entrance, tmp_path: Path
) -> None:
    make_authority(tmp_path, "authority")
    ours, theirs = (make_certificate(tmp_path, one, "authority") for one in ("node", "trunk"))
    port = tls_phone(tmp_path, theirs, "authority")
    keys = TlsKeys(replace(ours, authorities=tmp_path / "authority.pem"))
    await entrance.open(keys=keys, only_tls=True)
    async with running("baresip", "-f", str(tmp_path), cwd=tmp_path):
        there = f"sip:{NUMBER}@{LOOPBACK}:{entrance.there_tls[1]};transport=tls"
        await control(port, "dial", there)
        calls = entrance.board.calls
        assert await until(lambda: bool(calls)), (tmp_path / "baresip.log").read_text()
        assert await until(lambda: calls[0].told == ["began"]), calls[0].told
        await control(port, "hangup")
        assert await until(lambda: calls[0].told == ["began", "ended"]), calls[0].told
