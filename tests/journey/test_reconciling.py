"""Rows of calls that nobody will say the end of, and how they are closed for now."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytest

from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import LedgerUnavailable, Outage, StateUnavailable
from contactcentre.domain.events import Ending
from contactcentre.domain.ids import CallId, NodeId, Token
from contactcentre.journey.reconciling import (
    LOOK_EVERY_MS,
    LOOK_JITTER_MS,
    PAUSE_MAX_MS,
    Reconciler,
)
from contactcentre.limits import ORPHAN_GRACE_MS, REPORT_CALLS_MAX
from contactcentre.ports.records import OpenCall
from contactcentre.ports.state import CallStanding, Generation
from tests.journey.test_records import NoChance, SimulatedClock, Stop

EPOCH = LegEpoch(1, "aa")
EVERY_MS = LOOK_EVERY_MS + LOOK_JITTER_MS
GONE_AFTER_MS = ORPHAN_GRACE_MS + 2 * EVERY_MS
"""The grace, and the looks at both ends of it."""
OPEN = Generation(store="a", opened="a")


def row(call: str = "c1", *, version: int = 1) -> OpenCall:
    return OpenCall(CallId(call), EPOCH, version)


def standing(
    call: str = "c1",
    state: str = "closed",
    *,
    ending: Ending | None = None,
    is_presumed: bool = False,
) -> CallStanding:
    return CallStanding(
        call=CallId(call), state=state, node=NodeId("north-1"), epoch=EPOCH, queue=None,
        enqueued_ms=None, adviser=None, desk=None, token=Token(0), ending=ending,
        is_presumed=is_presumed,
    )  # fmt: skip


class Stores:
    """A ledger and a live state of the test, and what a reconciler did to the one."""

    def __init__(self) -> None:
        self.clock = SimulatedClock()
        self.rows = [row()]
        self.live: Mapping[CallId, CallStanding] = {}
        self.generations = [OPEN]
        """What is told next; the last one for ever."""
        self.ledger_is_away = False
        self.state_is_away = False
        self.closed_rows: list[tuple[str, Ending]] = []
        self.news: list[bool] = []
        self.outages: list[str] = []
        self.reconciler = Reconciler(
            open_calls=self,
            queues=cast("Any", self),  # of these two it asks for no more than is here
            rescue=cast("Any", self),
            clock=self.clock,
            chance=NoChance(),
            witness=self,
            grace_ms=ORPHAN_GRACE_MS,
        )

    async def generation(self) -> Generation:
        """Say which store answers."""
        if self.state_is_away:
            raise StateUnavailable("away")
        return self.generations.pop(0) if len(self.generations) > 1 else self.generations[0]

    async def look_calls(self, calls: Sequence[CallId]) -> Sequence[CallStanding]:
        """Say what is known."""
        assert len(calls) <= REPORT_CALLS_MAX
        return [self.live[call] for call in calls if call in self.live]

    async def open_calls(self, *, after: CallId | None, count_max: int) -> Sequence[OpenCall]:
        """Give open rows."""
        if self.ledger_is_away:
            raise LedgerUnavailable("away")
        rows = sorted(self.rows, key=lambda one: one.call)
        return [one for one in rows if one.call > (after or "")][:count_max]

    async def close_provisionally(self, seen: OpenCall, *, ending: Ending, at_ms: int) -> bool:
        """Close a row that is as it was seen."""
        assert at_ms == self.clock.now_ms()
        if seen not in self.rows:
            return False
        self.rows.remove(seen)
        self.closed_rows.append((seen.call, ending))
        return True

    def closed(self, call: CallId, ending: Ending, *, is_news: bool) -> None:
        """Remember what is news."""
        assert (call, ending) == self.closed_rows[-1]
        self.news.append(is_news)

    def looks_again(self, outage: Outage) -> None:
        """Remember the outage."""
        self.outages.append(outage.code)

    async def pass_by(self, span_ms: int) -> None:
        """Let time pass while the reconciler looks."""
        self.clock.until_ms = self.clock.ms + span_ms
        with pytest.raises(Stop):
            await self.reconciler.run()


async def test_a_row_whose_call_nobody_knows_is_closed_as_lost_after_the_grace() -> None:
    stores = Stores()
    await stores.pass_by(ORPHAN_GRACE_MS - EVERY_MS)
    assert stores.closed_rows == []
    await stores.pass_by(3 * EVERY_MS)
    assert stores.closed_rows == [("c1", Ending.SYSTEM_LOST)]
    assert stores.news == [True]


async def test_a_row_whose_call_lives_is_left_alone() -> None:
    stores = Stores()
    for state in ("in_menu", "waiting", "hidden", "reserved", "ringing", "talking", "on_hold"):
        stores.live = {CallId("c1"): standing(state=state)}
        await stores.pass_by(GONE_AFTER_MS)
    assert stores.closed_rows == []


async def test_a_row_whose_call_has_ended_is_closed_as_that_end() -> None:
    stores = Stores()
    stores.live = {CallId("c1"): standing(ending=Ending.ABANDONED)}
    await stores.pass_by(GONE_AFTER_MS)
    assert stores.closed_rows == [("c1", Ending.ABANDONED)]


async def test_a_call_that_was_presumed_lost_is_not_counted_as_lost_twice() -> None:
    stores = Stores()
    stores.live = {CallId("c1"): standing(ending=Ending.SYSTEM_LOST, is_presumed=True)}
    await stores.pass_by(GONE_AFTER_MS)
    assert stores.closed_rows == [("c1", Ending.SYSTEM_LOST)]
    assert stores.news == [False]


async def test_a_row_that_is_written_to_meanwhile_begins_its_grace_again() -> None:
    stores = Stores()
    for version in range(2, 10):
        await stores.pass_by(ORPHAN_GRACE_MS // 2)
        stores.rows = [row(version=version)]
    assert stores.closed_rows == []
    await stores.pass_by(GONE_AFTER_MS)
    assert stores.closed_rows == [("c1", Ending.SYSTEM_LOST)]


async def test_a_call_that_is_there_again_begins_its_grace_again() -> None:
    stores = Stores()
    for _ in range(8):
        await stores.pass_by(ORPHAN_GRACE_MS // 2)
        stores.live = {CallId("c1"): standing(state="waiting")}
        await stores.pass_by(EVERY_MS)
        stores.live = {}
    assert stores.closed_rows == []


@pytest.mark.parametrize("store", ["state_is_away", "ledger_is_away"])
async def test_nobody_is_taken_for_gone_because_a_store_was_away(store: str) -> None:
    stores = Stores()
    for _ in range(8):
        await stores.pass_by(ORPHAN_GRACE_MS // 2)
        setattr(stores, store, True)
        await stores.pass_by(EVERY_MS)
        setattr(stores, store, False)
    assert stores.closed_rows == []
    assert stores.outages
    await stores.pass_by(GONE_AFTER_MS)
    assert stores.closed_rows == [("c1", Ending.SYSTEM_LOST)]


async def test_nobody_is_taken_for_gone_because_the_store_is_another() -> None:
    stores = Stores()
    for name in "bcdefghi":
        await stores.pass_by(ORPHAN_GRACE_MS // 2)
        stores.generations = [Generation(store=name, opened=name)]
    assert stores.closed_rows == []


async def test_nobody_is_taken_for_gone_while_nodes_still_say_what_they_hold() -> None:
    stores = Stores()
    stores.generations = [Generation(store="b", opened="a")]
    await stores.pass_by(2 * GONE_AFTER_MS)
    stores.generations = [Generation(store="b", opened="b")]
    await stores.pass_by(ORPHAN_GRACE_MS - EVERY_MS)
    assert stores.closed_rows == []


async def test_a_store_that_changes_in_the_middle_of_a_look_is_not_believed() -> None:
    stores = Stores()
    await stores.pass_by(ORPHAN_GRACE_MS - EVERY_MS)
    stores.generations = [OPEN, Generation(store="b", opened="")]
    await stores.pass_by(2 * EVERY_MS)
    stores.generations = [OPEN]
    await stores.pass_by(2 * EVERY_MS)
    assert stores.closed_rows == []


async def test_nobody_is_taken_for_gone_because_we_stood_still() -> None:
    stores = Stores()
    for _ in range(8):
        await stores.pass_by(2 * EVERY_MS)
        stores.clock.ms += PAUSE_MAX_MS + ORPHAN_GRACE_MS
    assert stores.closed_rows == []


async def test_every_open_row_is_looked_at_however_many_there_are() -> None:
    stores = Stores()
    stores.rows = [row(f"c{number:04}") for number in range(2 * REPORT_CALLS_MAX + 1)]
    stores.live = {
        one.call: standing(one.call, "talking") for one in stores.rows if one.call[-1] != "7"
    }
    await stores.pass_by(GONE_AFTER_MS)
    assert len(stores.closed_rows) == 40
    assert {call[-1] for call, _ in stores.closed_rows} == {"7"}
