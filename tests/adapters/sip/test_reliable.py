"""What a telephone is told before its call is answered, and that it has heard it (RFC 3262)."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest

from contactcentre.adapters.sip import reliable
from contactcentre.adapters.sip.messages import Request, Response, read_message
from contactcentre.bench.sip_phone import PhoneCall
from tests.adapters.sip.entrance import (
    ANSWER,
    CALL,
    LOOPBACK,
    NUMBER,
    OFFER,
    Entrance,
    Someone,
    until,
)

REPEATED_AFTER_S = 0.05
UNHEARD_AFTER_S = 0.4
ACKNOWLEDGES = ("supported", "timer, 100rel")


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let half a minute be over in half a second."""
    monkeypatch.setattr(reliable, "T1_S", REPEATED_AFTER_S)
    monkeypatch.setattr(reliable, "LIFE_S", UNHEARD_AFTER_S)


class Listener(asyncio.DatagramProtocol):
    """A telephone that shows every message, and acknowledges nothing by itself."""

    def __init__(self, entrance: Entrance, phone: PhoneCall) -> None:
        self.entrance = entrance
        self.phone = phone
        self.heard: list[Response] = []
        self.asked: list[Request] = []
        self._transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, _address: object) -> None:
        """Keep what came."""
        message = read_message(data)
        if isinstance(message, Response):
            self.heard.append(message)
        else:
            self.asked.append(message)

    def ask(self, method: str, headers: Sequence[tuple[str, str]] = (), sdp: str = "") -> Request:
        """Send a request, once."""
        request = self.phone.request(method, headers=headers, sdp=sdp)
        self.send(request)
        return request

    def send(self, request: Request) -> None:
        """Send a request that there is."""
        self._transport.sendto(request.to_bytes(), self.entrance.there)

    def codes(self, method: str = "INVITE") -> list[int]:
        """Return what a method was answered with."""
        return [one.code for one in self.heard if one.cseq[1] == method]

    def last(self, code: int) -> Response:
        """Return the last answer of this code."""
        return next(one for one in reversed(self.heard) if one.code == code)

    async def hears(self, code: int, method: str = "INVITE") -> bool:
        """Say whether an answer of this code comes."""
        return await until(lambda: code in self.codes(method))

    def acknowledge(self, said: Response, *, sdp: str = "", rseq: str = "") -> None:
        """Say that one of those has been heard."""
        self.phone.to = said.first("to")
        rack = f"{rseq or said.first('rseq')} {said.cseq[0]} INVITE"
        self.ask("PRACK", headers=[("rack", rack)], sdp=sdp)

    @property
    def someone(self) -> Someone:
        """Return who has the call."""
        return self.entrance.board.calls[-1]

    def close(self) -> None:
        """Close the socket."""
        self._transport.close()


@asynccontextmanager
async def calling(
    entrance: Entrance, *headers: tuple[str, str], sdp: str = OFFER, **trunk: object
) -> AsyncIterator[Listener]:
    """Give a telephone that has just called; nobody answers by itself."""
    entrance.board.answers = False
    await entrance.open(**trunk)  # type: ignore[arg-type]
    _, listener = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Listener(entrance, entrance.phone()), local_addr=(LOOPBACK, 0)
    )
    listener.ask("INVITE", headers=headers, sdp=sdp)
    assert await until(lambda: bool(entrance.board.calls))
    yield listener
    listener.close()


@pytest.mark.parametrize("header", ["supported", "require"])
async def test_ringing_is_said_until_the_phone_has_heard_it(
    entrance: Entrance, header: str
) -> None:
    async with calling(entrance, (header, "100rel")) as phone:
        assert await until(lambda: phone.codes().count(180) == 3)
        said = phone.last(180)
        assert said.first("require") == "100rel"
        assert len({one.first("rseq") for one in phone.heard if one.code == 180}) == 1
        phone.acknowledge(said)
        assert await phone.hears(200, "PRACK")
        count = phone.codes().count(180)
        await asyncio.sleep(UNHEARD_AFTER_S)
        assert phone.codes().count(180) == count
        assert not phone.someone.told
        phone.someone.phone.answer(ANSWER, call=CALL)
        assert await phone.hears(200)


async def test_whoever_acknowledges_something_else_is_told_so(entrance: Entrance) -> None:
    async with calling(entrance, ACKNOWLEDGES) as phone:
        assert await phone.hears(180)
        phone.acknowledge(phone.last(180), rseq="1")
        assert await phone.hears(481, "PRACK")


async def test_a_phone_that_never_acknowledges_is_refused(entrance: Entrance) -> None:
    async with calling(entrance, ACKNOWLEDGES) as phone:
        assert await phone.hears(504)
        assert phone.someone.told == ["ended"]


async def test_an_answer_does_not_wait_until_ringing_was_heard(entrance: Entrance) -> None:
    async with calling(entrance, ACKNOWLEDGES) as phone:
        assert await phone.hears(180)
        phone.someone.phone.answer(ANSWER, call=CALL)
        assert await phone.hears(200)
        phone.acknowledge(phone.last(180))
        assert await phone.hears(200, "PRACK")
        await asyncio.sleep(UNHEARD_AFTER_S)
        assert 504 not in phone.codes()


async def test_an_answer_waits_until_early_sound_was_heard_of(entrance: Entrance) -> None:
    async with calling(entrance, ACKNOWLEDGES) as phone:
        assert await phone.hears(180)
        phone.acknowledge(phone.last(180))
        phone.someone.phone.announce(ANSWER)
        assert await phone.hears(183)
        assert phone.last(183).body.decode() == ANSWER
        phone.someone.phone.answer(ANSWER, call=CALL)
        await asyncio.sleep(2 * REPEATED_AFTER_S)
        assert 200 not in phone.codes()
        phone.acknowledge(phone.last(183))
        assert await phone.hears(200)
        phone.phone.to = phone.last(200).first("to")
        phone.send(phone.phone.request("ACK", number=1))
        assert await until(lambda: phone.someone.told == ["began"])


async def test_two_things_to_say_are_said_one_after_the_other(entrance: Entrance) -> None:
    async with calling(entrance, ACKNOWLEDGES) as phone:
        phone.someone.phone.announce(ANSWER)
        assert await phone.hears(180)
        assert 183 not in phone.codes()
        phone.acknowledge(phone.last(180))
        assert await phone.hears(183)
        first, second = (int(phone.last(code).first("rseq")) for code in (180, 183))
        assert second == first + 1


async def test_an_offer_that_comes_with_an_acknowledgement_is_answered(entrance: Entrance) -> None:
    async with calling(entrance, ACKNOWLEDGES) as phone:
        assert await phone.hears(180)
        phone.acknowledge(phone.last(180))
        phone.someone.phone.announce(ANSWER)
        assert await phone.hears(183)
        phone.acknowledge(phone.last(183), sdp=OFFER)
        assert await until(lambda: phone.codes("PRACK") == [200, 200])
        assert phone.heard[-1].body.decode() == ANSWER
        assert phone.someone.told == ["offered"]


async def test_a_phone_without_acknowledgements_hears_early_sound_and_the_answer(
    entrance: Entrance,
) -> None:
    async with calling(entrance) as phone:
        phone.someone.phone.announce(ANSWER)
        assert await phone.hears(183)
        assert not phone.last(183).first("rseq")
        phone.someone.phone.answer(ANSWER, call=CALL)
        assert await phone.hears(200)


async def test_a_phone_that_offers_no_sound_is_answered_without_ringing(entrance: Entrance) -> None:
    async with calling(entrance, ("require", "100rel"), sdp="") as phone:
        phone.someone.phone.answer(ANSWER, call=CALL)
        assert await phone.hears(200)
        assert 180 not in phone.codes()


async def test_a_caller_may_say_goodbye_before_the_answer(entrance: Entrance) -> None:
    async with calling(entrance, ACKNOWLEDGES) as phone:
        assert await phone.hears(180)
        phone.phone.to = phone.last(180).first("to")
        phone.ask("BYE")
        assert await phone.hears(487)
        assert phone.codes("BYE") == [200]
        assert phone.someone.told == ["ended"]


async def test_a_call_that_is_given_up_is_ended_where_it_rang(entrance: Entrance) -> None:
    async with calling(entrance, ACKNOWLEDGES) as phone:
        assert await phone.hears(180)
        invite = next(iter(phone.heard))
        cancel = Request(method="CANCEL", uri=f"sip:{NUMBER}@{LOOPBACK}")
        kept = {"via", "from", "call-id"}
        cancel.headers = [one for one in invite.headers if one[0] in kept]
        cancel.headers += [("to", f"<sip:{NUMBER}@{LOOPBACK}>"), ("cseq", "1 CANCEL")]
        phone.send(cancel)
        assert await phone.hears(487)
        assert phone.last(487).to_tag == phone.last(180).to_tag
        assert phone.someone.told == ["ended"]


async def test_a_call_that_is_refused_is_said_nothing_more(entrance: Entrance) -> None:
    async with calling(entrance, ACKNOWLEDGES) as phone:
        assert await phone.hears(180)
        phone.someone.phone.hang_up()
        assert await phone.hears(480)
        count = phone.codes().count(180)
        await asyncio.sleep(UNHEARD_AFTER_S)
        assert phone.codes().count(180) == count


SCENARIO = """<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="acknowledges ringing">
  <send retrans="500"><![CDATA[
INVITE sip:{number}@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:sipp@[local_ip]>;tag=[call_number]
To: <sip:{number}@[remote_ip]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:sipp@[local_ip]:[local_port]>
Max-Forwards: 70
Require: 100rel
Content-Type: application/sdp
Content-Length: [len]

v=0
o=- 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio 9 RTP/AVP 8
]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" rrs="true">
    <action><ereg regexp="[0-9]+" search_in="hdr" header="RSeq:" assign_to="rseq"/></action>
  </recv>
  <send retrans="500"><![CDATA[
PRACK [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:sipp@[local_ip]>;tag=[call_number]
To: <sip:{number}@[remote_ip]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 2 PRACK
RAck: [$rseq] 1 INVITE
Max-Forwards: 70
Content-Length: 0

]]></send>
  <recv response="200" crlf="true"/>
  <recv response="200"/>
  <send><![CDATA[
ACK [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:sipp@[local_ip]>;tag=[call_number]
To: <sip:{number}@[remote_ip]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
  <send retrans="500"><![CDATA[
BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:sipp@[local_ip]>;tag=[call_number]
To: <sip:{number}@[remote_ip]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 3 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
  <recv response="200"/>
</scenario>
"""


@pytest.mark.skipif(shutil.which("sipp") is None, reason="sipp is not installed")
async def test_sipp_acknowledges_ringing_and_is_answered(
    entrance: Entrance, tmp_path: Path
) -> None:
    entrance.board.answers = False
    await entrance.open()
    (tmp_path / "scenario.xml").write_text(SCENARIO.format(number=NUMBER))
    command = ["sipp", f"{LOOPBACK}:{entrance.there[1]}", "-sf", "scenario.xml", "-i", LOOPBACK]
    process = await asyncio.create_subprocess_exec(
        *command, "-m", "1", "-nostdin", "-timeout", "10",
        cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert await until(lambda: bool(entrance.board.calls))
    await asyncio.sleep(0.2)
    entrance.board.calls[0].phone.answer(ANSWER, call=CALL)
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()[-2_000:]
    assert entrance.board.calls[0].told == ["began", "ended"]
