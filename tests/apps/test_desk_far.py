"""A desk process whose live state is at the other site."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.apps.desk_beat import REPORTS_AT_ONCE, DeskBeat, Stirred
from contactcentre.domain.desk_stand import Desk
from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.ids import AdviserId, DeskId
from contactcentre.domain.presence import Presence
from contactcentre.ports.state import AdviserReport

WAY_S = 0.05


class FarPresences:
    """A live state that is far away, and may go."""

    def __init__(self, *, away_after: int = 1_000) -> None:
        self.reported: list[AdviserId] = []
        self._away_after = away_after

    async def report_desk(self, **said: object) -> None:
        """Take the beat."""

    async def report_adviser(self, report: AdviserReport) -> object:
        """Take a report after a while."""
        await asyncio.sleep(WAY_S)
        if len(self.reported) >= self._away_after:
            raise StateUnavailable("away")
        self.reported.append(report.adviser)
        return SimpleNamespace(
            state=report.state, reason=report.reason, token=report.token, since_ms=0, call=None
        )


def beat(presences: FarPresences, count: int) -> DeskBeat:
    """Return the beat of a desk process with so many advisers."""
    seats = {AdviserId(f"adviser-{one}"): seat(f"adviser-{one}") for one in range(count)}
    return DeskBeat(
        desk=DeskId("d1"),
        internal_url="http://d1",
        seats=cast("Any", seats),
        stirred=Stirred(),
        presences=cast("Any", presences),
        supervision=cast(
            "Any", SimpleNamespace(has_stood_still=False, overview=object(), today=object())
        ),
        calls=cast("Any", None),
        chats=cast("Any", SimpleNamespace(asked_for=lambda _: ())),
        monitors=cast("Any", SimpleNamespace(stands=lambda *_: None)),
        clock=MachineClock(),
    )


def seat(name: str) -> SimpleNamespace:
    """Return the seat of an adviser who is at nothing."""
    desk = Desk(adviser=AdviserId(name), wrap_up_allowed_ms=1_000, state=Presence.AWAY)
    return SimpleNamespace(
        account=SimpleNamespace(id=AdviserId(name)),
        desk=desk,
        is_unread=False,
        has_reported=False,
        asked_later={},
        occupied=0,
        now_ms=0,
        follow=lambda _: None,
    )


async def test_many_advisers_are_reported_in_a_few_ways_to_the_live_state_and_back() -> None:
    presences, count = FarPresences(), 3 * REPORTS_AT_ONCE
    async with asyncio.timeout(6 * WAY_S):
        await beat(presences, count).report_last()
    assert len(set(presences.reported)) == count


@pytest.mark.parametrize("away_after", [0, REPORTS_AT_ONCE])
async def test_nobody_more_is_reported_once_the_live_state_is_away(away_after: int) -> None:
    presences = FarPresences(away_after=away_after)
    desk = beat(presences, 3 * REPORTS_AT_ONCE)
    await desk.report_last()
    assert len(presences.reported) == away_after
    assert not desk.health().queue_reachable
