"""What supervisors see: figures of now, or none."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import LedgerUnavailable, StateUnavailable
from contactcentre.domain.ids import CallId, NodeId, QueueId
from contactcentre.journey.supervision import (
    OLD_MS,
    NodeState,
    Supervision,
    midnight_ms,
)
from contactcentre.limits import NODE_SUSPECT_AFTER_MS
from contactcentre.ports.reports import CallbackCounts, TodayCounts
from contactcentre.ports.state import AddressBook, LostCall, NodeStanding, Overview

NODE = NodeStanding(
    node=NodeId("north-1"),
    site="north",
    beat=1,
    internal_url="http://north-1:8090",
    public_url="wss://north-1.example/leg",
    draining=False,
    legs_count=0,
    legs_max=10,
)
NO_CALLS = TodayCounts(
    offered_count=0,
    handled_count=0,
    abandoned_count=0,
    deflected_count=0,
    callback_count=0,
    left_in_menu_count=0,
    closed_count=0,
    system_lost_count=0,
    in_progress_count=0,
    answered_within_target_count=0,
)

PROMISED = CallbackCounts(
    queue=QueueId("tax.paying.en"), open_count=3, kept_count=2, broken_count=1
)


class Stage(AddressBook):
    """A live state, records and a clock that the test plays."""

    def __init__(self) -> None:
        self.at_ms = 0
        self.there: Sequence[NodeStanding] = (NODE,)
        self.away = False
        self.storms = False
        self.since_ms = -1
        self.pause_ms = 0
        """For how long whoever asks stands still before the answer is read."""

    async def nodes(self) -> Sequence[NodeStanding]:
        """Return the nodes."""
        return self.there

    async def is_storm(self) -> bool:
        """Say what the test says."""
        return self.storms

    async def node(self, node: NodeId) -> NodeStanding | None:
        """Return the one node."""
        return next((standing for standing in self.there if standing.node == node), None)

    async def overview(self, queues: Sequence[QueueId]) -> Overview:
        """Return the centre."""
        if self.away:
            raise StateUnavailable("away")
        assert queues == ()
        seen = Overview(now_ms=self.at_ms, queues=(), advisers=(), nodes=self.there)
        self.at_ms += self.pause_ms
        return seen

    async def lost_calls(self) -> Sequence[LostCall]:
        """Return one caller who is on the way to another node."""
        return [LostCall(call=CallId("call-1"), epoch=LegEpoch(1, "a"))]

    async def today(self, *, since_ms: int, target_ms: int) -> TodayCounts:
        """Return no calls."""
        assert target_ms == 1_000
        if self.away:
            raise LedgerUnavailable("away")
        self.since_ms = since_ms
        return NO_CALLS

    async def callbacks(self, *, since_ms: int) -> Sequence[CallbackCounts]:
        """Return one queue's."""
        assert since_ms == self.since_ms
        return [PROMISED]

    def now_ms(self) -> int:
        """Return the time of day."""
        return self.at_ms

    def monotonic_ms(self) -> int:
        """Return the time."""
        return self.at_ms

    async def sleep_ms(self, span_ms: int) -> None:
        """Let time pass."""
        self.at_ms += span_ms


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def supervision(stage: Stage) -> Supervision:
    return looks_at(stage)


def looks_at(stage: Stage) -> Supervision:
    """Return who looks at a stage."""
    return Supervision(
        addresses=stage,
        lost=stage,
        storm=stage,
        reports=stage,
        clock=stage,
        queues=(),
        target_ms=1_000,
    )


async def test_what_cannot_be_read_is_absent(stage: Stage, supervision: Supervision) -> None:
    await supervision.look()
    await supervision.count()
    assert supervision.overview is not None
    assert supervision.today == NO_CALLS
    assert supervision.callbacks == {PROMISED.queue: PROMISED}
    stage.away = True
    await supervision.look()
    await supervision.count()
    assert supervision.overview is None
    assert supervision.today is None
    assert supervision.callbacks is None


async def test_a_node_without_a_beat_is_stopped(stage: Stage, supervision: Supervision) -> None:
    assert supervision.state_of(NODE) is NodeState.STOPPED
    await supervision.look()
    assert supervision.state_of(NODE) is NodeState.SERVING
    assert supervision.state_of(replace(NODE, strained=True)) is NodeState.STRAINED
    assert supervision.state_of(replace(NODE, draining=True)) is NodeState.DRAINING
    stage.at_ms += NODE_SUSPECT_AFTER_MS
    await supervision.look()
    assert supervision.state_of(NODE) is NodeState.STOPPED
    stage.there = (replace(NODE, beat=2),)
    await supervision.look()
    assert supervision.state_of(NODE) is NodeState.SERVING


async def test_a_node_that_is_in_the_address_book_no_longer_does_not_live(
    stage: Stage, supervision: Supervision
) -> None:
    await supervision.look()
    assert supervision.lives(NODE.node)
    assert not supervision.lives(NodeId("never-seen"))
    stage.there = ()
    await supervision.look()
    assert not supervision.lives(NODE.node)


async def test_callers_who_are_on_their_way_to_another_node_are_counted(
    supervision: Supervision,
) -> None:
    assert supervision.coming_back_count == 0
    await supervision.look()
    assert supervision.coming_back_count == 1


@pytest.mark.parametrize(
    ("now", "midnight"),
    [
        ("2026-01-15T00:00:00", "2026-01-15T00:00:00"),
        ("2026-01-15T23:59:59", "2026-01-15T00:00:00"),
        ("2026-07-15T22:59:59", "2026-07-14T23:00:00"),
        ("2026-07-15T23:00:00", "2026-07-15T23:00:00"),
        ("2026-03-29T12:00:00", "2026-03-29T00:00:00"),
        ("2026-10-25T12:00:00", "2026-10-24T23:00:00"),
    ],
)
def test_the_day_begins_at_midnight_in_the_uk(now: str, midnight: str) -> None:
    assert midnight_ms(utc_ms(now)) == utc_ms(midnight)


def utc_ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000)


async def test_a_process_that_paused_since_it_asked_has_stood_still_until_it_asks_again(
    stage: Stage, supervision: Supervision
) -> None:
    await supervision.look()
    assert not supervision.has_stood_still
    stage.at_ms += OLD_MS
    assert supervision.has_stood_still
    await supervision.look()
    assert not supervision.has_stood_still
    stage.pause_ms = OLD_MS  # while the answer is on its way
    await supervision.look()
    assert supervision.has_stood_still
    stage.pause_ms, stage.away = 0, True
    await supervision.look()
    assert not supervision.has_stood_still  # nobody could say, and that is known of now


async def test_a_board_is_told_of_a_storm_while_a_router_says_so(
    stage: Stage, supervision: Supervision
) -> None:
    seen = []
    for storms in (False, True, False):
        stage.storms = storms
        await supervision.look()
        seen.append(supervision.is_storm)
    assert seen == [False, True, False]


class Far(Stage):
    """A live state that is far away."""

    WAY_S = 0.5

    async def is_storm(self) -> bool:
        """Say it after a while."""
        await asyncio.sleep(self.WAY_S)
        return await super().is_storm()

    async def overview(self, queues: Sequence[QueueId]) -> Overview:
        """Return it after a while."""
        await asyncio.sleep(self.WAY_S)
        return await super().overview(queues)

    async def lost_calls(self) -> Sequence[LostCall]:
        """Return them after a while."""
        await asyncio.sleep(self.WAY_S)
        return await super().lost_calls()


async def test_what_is_looked_at_is_asked_for_in_one_way_to_the_live_state_and_back() -> None:
    stage = Far()
    began = time.monotonic()
    supervision = looks_at(stage)
    await supervision.look()
    assert supervision.overview is not None
    assert (supervision.coming_back_count, supervision.is_storm) == (1, False)
    assert time.monotonic() - began < 2 * Far.WAY_S
