"""The edge of `deploy/`, a proxy that others have written: Kamailio.

Without it installed these tests are left out, which the check does not accept.
"""

import asyncio
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from contactcentre.adapters.embedded.server import free_port
from contactcentre.adapters.sip.tls import TlsFiles
from contactcentre.bench.sip_phone import PhoneCall
from tests.adapters.sip.certificates import make_authority, make_certificate
from tests.adapters.sip.entrance import LOOPBACK, NUMBER, OFFER, Entrance, until
from tests.adapters.sip.test_real_phones import control, needs, running, tls_phone

SEEN_WITHIN_S = 1.5
"""The edge asks every node once a second."""
KAMAILIO = Path(__file__).parents[3] / "deploy" / "kamailio"
QUESTION = """OPTIONS sip:{there} SIP/2.0
Via: SIP/2.0/TLS {host}:5061;branch=z9hG4bKasked
Max-Forwards: 70
From: <sip:carrier@{host}>;tag=carrier
To: <sip:{there}>
Call-ID: asked@{host}
CSeq: 1 OPTIONS
Content-Length: 0

"""


@asynccontextmanager
async def edge(
    cwd: Path, *nodes: int, tls: int | None = None, relay: int | None = None
) -> AsyncIterator[int]:
    """Run the edge of `deploy/` in front of some ports, and give its own."""
    port = free_port()
    listed = [
        f"{group} sip:{who}{LOOPBACK}:{one} 0 0"
        for group, who in ((1, ""), (2, "with-headroom@"))
        for one in nodes
    ]
    (cwd / "nodes.list").write_text("\n".join([*listed, ""]))
    (cwd / "trunks.list").write_text(f"1 {LOOPBACK} 32 0 north\n")
    for one in ("kamailio.cfg", "tls.cfg"):
        shutil.copy(KAMAILIO / one, cwd)
    files = [f'-A NODES_FILE="{cwd}/nodes.list"', f'-A TRUNKS_FILE="{cwd}/trunks.list"']
    listens = [f"-A LISTEN=udp:{LOOPBACK}:{port}", f"-A LISTEN_TCP=tcp:{LOOPBACK}:{port}"]
    if tls is not None:
        listens[1:] = ["-A WITH_TLS", f"-A LISTEN_TLS=tls:{LOOPBACK}:{tls}"]
    said = [word for one in (*files, *listens) for word in one.split(" ", 1)]
    if relay is not None:
        said += ["-A", "WITH_RTPENGINE", "-A", f'RTPENGINE="udp:{LOOPBACK}:{relay}"']
    command = ["kamailio", "-f", "kamailio.cfg", "-DD", "-E", "-m", "64", "-M", "8"]
    async with running(*command, "-Y", str(cwd), *said, cwd=cwd):
        yield port


@needs("kamailio")
async def test_a_call_through_the_edge_reaches_the_node_that_lives_and_ends_from_either_side(
    entrance: Entrance, tmp_path: Path
) -> None:
    await entrance.open()
    dead = free_port()
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


async def until_code(phone: PhoneCall, code: int) -> bool:
    """Ask until the answer is this one."""
    for _ in range(50):
        response = await phone.ask(phone.request("OPTIONS"))
        if response is not None and response.code == code:
            return True
        await asyncio.sleep(0.1)
    return False


def trusting(folder: Path) -> TlsFiles:
    """Put an edge's certificate and its carriers' authority beside it; return a carrier's."""
    make_authority(folder, "carriers")
    make_certificate(folder, "edge", "carriers")
    return make_certificate(folder, "north", "carriers")


@needs("kamailio")
@needs("baresip")
@needs("openssl")
async def test_a_carrier_calls_the_edge_over_tls_and_the_call_ends_from_either_side(
    entrance: Entrance, tmp_path: Path
) -> None:
    files, tls = trusting(tmp_path), free_port()
    told = tls_phone(tmp_path, files, "carriers")
    await entrance.open()
    async with (
        edge(tmp_path, entrance.there[1], tls=tls) as port,
        running("baresip", "-f", str(tmp_path), cwd=tmp_path),
    ):
        asked = entrance.exchange.phone((LOOPBACK, port), NUMBER)
        assert await until_code(asked, 200), (tmp_path / "kamailio.log").read_text()[-2_000:]
        calls = entrance.board.calls
        for round_, ends in enumerate(("phone", "node")):
            await control(told, "dial", f"sip:{NUMBER}@{LOOPBACK}:{tls};transport=tls")
            assert await until(lambda: len(calls) > round_), words(tmp_path)  # noqa: B023 - of this round
            someone = calls[round_]
            assert await until(lambda: someone.told == ["began"]), words(tmp_path)  # noqa: B023 - likewise
            if ends == "phone":
                await control(told, "hangup")
                assert await until(lambda: someone.told == ["began", "ended"])  # noqa: B023 - likewise
            else:
                someone.phone.hang_up()
                log = tmp_path / "baresip.log"
                assert await until(lambda: log.read_text().count("session closed") == 1), (  # noqa: B023
                    words(tmp_path)
                )


def words(folder: Path) -> str:
    """Return what the phone and the edge have said last."""
    return "".join((folder / f"{one}.log").read_text()[-2_000:] for one in ("baresip", "kamailio"))


@needs("kamailio")
@needs("openssl")
async def test_the_edge_answers_over_tls_only_whom_a_carriers_certificate_has_been_given(
    entrance: Entrance, tmp_path: Path
) -> None:
    files, tls = trusting(tmp_path), free_port()
    make_authority(tmp_path, "strangers")
    stranger = make_certificate(tmp_path, "stranger", "strangers")
    await entrance.open()
    async with edge(tmp_path, entrance.there[1], tls=tls) as port:
        asked = entrance.exchange.phone((LOOPBACK, port), NUMBER)
        assert await until_code(asked, 200), (tmp_path / "kamailio.log").read_text()[-2_000:]
        assert await ask_over_tls(tmp_path, tls, files) == "SIP/2.0 200 OK"
        for other in (None, stranger):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await ask_over_tls(tmp_path, tls, other)


async def ask_over_tls(folder: Path, port: int, files: TlsFiles | None) -> str:
    """Ask over TLS whether calls are taken; return the answer's first line."""
    context = ssl.create_default_context(cafile=str(folder / "carriers.pem"))
    if files is not None:
        context.load_cert_chain(files.certificate, files.key)
    question = QUESTION.format(there=f"{LOOPBACK}:{port}", host=LOOPBACK).replace("\n", "\r\n")
    async with asyncio.timeout(5):
        reader, writer = await asyncio.open_connection(LOOPBACK, port, ssl=context)
        try:
            writer.write(question.encode())
            line = await reader.readline()
        finally:
            writer.transport.abort()
    if not line:
        raise ConnectionResetError("the edge has closed the connection")
    return line.decode().strip()
