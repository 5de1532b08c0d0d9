"""Between whom a router sees that a match may come about: the one look before it matches."""

import asyncio

from contactcentre.adapters.state_redis.keys import own_queue
from contactcentre.domain.ids import AdviserId, CallId
from contactcentre.domain.levels import Asked
from contactcentre.limits import MATCHES_PER_SWEEP_MAX
from tests.adapters.state_redis.centre import ADA, BOB, PAYING, WELSH, Centre

CAT, DAI = AdviserId("cat"), AdviserId("dai")


async def seen(centre: Centre, advisers_max: int = 9) -> tuple[list[str], list[str]]:
    """Return the queues and the advisers of a look."""
    found = await centre.state.matchable(advisers_max=advisers_max)
    return [*found.queues], [*found.advisers]


async def test_whoever_is_ready_for_queues_in_which_nobody_waits_is_not_tried(
    centre: Centre,
) -> None:
    await centre.ready(ADA, queues=(WELSH,))
    await centre.ready(BOB, queues=(PAYING, WELSH))
    assert await seen(centre) == ([], [])
    await centre.call(queue=PAYING)
    assert await seen(centre) == ([PAYING], [BOB])


async def test_however_many_are_ready_for_other_queues_the_one_who_can_help_is_found(
    centre: Centre,
) -> None:
    for number in range(MATCHES_PER_SWEEP_MAX):
        await centre.ready(AdviserId(f"a{number}"), queues=(WELSH,))
    await centre.ready(ADA)
    await centre.call(queue=PAYING)
    assert await seen(centre, MATCHES_PER_SWEEP_MAX) == ([PAYING], [ADA])


async def test_of_those_who_can_help_anywhere_the_longest_ready_come_first_and_each_once(
    centre: Centre,
) -> None:
    for adviser, queues in (
        (DAI, (PAYING,)),
        (CAT, (WELSH,)),
        (BOB, (PAYING, WELSH)),
        (ADA, (WELSH,)),
    ):
        await centre.ready(adviser, queues=queues)
        await asyncio.sleep(0.002)
    await centre.call(CallId("c1"), queue=WELSH)
    await centre.call(CallId("c2"), queue=PAYING)
    assert await seen(centre) == ([WELSH, PAYING], [DAI, CAT, BOB, ADA])
    assert await seen(centre, 3) == ([WELSH, PAYING], [DAI, CAT, BOB])


async def test_those_of_every_level_and_who_is_waited_for_alone_are_tried(centre: Centre) -> None:
    await centre.ready(ADA)
    await centre.call(CallId("c1"))
    held = await centre.talk(ADA)
    await centre.break_off(held)
    await centre.ready(BOB, later={PAYING: Asked(level=2, after_ms=0)})
    await asyncio.sleep(0.002)
    await centre.ready(CAT, later={PAYING: Asked(level=3, after_ms=0)})
    await asyncio.sleep(0.002)
    assert await seen(centre) == ([own_queue(ADA)], [])
    await centre.ready(ADA, token=held.token, queues=(WELSH,))
    await centre.call(CallId("c2"))
    assert await seen(centre) == ([own_queue(ADA), PAYING], [BOB, CAT, ADA])
