"""Switches as supervisors turn them: over HTTP, in real records, to a real live state."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from contactcentre.domain.ids import AdviserId, LineId, SoundName
from contactcentre.domain.ivr.flow import QueueName
from contactcentre.domain.ivr.switches import LineSwitches, SwitchKind
from contactcentre.wire import desk as said
from tests.apps.desk_centre import ADA, SUE, Browser, DeskCentre, desk_centre
from tests.stores import Emptying

TAX = LineId("tax")
PATH = "/api/switches"
PAYING, GENERAL = QueueName("paying"), QueueName("general")


@pytest.fixture
async def centre(redis_url: str, database_url: str) -> AsyncIterator[DeskCentre]:
    """Give a running desk process."""
    async with desk_centre(redis_url, database_url) as one:
        yield one


def asked(kind: SwitchKind, value: str | None, subject: QueueName | None = None) -> said.TurnSwitch:
    return said.TurnSwitch(line=TAX, kind=kind, subject=subject, value=value, why="fire alarm")


SHUT = asked(SwitchKind.SHUT, "shut")


async def live(centre: DeskCentre) -> LineSwitches | None:
    """Return what nodes read."""
    stands = await centre.state.look_switches()
    return None if stands is None else stands.of(TAX)


async def turn(supervisor: Browser, switch: said.TurnSwitch) -> said.BoardLine:
    now = await supervisor.tell("POST", PATH, switch, said.SwitchesNow)
    (line,) = now.lines
    return line


async def test_a_supervisor_turns_switches_and_an_emptied_store_has_them_again(
    centre: DeskCentre, empty_redis: Emptying
) -> None:
    async with centre.browser() as supervisor, centre.browser() as adviser:
        await adviser.sign_in(ADA)
        assert (await adviser.refused("POST", PATH, SHUT)).code == "not-allowed"
        await supervisor.sign_in(SUE)
        status, _ = await supervisor.ask("POST", PATH, SHUT.model_copy(update={"why": "  "}))
        assert status == 400
        line = await turn(supervisor, SHUT)
        assert (line.title, line.is_open, line.is_shut) == ("Llinell gymorth treth", True, True)
        assert line.last is not None
        assert (line.last.who, line.last.why) == (AdviserId("sue"), "fire alarm")
        await turn(supervisor, asked(SwitchKind.DIVERT, GENERAL, PAYING))
        line = await turn(supervisor, asked(SwitchKind.NOTICE, "notice_very_busy"))
        assert line.notice == "notice_very_busy"
        stands = LineSwitches(
            notice=SoundName("notice_very_busy"), is_shut=True, diverts={PAYING: GENERAL}
        )
        assert await live(centre) == stands
        to_support = asked(SwitchKind.DIVERT, GENERAL, QueueName("extra-support"))
        assert (await supervisor.refused("POST", PATH, to_support)).code == "out-of-order"
        await empty_redis()
        await asyncio.sleep(1.5)
        assert await live(centre) == stands
        board = await supervisor.tell("GET", "/api/board", None, said.Board)
        assert board.lines[0].is_shut


async def test_while_the_records_are_away_a_switch_is_refused_and_says_why(
    centre: DeskCentre,
) -> None:
    async with centre.browser() as supervisor:
        await supervisor.sign_in(SUE)
        await centre.postgres.cut()
        problem = await supervisor.refused("POST", PATH, SHUT)
        assert (problem.status, problem.code) == (503, "switch-not-turned")
        assert problem.detail == (
            "The records can't be reached, so the switch was not turned. Try again shortly."
        )
        stands = await live(centre)
        assert stands is None or not stands.is_shut
