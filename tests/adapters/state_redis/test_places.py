"""Places from before: each is passed on once, and none of a caller who is here or was served."""

import asyncio

import pytest

from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.domain.events import Ending
from contactcentre.domain.ids import CallId
from tests.adapters.state_redis.centre import EARLY, FIRST, LATE, Centre

AGAIN = CallId("again")


async def passed(state: RedisState, *, page: str = "page", call: CallId = AGAIN) -> CallId | None:
    """Return which call has the place of EARLY once a page has asked for it."""
    return await state.pass_place(earlier=EARLY, page=page, call=call)


@pytest.mark.parametrize("ending", [Ending.ABANDONED, Ending.LEFT_IN_MENU, Ending.SYSTEM_LOST])
async def test_a_caller_who_left_unserved_keeps_the_place(centre: Centre, ending: Ending) -> None:
    await centre.call(EARLY)
    await centre.state.end(call=EARLY, epoch=FIRST, ending=ending)
    assert await passed(centre.state) == AGAIN


@pytest.mark.parametrize("ending", [Ending.HANDLED, Ending.DEFLECTED])
async def test_a_caller_who_was_served_keeps_no_place(centre: Centre, ending: Ending) -> None:
    await centre.call(EARLY)
    await centre.state.end(call=EARLY, epoch=FIRST, ending=ending)
    assert await passed(centre.state) is None


async def test_a_call_that_is_alive_has_its_place_itself(centre: Centre) -> None:
    await centre.call(EARLY)
    assert await passed(centre.state) is None
    await centre.state.hide(call=EARLY, epoch=FIRST)
    assert await passed(centre.state) is None
    await centre.state.end(call=EARLY, epoch=FIRST, ending=Ending.ABANDONED)
    assert await passed(centre.state) == AGAIN


async def test_of_a_call_that_nobody_knows_the_place_is_passed_on(state: RedisState) -> None:
    assert await passed(state) == AGAIN


async def test_a_place_is_passed_on_once_and_its_page_may_ask_again(state: RedisState) -> None:
    assert await passed(state) == AGAIN
    assert await passed(state, call=LATE) == AGAIN
    assert await passed(state, page="another", call=LATE) is None


async def test_of_many_pages_at_once_one_has_the_place(state: RedisState) -> None:
    asked = [passed(state, page=f"page {n}", call=CallId(f"c{n}")) for n in range(20)]
    assert len([call for call in await asyncio.gather(*asked) if call is not None]) == 1
