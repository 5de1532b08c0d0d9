"""Asking the other side to call somebody in our place (REFER), and what it tells of that."""

import asyncio
from collections.abc import Callable

import pytest

from contactcentre.adapters.sip import referral
from contactcentre.adapters.sip.transactions import Serving
from contactcentre.bench.sip_phone import PhoneCall
from tests.adapters.sip.entrance import Entrance, until

THERE = "sip:+441632960100@203.0.113.7"
BY = "<sip:+441632960001@203.0.113.7>"


async def asked(
    entrance: Entrance, *, within_s: float = 3.0
) -> tuple[PhoneCall, asyncio.Task[int | None]]:
    """Return a phone in a call that is asked to call somebody, and what comes of it."""
    await entrance.open()
    phone = entrance.phone()
    await phone.invite()
    someone = entrance.board.calls[0]
    assert await until(lambda: someone.told == ["began"])
    asking = asyncio.create_task(someone.phone.refer(THERE, by=BY, within_s=within_s))
    assert await until(lambda: [one.method for one in phone.requests] == ["REFER"])
    await asyncio.sleep(0.01)
    return phone, asking


async def notify(
    phone: PhoneCall, said: str, *, state: str = "active", event: str = "refer"
) -> int:
    """Tell how far it has come, and return what is answered."""
    request = phone.request("NOTIFY", headers=[("event", event), ("subscription-state", state)])
    request.add("content-type", "message/sipfrag")
    request.body = said.encode()
    response = await phone.ask(request)
    assert response is not None
    return response.code


@pytest.mark.parametrize(
    ("said", "state", "code"),
    [
        ("SIP/2.0 200 OK\r\n", "terminated;reason=noresource", 200),
        ("SIP/2.0 200 OK", "active;expires=60", 200),
        ("SIP/2.0 486 Busy Here\r\n", "terminated", 486),
        ("SIP/2.0 100 Trying\r\n", "terminated;reason=giveup", 500),
    ],
)
async def test_the_other_side_tells_how_it_ended(
    entrance: Entrance, said: str, state: str, code: int
) -> None:
    phone, asking = await asked(entrance)
    request = phone.requests[0]
    assert (request.first("refer-to"), request.first("referred-by")) == (f"<{THERE}>", BY)
    assert await notify(phone, "SIP/2.0 180 Ringing\r\n") == 200
    assert await notify(phone, "SIP/2.0 200 OK\r\n", event="presence") == 481
    assert await notify(phone, "nothing that can be read") == 481
    assert not asking.done()
    assert await notify(phone, said, state=state) == 200
    assert await asking == code
    assert await notify(phone, said, state=state) == 405, "nobody waits for that any more"


async def test_a_side_that_has_begun_and_says_nothing_more_in_time_has_reached_nobody(
    entrance: Entrance,
) -> None:
    _, asking = await asked(entrance, within_s=0.1)
    assert await asking == 408


def silent(phone: PhoneCall, serving: Serving) -> None:
    """Say nothing."""
    phone.requests.append(serving.request)


def timed_out(phone: PhoneCall, serving: Serving) -> None:
    """Answer as a proxy does whose other side is silent."""
    phone.requests.append(serving.request)
    serving.respond(408)


@pytest.mark.parametrize("says", [silent, timed_out])
async def test_a_side_that_does_not_answer_may_have_begun(
    entrance: Entrance, monkeypatch: pytest.MonkeyPatch, says: Callable[..., None]
) -> None:
    monkeypatch.setattr(PhoneCall, "came", says)
    _, asking = await asked(entrance, within_s=0.2)
    assert await asking == 408


async def test_a_side_that_tells_how_far_it_has_come_has_begun_whatever_it_answers_then(
    entrance: Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    servings: list[Serving] = []

    def later(phone: PhoneCall, serving: Serving) -> None:
        phone.requests.append(serving.request)
        servings.append(serving)

    monkeypatch.setattr(PhoneCall, "came", later)
    phone, asking = await asked(entrance)
    assert await notify(phone, "SIP/2.0 100 Trying") == 200
    servings[0].respond(500)
    await asyncio.sleep(0.05)
    assert not asking.done()
    assert await notify(phone, "SIP/2.0 200 OK", state="terminated") == 200
    assert await asking == 200


async def test_what_is_told_of_an_earlier_request_is_not_believed_of_this_one(
    entrance: Entrance,
) -> None:
    phone, earlier = await asked(entrance, within_s=0.1)
    assert await earlier == 408
    first = phone.requests[0].cseq[0]
    someone = entrance.board.calls[0]
    asking = asyncio.create_task(someone.phone.refer(THERE, by=BY, within_s=3))
    assert await until(lambda: len(phone.requests) == 2)
    assert await notify(phone, "SIP/2.0 200 OK", event=f"refer;id={first}") == 481
    assert not asking.done()
    second = phone.requests[1].cseq[0]
    assert await notify(phone, "SIP/2.0 486 Busy", event=f"refer ; id={second}") == 200
    assert await asking == 486


async def test_an_earlier_request_that_ends_leaves_a_later_one_its_ears(
    entrance: Entrance,
) -> None:
    phone, earlier = await asked(entrance, within_s=0.3)
    someone = entrance.board.calls[0]
    asking = asyncio.create_task(someone.phone.refer(THERE, by=BY, within_s=3))
    assert await earlier == 408
    assert await notify(phone, "SIP/2.0 200 OK", state="terminated") == 200
    assert await asking == 200


async def test_a_side_that_does_no_such_things_says_so_at_once(
    entrance: Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(phone: PhoneCall, serving: Serving) -> None:
        phone.requests.append(serving.request)
        serving.respond(405)

    monkeypatch.setattr(PhoneCall, "came", refuse)
    _, asking = await asked(entrance)
    assert await asking is None


async def test_a_call_that_was_not_answered_cannot_be_handed_on(entrance: Entrance) -> None:
    await entrance.open()
    entrance.board.answers = False
    phone = entrance.phone()
    ringing = asyncio.create_task(phone.invite())
    assert await until(lambda: bool(entrance.board.calls))
    assert await entrance.board.calls[0].phone.refer(THERE, by=BY, within_s=1) is None
    entrance.board.calls[0].phone.refuse(480)
    await ringing


async def test_what_is_told_behind_a_goodbye_is_heard_before_the_call_is_over(
    entrance: Entrance,
) -> None:
    phone, asking = await asked(entrance)
    assert await phone.bye() is not None
    told = entrance.board.calls[0].told
    assert await notify(phone, "SIP/2.0 100 Trying") == 200
    assert not asking.done()
    assert await notify(phone, "SIP/2.0 200 OK", state="terminated") == 200
    assert await asking == 200
    await asyncio.sleep(0.05)
    assert told == ["began"], "there is time to act upon it"


@pytest.mark.parametrize("said", [None, "SIP/2.0 486 Busy Here"])
async def test_a_goodbye_behind_which_no_success_is_told_is_the_callers(
    entrance: Entrance, monkeypatch: pytest.MonkeyPatch, said: str | None
) -> None:
    monkeypatch.setattr(referral, "LEFT_MAX_S", 0.2)
    phone, asking = await asked(entrance, within_s=1.0)
    assert await phone.bye() is not None
    told = entrance.board.calls[0].told
    await asyncio.sleep(0.05)
    assert told == ["began"]
    if said is not None:
        assert await notify(phone, said, state="terminated") == 200
        assert await until(lambda: told == ["began", "ended"], within_s=0.1)
    assert await until(lambda: told == ["began", "ended"])
    assert await asking == (408 if said is None else 486)


async def test_a_goodbye_after_all_was_told_is_not_waited_behind(entrance: Entrance) -> None:
    phone, asking = await asked(entrance)
    assert await notify(phone, "SIP/2.0 486 Busy Here", state="terminated") == 200
    assert await asking == 486
    assert await phone.bye() is not None
    assert entrance.board.calls[0].told == ["began", "ended"]
