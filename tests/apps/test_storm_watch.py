"""A router's eyes on how rings end."""

from collections.abc import Sequence

from contactcentre.apps.storm_watch import StormWatch
from contactcentre.domain.ids import AdviserId, Token
from contactcentre.domain.storm import CLOSES_AFTER_COUNT, TRY_FIRST_MS, StormBreaker
from contactcentre.limits import RINGS_LOOK_EVERY_MS, STORM_TOLD_EVERY_MS
from contactcentre.ports.rings import RingEnded
from tests.journey.stage import StagedClock


class StagedRings:
    """Rings that end as the test says."""

    def __init__(self) -> None:
        self.ended: list[RingEnded] = []
        self.looks_count = 0
        self.told_count = 0

    def end(self, count: int, *, failed: bool) -> None:
        """Let so many rings end, each at another adviser."""
        for _ in range(count):
            token = len(self.ended) + 1
            who = AdviserId(f"adviser-{token}")
            self.ended.insert(0, RingEnded(token=Token(token), adviser=who, is_failed=failed))

    async def note_ring(self, ended: RingEnded) -> None:
        """Be told by no router."""
        raise AssertionError("nodes note rings", ended)

    async def rings_ended(self) -> Sequence[RingEnded]:
        """Return how the last rings ended, the latest first."""
        self.looks_count += 1
        return list(self.ended)

    async def tell_storm(self) -> None:
        """Count it."""
        self.told_count += 1

    async def is_storm(self) -> bool:
        """Be asked by no router."""
        raise AssertionError("boards ask this")


class Stage:
    """A router's eyes on stage."""

    def __init__(self) -> None:
        self.rings, self.clock = StagedRings(), StagedClock()
        breaker = StormBreaker(advisers_min=5, window_ms=30_000)
        self.watch = StormWatch(self.rings, self.clock, breaker)

    async def look(self, *, after_ms: int = RINGS_LOOK_EVERY_MS) -> bool:
        """Look after a while; say whether somebody may be rung."""
        await self.clock.sleep_ms(after_ms)
        await self.watch.look()
        return self.watch.allows()


async def test_a_storm_that_blows_as_a_router_looks_holds_it_back_and_is_told_once_in_a_while() -> (
    None
):
    stage = Stage()
    assert await stage.look()
    stage.rings.end(5, failed=True)
    assert not await stage.look()
    assert stage.rings.told_count == 1
    await stage.look()
    assert stage.rings.told_count == 1
    assert await stage.look(after_ms=STORM_TOLD_EVERY_MS), "one may be tried"
    assert stage.rings.told_count == 2
    stage.watch.tried()
    assert not stage.watch.allows()
    await stage.look(after_ms=TRY_FIRST_MS)
    stage.rings.end(CLOSES_AFTER_COUNT, failed=False)
    assert await stage.look()
    told_count = stage.rings.told_count
    await stage.look(after_ms=STORM_TOLD_EVERY_MS)
    assert stage.rings.told_count == told_count, "a storm that is over is not told of"


async def test_each_ring_counts_once_however_often_a_router_looks() -> None:
    stage = Stage()
    await stage.look()
    stage.rings.end(4, failed=True)
    for _ in range(5):
        assert await stage.look()


async def test_a_storm_that_was_there_before_a_router_began_does_not_hold_it_back() -> None:
    stage = Stage()
    stage.rings.end(50, failed=True)
    assert await stage.look()


async def test_a_router_that_sweeps_often_does_not_look_more_often_than_it_should() -> None:
    stage = Stage()
    for _ in range(10):
        await stage.look(after_ms=RINGS_LOOK_EVERY_MS // 5)
    assert stage.rings.looks_count == 2
