"""Ringing and talking: the node that holds the caller conducts both.

The ring's length is counted here and nowhere else. Whatever becomes of an offer, it ends in one of
two ways: caller and adviser talk, or the caller stands where the caller stood before.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from contactcentre.domain.announcing import ADVISER_JOINING, APOLOGY_MOVED
from contactcentre.domain.call import Call, CallState
from contactcentre.domain.classes import head_start_ms
from contactcentre.domain.errors import Outage, PeerBroke, Refusal, StaleToken, StateUnavailable
from contactcentre.domain.events import (
    CallBridged,
    CallHeld,
    CallRang,
    CallTakenOffHold,
    CallTransferred,
    LapseReason,
    ReservationLapsed,
    TalkBroken,
)
from contactcentre.domain.ids import DeskId, LegId, QueueId, SoundName
from contactcentre.domain.ivr.flow import QueueDefinition
from contactcentre.ports import live as acts
from contactcentre.ports.environment import Clock
from contactcentre.ports.live import Desks, LiveCall, Offered, TalkEnd
from contactcentre.ports.media import Media
from contactcentre.ports.recording import TalkTape
from contactcentre.ports.state import CallQueues
from contactcentre.together import Together

MOVED_AGAIN_EVERY_MS = 1_000
"""A desk that could not be told that a talk has moved is told again so often."""


ToQueue = Callable[[QueueId], QueueDefinition]
"""Gives the queue in which a caller waits who is handed to one. Raises a Refusal if none can."""


def key_tone(key: str) -> SoundName:
    """Return the sound of a key of the keypad."""
    return SoundName(f"tone_{ {'*': 'star', '#': 'hash'}.get(key, key) }")


class Bridging:
    """One offer of one call: the ring, and the talk that may come of it."""

    def __init__(
        self,
        live: LiveCall,
        offered: Offered,
        *,
        queues: CallQueues,
        media: Media,
        desks: Desks,
        clock: Clock,
        to_queue: ToQueue,
        recording: TalkTape,
    ) -> None:
        self._live = live
        self._offered = offered
        self._queues = queues
        self._media = media
        self._desks = desks
        self._clock = clock
        self._to_queue = to_queue
        self._recording = recording
        self._until_ms = 0
        self._is_refused = False
        self.desk_failed = False
        """The desk was told of the ring and was lost: the call may be what breaks it."""

    @property
    def ring_left_ms(self) -> int:
        """Return how much longer it rings."""
        return max(0, self._until_ms - self._clock.monotonic_ms())

    def speak_to(self, desk: DeskId) -> None:
        """Speak to another desk process from now on: the adviser is there."""
        self._offered = replace(self._offered, desk=desk)

    @property
    def _call(self) -> Call:
        return self._live.call

    async def ring(self, *, ring_ms: int) -> LapseReason | None:
        """Ring the adviser; return None once the adviser has answered, else why it lapsed."""
        self._live.note(
            CallRang(
                call=self._call.id,
                at_ms=self._clock.now_ms(),
                adviser=self._offered.adviser,
                token=self._offered.token,
            )
        )
        try:
            await self._desks.ring(
                self._call, self._offered, ring_ms=ring_ms, steps=self._live.steps
            )
        except PeerBroke:
            self.desk_failed = True
            return LapseReason.DESK_UNREACHABLE
        except (Refusal, Outage):
            return LapseReason.DESK_UNREACHABLE
        self._until_ms = self._clock.monotonic_ms() + ring_ms
        answered = False
        while (left_ms := self.ring_left_ms) > 0:
            match await self._live.adviser_act(within_ms=left_ms):
                case acts.AdviserDeclined() | acts.HandedBack():
                    return LapseReason.DECLINED
                case acts.PhoneRung(within_ms=within_ms):
                    await self._ring_on(within_ms)
                case acts.PhoneUnanswered():
                    return LapseReason.NO_ANSWER
                case acts.AdviserAnswered():
                    answered = True
                case acts.AdviserLost():
                    break
                case _:
                    pass
            if answered and self._live.adviser_leg is not None:
                return None
        self.desk_failed = left_ms > 0 or not self._live.is_adviser_there
        unreachable = answered or left_ms > 0
        return LapseReason.DESK_UNREACHABLE if unreachable else LapseReason.NO_ANSWER

    async def _ring_on(self, within_ms: int) -> None:
        """Let it ring for longer: the adviser has answered, and now the adviser's phone rings."""
        self._until_ms = self._clock.monotonic_ms() + within_ms
        call, steps = self._call, self._live.steps
        with suppress(Refusal, Outage):  # whoever has answered at the desk was told of the ring
            await self._desks.ring(call, self._offered, ring_ms=within_ms, steps=steps)

    async def lapse(self, why: LapseReason) -> None:
        """Give the call its place back and let the adviser go."""
        self._live.note(
            ReservationLapsed(
                call=self._call.id,
                at_ms=self._clock.now_ms(),
                adviser=self._offered.adviser,
                token=self._offered.token,
                why=why,
            )
        )
        self._live.let_adviser_go(lapse=why)
        await self.tell_lapse(why)

    async def tell_lapse(self, why: LapseReason) -> None:
        """Tell queue and desk that the offer came to nothing; reports mend what is not heard."""
        with suppress(StateUnavailable):  # the node's next report says that the call waits
            await self._queues.give_back(
                call=self._call.id,
                adviser=self._offered.adviser,
                token=self._offered.token,
                why=why,
            )
        await self._tell_desk_over(why)

    async def talk(self) -> TalkEnd:
        """Let the two hear each other until the adviser ends it or is lost."""
        await self._join()
        return await self._converse((*self._recording.unsaid, ADVISER_JOINING))

    async def rejoin(self, *, within_ms: int) -> TalkEnd:
        """Bring a talk together again that has moved here with its caller, and go on with it."""
        async with Together() as group:
            telling = group.create_task(self._tell_moved(), name="moved")
            sorry = group.create_task(self._live.say((APOLOGY_MOVED,), keys={}), name="apology")
            is_back = await self._adviser_is_back(within_ms)
            telling.cancel()
            sorry.cancel()
        if not is_back:
            return TalkEnd.BROKEN
        self._live.tell_bridged()
        self._live.tell_held(on=self._call.state is CallState.ON_HOLD)
        return await self._converse(self._recording.unsaid)

    async def _converse(self, first: tuple[SoundName, ...]) -> TalkEnd:
        """Follow the adviser to the end of the talk, while the caller hears what comes first."""
        if not first:
            return await self._follow_adviser()
        async with Together() as group:
            saying = group.create_task(self._live.say(first, keys={}), name="joining")
            end = await self._follow_adviser()
            saying.cancel()
        return end

    async def _adviser_is_back(self, within_ms: int) -> bool:
        """Wait for the adviser's browser; say whether it came, or had come before we asked."""
        until_ms = self._clock.monotonic_ms() + within_ms
        while self._live.adviser_leg is None:
            left_ms = until_ms - self._clock.monotonic_ms()
            if left_ms <= 0 or self._is_refused:
                return False
            act = await self._live.adviser_act(within_ms=min(left_ms, MOVED_AGAIN_EVERY_MS))
            if isinstance(act, acts.AdviserGone):
                return False
            if isinstance(act, acts.PhoneRung):
                until_ms = self._clock.monotonic_ms() + act.within_ms
        return True

    async def _tell_moved(self) -> None:
        """Tell the desk until it has heard, or says that it has nothing to do with the talk."""
        while True:
            try:
                return await self._desks.moved(self._call, self._offered, steps=self._live.steps)
            except StaleToken:
                self._is_refused = True
                return None
            except (Refusal, Outage):
                await self._clock.sleep_ms(MOVED_AGAIN_EVERY_MS)

    async def _follow_adviser(self) -> TalkEnd:
        """Do what the adviser asks for until that is the end."""
        while True:
            match await self._live.adviser_act(within_ms=None):
                case acts.TransferAsked(queue=queue):
                    if self._transfer(queue):
                        return TalkEnd.TRANSFERRED
                case acts.HandOverAsked() if self._live.asking.is_outside:
                    self._live.asking.leave_outside()
                    return TalkEnd.LEFT_OUTSIDE
                case going if isinstance(going, acts.AdviserGone):
                    return await self._parted(going)
                case None:
                    pass
                case act:
                    await self._do(act)

    async def _parted(self, going: acts.AdviserGone) -> TalkEnd:
        """End a talk whose adviser goes; a caller to be handed over is, if anybody is there.

        While a trunk hands the caller on by itself nothing is done before it has said its word.
        """
        was_handing_over = self._live.asking.is_handing_over
        if await self._live.asking.is_handed_over():
            self._live.asking.leave_outside()
            return TalkEnd.LEFT_OUTSIDE
        if isinstance(going, acts.AdviserLost | acts.PhoneUnanswered):
            return TalkEnd.BROKEN
        is_over = isinstance(going, acts.AdviserHungUp) and not was_handing_over
        return TalkEnd.ADVISER_HUNG_UP if is_over else TalkEnd.HANDED_BACK

    async def _do(self, act: acts.AdviserAct) -> None:
        """Do what ends no talk."""
        try:
            await self._consult(act)
        except Refusal as refusal:
            self._live.tell_refused(refusal)
        match act:
            case acts.HoldAsked(on=on):
                self._hold(on=on)
            case acts.MuteAsked(on=on):
                self._media.mute(self._adviser_leg, on=on)
            case acts.KeySent(key=key):
                await self._live.say((key_tone(key),), keys={})
            case _:
                pass

    async def _consult(self, act: acts.AdviserAct) -> None:
        """Do what has to do with whom is asked. Raises a Refusal where it cannot be done."""
        match act:
            case acts.ConsultAsked(queue=queue, adviser=adviser):
                self._live.asking.ask(queue, adviser)
                self._hold(on=True)
            case acts.OutsideAsked(outside=outside, hands_over=hands_over):
                self._live.asking.ask_outside(outside, hands_over=hands_over)
                self._hold(on=True)
            case acts.MergeAsked():
                self._live.asking.merge()
                self._hold(on=False)
            case acts.ConsultDropped():
                self._live.asking.check_loose()
                self._live.asking.drop()
            case acts.HandOverAsked():
                await self._hand_over()
            case _:
                pass

    async def _hand_over(self) -> None:
        """Leave the caller to whoever was asked, and follow that adviser from now on."""
        before, self._offered = self._offered, self._live.give_over()
        self._live.tell_held(on=False)
        with suppress(Refusal, Outage):  # the desk learns it from the queue with its next beat
            await self._desks.over(self._call, before, lapse=None)

    def _transfer(self, asked: QueueId) -> bool:
        """Let the caller wait in another queue from now on; say whether that could be done.

        Class and time stay as they are.
        """
        call = self._call
        assert call.queue is not None, "whoever talks has waited"
        assert call.service_class is not None, "and has a class"
        assert call.enqueued_ms is not None, "and a time"
        try:
            self._live.asking.check_loose()
            queue = self._to_queue(asked)
        except Refusal as refusal:
            self._live.tell_refused(refusal)
            return False
        self._live.note(
            CallTransferred(
                call=call.id,
                at_ms=self._clock.now_ms(),
                adviser=self._offered.adviser,
                token=self._offered.token,
                from_queue=call.queue,
                queue=queue.id,
                service_class=call.service_class,
                enqueued_ms=call.enqueued_ms,
            )
        )
        return True

    async def hand_on(self) -> None:
        """Tell queue and desk that the caller waits in another queue, and the adviser is free."""
        call = self._call
        assert call.queue is not None, "whoever is handed on waits"
        assert call.service_class is not None, "and has a class"
        self._live.let_adviser_go(lapse=None)
        with suppress(StateUnavailable):  # the node's next report says that the call waits there
            await self._queues.transfer(
                call=call.id,
                adviser=self._offered.adviser,
                token=self._offered.token,
                queue=call.queue,
                head_start_ms=head_start_ms(call.service_class),
            )
        await self._tell_desk_over(None)

    async def break_off(self, *, wishes: bool = False) -> None:
        """Put the caller back into the place after the adviser's sound was lost, or had to go.

        A caller who `wishes` for the same adviser waits for that one alone for a while.
        """
        self._live.note(
            TalkBroken(
                call=self._call.id,
                at_ms=self._clock.now_ms(),
                adviser=self._offered.adviser,
                token=self._offered.token,
            )
        )
        self._live.let_adviser_go(lapse=None)
        with suppress(StateUnavailable):  # the node's next report says that the call waits
            await self._queues.return_to_queue(
                call=self._call.id,
                adviser=self._offered.adviser,
                token=self._offered.token,
                wishes=wishes,
            )
        await self._tell_desk_over(None)
        await self._live.say((APOLOGY_MOVED,), keys={})

    async def over(self) -> None:
        """Tell the desk that the talk has ended."""
        await self._tell_desk_over(None)

    @property
    def _adviser_leg(self) -> LegId:
        leg = self._live.adviser_leg
        assert leg is not None, "whoever talks has a leg"
        return leg

    async def _join(self) -> None:
        self._live.note(
            CallBridged(
                call=self._call.id,
                at_ms=self._clock.now_ms(),
                adviser=self._offered.adviser,
                token=self._offered.token,
            )
        )
        self._live.tell_bridged()
        with suppress(Refusal, Outage):  # they talk; the next report of the node says so
            await self._queues.answer(
                call=self._call.id, adviser=self._offered.adviser, token=self._offered.token
            )
        with suppress(Refusal, Outage):  # likewise: the adviser's page knows, and tells the desk
            await self._desks.bridged(self._call, self._offered)

    def _hold(self, *, on: bool) -> None:
        """Put the caller on hold with music, or take up the talk again."""
        wanted = CallState.ON_HOLD if on else CallState.TALKING
        if self._call.state is wanted:
            return
        kind = CallHeld if on else CallTakenOffHold
        self._live.note(kind(call=self._call.id, at_ms=self._clock.now_ms()))
        self._live.tell_held(on=on)

    async def _tell_desk_over(self, lapse: LapseReason | None) -> None:
        with suppress(Refusal, Outage):  # the desk learns it from the queue with its next beat
            await self._desks.over(self._call, self._offered, lapse=lapse)
