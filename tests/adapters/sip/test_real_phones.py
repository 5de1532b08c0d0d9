"""Telephones and a proxy that others have written: sipp, baresip, Kamailio.

Without them installed these tests are left out, which the check does not accept.
"""

import asyncio
import json
import re
import shutil
import wave
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from contactcentre.adapters.sip.tls import TlsFiles, TlsKeys
from contactcentre.bench.peer import strongest_tone
from contactcentre.bench.sip_phone import PhoneCall, free_port
from tests.adapters.sip.certificates import make_authority, make_certificate
from tests.adapters.sip.entrance import LOOPBACK, NUMBER, OFFER, Entrance, until
from tests.adapters.sip.sounding_board import TONE_HZ, Heard, SoundingBoard, sounding_board

KEYS = "159*0#"
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
audio_source ausine,440
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
    port = free_port(LOOPBACK)
    settings = {"host": LOOPBACK, "port": free_port(LOOPBACK), "control": port, "heard": tmp_path}
    (tmp_path / "config").write_text(BARESIP.format(modules=modules(), codec=codec, **settings))
    (tmp_path / "accounts").write_text(f"<sip:caller@{LOOPBACK}>;regint=0\n")
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


def secure_baresip(folder: Path, certificate: TlsFiles | None) -> int:
    """Make ready a phone that speaks TLS and may show a certificate; return where it is told."""
    port = free_port(LOOPBACK)
    settings = {"host": LOOPBACK, "port": free_port(LOOPBACK), "control": port, "heard": folder}
    config = BARESIP.format(modules=modules(), codec="g711", **settings)
    config += f"sip_cafile {folder}/authority.pem\n"
    if certificate is not None:
        both = certificate.certificate.read_text() + certificate.key.read_text()
        (folder / "both.pem").write_text(both)
        config += f"sip_certificate {folder}/both.pem\n"
    (folder / "config").write_text(config)
    (folder / "accounts").write_text(f"<sip:caller@{LOOPBACK};transport=tls>;regint=0\n")
    return port


@needs("baresip")
@needs("openssl")
async def test_baresip_calls_over_tls_and_both_sides_show_certificates(
    entrance: Entrance, tmp_path: Path
) -> None:
    make_authority(tmp_path, "authority")
    ours, theirs = (make_certificate(tmp_path, one, "authority") for one in ("node", "trunk"))
    port = secure_baresip(tmp_path, theirs)
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


SEEN_WITHIN_S = 1.5
"""The edge asks every node once a second."""
DEPLOYED = Path(__file__).parents[3] / "deploy" / "kamailio"


@asynccontextmanager
async def edge(cwd: Path, *nodes: int, tls: int | None = None) -> AsyncIterator[int]:
    """Run the edge of `deploy/` in front of some ports, and give its own.

    On the port `tls` it speaks TLS, with what tls.cfg names in `cwd`.
    """
    port = free_port(LOOPBACK)
    listed = [
        f"{group} sip:{who}{LOOPBACK}:{one} 0 0"
        for group, who in ((1, ""), (2, "with-headroom@"))
        for one in nodes
    ]
    (cwd / "nodes.list").write_text("\n".join([*listed, ""]))
    (cwd / "trunks.list").write_text(f"1 {LOOPBACK} 32 0 north\n")
    files = [f'-A NODES_FILE="{cwd}/nodes.list"', f'-A TRUNKS_FILE="{cwd}/trunks.list"']
    listens = [f"-A LISTEN=udp:{LOOPBACK}:{port}", f"-A LISTEN_TCP=tcp:{LOOPBACK}:{port}"]
    if tls is not None:
        of_it = (DEPLOYED / "tls.cfg").read_text()
        (cwd / "tls.cfg").write_text(
            re.sub(r"= (\w+\.(?:pem|key))$", rf"= {cwd}/\1", of_it, flags=re.MULTILINE)
        )
        files += [f'-A TLS_FILE="{cwd}/tls.cfg"', "-A WITH_TLS"]
        listens.append(f"-A LISTEN_TLS=tls:{LOOPBACK}:{tls}")
    said = [word for one in (*files, *listens) for word in one.split(" ", 1)]
    command = ["kamailio", "-f", str(DEPLOYED / "kamailio.cfg"), "-DD", "-E", "-m", "64", "-M", "8"]
    async with running(*command, "-Y", str(cwd), *said, cwd=cwd):
        yield port


@needs("kamailio")
async def test_a_call_through_the_edge_reaches_the_node_that_lives_and_ends_from_either_side(
    entrance: Entrance, tmp_path: Path
) -> None:
    await entrance.open()
    dead = free_port(LOOPBACK)
    async with edge(tmp_path, dead, entrance.there[1]) as port:
        asked = entrance.exchange.phone((LOOPBACK, port), NUMBER)
        assert await until_code(asked, 200), (tmp_path / "kamailio.log").read_text()[-2_000:]
        for ends in ("phone", "node"):
            phone = entrance.exchange.phone((LOOPBACK, port), NUMBER)
            phone.sdp = OFFER
            response = await phone.invite()
            assert response is not None
            assert response.code == 200
            assert len(phone.routes) >= 1
            someone = entrance.board.calls[-1]
            assert await until(lambda: someone.told == ["began"])  # noqa: B023 - of this round
            if ends == "phone":
                bye = await phone.bye()
                assert bye is not None
                assert bye.code == 200
                assert someone.told == ["began", "ended"]
            else:
                someone.phone.hang_up()
                assert await until(lambda: phone.is_over)  # noqa: B023 - likewise
        entrance.board.retry_after_s = 5
        assert await until_code(asked, 503)


@needs("kamailio")
async def test_the_edge_sends_calls_to_a_strained_node_only_where_no_other_takes_them(
    entrance: Entrance, tmp_path: Path
) -> None:
    async with AsyncExitStack() as leaving:
        other = Entrance(leaving)
        for one in (entrance, other):
            await one.open()
        async with edge(tmp_path, entrance.there[1], other.there[1]) as port:

            async def calls(count: int) -> list[int]:
                """Call some times; return how many calls each node has got."""
                before = [len(one.board.calls) for one in (entrance, other)]
                for _ in range(count):
                    phone = entrance.exchange.phone((LOOPBACK, port), NUMBER)
                    phone.sdp = OFFER
                    response = await phone.invite()
                    assert response is not None
                    assert response.code == 200
                    await phone.bye()
                return [
                    len(one.board.calls) - was
                    for one, was in zip((entrance, other), before, strict=True)
                ]

            asked = entrance.exchange.phone((LOOPBACK, port), NUMBER)
            assert await until_code(asked, 200), (tmp_path / "kamailio.log").read_text()[-2_000:]
            entrance.board.is_strained = True
            await asyncio.sleep(SEEN_WITHIN_S)
            assert await calls(4) == [0, 4]
            other.board.retry_after_s = 5
            assert await calls(2) == [2, 0]
            await asyncio.sleep(SEEN_WITHIN_S)
            assert await calls(2) == [2, 0]
        for task in other.tasks:
            task.cancel()


@needs("baresip")
@needs("kamailio")
@needs("openssl")
@pytest.mark.parametrize("shows", [True, False])
async def test_a_carrier_calls_the_edge_over_tls_and_must_show_its_certificate(
    entrance: Entrance,
    tmp_path: Path,
    shows: bool,  # noqa: FBT001 - a case
) -> None:
    authority = make_authority(tmp_path, "authority")
    shutil.copy(authority, tmp_path / "carriers.pem")
    make_certificate(tmp_path, "edge", "authority")
    theirs = make_certificate(tmp_path, "carrier", "authority")
    told = secure_baresip(tmp_path, theirs if shows else None)
    await entrance.open()
    tls, calls = free_port(LOOPBACK), entrance.board.calls
    async with edge(tmp_path, entrance.there[1], tls=tls) as port:
        asked = entrance.exchange.phone((LOOPBACK, port), NUMBER)
        assert await until_code(asked, 200), (tmp_path / "kamailio.log").read_text()[-2_000:]
        async with running("baresip", "-f", str(tmp_path), cwd=tmp_path):
            await control(told, "dial", f"sip:{NUMBER}@{LOOPBACK}:{tls};transport=tls")
            if not shows:
                log = tmp_path / "kamailio.log"
                assert await until(lambda: "peer did not return a certificate" in log.read_text())
                assert not calls
                return
            assert await until(lambda: bool(calls)), (tmp_path / "baresip.log").read_text()
            assert await until(lambda: calls[0].told == ["began"])
            await control(told, "hangup")
            assert await until(lambda: calls[0].told == ["began", "ended"])
            await control(told, "dial", f"sip:{NUMBER}@{LOOPBACK}:{tls};transport=tls")
            assert await until(lambda: len(calls) == 2 and calls[1].told == ["began"])
            calls[1].phone.hang_up()
            log = tmp_path / "baresip.log"
            assert await until(lambda: "session closed" in log.read_text()), "by the node"


async def until_code(phone: PhoneCall, code: int) -> bool:
    """Ask until the answer is this one."""
    for _ in range(50):
        response = await phone.ask(phone.request("OPTIONS"))
        if response is not None and response.code == code:
            return True
        await asyncio.sleep(0.1)
    return False
