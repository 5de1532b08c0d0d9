"""Who refreshes a session, and what comes of one that nobody has refreshed (RFC 4028)."""

import asyncio

import pytest

from contactcentre.adapters.sip.session_timer import SESSION_S, SessionTimer
from contactcentre.bench.sip_phone import PhoneCall
from tests.adapters.sip.entrance import OFFER, Entrance, until


async def session(entrance: Entrance, *headers: tuple[str, str]) -> tuple[PhoneCall, str, int]:
    """Return a call that asks for a session, what is answered of it, and the code."""
    await entrance.open()
    phone = entrance.phone()
    response = await phone.ask(phone.request("INVITE", sdp=OFFER, headers=headers))
    assert response is not None
    return phone, response.first("session-expires") or response.first("min-se"), response.code


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("600;refresher=uas", "600;refresher=uas"),
        ("600;refresher=uac", "600;refresher=uac"),
        ("600", "600;refresher=uac"),
        ("86400", f"{SESSION_S};refresher=uac"),
    ],
)
async def test_a_session_is_as_long_as_asked_within_reason(
    entrance: Entrance, asked: str, answered: str
) -> None:
    headers = [("supported", "timer"), ("session-expires", asked)]
    _, said, code = await session(entrance, *headers)
    assert (code, said) == (200, answered)


async def test_a_phone_that_knows_no_timers_is_told_of_none(entrance: Entrance) -> None:
    _, said, code = await session(entrance)
    assert (code, said) == (200, "")


async def test_too_short_a_session_is_refused_within_the_call_with_what_would_do(
    entrance: Entrance,
) -> None:
    await entrance.open()
    phone = entrance.phone()
    await phone.invite()
    short = [("supported", "timer"), ("session-expires", "20")]
    response = await phone.ask(phone.request("UPDATE", headers=short))
    assert response is not None
    assert (response.code, response.first("min-se")) == (422, "90")


async def test_our_refresh_is_an_offer_that_the_phone_answers(entrance: Entrance) -> None:
    await entrance.open()
    phone = entrance.phone()
    await phone.invite()
    assert await until(lambda: entrance.board.calls[0].told == ["began"])
    dialog = next(iter(entrance.door._dialogs.values()))  # noqa: SLF001 - half an hour is long
    dialog._timer.begin(1, we_refresh=True)  # noqa: SLF001 - likewise
    assert await until(lambda: [one.method for one in phone.requests] == ["INVITE"])
    assert await until(lambda: "answered v=0" in entrance.board.calls[0].told)


async def test_a_session_that_the_phone_has_not_refreshed_is_over(entrance: Entrance) -> None:
    await entrance.open()
    phone = entrance.phone()
    await phone.invite()
    assert await until(lambda: entrance.board.calls[0].told == ["began"])
    dialog = next(iter(entrance.door._dialogs.values()))  # noqa: SLF001 - half an hour is long
    dialog._timer.begin(1, we_refresh=False)  # noqa: SLF001 - likewise
    assert await until(lambda: phone.is_over)
    assert entrance.board.calls[0].told == ["began", "lost"]


async def test_a_timer_that_is_stopped_does_nothing() -> None:
    told: list[str] = []
    timer = SessionTimer(refresh=lambda: told.append("r"), lapse=lambda: told.append("l"))
    for we_refresh in (True, False):
        timer.begin(1, we_refresh=we_refresh)
    timer.stop()
    timer.begin(0, we_refresh=True)
    await asyncio.sleep(1.1)
    assert not told
