"""Calls whose signalling is encrypted, and who is let in to make them."""

import asyncio
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contactcentre.adapters.sip.tls import TlsFiles, TlsKeys, WrongName, check_name, names_of
from contactcentre.adapters.sip.ways import Ways
from contactcentre.bench.sip_phone import Exchange, PhoneCall
from contactcentre.domain.errors import BadRequest
from tests.adapters.sip.answering import Answering, dial
from tests.adapters.sip.certificates import make_authority, make_certificate
from tests.adapters.sip.entrance import LOOPBACK, NUMBER, OFFER, Entrance, until

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two authorities, and certificates that they have signed."""
    folder = tmp_path_factory.mktemp("certificates")
    for authority in ("authority", "other"):
        make_authority(folder, authority)
    for name in ("node", "renewed", "trunk"):
        make_certificate(folder, name, "authority")
    make_certificate(folder, "stranger", "other")
    make_certificate(folder, "named", "authority", of="DNS:sip.example.net,DNS:*.example.org")
    return folder


def files(made: Path, name: str, *, authority: str | None = "authority") -> TlsFiles:
    """Return where a certificate is, and whom its bearer trusts."""
    return TlsFiles(
        certificate=made / f"{name}.pem",
        key=made / f"{name}.key",
        authorities=None if authority is None else made / f"{authority}.pem",
    )


@asynccontextmanager
async def exchange(keys: TlsKeys) -> AsyncIterator[Exchange]:
    """Give telephones that call over TLS."""
    one = Exchange(transport="tls", keys=keys)
    await one.open()
    yield one
    await one.close()


def phone_of(entrance: Entrance, phones: Exchange) -> PhoneCall:
    """Return a telephone that is about to call over TLS."""
    phone = phones.phone(entrance.there_tls, NUMBER)
    phone.sdp = OFFER
    return phone


async def test_a_call_over_tls_ends_from_either_side(entrance: Entrance, made: Path) -> None:
    await entrance.open(keys=TlsKeys(files(made, "node")))
    async with exchange(TlsKeys(files(made, "trunk"))) as phones:
        for ends in ("phone", "node"):
            phone = phone_of(entrance, phones)
            response = await phone.invite()
            assert response is not None
            place = f"{LOOPBACK}:{entrance.there_tls[1]}"
            assert response.first("contact") == f"<sip:{place};transport=tls>"
            someone = entrance.board.calls[-1]
            assert await until(lambda: someone.told == ["began"])  # noqa: B023 - of this round
            if ends == "phone":
                assert await phone.bye() is not None
                assert someone.told == ["began", "ended"]
            else:
                someone.phone.hang_up()
                assert await until(lambda: phone.is_over)  # noqa: B023 - likewise


async def test_a_caller_by_a_safe_address_is_given_one(entrance: Entrance, made: Path) -> None:
    await entrance.open(keys=TlsKeys(files(made, "node")))
    async with exchange(TlsKeys(files(made, "trunk"))) as phones:
        phone = phone_of(entrance, phones)
        invite = phone.request("INVITE", sdp=OFFER)
        invite.headers = [
            (name, f"<sips:caller@{LOOPBACK}:{phones.port}>" if name == "contact" else value)
            for name, value in invite.headers
        ]
        response = await phone.ask(invite)
        assert response is not None
        assert response.first("contact") == f"<sips:{LOOPBACK}:{entrance.there_tls[1]}>"


async def test_a_call_whose_connection_has_gone_is_reached_by_a_new_one(
    entrance: Entrance, made: Path
) -> None:
    await entrance.open(keys=TlsKeys(files(made, "node")))
    async with exchange(TlsKeys(files(made, "trunk"))) as phones:
        phone = phone_of(entrance, phones)
        assert await phone.invite() is not None
        way = phones.ways.to("tls", entrance.there_tls)
        way.close()  # type: ignore[attr-defined]
        someone = entrance.board.calls[-1]
        assert await until(lambda: not entrance.door.ours.ways.stands("tls", way.peer))
        await asyncio.sleep(0.05)
        someone.phone.hang_up()
        assert await until(lambda: phone.is_over)


async def test_we_call_over_tls_as_well(entrance: Entrance, made: Path) -> None:
    await entrance.open(keys=TlsKeys(files(made, "node")))
    trunk = Answering("tls", TlsKeys(files(made, "trunk")))
    await trunk.open()
    dialling = await dial(entrance, trunk)
    assert await until(lambda: dialling.told == ["answered", "began"]), dialling.told
    place = f"{LOOPBACK}:{entrance.there_tls[1]}"
    assert trunk.rung[0].invite.first("contact") == f"<sip:{place};transport=tls>"
    dialling.phone.hang_up()
    assert await until(lambda: trunk.methods() == ["BYE"])
    await trunk.close()


async def test_a_trunk_for_tls_alone_is_refused_in_the_open(entrance: Entrance, made: Path) -> None:
    await entrance.open(keys=TlsKeys(files(made, "node")), only_tls=True)
    response = await entrance.phone().invite()
    assert response is not None
    assert response.code == 403
    assert entrance.counted.keys() == {"unencrypted"}
    async with exchange(TlsKeys(files(made, "trunk"))) as phones:
        response = await phone_of(entrance, phones).invite()
        assert response is not None
        assert response.code == 200


async def shown(entrance: Entrance, bearer: TlsFiles | None = None) -> bytes:
    """Connect, and return the certificate that is shown, once the other side has taken ours.

    Raises OSError, EOFError.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if bearer is not None:
        context.load_cert_chain(bearer.certificate, bearer.key)
    reader, writer = await asyncio.open_connection(*entrance.there_tls, ssl=context)
    try:
        writer.write(b"\r\n\r\n")
        assert await reader.readexactly(2) == b"\r\n"
        there = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        assert isinstance(there, bytes)
        return there
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def test_a_stranger_is_cut_off_before_any_certificate_is_shown(
    entrance: Entrance, made: Path
) -> None:
    await entrance.open(keys=TlsKeys(files(made, "node")), addresses=["192.0.2.0/24"])
    with pytest.raises((OSError, EOFError)):
        await shown(entrance)
    assert entrance.counted == {"unknown-trunk": 1}


async def test_a_trunk_shows_a_certificate_where_it_is_asked_for_one(
    entrance: Entrance, made: Path
) -> None:
    await entrance.open(keys=TlsKeys(files(made, "node")))
    assert await shown(entrance, files(made, "trunk"))
    for bearer in (None, files(made, "stranger")):
        with pytest.raises((OSError, EOFError)):
            await shown(entrance, bearer)


async def test_we_call_nobody_whose_certificate_is_of_another_authority(
    entrance: Entrance, made: Path
) -> None:
    await entrance.open(keys=TlsKeys(files(made, "node", authority=None)))
    async with exchange(TlsKeys(files(made, "trunk", authority="other"))) as phones:
        phone = phone_of(entrance, phones)
        phone.way().send(phone.request("INVITE", sdp=OFFER).to_bytes())
        assert await until(lambda: not phones.ways.stands("tls", entrance.there_tls))
    assert not entrance.board.calls


@pytest.mark.parametrize(
    ("trunk", "is_called"),
    [
        ({}, False),
        ({"tls_names": ["other.example.net", "SIP.example.net"]}, True),
        ({"tls_names": ["one.example.org"]}, False),
        ({"out": {"domain": "sip.example.net"}}, True),
    ],
)
async def test_a_trunk_is_called_over_tls_only_if_its_certificate_bears_its_name(
    entrance: Entrance,
    made: Path,
    trunk: dict[str, Any],
    is_called: bool,  # noqa: FBT001 - a case
) -> None:
    called = Answering("tls", TlsKeys(files(made, "named")))
    await called.open()
    if "out" in trunk:
        there = {"address": LOOPBACK, "port": called.port, "transport": "tls"}
        trunk = {"out": {**there, "domain": "sip.example.net"}}
    await entrance.open(keys=TlsKeys(files(made, "node")), **trunk)
    dialling = await dial(entrance, called)
    if is_called:
        assert await until(lambda: dialling.told == ["answered", "began"]), dialling.told
    ways = entrance.door.ours.ways
    assert await until(lambda: ways.is_misnamed((LOOPBACK, called.port)) is not is_called)
    assert bool(called.rung) is is_called
    await called.close()


@pytest.mark.parametrize(
    ("certificate", "names"),
    [
        ({"subjectAltName": (("DNS", "Sip.Example.net"),)}, {"sip.example.net"}),
        (
            {
                "subject": ((("commonName", "ignored.example"),),),
                "subjectAltName": (
                    ("URI", "sip:example.net"),
                    ("URI", "sip:ada@example.net"),
                    ("DNS", "machine.example.net"),
                    ("IP Address", "0:0:0:0:0:0:0:1"),
                ),
            },
            {"example.net", "::1"},
        ),
        (
            {"subject": ((("countryName", "GB"),), (("commonName", "Old.example"),))},
            {"old.example"},
        ),
        ({}, set()),
    ],
)
def test_a_certificate_is_for_the_domains_that_it_names(
    certificate: dict[str, object], names: set[str]
) -> None:
    assert names_of(certificate) == names
    for name in names:
        check_name(certificate, ["elsewhere.example", name.upper()])
    with pytest.raises(WrongName, match=r"not for elsewhere\.example"):
        check_name(certificate, ["elsewhere.example"])


async def test_a_node_without_a_certificate_sends_nothing_in_the_open_for_it() -> None:
    ways = Ways(lambda _data, _way: None)
    taken: list[object] = []
    server = await asyncio.start_server(lambda *one: taken.append(one), LOOPBACK, 0)
    peer = server.sockets[0].getsockname()[:2]
    ways.to("tls", peer).send(b"secret")
    assert await until(lambda: not ways.stands("tls", peer))
    assert not taken
    await ways.close()
    server.close()


async def test_a_renewed_certificate_is_shown_without_ending_a_call(
    entrance: Entrance, made: Path, tmp_path: Path
) -> None:
    ours = replace(
        files(made, "node"), certificate=tmp_path / "ours.pem", key=tmp_path / "ours.key"
    )

    def put(name: str) -> None:
        shutil.copy(made / f"{name}.pem", ours.certificate)
        shutil.copy(made / f"{name}.key", ours.key)

    put("node")
    keys = TlsKeys(ours)
    await entrance.open(keys=keys)
    async with exchange(TlsKeys(files(made, "trunk"))) as phones:
        phone = phone_of(entrance, phones)
        assert await phone.invite() is not None
        old = await shown(entrance, files(made, "trunk"))
        ours.certificate.write_text("half of a cert")
        await keys.look_again()
        assert await shown(entrance, files(made, "trunk")) == old
        put("renewed")
        await keys.look_again()
        assert await shown(entrance, files(made, "trunk")) != old
        assert await phone.bye() is not None
    assert entrance.board.calls[0].told == ["began", "ended"]


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [("certificate", "are no certificate with its key"), ("authorities", "names no authority")],
)
def test_files_that_are_not_there_are_named(made: Path, missing: str, sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        TlsKeys(replace(files(made, "node"), **{missing: made / "nowhere.pem"}))
