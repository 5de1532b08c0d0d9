"""When a trunk counts as down, and who is told."""

import asyncio
from collections.abc import Mapping, Sequence

from contactcentre.adapters.telemetry.metrics import REGISTRY
from contactcentre.apps.trunk_watch import ASK_AGAIN_MS, ASK_EVERY_MS, ASK_JITTER_MS, TrunkWatch
from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.ids import NodeId, RequestId
from contactcentre.ports.phones import TrunkStanding
from tests.journey.stage import StagedClock

NODE = NodeId("north-1")


class Hurry(StagedClock):
    """A clock that remembers how long one wanted to sleep, and chance in the middle of things."""

    def __init__(self) -> None:
        super().__init__()
        self.slept_ms: list[int] = []

    async def sleep_ms(self, span_ms: int) -> None:
        """Be there at once."""
        self.slept_ms.append(span_ms)
        await super().sleep_ms(span_ms)

    def nonce(self) -> str:
        """Give none."""
        raise AssertionError

    def request(self) -> RequestId:
        """Give none."""
        raise AssertionError

    def jitter(self, span_ms: int) -> int:
        """Return the middle."""
        return span_ms // 2


class Trunk:
    """A trunk that answers as the test says, and whatever is kept of it (ports.phones)."""

    def __init__(self, said: Sequence[bool], *, is_kept: bool = True) -> None:
        self.said = list(said)
        self.is_kept = is_kept
        self.kept: list[TrunkStanding | None] = []

    async def asks(self) -> bool:
        """Answer, until there is nothing more to say."""
        if not self.said:
            raise asyncio.CancelledError
        return self.said.pop(0)

    async def keep_trunks(self, node: NodeId, standings: Mapping[str, TrunkStanding]) -> None:
        """Note it."""
        assert node == NODE
        if not self.is_kept:
            raise StateUnavailable
        self.kept.append(standings.get("north"))


async def watched(trunk: Trunk) -> tuple[TrunkWatch, Hurry]:
    """Return how a trunk stands once it has said all that it has to say."""
    hurry = Hurry()
    watch = TrunkWatch({"north": trunk.asks}, trunk, node=NODE, clock=hurry, chance=hurry)
    task = asyncio.create_task(watch.watch())
    await asyncio.wait([task], timeout=5)
    assert task.done()
    return watch, hurry


def shown() -> float | None:
    """Return what the metric says of the trunk."""
    return REGISTRY.get_sample_value("contactcentre_intake_trunk_up", {"trunk": "north"})


async def test_a_trunk_is_down_when_two_questions_go_unanswered_and_up_with_one_answer() -> None:
    trunk = Trunk([True, False, True, False, False])
    watch, _ = await watched(trunk)
    assert [one is not None and one.is_up for one in trunk.kept] == [True, True, True, True, False]
    assert shown() == 0
    trunk = Trunk([False, False, True])
    watch, hurry = await watched(trunk)
    assert shown() == 1
    assert watch.standings["north"] == TrunkStanding(is_up=True, since_ms=sum(hurry.slept_ms[:3]))


async def test_a_trunk_that_shows_somebody_elses_certificate_is_said_to() -> None:
    trunk = Trunk([False, False, False, True])
    seen = iter([False, True])
    hurry = Hurry()
    watch = TrunkWatch(
        {"north": trunk.asks},
        trunk,
        node=NODE,
        clock=hurry,
        chance=hurry,
        is_misnamed=lambda _: next(seen),
    )
    await asyncio.wait([asyncio.create_task(watch.watch())], timeout=5)
    assert [one and (one.is_up, one.is_misnamed) for one in trunk.kept] == [
        None,
        (False, False),
        (False, True),
        (True, False),
    ]


async def test_a_trunk_that_does_not_answer_is_asked_sooner() -> None:
    _, hurry = await watched(Trunk([True, False, True]))
    first, *pauses = hurry.slept_ms
    assert first < ASK_AGAIN_MS
    assert pauses == [ASK_EVERY_MS, ASK_AGAIN_MS, ASK_EVERY_MS]
    assert ASK_JITTER_MS < ASK_EVERY_MS


async def test_a_store_that_is_away_keeps_nobody_from_asking() -> None:
    watch, _ = await watched(Trunk([True, False, False], is_kept=False))
    assert not watch.standings["north"].is_up
