"""The menus as a caller meets them."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.adapters.flow_files.folders import default_flows_dir
from contactcentre.adapters.flow_files.lines import load_line
from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.events import CallDeflected, LanguageChosen, StepReached
from contactcentre.domain.hours import Hours, Span
from contactcentre.domain.ids import LineId, OutcomeCode, QueueId, SoundName
from contactcentre.domain.ivr.flow import Flow
from contactcentre.domain.languages import Language
from contactcentre.journey.ivr import Finished, FlowWalk, ToQueue
from tests.journey.stage import StagedCall, StagedQueues

MONDAY_MS = 4 * 24 * 3_600_000
"""1970 began with a Thursday."""


@pytest.fixture(scope="module")
def flow() -> Flow:
    """Return the flow of the tax helpline."""
    return load_line(Path(default_flows_dir()), LineId("tax")).flow


def walk(live: StagedCall, flow: Flow, queues: StagedQueues | None = None) -> FlowWalk:
    """Return a walk of a staged call."""
    return FlowWalk(live, flow, queues=queues or StagedQueues(), clock=MachineClock())


async def test_a_caller_who_presses_nothing_reaches_a_person(flow: Flow) -> None:
    live = StagedCall()
    reached = await walk(live, flow).run()
    assert isinstance(reached, ToQueue)
    assert reached.queue == QueueId("tax.general.en")


async def test_a_key_cuts_the_greeting_short(flow: Flow) -> None:
    live = StagedCall(prompt_s=60)
    running = asyncio.create_task(walk(live, flow).run())
    for key in ("3", "3"):
        await asyncio.sleep(0.01)
        live.keys.put_nowait(key)
    async with asyncio.timeout(10):
        reached = await running
    assert isinstance(reached, ToQueue)
    assert (reached.queue, reached.service_class) == (QueueId("tax.paying.en"), ServiceClass.P1)


async def test_pressing_0_anywhere_reaches_extra_support(flow: Flow) -> None:
    live = StagedCall()
    live.keys.put_nowait("0")
    reached = await walk(live, flow).run()
    assert isinstance(reached, ToQueue)
    assert reached.service_class is ServiceClass.P0


async def test_pressing_9_goes_on_in_welsh_and_waits_in_the_welsh_queue(flow: Flow) -> None:
    live = StagedCall(prompt_s=0.02)
    for key in ("9", "4"):
        live.keys.put_nowait(key)
    reached = await walk(live, flow).run()
    assert isinstance(reached, ToQueue)
    assert reached.queue == QueueId("tax.general.cy")
    assert live.call.language is Language.WELSH
    assert any(isinstance(step, LanguageChosen) for step in live.steps)


async def test_a_caller_who_needs_no_adviser_is_noted_as_deflected(flow: Flow) -> None:
    live = StagedCall(prompt_s=0.02)
    for key in ("1", "1"):
        live.keys.put_nowait(key)
    assert isinstance(await walk(live, flow).run(), Finished)
    assert any(isinstance(step, CallDeflected) for step in live.steps)
    assert SoundName("goodbye") in live.said


async def test_a_caller_who_declines_the_link_has_waited_since_it_was_offered(flow: Flow) -> None:
    live = StagedCall(prompt_s=0.02)
    for key in ("1", "2"):
        live.keys.put_nowait(key)
    queues = StagedQueues(times=[700, 800])
    reached = await walk(live, flow, queues).run()
    assert isinstance(reached, ToQueue)
    assert reached.enqueued_ms == 700


async def test_the_wait_counts_by_the_nodes_clock_only_while_the_store_is_away(flow: Flow) -> None:
    live = StagedCall(prompt_s=0.02)
    for key in ("1", "2"):
        live.keys.put_nowait(key)
    queues = StagedQueues(away=StateUnavailable("away"))
    reached = await walk(live, flow, queues).run()
    assert isinstance(reached, ToQueue)
    assert reached.enqueued_ms is not None
    assert abs(reached.enqueued_ms - MachineClock().now_ms()) < 10_000


async def test_each_step_a_caller_comes_to_is_written_down(flow: Flow) -> None:
    live = StagedCall()
    live.keys.put_nowait("4")
    await walk(live, flow).run()
    steps = [step.step for step in live.steps if isinstance(step, StepReached)]
    assert steps[0] == flow.start
    assert len(steps) == len(set(steps))


async def test_a_caller_who_hangs_up_after_the_link_counts_as_deflected(flow: Flow) -> None:
    live = StagedCall(prompt_s=0.02)
    live.keys.put_nowait("1")
    live.wait_for_key = True
    flow_walk = walk(live, flow)
    running = asyncio.create_task(flow_walk.run())
    await asyncio.sleep(0.3)  # the link has been read to its end, and the caller thinks
    running.cancel()
    await asyncio.wait([running])
    await flow_walk.caller_left()
    assert any(isinstance(step, CallDeflected) for step in live.steps)


def closed(flow: Flow) -> Flow:
    """Return the flow of a line that is open on Mondays alone; staged calls come on a Thursday."""
    monday = Hours(
        weekly=((Span(opens=0, closes=24 * 60),), *[()] * 6),
        single_days={},
        is_bank_holiday=lambda _: False,
    )
    return replace(flow, hours=monday)


async def test_a_caller_outside_the_hours_hears_when_it_opens_and_the_call_ends(flow: Flow) -> None:
    live = StagedCall()
    told = walk(live, closed(flow))
    assert await told.run() == Finished(outcome=OutcomeCode("closed_hours_info"))
    assert told.is_closed
    opening = ("opens_again", "day_monday", "time_midnight")
    assert tuple(live.said[1:4]) == opening
    assert live.said[-1] == "goodbye"


async def test_whoever_came_in_time_walks_on_after_closing_time(flow: Flow) -> None:
    live = StagedCall()
    flow_walk = walk(live, flow)
    flow_walk = FlowWalk(
        live,
        closed(flow),
        queues=StagedQueues(),
        clock=MachineClock(),
        came_from=replace(flow_walk.position, arrived_ms=MONDAY_MS),
    )
    assert isinstance(await flow_walk.run(), ToQueue)
