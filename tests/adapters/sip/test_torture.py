"""No torture message of RFC 4475 stops a node or touches a call, and each has its answer."""

import asyncio
import socket
from collections import Counter

import pytest

from contactcentre.adapters.sip.messages import Request, Response, read_message
from contactcentre.bench.sip_phone import PhoneCall
from tests.adapters.sip.entrance import DEADLINE_S, LOOPBACK, Entrance, Someone, until
from tests.adapters.sip.torture import RFC_4475
from tests.adapters.sip.torture_case import TAKEN, Case, options

NAMED = {case.name: case for case in RFC_4475}
ENDING = {"clerr", "ncl", "mcl01"}
"""Behind these nothing more can be found in a stream."""
UDP_ONLY = {"dblreq"}
"""Over TCP what is behind it is a message of its own."""
PROBE = options("probe", "asks whether the door has come this far")


class Line:
    """Somebody who sends bytes as they are, and reads what is answered."""

    def __init__(self, entrance: Entrance) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(0)
        self._socket.bind((LOOPBACK, 0))
        self._there = entrance.there
        self.port: int = self._socket.getsockname()[1]

    def close(self) -> None:
        """Close."""
        self._socket.close()

    async def send(self, case: Case) -> list[bytes]:
        """Send a case, and return what comes before the answer to what is sent behind it."""
        loop = asyncio.get_running_loop()
        for one in (case, PROBE):
            await loop.sock_sendto(self._socket, one.to_bytes(self.port), self._there)
        came: list[bytes] = []
        async with asyncio.timeout(DEADLINE_S):
            while b"probe.4475" not in (data := await loop.sock_recv(self._socket, 65_535)):
                came.append(data)
        return came


async def ongoing(entrance: Entrance) -> tuple[PhoneCall, Someone]:
    """Return a call that stands."""
    phone = entrance.phone()
    assert await phone.invite() is not None
    someone = entrance.board.calls[0]
    assert await until(lambda: someone.told == ["began"])
    return phone, someone


async def goes_on(entrance: Entrance, phone: PhoneCall, someone: Someone) -> None:
    """Check that a call is untouched and another one is taken."""
    still = await phone.ask(phone.request("OPTIONS"))
    assert still is not None
    assert still.code == 200
    another = entrance.phone()
    answer = await another.invite()
    assert answer is not None
    assert answer.code == 200
    for one in (phone, another):
        ended = await one.bye()
        assert ended is not None
        assert ended.code == 200
    assert someone.told == ["began", "ended"]
    assert entrance.counted["mistake"] == 0


def check(case: Case, came: list[bytes], counted: Counter[str]) -> None:
    """Check what a case was answered with and counted as."""
    finals = [data for data in came if not data.startswith(b"SIP/2.0 1")]
    codes = [int(data.split(b" ", 2)[1]) for data in finals]
    assert codes == ([] if case.code is None else [case.code]), case.why
    assert case.says.encode() in b"".join(finals)
    assert counted == Counter(case.counted)


def test_the_table_has_every_case_once() -> None:
    assert len(NAMED) == len(RFC_4475) == 49


@pytest.mark.parametrize("name", NAMED)
async def test_a_case_over_udp_has_its_answer_and_touches_no_call(
    entrance: Entrance, name: str
) -> None:
    await entrance.open()
    phone, someone = await ongoing(entrance)
    before = entrance.counted.copy()
    line = Line(entrance)
    try:
        came = await line.send(NAMED[name])
    finally:
        line.close()
    check(NAMED[name], came, entrance.counted - before)
    await goes_on(entrance, phone, someone)


@pytest.mark.parametrize("name", [one for one in NAMED if one not in UDP_ONLY])
async def test_a_case_over_tcp_has_its_answer_or_ends_its_connection(
    entrance: Entrance, name: str
) -> None:
    await entrance.open()
    phone, someone = await ongoing(entrance)
    before = entrance.counted.copy()
    reader, writer = await asyncio.open_connection(*entrance.there)
    port = writer.get_extra_info("sockname")[1]
    writer.write(NAMED[name].to_bytes(port))
    if name == "clerr":
        writer.write_eof()  # it would be waited for, for some seconds
    came: list[bytes] = []
    async with asyncio.timeout(DEADLINE_S):
        if name in ENDING:
            assert await reader.read() == b""
        else:
            writer.write(PROBE.to_bytes(port))
            came = await heard(reader)
    writer.close()
    if name in ENDING:
        assert entrance.counted == before
    else:
        check(NAMED[name], came, entrance.counted - before)
    await goes_on(entrance, phone, someone)


async def heard(reader: asyncio.StreamReader) -> list[bytes]:
    """Return the messages that come before the answer to the last one."""
    came: list[bytes] = []
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.rpartition(b"Content-Length: ")[2])
        head += await reader.readexactly(length)
        if b"probe.4475" in head:
            return came
        came.append(head)


async def test_what_is_read_over_folded_lines_is_a_call_where_it_belongs_to_none(
    entrance: Entrance,
) -> None:
    await entrance.open()
    line = Line(entrance)
    wsinv = NAMED["wsinv"]
    call = Case(name="call", why="", code=TAKEN, text=wsinv.text.replace(" ;   tag    = 1977n", ""))
    try:
        came = await line.send(call)
    finally:
        line.close()
    answer = read_message(came[-1])
    assert isinstance(answer, Response)
    assert (answer.code, answer.cseq, len(answer.every("via"))) == (200, (9, "INVITE"), 3)


async def test_calls_whose_branches_name_nothing_are_told_apart(entrance: Entrance) -> None:
    await entrance.open()
    line = Line(entrance)
    case = NAMED["badbranch"]
    other = Case(
        name="other", why="", code=200, text=case.text.replace("badbranch.4475", "another.one")
    )
    try:
        answers = [*await line.send(case), *await line.send(other)]
    finally:
        line.close()
    assert ["badbranch.4475" in one.decode() for one in answers] == [True, False]
    assert "another.one" in answers[1].decode()


async def test_what_cannot_be_read_is_refused_once_by_a_tag_of_ours_and_its_ack_is_not(
    entrance: Entrance,
) -> None:
    await entrance.open()
    line = Line(entrance)
    text = NAMED["mismatch01"].text
    ack = Case(name="ack", why="", code=None, text=text.replace("OPTIONS", "ACK"))
    torn = Case(name="torn", why="", code=None, text=text.rstrip())
    try:
        (refusal,) = await line.send(NAMED["mismatch01"])
        assert await line.send(ack) == []
        assert await line.send(torn) == []
    finally:
        line.close()
    answer = read_message(refusal)
    assert isinstance(answer, Response)
    assert (answer.code, answer.from_tag, answer.cseq[0]) == (400, "mismatch017", 8)
    assert answer.to_tag
    assert entrance.counted["malformed"] == 3


async def test_an_answer_that_has_no_way_back_stops_nothing(entrance: Entrance) -> None:
    await entrance.open()
    line = Line(entrance)
    text = PROBE.text.replace("probe", "far").replace("{port}", "99999")
    try:
        assert await line.send(Case(name="far", why="", code=None, text=text)) == []
    finally:
        line.close()
    phone, someone = await ongoing(entrance)
    await goes_on(entrance, phone, someone)


async def test_a_phone_at_a_port_that_no_address_has_is_asked_where_it_came_from(
    entrance: Entrance,
) -> None:
    await entrance.open()
    phone, someone = await ongoing(entrance)
    update = phone.request("UPDATE")
    update.headers = [one for one in update.headers if one[0] != "contact"]
    update.add("contact", f"<sip:anonymous@{LOOPBACK}:99999>")
    answer = await phone.ask(update)
    assert answer is not None
    assert answer.code == 200
    assert await someone.phone.is_there()
    await goes_on(entrance, phone, someone)


@pytest.mark.parametrize(
    ("name", "counted"),
    [("unreason", 0), ("noreason", 0), ("scalarlg", 1), ("bigcode", 1), ("bcast", 0)],
)
async def test_a_case_that_answers_a_request_of_ours_ends_no_call(
    entrance: Entrance, name: str, counted: int
) -> None:
    await entrance.open()
    phone, someone = await ongoing(entrance)
    phone.answers = False
    asking = asyncio.create_task(someone.phone.is_there())
    assert await until(lambda: bool(phone.requests))
    phone.way().send(answer_of(NAMED[name], phone.requests[0]))
    if name != "unreason":
        assert not (await asyncio.wait([asking], timeout=0.1))[0], "it is no final answer"
        phone.way().send(phone.requests[0].response(200).to_bytes())
    assert await asking
    assert entrance.counted["malformed"] == counted
    phone.answers = True
    await goes_on(entrance, phone, someone)


def answer_of(case: Case, asked: Request) -> bytes:
    """Return a response of the table as an answer to a request, but for what is its trick."""
    start, *lines = case.to_bytes(1).decode().removesuffix("\r\n\r\n").split("\r\n")
    kept = dict.fromkeys(("from", "to", "call-id"), "")
    tricks = [one for one in lines if one.partition(":")[0].lower() not in kept]
    if case.name != "scalarlg":
        tricks = [one for one in tricks if not one.startswith("CSeq")]
        tricks.append(f"CSeq: {asked.first('cseq')}")
    vias = [f"Via: {asked.first('via')}"]
    vias += [one for one in tricks if one.startswith("Via")][1:]
    tricks = [one for one in tricks if not one.startswith("Via")]
    same = [f"{name}: {asked.first(name)}" for name in kept]
    return "\r\n".join([start, *vias, *same, *tricks, "", ""]).encode()
