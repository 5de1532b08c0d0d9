"""How full queues are: who waits, since when, and how many advisers are at work."""

import pytest

from contactcentre.adapters.state_redis.keys import AT_WORK_KEPT_S
from contactcentre.domain.ids import AdviserId, QueueId
from contactcentre.domain.levels import Asked
from contactcentre.domain.overflow import Load
from contactcentre.domain.presence import Presence
from tests.adapters.state_redis.centre import ADA, BOB, DESK, EARLY, LATE, PAYING, WELSH, Centre

CAT = AdviserId("cat")
NOBODY = Load(waiting_count=0, oldest_ms=0, at_work_count=0)


async def load(centre: Centre, queue: QueueId = PAYING) -> Load:
    """Return how full a queue is."""
    return (await centre.state.loads([PAYING, WELSH])).queues[queue]


async def forget_count(centre: Centre) -> None:
    """Let the time pass for which a count of advisers is kept."""
    await centre.state.client.ask("DEL", centre.state.keys.at_work)


async def test_an_empty_centre_has_nobody_waiting_and_nobody_at_work(centre: Centre) -> None:
    assert (await load(centre), await load(centre, WELSH)) == (NOBODY, NOBODY)


async def test_a_queue_is_as_full_as_callers_wait_in_it_since_its_first_came(
    centre: Centre,
) -> None:
    now_ms = (await centre.state.loads([PAYING])).now_ms
    await centre.call(LATE, at_ms=now_ms - 5_000)
    await centre.call(EARLY, at_ms=now_ms - 60_000)
    found = await load(centre)
    assert found.waiting_count == 2
    assert 60_000 <= found.oldest_ms < 70_000
    assert await load(centre, WELSH) == NOBODY


async def test_whoever_is_ready_rung_or_talks_is_at_work_in_each_queue_at_any_level(
    centre: Centre,
) -> None:
    await centre.ready(ADA, queues=(PAYING, WELSH))
    await centre.ready(BOB, later={PAYING: Asked(level=2, after_ms=20_000)})
    await centre.desk_says(CAT, Presence.AWAY)
    await centre.call()
    await centre.talk(ADA)
    assert ((await load(centre)).at_work_count, (await load(centre, WELSH)).at_work_count) == (2, 1)


@pytest.mark.parametrize(
    ("presence", "at_work_count"),
    [(Presence.WRAP_UP, 1), (Presence.AWAY, 0), (Presence.OFFLINE, 0)],
)
async def test_wrap_up_is_work_and_a_break_is_none(
    centre: Centre, presence: Presence, at_work_count: int
) -> None:
    await centre.desk_says(ADA, presence)
    assert (await load(centre)).at_work_count == at_work_count


async def test_whose_desk_is_lost_is_not_at_work(centre: Centre) -> None:
    await centre.desk_beats()
    await centre.ready(ADA)
    assert (await load(centre)).at_work_count == 1
    await centre.state.lose_advisers(DESK, beat=1)
    await forget_count(centre)
    assert (await load(centre)).at_work_count == 0


async def test_advisers_are_counted_once_for_all_who_ask_and_never_for_long(
    centre: Centre,
) -> None:
    await load(centre)
    await centre.ready(ADA)
    await centre.call()
    found = await load(centre)
    assert (found.at_work_count, found.waiting_count) == (0, 1), "who waits is as of now"
    kept_s = await centre.state.client.ask("TTL", centre.state.keys.at_work)
    assert 0 <= kept_s <= AT_WORK_KEPT_S
    await forget_count(centre)
    assert (await load(centre)).at_work_count == 1
