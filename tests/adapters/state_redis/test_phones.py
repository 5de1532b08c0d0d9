"""Calls from telephones: a pass lets sound in once, the newest leg's claim is kept, one rescues."""

import asyncio

from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.events import Ending
from contactcentre.ports.phone_claims import OpenedWay
from tests.adapters.state_redis.centre import EARLY, FIRST, Centre

LATER = LegEpoch(FIRST.count + 1, "a")


async def test_a_pass_lets_sound_in_once_however_many_come_with_it(state: RedisState) -> None:
    opened = await asyncio.gather(*(state.open_way(EARLY, nonce="n") for _ in range(9)))
    assert [one for one in opened if one is not None] == [OpenedWay(attempt=0, claim=None)]


async def test_each_further_way_is_a_later_attempt_and_is_given_the_claim(
    state: RedisState,
) -> None:
    await state.open_way(EARLY, nonce="n")
    assert await state.keep_claim(EARLY, epoch=FIRST, claim="one")
    assert await state.open_way(EARLY, nonce="m") == OpenedWay(attempt=1, claim="one")


async def test_the_claim_of_an_older_leg_never_takes_the_place_of_a_newer_one(
    state: RedisState,
) -> None:
    assert await state.kept_claim(EARLY) is None
    assert await state.keep_claim(EARLY, epoch=LATER, claim="later")
    assert not await state.keep_claim(EARLY, epoch=FIRST, claim="first")
    assert await state.kept_claim(EARLY) == "later"
    assert await state.keep_claim(EARLY, epoch=LATER, claim="later still")
    assert await state.keep_claim(EARLY, epoch=LegEpoch(LATER.count, "b"), claim="a rival")
    assert await state.kept_claim(EARLY) == "a rival"


async def lost(centre: Centre) -> None:
    """Let the node of EARLY be lost."""
    await centre.call(EARLY)
    standing = (await centre.state.look_calls([EARLY]))[0]
    assert standing.node is not None
    await centre.state.lose_calls(standing.node, beat=None)


async def test_of_all_who_would_pull_a_call_off_its_lost_node_one_does(centre: Centre) -> None:
    await lost(centre)
    assert not await centre.state.is_pulled(EARLY, epoch=FIRST)
    pulls = await asyncio.gather(*(centre.state.pull(EARLY, epoch=FIRST) for _ in range(5)))
    assert sorted(pulls) == [False, False, False, False, True]
    assert await centre.state.is_pulled(EARLY, epoch=FIRST)
    assert not await centre.state.is_pulled(EARLY, epoch=LATER)


async def test_nobody_pulls_a_call_that_is_alive_or_has_come_back_or_has_ended(
    centre: Centre,
) -> None:
    await centre.call(EARLY)
    assert not await centre.state.pull(EARLY, epoch=FIRST)
    await lost(centre)
    assert not await centre.state.pull(EARLY, epoch=LATER)
    await centre.state.end(call=EARLY, epoch=FIRST, ending=Ending.ABANDONED)
    assert not await centre.state.pull(EARLY, epoch=FIRST)
