"""Ringing and talking."""

import asyncio

import pytest

from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.domain.call import CallState
from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.errors import PeerUnavailable, StaleToken, StateUnavailable
from contactcentre.domain.events import (
    CallBridged,
    CallHeld,
    CallQueued,
    CallRang,
    LapseReason,
)
from contactcentre.domain.ids import AdviserId, DeskId, LegId, QueueId, SoundName, Token
from contactcentre.journey.bridging import Bridging, TalkEnd
from contactcentre.ports.live import (
    AdviserAct,
    AdviserAnswered,
    AdviserAttached,
    AdviserDeclined,
    AdviserHungUp,
    AdviserLost,
    HoldAsked,
    KeySent,
    MuteAsked,
    Offered,
)
from tests.journey.stage import StagedCall, StagedDesks, StagedMedia, StagedQueues, StagedRecording

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
        self.media = StagedMedia()
        self.desks = desks or StagedDesks()
        self.recording = StagedRecording()
        self.bridging = Bridging(
            self.live,
            ADA,
            queues=self.queues,
            media=self.media,
            desks=self.desks,
            clock=MachineClock(),
            recording=self.recording,
        )

    def act(self, *acts: AdviserAct) -> None:
        """Let the adviser do something."""
        for act in acts:
            if isinstance(act, AdviserAttached):
                self.live.adviser_leg = act.leg
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
    async with asyncio.timeout(1):
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
    async with asyncio.timeout(1):
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
    async with asyncio.timeout(3):
        assert await ring.bridging.rejoin(within_ms=60_000) is TalkEnd.BROKEN


async def test_a_desk_that_took_the_ring_and_was_lost_has_failed_on_it(ring: Ring) -> None:
    ring.act(AdviserAttached(leg=ADAS_LEG), AdviserLost())
    assert await ring.bridging.ring(ring_ms=5_000) is LapseReason.DESK_UNREACHABLE
    assert ring.bridging.desk_failed


async def test_a_desk_that_was_gone_before_the_ring_has_not_failed_on_it() -> None:
    ring = Ring(desks=StagedDesks(refuse=PeerUnavailable("gone")))
    assert await ring.bridging.ring(ring_ms=5_000) is LapseReason.DESK_UNREACHABLE
    assert not ring.bridging.desk_failed


async def test_an_adviser_who_only_does_not_answer_is_no_failed_desk(ring: Ring) -> None:
    ring.act(AdviserAttached(leg=ADAS_LEG))
    assert await ring.bridging.ring(ring_ms=50) is LapseReason.NO_ANSWER
    assert not ring.bridging.desk_failed


async def test_a_desk_whose_browser_never_joined_has_failed_on_it(ring: Ring) -> None:
    assert await ring.bridging.ring(ring_ms=30) is LapseReason.NO_ANSWER
    assert ring.bridging.desk_failed


async def test_a_talk_is_recorded_from_its_beginning_and_the_recording_ends_with_it(
    ring: Ring,
) -> None:
    ring.recording.unsaid = (SoundName("recorded"),)
    ring.act(AdviserAttached(leg=ADAS_LEG), AdviserAnswered())
    assert await ring.bridging.ring(ring_ms=1_000) is None
    talk = asyncio.create_task(ring.bridging.talk())
    await asyncio.sleep(0.05)
    assert ring.recording.ends == 0
    ring.act(AdviserHungUp())
    assert await talk is TalkEnd.ADVISER_HUNG_UP
    assert ring.recording.heard == [(ring.live.caller_leg, ADAS_LEG)]
    assert ring.recording.ends == 1
    assert ring.live.said == ["recorded", "adviser_joining"], "who is recorded is told first"


async def test_a_caller_who_leaves_as_the_talk_begins_ends_the_recording(ring: Ring) -> None:
    ring.act(AdviserAttached(leg=ADAS_LEG), AdviserAnswered())
    await ring.bridging.ring(ring_ms=1_000)
    talk = asyncio.create_task(ring.bridging.talk())
    await asyncio.sleep(0)
    talk.cancel()
    await asyncio.wait([talk])
    assert ring.recording.ends == 1
