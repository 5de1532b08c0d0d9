"""Ringing and talking."""

import asyncio

import pytest

from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.adapters.flow_files.folders import default_flows_dir
from contactcentre.adapters.flow_files.lines import load_line
from contactcentre.domain.call import CallState
from contactcentre.domain.classes import ServiceClass, head_start_ms
from contactcentre.domain.errors import PeerBroke, PeerUnavailable, StaleToken, StateUnavailable
from contactcentre.domain.events import (
    CallBridged,
    CallHeld,
    CallQueued,
    CallRang,
    CallTransferred,
    LapseReason,
)
from contactcentre.domain.ids import AdviserId, DeskId, LegId, LineId, QueueId, SoundName, Token
from contactcentre.domain.ivr.switches import AS_PLANNED
from contactcentre.domain.ivr.transfer import target_queue
from contactcentre.journey.bridging import Bridging
from contactcentre.ports.live import (
    AdviserAct,
    AdviserAnswered,
    AdviserAttached,
    AdviserDeclined,
    AdviserHungUp,
    AdviserLost,
    ConsultAsked,
    ConsultDropped,
    HandedBack,
    HandOverAsked,
    HoldAsked,
    KeySent,
    MergeAsked,
    MuteAsked,
    Offered,
    TalkEnd,
    TransferAsked,
)
from tests.journey.stage import StagedCall, StagedDesks, StagedQueues, StagedRecording

TAX = load_line(default_flows_dir(), LineId("tax"))
NOON_MS = 1_790_078_400_000
GENERAL = QueueId("tax.general.en")
ADA = Offered(adviser=AdviserId("ada"), desk=DeskId("d1"), token=Token(7))
ADAS_LEG = LegId("c1.adviser")


def waiting_call() -> StagedCall:
    """Return a call that waits."""
    live = StagedCall()
    live.note(
        CallQueued(
            call=live.call.id,
            at_ms=2_000,
            queue=QueueId("tax.paying.en"),
            service_class=ServiceClass.P1,
            enqueued_ms=2_000,
        )
    )
    return live


class Ring:
    """One offer on stage."""

    def __init__(
        self, *, desks: StagedDesks | None = None, queues: StagedQueues | None = None
    ) -> None:
        self.live = waiting_call()
        self.queues = queues or StagedQueues()
        self.media = self.live.media
        self.desks = desks or StagedDesks()
        self.recording = StagedRecording()
        self.bridging = Bridging(
            self.live,
            ADA,
            queues=self.queues,
            media=self.media,
            desks=self.desks,
            clock=MachineClock(),
            to_queue=lambda queue: target_queue(
                {TAX.id: TAX}, lambda _line: AS_PLANNED, queue, is_chat=False, at_ms=NOON_MS
            ),
            recording=self.recording,
        )

    def act(self, *acts: AdviserAct) -> None:
        """Let the adviser do something."""
        for act in acts:
            if isinstance(act, AdviserAttached):
                self.live.adviser_leg = act.leg
                self.live.is_adviser_there = True
            self.live.acts.put_nowait(act)


@pytest.fixture
def ring() -> Ring:
    """One offer on stage, with everything in reach."""
    return Ring()


async def test_an_answer_once_the_sound_is_connected_begins_the_talk(ring: Ring) -> None:
    ring.act(AdviserAttached(leg=ADAS_LEG), AdviserAnswered())
    assert await ring.bridging.ring(ring_ms=1_000) is None


async def test_an_adviser_who_answers_before_the_sound_is_there_is_connected_when_it_is(
    ring: Ring,
) -> None:
    ring.act(AdviserAnswered(), AdviserAttached(leg=ADAS_LEG))
    assert await ring.bridging.ring(ring_ms=1_000) is None


async def test_a_declined_call_goes_back_to_its_place(ring: Ring) -> None:
    ring.act(AdviserDeclined())
    lapse = await ring.bridging.ring(ring_ms=1_000)
    assert lapse is LapseReason.DECLINED
    await ring.bridging.lapse(lapse)
    assert ring.live.call.state is CallState.WAITING
    assert ring.live.call.enqueued_ms == 2_000
    assert [what for what, _ in ring.queues.told] == ["give_back"]
    assert ("over", LapseReason.DECLINED) in ring.desks.told
    assert ring.live.let_go == [LapseReason.DECLINED]


async def test_a_ring_nobody_answers_ends_by_itself(ring: Ring) -> None:
    assert await ring.bridging.ring(ring_ms=30) is LapseReason.NO_ANSWER


async def test_an_answer_without_sound_is_not_called_no_answer(ring: Ring) -> None:
    ring.act(AdviserAnswered())
    assert await ring.bridging.ring(ring_ms=30) is LapseReason.DESK_UNREACHABLE


async def test_a_desk_that_cannot_be_reached_costs_the_caller_no_ring() -> None:
    ring = Ring(desks=StagedDesks(refuse=PeerUnavailable("gone")))
    async with asyncio.timeout(10):
        assert await ring.bridging.ring(ring_ms=60_000) is LapseReason.DESK_UNREACHABLE


async def test_the_place_is_kept_while_the_store_is_away() -> None:
    ring = Ring(queues=StagedQueues(away=StateUnavailable("away")))
    ring.act(AdviserDeclined())
    assert await ring.bridging.ring(ring_ms=1_000) is LapseReason.DECLINED
    await ring.bridging.lapse(LapseReason.DECLINED)
    assert ring.live.call.state is CallState.WAITING


async def talk(ring: Ring, *acts: AdviserAct) -> TalkEnd:
    """Answer, do these, and return how the talk ended."""
    ring.act(AdviserAttached(leg=ADAS_LEG), AdviserAnswered())
    assert await ring.bridging.ring(ring_ms=1_000) is None
    ring.act(*acts)
    async with asyncio.timeout(10):
        return await ring.bridging.talk()


async def test_both_hear_each_other_and_no_music(ring: Ring) -> None:
    assert await talk(ring, AdviserHungUp()) is TalkEnd.ADVISER_HUNG_UP
    caller = ring.live.caller_leg
    assert ring.media.hears == {(caller, ADAS_LEG), (ADAS_LEG, caller)}
    assert ring.media.music[caller] is False
    assert ring.live.told == ["bridged"]
    assert ("bridged", (ring.live.call.id, ADA.token)) in ring.desks.told


async def test_the_first_words_of_a_talk_hold_nobody_up(ring: Ring) -> None:
    ring.live.prompt_s = 60
    assert await talk(ring, HoldAsked(on=True), AdviserHungUp()) is TalkEnd.ADVISER_HUNG_UP
    assert ring.live.told == ["bridged", "held"]


async def test_on_hold_the_caller_hears_music_and_the_adviser_nothing(ring: Ring) -> None:
    await talk(ring, HoldAsked(on=True), AdviserHungUp())
    assert ring.media.hears == set()
    assert ring.media.music[ring.live.caller_leg] is True
    assert ring.live.call.state is CallState.ON_HOLD


async def test_after_a_hold_both_hear_each_other_again(ring: Ring) -> None:
    await talk(ring, HoldAsked(on=True), HoldAsked(on=True), HoldAsked(on=False), AdviserHungUp())
    assert len(ring.media.hears) == 2
    assert ring.media.music[ring.live.caller_leg] is False
    assert ring.live.told == ["bridged", "held", "back"]


async def test_a_muted_adviser_is_taken_out_of_the_room_by_the_node(ring: Ring) -> None:
    await talk(ring, MuteAsked(on=True), AdviserHungUp())
    assert ring.media.muted == {ADAS_LEG}


async def test_a_key_of_the_adviser_is_heard_by_the_caller(ring: Ring) -> None:
    await talk(ring, KeySent(key="#"), KeySent(key="5"), AdviserHungUp())
    assert [sound for sound in ring.live.said if sound.startswith("tone_")] == [
        "tone_hash",
        "tone_5",
    ]


async def test_a_caller_whose_adviser_is_lost_goes_back_to_the_place(ring: Ring) -> None:
    assert await talk(ring, AdviserLost()) is TalkEnd.BROKEN
    await ring.bridging.break_off()
    assert ring.live.call.state is CallState.WAITING
    assert ring.live.call.enqueued_ms == 2_000
    what, said = ring.queues.told[-1]
    assert what == "return_to_queue"
    assert isinstance(said, dict)
    assert said["wishes"] is False
    assert "apology_moved" in ring.live.said


async def test_a_caller_whose_adviser_is_lost_may_wish_for_the_same_one(ring: Ring) -> None:
    assert await talk(ring, AdviserLost()) is TalkEnd.BROKEN
    await ring.bridging.break_off(wishes=True)
    _, said = ring.queues.told[-1]
    assert isinstance(said, dict)
    assert said["wishes"] is True


async def test_a_caller_who_is_handed_on_waits_there_and_keeps_time_and_class(ring: Ring) -> None:
    end = await talk(ring, HoldAsked(on=True), TransferAsked(queue=GENERAL))
    assert end is TalkEnd.TRANSFERRED
    await ring.bridging.hand_on()
    call = ring.live.call
    assert (call.state, call.queue, call.adviser) == (CallState.WAITING, GENERAL, None)
    assert (call.enqueued_ms, call.service_class) == (2_000, ServiceClass.P1)
    assert ring.queues.told[-1] == (
        "transfer",
        {
            "call": call.id,
            "adviser": ADA.adviser,
            "token": ADA.token,
            "queue": GENERAL,
            "head_start_ms": head_start_ms(ServiceClass.P1),
        },
    )
    assert isinstance(ring.live.steps[-1], CallTransferred)
    assert ring.desks.told[-1] == ("over", None), "the adviser has a talk to wrap up"
    assert ring.live.let_go == [None]
    assert ring.media.hears == set()
    assert ring.media.music[ring.live.caller_leg] is True


@pytest.mark.parametrize(
    ("queue", "code"), [("tax.chat.en", "unknown-name"), ("no.such.queue", "unknown-name")]
)
async def test_a_transfer_that_cannot_be_is_refused_and_the_talk_goes_on(
    ring: Ring, queue: str, code: str
) -> None:
    end = await talk(ring, TransferAsked(queue=QueueId(queue)), AdviserHungUp())
    assert end is TalkEnd.ADVISER_HUNG_UP
    assert ring.live.told == ["bridged", code]
    assert ring.live.call.state is CallState.TALKING


async def test_a_caller_is_handed_on_while_the_store_is_away() -> None:
    ring = Ring(queues=StagedQueues(away=StateUnavailable("away")))
    assert await talk(ring, TransferAsked(queue=GENERAL)) is TalkEnd.TRANSFERRED
    await ring.bridging.hand_on()
    assert ring.live.call.queue == GENERAL
    assert ring.desks.told[-1] == ("over", None)


async def test_an_adviser_who_has_to_go_hands_the_caller_back_to_the_place(ring: Ring) -> None:
    assert await talk(ring, HandedBack()) is TalkEnd.HANDED_BACK
    await ring.bridging.break_off()
    assert ring.live.call.state is CallState.WAITING
    assert ring.live.call.enqueued_ms == 2_000


async def test_a_ring_at_an_adviser_who_has_to_go_is_over(ring: Ring) -> None:
    ring.act(HandedBack())
    assert await ring.bridging.ring(ring_ms=1_000) is LapseReason.DECLINED
    assert not ring.bridging.desk_failed


async def test_asking_somebody_puts_the_caller_on_hold_and_a_swap_takes_the_caller_back(
    ring: Ring,
) -> None:
    bryn = AdviserId("bryn")
    asked = ConsultAsked(queue=None, adviser=bryn)
    await talk(ring, asked, HoldAsked(on=False), ConsultDropped(), AdviserHungUp())
    assert ring.live.consult.asked == [bryn, "drop"]
    assert ring.live.told == ["bridged", "held", "back"]


async def test_whoever_was_asked_has_the_call_once_it_is_handed_over(ring: Ring) -> None:
    bryn = Offered(adviser=AdviserId("bryn"), desk=DeskId("d2"), token=Token(9))
    ring.live.consult.other = bryn
    end = await talk(ring, HoldAsked(on=True), HandOverAsked(), TransferAsked(queue=GENERAL))
    assert end is TalkEnd.TRANSFERRED
    await ring.bridging.hand_on()
    what, said = ring.queues.told[-1]
    assert isinstance(said, dict)
    assert (what, said["adviser"], said["token"]) == ("transfer", bryn.adviser, bryn.token)
    assert ("over", None) in ring.desks.told, "the first adviser has a talk to wrap up"
    assert ring.live.call.bridged_at_ms is not None


@pytest.mark.parametrize("act", [MergeAsked(), HandOverAsked()])
async def test_nothing_is_done_with_somebody_who_is_not_there_yet(
    ring: Ring, act: AdviserAct
) -> None:
    assert await talk(ring, act, AdviserHungUp()) is TalkEnd.ADVISER_HUNG_UP
    assert ring.live.told == ["bridged", "out-of-order"]
    assert ring.live.call.state is CallState.TALKING


async def test_a_talk_goes_on_while_the_store_is_away() -> None:
    ring = Ring(queues=StagedQueues(away=StateUnavailable("away")))
    assert await talk(ring, AdviserHungUp()) is TalkEnd.ADVISER_HUNG_UP
    assert ring.live.call.bridged_at_ms is not None


def talking(ring: Ring, *, held: bool = False) -> None:
    """Let the call stand where it stood on a node that was lost."""
    call = ring.live.call.id
    ring.live.note(CallRang(call=call, at_ms=1, adviser=ADA.adviser, token=ADA.token))
    ring.live.note(CallBridged(call=call, at_ms=2, adviser=ADA.adviser, token=ADA.token))
    if held:
        ring.live.note(CallHeld(call=call, at_ms=3))


async def test_a_talk_that_moved_goes_on_once_the_advisers_browser_is_here(ring: Ring) -> None:
    talking(ring)
    ring.live.prompt_s = 1.0
    talk = asyncio.create_task(ring.bridging.rejoin(within_ms=5_000))
    await asyncio.sleep(0.05)
    assert ring.desks.told == [("moved", (ring.live.call.id, ADA.desk))]
    assert ring.media.music[ring.live.caller_leg]
    ring.act(AdviserAttached(leg=ADAS_LEG))
    await asyncio.sleep(0.05)
    assert (ring.live.caller_leg, ADAS_LEG) in ring.media.hears
    assert not ring.media.music[ring.live.caller_leg]
    assert ring.live.told == ["bridged", "back"]
    ring.act(AdviserHungUp())
    assert await talk is TalkEnd.ADVISER_HUNG_UP


async def test_a_caller_on_hold_is_on_hold_at_the_next_node_too(ring: Ring) -> None:
    talking(ring, held=True)
    ring.act(AdviserAttached(leg=ADAS_LEG), HoldAsked(on=False), AdviserHungUp())
    talk = asyncio.create_task(ring.bridging.rejoin(within_ms=5_000))
    assert await talk is TalkEnd.ADVISER_HUNG_UP
    assert ring.live.told == ["bridged", "held", "back"]


async def test_an_adviser_who_does_not_come_leaves_the_caller_to_the_queue(ring: Ring) -> None:
    talking(ring)
    assert await ring.bridging.rejoin(within_ms=50) is TalkEnd.BROKEN


async def test_a_desk_that_has_ended_the_talk_is_not_waited_for() -> None:
    ring = Ring(desks=StagedDesks(refuse=StaleToken("over")))
    talking(ring)
    async with asyncio.timeout(10):
        assert await ring.bridging.rejoin(within_ms=60_000) is TalkEnd.BROKEN


async def test_a_desk_that_took_the_ring_and_was_lost_has_failed_on_it(ring: Ring) -> None:
    ring.act(AdviserAttached(leg=ADAS_LEG), AdviserLost())
    assert await ring.bridging.ring(ring_ms=5_000) is LapseReason.DESK_UNREACHABLE
    assert ring.bridging.desk_failed


async def test_a_desk_that_was_gone_before_the_ring_has_not_failed_on_it() -> None:
    ring = Ring(desks=StagedDesks(refuse=PeerUnavailable("gone")))
    assert await ring.bridging.ring(ring_ms=5_000) is LapseReason.DESK_UNREACHABLE
    assert not ring.bridging.desk_failed


async def test_a_desk_process_that_died_as_it_was_told_of_the_ring_has_failed_on_it() -> None:
    ring = Ring(desks=StagedDesks(refuse=PeerBroke("gone in the middle")))
    assert await ring.bridging.ring(ring_ms=5_000) is LapseReason.DESK_UNREACHABLE
    assert ring.bridging.desk_failed


async def test_an_adviser_who_only_does_not_answer_is_no_failed_desk(ring: Ring) -> None:
    ring.act(AdviserAttached(leg=ADAS_LEG))
    assert await ring.bridging.ring(ring_ms=50) is LapseReason.NO_ANSWER
    assert not ring.bridging.desk_failed


async def test_a_desk_whose_browser_never_joined_has_failed_on_it(ring: Ring) -> None:
    assert await ring.bridging.ring(ring_ms=30) is LapseReason.NO_ANSWER
    assert ring.bridging.desk_failed


async def test_who_is_recorded_is_told_before_anything_else(ring: Ring) -> None:
    ring.recording.unsaid = (SoundName("recorded"),)
    talking = asyncio.create_task(talk(ring))
    await asyncio.sleep(0.05)
    ring.act(AdviserHungUp())
    assert await talking is TalkEnd.ADVISER_HUNG_UP
    assert ring.live.said == ["recorded", "adviser_joining"]
