"""The whole centre as a supervisor sees it, however many advisers there are."""

import asyncio

from contactcentre.adapters.state_redis.addresses import ADVISERS_PER_LOOK
from contactcentre.domain.ids import AdviserId
from contactcentre.domain.presence import Presence
from tests.adapters.state_redis.centre import Centre

MANY = [AdviserId(f"a{number:04}") for number in range(2 * ADVISERS_PER_LOOK + 1)]
"""What takes three looks."""


async def test_an_overview_of_a_thousand_advisers_leaves_nobody_out(
    centre: Centre,
) -> None:
    await asyncio.gather(*(centre.ready(adviser) for adviser in MANY))
    await centre.desk_says(MANY[7], Presence.AWAY)
    seen = (await centre.state.overview([])).advisers
    assert [adviser for adviser, _ in seen] == MANY
    assert [adviser for adviser, one in seen if one.state is not Presence.READY] == [MANY[7]]


async def test_advisers_who_are_forgotten_are_left_out_wherever_they_stand_in_the_list(
    centre: Centre,
) -> None:
    await asyncio.gather(*(centre.ready(adviser) for adviser in MANY))
    gone, there = MANY[::2], MANY[1::2]
    await centre.state.client.ask("DEL", *(centre.state.keys.adviser(one) for one in gone))
    assert [adviser for adviser, _ in (await centre.state.overview([])).advisers] == there
    assert await centre.state.client.ask("SCARD", centre.state.keys.advisers) == len(there)
