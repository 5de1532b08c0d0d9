"""The wait as a caller hears and sees it."""

import asyncio
from dataclasses import replace

from contactcentre.adapters.flow_files.folders import default_flows_dir
from contactcentre.adapters.flow_files.lines import load_line
from contactcentre.domain.call import Call
from contactcentre.domain.classes import ServiceClass, head_start_ms
from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.events import CallOverflowed, OverflowWhy, PlaceTold
from contactcentre.domain.expecting import ERRORS_MIN, WaitErrors
from contactcentre.domain.hours import Hours
from contactcentre.domain.ids import AdviserId, DeskId, LineId, QueueId, SoundName, Token
from contactcentre.domain.ivr.flow import Flow, QueueDefinition, QueueName
from contactcentre.domain.languages import Language
from contactcentre.domain.overflow import Onward
from contactcentre.journey.queueing import PassOn, Waiting
from contactcentre.ports.live import Offered
from contactcentre.ports.state import Place
from tests.journey.stage import StagedCall, StagedClock, StagedQueues

OFFER = Offered(adviser=AdviserId("ada"), desk=DeskId("d1"), token=Token(7))
PAYING = QueueId("tax.paying.en")
TAX_FLOW = load_line(default_flows_dir(), LineId("tax")).flow


def waiting_of(
    live: StagedCall,
    *,
    queues: StagedQueues,
    clock: StagedClock | None = None,
    errors: WaitErrors | None = None,
    flow: Flow = TAX_FLOW,
) -> Waiting:
    """Return the wait of a staged call."""
    return Waiting(
        live,
        flow,
        queues=queues,
        clock=clock or StagedClock(),
        errors=errors or WaitErrors(lambda _queue, _ratio: None),
    )


async def join(waiting: Waiting, *, enqueued_ms: int | None = None) -> None:
    """Put the staged call into the queue for paying."""
    await waiting.join(queue=PAYING, service_class=ServiceClass.P1, enqueued_ms=enqueued_ms)


async def wait(
    *,
    place: Place | None,
    for_ms: int,
    first: tuple[SoundName, ...] = (),
    errors: WaitErrors | None = None,
) -> StagedCall:
    """Let a call wait for so long, then offer it; return what was said and heard."""
    live, clock = StagedCall(), StagedClock()
    waiting = waiting_of(live, queues=StagedQueues(place=place), clock=clock, errors=errors)
    await join(waiting)
    clock.call_at(for_ms, lambda: live.offers.put_nowait(OFFER))
    async with asyncio.timeout(5):
        assert await waiting.offered(first=first) == OFFER
    return live


async def test_the_time_of_joining_is_given_by_the_store() -> None:
    live = StagedCall()
    await join(waiting_of(live, queues=StagedQueues(times=[123])))
    assert live.call.enqueued_ms == 123


async def test_a_wait_that_began_earlier_keeps_its_time() -> None:
    live = StagedCall()
    queues = StagedQueues(times=[123])
    await join(waiting_of(live, queues=queues), enqueued_ms=50)
    assert live.call.enqueued_ms == 50


async def test_a_caller_waits_even_while_the_store_is_away() -> None:
    live = StagedCall()
    queues = StagedQueues(away=StateUnavailable("away"))
    await join(waiting_of(live, queues=queues, clock=StagedClock(at_ms=77)))
    assert live.call.enqueued_ms == 77


async def test_a_caller_is_told_the_place_and_an_honest_wait() -> None:
    place = Place(place=3, waiting_count=5, served_every_ms=60_000)
    live = await wait(place=place, for_ms=1_000)
    assert "place_3" in live.said
    assert any(sound.startswith("wait_") for sound in live.said)
    assert live.places[0] == (3, 180_000)
    assert live.media.music[live.caller_leg] is True


async def test_nothing_is_said_of_time_while_too_few_calls_were_taken() -> None:
    place = Place(place=3, waiting_count=5, served_every_ms=None)
    live = await wait(place=place, for_ms=1_000)
    assert not any(sound.startswith("wait_") for sound in live.said)
    assert live.places[0] == (3, None)


class Told:
    """Hears of every error."""

    def __init__(self) -> None:
        self.ratios: list[float] = []
        self.errors = WaitErrors(lambda _queue, ratio: self.ratios.append(ratio))


ONE_MINUTE = Place(place=1, waiting_count=1, served_every_ms=60_000)
TEN_MINUTES = Place(place=10, waiting_count=10, served_every_ms=60_000)


async def test_a_wait_is_said_again_and_again_while_what_is_said_comes_true() -> None:
    told = Told()
    for _ in range(ERRORS_MIN):
        await wait(place=TEN_MINUTES, for_ms=580_000, errors=told.errors)
    live = await wait(place=TEN_MINUTES, for_ms=620_000, errors=told.errors)
    assert told.ratios == [0.0] * (ERRORS_MIN + 1)
    assert live.places[0] == (10, 600_000)
    assert any(sound.startswith("wait_") for sound in live.said)


async def test_nothing_is_said_of_time_once_what_was_said_did_not_come_true() -> None:
    told = Told()
    for _ in range(ERRORS_MIN):
        live = await wait(place=TEN_MINUTES, for_ms=180_000, errors=told.errors)
        assert live.places[0] == (10, 600_000), "said until enough is known"
    live = await wait(place=TEN_MINUTES, for_ms=180_000, errors=told.errors)
    assert told.ratios == [0.7] * (ERRORS_MIN + 1), "what is not said is measured all the same"
    assert live.places[0] == (10, None)
    assert "place_10" in live.said
    assert not any(sound.startswith("wait_") for sound in live.said)


async def test_a_wait_is_said_again_once_the_estimates_are_right_again() -> None:
    told = Told()
    for _ in range(ERRORS_MIN):
        await wait(place=TEN_MINUTES, for_ms=180_000, errors=told.errors)
    for _ in range(ERRORS_MIN + 1):
        await wait(place=TEN_MINUTES, for_ms=610_000, errors=told.errors)
    live = await wait(place=TEN_MINUTES, for_ms=1_000, errors=told.errors)
    assert live.places[0] == (10, 600_000)


async def test_a_wait_that_outlasts_what_was_said_counts_before_it_is_over() -> None:
    told = Told()
    live, clock = StagedCall(), StagedClock()
    queues = StagedQueues(place=ONE_MINUTE)
    waiting = waiting_of(live, queues=queues, clock=clock, errors=told.errors)
    await join(waiting)
    seen: list[int] = []
    clock.call_at(100_000, lambda: seen.append(len(told.ratios)))
    clock.call_at(200_000, lambda: seen.append(len(told.ratios)))
    clock.call_at(300_000, lambda: live.offers.put_nowait(OFFER))
    async with asyncio.timeout(5):
        await waiting.offered()
    assert seen == [0, 1]
    assert len(told.ratios) == 1, "and once"


async def test_music_never_plays_for_more_than_a_minute_without_a_voice() -> None:
    place = Place(place=2, waiting_count=2, served_every_ms=None)
    live = await wait(place=place, for_ms=200_000)
    told = [step for step in live.steps if isinstance(step, PlaceTold)]
    assert len(told) == 4
    assert len(live.places) > 50, "the page is shown the place in between"


async def test_what_the_queue_says_first_is_said_once() -> None:
    place = Place(place=1, waiting_count=1, served_every_ms=None)
    live = await wait(place=place, for_ms=130_000, first=(SoundName("scam_guard"),))
    assert live.said.count(SoundName("scam_guard")) == 1
    assert live.said.count(SoundName("hold_intro")) == 1


async def test_a_call_that_is_not_in_the_queue_is_told_no_place() -> None:
    live = await wait(place=None, for_ms=1_000)
    assert live.places == []


async def test_pressing_0_moves_a_waiting_caller_to_extra_support_with_the_time_kept() -> None:
    live, clock = StagedCall(), StagedClock()
    queues = StagedQueues(times=[123], place=Place(place=1, waiting_count=1, served_every_ms=None))
    waiting = waiting_of(live, queues=queues, clock=clock)
    await join(waiting)
    for key in ("5", "0", "0"):
        live.keys.put_nowait(key)
    clock.call_at(60_000, lambda: live.offers.put_nowait(OFFER))
    async with asyncio.timeout(5):
        await waiting.offered()
    assert live.call.queue == QueueId("tax.extra-support.en")
    assert live.call.service_class is ServiceClass.P0
    assert live.call.enqueued_ms == 123
    assert [what for what, _ in queues.told].count("join") == 2
    assert SoundName("extra_support_intro") in live.said


async def test_0_does_nothing_while_extra_support_is_closed_and_the_caller_keeps_the_place() -> (
    None
):
    never = Hours(weekly=((),) * 7, single_days={}, is_bank_holiday=lambda _: False)
    queues = {
        key: replace(queue, hours=never if queue.name == "extra-support" else None)
        for key, queue in TAX_FLOW.queues.items()
    }
    live, told, clock = StagedCall(), StagedQueues(), StagedClock()
    flow = replace(TAX_FLOW, queues=queues)
    waiting = waiting_of(live, flow=flow, queues=told, clock=clock)
    await join(waiting)
    live.keys.put_nowait("0")
    clock.call_at(5_000, lambda: live.offers.put_nowait(OFFER))
    async with asyncio.timeout(5):
        await waiting.offered()
    assert live.call.queue == PAYING


async def test_who_waits_in_a_queue_that_is_emptied_is_moved_and_keeps_time_and_class() -> None:
    live, told, clock = StagedCall(), StagedQueues(), StagedClock()
    general = TAX_FLOW.queues[QueueName("general"), Language.ENGLISH]
    switched: list[QueueDefinition] = []
    waiting = Waiting(
        live,
        TAX_FLOW,
        queues=told,
        clock=clock,
        errors=WaitErrors(lambda _queue, _ratio: None),
        moved=lambda queue: switched[0] if switched and queue == PAYING else None,
    )
    await join(waiting, enqueued_ms=50)
    stood: list[QueueId | None] = []
    clock.call_at(4_000, lambda: switched.append(general))
    clock.call_at(5_500, lambda: stood.append(live.call.queue))
    clock.call_at(20_000, lambda: live.offers.put_nowait(OFFER))
    async with asyncio.timeout(5):
        await waiting.offered()
    assert stood == [general.id], "it is moved within a second, also between two shows of the place"
    call = live.call
    assert (call.queue, call.enqueued_ms, call.service_class) == (general.id, 50, ServiceClass.P1)
    assert live.said.count(SoundName("hold_intro")) <= 2


def full(*, at_ms: int, clock: StagedClock) -> PassOn:
    """Return what passes a call on from the queue for paying, once it is so late."""
    general = TAX_FLOW.queues[QueueName("general"), Language.ENGLISH]

    def pass_on(call: Call, place: Place) -> Onward | None:
        assert place == LAST
        is_due = call.queue == PAYING and clock.now_ms() >= at_ms
        return Onward(queue=general, why=OverflowWhy.WAITING) if is_due else None

    return pass_on


LAST = Place(place=9, waiting_count=9, served_every_ms=None)


async def pass_on_at(at_ms: int) -> tuple[StagedCall, StagedQueues]:
    """Let a caller wait in a queue that is full at a time; return what was said and told."""
    live, told, clock = StagedCall(), StagedQueues(place=LAST), StagedClock()
    waiting = Waiting(
        live,
        TAX_FLOW,
        queues=told,
        clock=clock,
        errors=WaitErrors(lambda _queue, _ratio: None),
        pass_on=full(at_ms=at_ms, clock=clock),
    )
    await join(waiting, enqueued_ms=50)
    clock.call_at(at_ms + 20_000, lambda: live.offers.put_nowait(OFFER))
    async with asyncio.timeout(5):
        assert await waiting.offered(first=(SoundName("scam_guard"),)) == OFFER
    return live, told


async def test_who_is_passed_on_keeps_time_and_class_and_is_told_so_in_one_sentence() -> None:
    live, told = await pass_on_at(30_000)
    call = live.call
    assert (call.queue, call.service_class) == (QueueId("tax.general.en"), ServiceClass.P1)
    assert call.enqueued_ms == 50
    _, joined = [said for what, said in told.told if what == "join"]
    assert isinstance(joined, dict)
    assert (joined["queue"], joined["enqueued_ms"]) == ("tax.general.en", 50)
    assert joined["head_start_ms"] == head_start_ms(ServiceClass.P1)
    assert live.said == ["scam_guard", "hold_intro", *NINTH, "another_team", *NINTH]
    assert [(one.from_queue, one.queue, one.why) for one in passed_on(live)] == [
        (PAYING, "tax.general.en", OverflowWhy.WAITING)
    ]


async def test_who_comes_to_a_full_queue_hears_all_that_others_hear_and_no_place_in_it() -> None:
    live, _ = await pass_on_at(0)
    assert live.said == ["scam_guard", "another_team", "hold_intro", *NINTH]
    assert len(passed_on(live)) == 1


NINTH = ["place_is", "place_9"]


def passed_on(live: StagedCall) -> list[CallOverflowed]:
    """Return how a call was passed on."""
    return [step for step in live.steps if isinstance(step, CallOverflowed)]
