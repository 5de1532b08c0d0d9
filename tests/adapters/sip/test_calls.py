"""A call from its INVITE to its end, with a telephone on the other side of a real socket."""

import asyncio

import pytest

from contactcentre.adapters.sip.messages import Response
from contactcentre.bench.sip_phone import Exchange, PhoneCall
from tests.adapters.sip.entrance import ANSWER, CALL, DEADLINE_S, NUMBER, OFFER, Entrance, until


async def answered(phone: PhoneCall) -> Response:
    """Return the response to a phone's call."""
    async with asyncio.timeout(DEADLINE_S):
        response = await phone.invite()
    assert response is not None
    return response


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_call_is_answered_and_ends_when_the_phone_hangs_up(
    entrance: Entrance, transport: str
) -> None:
    await entrance.open()
    exchange = Exchange(transport=transport)
    await exchange.open()
    phone = entrance.phone(exchange=exchange)
    response = await answered(phone)
    assert (response.code, response.body.decode()) == (200, ANSWER)
    someone = entrance.board.calls[0]
    assert someone.ringing.offer == OFFER
    assert await until(lambda: someone.told == ["began"])
    bye = await phone.bye()
    assert bye is not None
    assert bye.code == 200
    assert someone.told == ["began", "ended"]
    again = await phone.ask(phone.request("BYE"))
    assert again is not None
    assert again.code == 481
    await exchange.close()


@pytest.mark.parametrize(
    ("said", "remote"),
    [
        ("AB30317F1A784DC48FF824D0D3715D86;remote=0", "ab30317f1a784dc48ff824d0d3715d86"),
        ("no name of a session", "0" * 32),
    ],
)
async def test_the_answer_names_the_call_as_the_record_does(
    entrance: Entrance, said: str, remote: str
) -> None:
    await entrance.open()
    phone = entrance.phone()
    phone.headers = [("session-id", said)]
    response = await answered(phone)
    assert response.first("session-id") == f"{CALL};remote={remote}"


async def test_a_phone_that_has_hung_up_has_no_such_call_for_a_node_that_takes_it_over(
    entrance: Entrance,
) -> None:
    await entrance.open()
    phone = entrance.phone()
    await answered(phone)
    someone = entrance.board.calls[0]
    assert await until(lambda: someone.told == ["began"])
    phone.is_over = True
    assert not await someone.phone.is_there()


async def test_a_call_that_we_end_is_ended_on_the_phone(entrance: Entrance) -> None:
    await entrance.open()
    phone = entrance.phone()
    await answered(phone)
    someone = entrance.board.calls[0]
    assert await until(lambda: someone.told == ["began"])
    someone.phone.hang_up()
    assert await until(lambda: phone.is_over)
    assert [request.method for request in phone.requests] == ["BYE"]
    assert someone.told == ["began"]


async def test_a_call_that_ends_before_its_answer_is_acknowledged_says_goodbye_then(
    entrance: Entrance,
) -> None:
    await entrance.open()
    phone = entrance.phone()
    entrance.board.answers = False
    asking = asyncio.create_task(phone.ask(phone.request("INVITE", sdp=OFFER)))
    assert await until(lambda: bool(entrance.board.calls))
    someone = entrance.board.calls[0]
    someone.phone.answer(ANSWER, call=CALL)
    someone.phone.hang_up()
    response = await asking
    assert response is not None
    await asyncio.sleep(0.05)
    assert not phone.requests
    phone.to = response.first("to")
    phone.ack(response)
    assert await until(lambda: phone.is_over)


async def test_a_caller_who_gives_up_before_the_answer_is_told_to_be_gone(
    entrance: Entrance,
) -> None:
    await entrance.open()
    entrance.board.answers = False
    phone = entrance.phone()
    invite = phone.request("INVITE", sdp=OFFER)
    asking = asyncio.create_task(phone.ask(invite))
    assert await until(lambda: bool(entrance.board.calls))
    cancelled = await phone.ask(phone.cancel(invite))
    response = await asking
    assert cancelled is not None
    assert response is not None
    assert (cancelled.code, response.code) == (200, 487)
    assert entrance.board.calls[0].told == ["ended"]
    entrance.board.calls[0].phone.answer(ANSWER, call=CALL)  # too late, and no harm


async def test_an_answer_that_nobody_acknowledges_is_repeated(entrance: Entrance) -> None:
    await entrance.open()
    phone = entrance.phone()
    entrance.board.answers = False
    seen: list[Response] = []
    phone.exchange.transactions._success_came = seen.append  # noqa: SLF001 - what comes again
    asking = asyncio.create_task(phone.ask(phone.request("INVITE", sdp=OFFER)))
    assert await until(lambda: bool(entrance.board.calls))
    entrance.board.calls[0].phone.answer(ANSWER, call=CALL)
    await asking
    assert await until(lambda: len(seen) > 1)
    assert not entrance.board.calls[0].told


async def test_a_repeated_call_is_one_call(entrance: Entrance) -> None:
    await entrance.open()
    phone = entrance.phone()
    invite = phone.request("INVITE", sdp=OFFER)
    for _ in range(3):
        phone.way().send(invite.to_bytes())
    other = phone.request("INVITE", sdp=OFFER, number=phone.seq)
    merged = await phone.ask(other)
    assert merged is not None
    assert merged.code == 482
    assert len(entrance.board.calls) == 1
    assert entrance.door.repeated_count == 2


async def test_a_phone_holds_comes_back_and_asks_us_to_offer(entrance: Entrance) -> None:
    await entrance.open()
    phone = entrance.phone()
    await answered(phone)
    held = await phone.invite()
    assert held is not None
    assert (held.code, held.body.decode()) == (200, ANSWER)
    phone.sdp = ""
    asked = await phone.invite()
    assert asked is not None
    assert asked.body.decode() == ANSWER
    refused = await phone.ask(phone.request("INVITE", sdp="v=0"))
    assert refused is not None
    assert refused.code == 488
    assert entrance.board.calls[0].told == ["began", "offered"]


async def test_a_call_without_an_offer_is_offered_our_sound(entrance: Entrance) -> None:
    await entrance.open()
    phone = entrance.phone()
    invite = phone.request("INVITE")
    response = await phone.ask(invite)
    assert response is not None
    assert entrance.board.calls[0].ringing.offer is None
    phone.to = response.first("to")
    ack = phone.request("ACK", sdp=OFFER, number=1)
    phone.way().send(ack.to_bytes())
    assert await until(lambda: entrance.board.calls[0].told == ["answered v=0", "began"])


@pytest.mark.parametrize(
    ("kind", "body", "told"),
    [
        ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", "key 5"),
        ("application/dtmf-relay", "Signal= 11\r\nDuration=160\r\n", "key #"),
        ("application/dtmf", "*", "key *"),
        ("application/dtmf", "10", "key *"),
    ],
)
async def test_a_key_that_comes_as_a_message_is_told(
    entrance: Entrance, kind: str, body: str, told: str
) -> None:
    await entrance.open()
    phone = entrance.phone()
    await answered(phone)
    info = phone.request("INFO", headers=[("content-type", kind)])
    info.body = body.encode()
    response = await phone.ask(info)
    assert response is not None
    assert response.code == 200
    assert entrance.board.calls[0].told == ["began", told]


async def test_a_message_within_a_call_that_we_do_not_understand_is_refused(
    entrance: Entrance,
) -> None:
    await entrance.open()
    phone = entrance.phone()
    await answered(phone)
    info = phone.request("INFO", headers=[("content-type", "text/plain")])
    info.body = b"hello"
    codes = [await phone.ask(info), await phone.ask(phone.request("REFER"))]
    stale = phone.request("OPTIONS", number=1)
    codes.append(await phone.ask(stale))
    assert [one.code for one in codes if one is not None] == [415, 405, 500]


async def test_a_phone_is_asked_whether_it_is_there(entrance: Entrance) -> None:
    await entrance.open()
    phone = entrance.phone()
    await answered(phone)
    someone = entrance.board.calls[0]
    assert await someone.phone.is_there()
    phone.exchange.forget(phone)  # it knows the call no more, and says 481
    assert not await someone.phone.is_there()
    assert someone.told == ["began", "lost"]


async def test_requests_in_a_call_go_by_the_proxies_that_asked_for_it(entrance: Entrance) -> None:
    await entrance.open()
    phone = entrance.phone()
    place = f"{phone.exchange.host}:{phone.exchange.port}"
    routes = [f"<sip:{place};lr>", "<sip:outer.example;lr>"]
    response = await phone.ask(
        phone.request("INVITE", sdp=OFFER, headers=[("record-route", ", ".join(routes))])
    )
    assert response is not None
    assert response.every("record-route") == routes
    phone.to = response.first("to")
    phone.ack(response)
    assert await until(lambda: entrance.board.calls[0].told == ["began"])
    entrance.board.calls[0].phone.hang_up()
    assert await until(lambda: phone.is_over)
    assert phone.requests[0].every("route") == routes


async def test_the_numbers_of_a_call_are_read_from_what_the_network_says(
    entrance: Entrance,
) -> None:
    await entrance.open()
    phone = entrance.phone("01632960001")
    phone.caller = "pbx"
    response = await phone.ask(
        phone.request(
            "INVITE",
            sdp=OFFER,
            headers=[
                ("p-asserted-identity", '"Ada" <tel:+441632960990>, <sip:x@192.0.2.1>'),
                ("diversion", "<sip:01632960007@192.0.2.1>;reason=unconditional"),
            ],
        )
    )
    assert response is not None
    ringing = entrance.board.calls[0].ringing
    assert (ringing.called, ringing.caller, ringing.diverted) == (
        NUMBER,
        "+441632960990",
        "+441632960007",
    )


async def test_whoever_asks_for_privacy_has_no_number(entrance: Entrance) -> None:
    await entrance.open()
    phone = entrance.phone()
    phone.headers = [("p-asserted-identity", "<tel:+441632960990>"), ("privacy", "id")]
    await answered(phone)
    assert entrance.board.calls[0].ringing.caller is None
