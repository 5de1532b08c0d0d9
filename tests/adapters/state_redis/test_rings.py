"""How rings ended is known to every router, the latest first; a storm is told for some seconds."""

from contactcentre.adapters.state_redis.keys import STORM_KEPT_S
from contactcentre.adapters.state_redis.rings import RINGS_MAX
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.domain.ids import Token
from contactcentre.ports.rings import RingEnded
from tests.adapters.state_redis.centre import ADA, BOB


async def test_how_rings_ended_is_told_the_latest_first(state: RedisState) -> None:
    assert list(await state.rings_ended()) == []
    first = RingEnded(token=Token(9), adviser=ADA, is_failed=True)
    then = RingEnded(token=Token(7), adviser=BOB, is_failed=False)
    await state.note_ring(first)
    await state.note_ring(then)
    assert list(await state.rings_ended()) == [then, first]


async def test_only_the_last_rings_are_kept(state: RedisState) -> None:
    for token in range(RINGS_MAX + 5):
        await state.note_ring(RingEnded(token=Token(token), adviser=ADA, is_failed=False))
    kept = await state.rings_ended()
    assert (len(kept), kept[0].token, kept[-1].token) == (RINGS_MAX, RINGS_MAX + 4, 5)


async def test_a_storm_is_told_until_nobody_says_so_any_more(state: RedisState) -> None:
    assert not await state.is_storm()
    await state.tell_storm()
    assert await state.is_storm()
    left_s = await state.client.ask("TTL", state.keys.storm)
    assert 0 < left_s <= STORM_KEPT_S
