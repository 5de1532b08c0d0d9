"""The room of one call on its node: who is there, what they do, and what each of them hears."""

import asyncio
from typing import Protocol

from pydantic import BaseModel

from contactcentre.adapters.telemetry.metrics import count_dropped
from contactcentre.apps.adviser_part import AdviserPart
from contactcentre.apps.asking import Asking
from contactcentre.apps.belonging import loosely
from contactcentre.apps.call_bounds import next_of
from contactcentre.apps.caller_part import CallerPart
from contactcentre.apps.consulting import ConsultedCall, Consulting
from contactcentre.apps.node_tools import NodeTools
from contactcentre.apps.outside_party import OutsideParty
from contactcentre.apps.room_sound import RoomSound
from contactcentre.apps.supervising import SupervisedCall, Supervising
from contactcentre.apps.talk_recording import TalkRecording
from contactcentre.domain.call import TALKS, CallState
from contactcentre.domain.events import Ending, LapseReason
from contactcentre.domain.ids import LegId
from contactcentre.domain.room import Role, Scene, Seat, scene_of
from contactcentre.limits import KEYS_INBOX_MAX
from contactcentre.ports.live import AdviserAct, AdviserAttached, HandOverAsked
from contactcentre.wire.closing import Closing
from contactcentre.wire.legs import LegNow, LegsNow


class LiveInRoom(SupervisedCall, ConsultedCall, Protocol):
    """A call, as far as its room has to do with it."""


class CallRoom:
    """One room."""

    def __init__(
        self, live: LiveInRoom, caller: CallerPart, tools: NodeTools, recording: TalkRecording
    ) -> None:
        self._live = live
        self._caller = caller
        self._recording = recording
        self._sound = RoomSound(tools.media)
        self.supervising = Supervising(
            live,
            media=tools.media,
            clock=tools.clock,
            spawn=tools.spawn,
            durable_seq=tools.durable_seq,
            changed=loosely(self._supervisors_changed),
            is_told=tools.tells_of_listening,
        )
        asking_changed = loosely(self._asking_changed)
        self.consulting = Consulting(live, tools, asking_changed)
        self.outside = OutsideParty(
            live, tools, changed=asking_changed, hand_over=loosely(self._hand_over_asked)
        )
        self.asking = Asking(self.consulting, self.outside)
        self._acts: asyncio.Queue[AdviserAct] = asyncio.Queue(KEYS_INBOX_MAX)
        self._state = CallState.IN_MENU
        self.adviser: AdviserPart | None = None
        """Who is rung or talked with, once the browser is there."""

    @property
    def adviser_leg(self) -> LegId | None:
        """Return the connected leg of the adviser."""
        return None if self.adviser is None else self.adviser.connected_leg

    def follow(self, state: CallState) -> None:
        """Let what goes on here be what it is while the call stands so."""
        was_talk, self._state = self._state in TALKS, state
        if was_talk and state not in TALKS:
            self._recording.end()
        self.settle()

    def settle(self) -> None:
        """Let everybody hear what is to be heard now: somebody has come, or is on another leg."""
        seats = [Seat(leg=self._caller.leg, role=Role.CALLER)]
        if self.adviser_leg is not None:
            seats.append(Seat(leg=self.adviser_leg, role=Role.ADVISER))
        seats += [*self.asking.seats, *self.supervising.seats]
        scene = scene_of(self._state, is_merged=self.asking.is_merged)
        if self.outside.is_left:
            scene = Scene.LEFT_OUTSIDE
        self._sound.settle(scene, seats)
        if self._state in TALKS and self.adviser_leg is not None:
            self._recording.hear(caller=self._caller.leg, adviser=self.adviser_leg)

    def seat(self, part: AdviserPart) -> None:
        """Seat the adviser's browser in the place of the one that is there."""
        if self.adviser is not None:
            self.adviser.leave(Closing.REPLACED)
        self.adviser = part
        if part.recording_seen is not None and self._state in TALKS:
            self._recording.believe(part.recording_seen)  # before there is any sound to record
        self.settle()

    def act(self, part: AdviserPart, act: AdviserAct) -> None:
        """Take what the adviser does, unless another has taken the place."""
        if part is not self.adviser:
            return
        if isinstance(act, AdviserAttached):
            # all of them may have been there before the adviser came back
            self._supervisors_changed()
            self._asking_changed()
        self._note(act)

    async def next_act(self, *, within_ms: int | None) -> AdviserAct | None:
        """Return what the adviser did next; None if nothing in time."""
        return await next_of(self._acts, within_ms)

    def tell_bridged(self) -> None:
        """Tell the adviser's browser that both hear each other."""
        if self.adviser is not None:
            self.adviser.tell_bridged()

    def tell_adviser(self, said: BaseModel) -> None:
        """Say something to the adviser's browser, if it is there."""
        if self.adviser is not None:
            self.adviser.send(said)

    def let_adviser_go(self, *, lapse: LapseReason | None, ending: Ending | None) -> None:
        """End the adviser's part, and forget what was done and not seen to."""
        if self.adviser is not None:
            self.adviser.end(lapse=lapse, ending=ending)
        self.adviser = None
        while not self._acts.empty():
            self._acts.get_nowait()

    def hand_over(self, part: AdviserPart) -> None:
        """Let whoever was asked be the adviser; the first one's part is over."""
        self.let_adviser_go(lapse=None, ending=None)
        self.adviser = part
        part.act = lambda act: self.act(part, act)
        self.settle()

    def drop(self) -> None:
        """Send the browsers away: the call is at another node, and so is their way."""
        self._state = CallState.ENDED  # here: whoever goes now lets no talk be recorded anew
        self._recording.end()
        self.consulting.drop()
        self.outside.let_go()
        self.supervising.drop()
        if self.adviser is not None:
            self.adviser.leave(Closing.STOPPING)

    def _supervisors_changed(self) -> None:
        """Let everybody hear what is to be heard now, and the advisers know of it."""
        self.settle()
        self.tell_adviser(self.supervising.told)
        if self.consulting.part is not None:
            self.consulting.part.send(self.supervising.told)

    def _asking_changed(self) -> None:
        """Let everybody hear what is to be heard now, and the adviser know how far it has come."""
        self.settle()
        self._caller.refresh_claim(self._live.call)
        self.tell_adviser(self.asking.told)

    def _hand_over_asked(self) -> None:
        """Do what the adviser has asked for once somebody outside has answered."""
        self._note(HandOverAsked())

    def _note(self, act: AdviserAct) -> None:
        """Let what the adviser does be seen to in its turn."""
        try:
            self._acts.put_nowait(act)
        except asyncio.QueueFull:
            count_dropped("adviser acts")

    def tell_quality(self) -> None:
        """Tell every browser how its sound comes in, and the staff how all the others do."""
        parts = (
            (Role.CALLER, self._caller),
            (Role.ADVISER, self.adviser),
            (Role.CONSULTED, self.consulting.part),
            (Role.OUTSIDE, self.outside),
        )
        if self.outside.is_there:
            self._caller.refresh_claim(self._live.call)  # its dialog goes on by itself
        told = [(role, part.tell_quality()) for role, part in parts if part is not None]
        legs = LegsNow(
            legs=[LegNow(role=role, quality=heard) for role, heard in told if heard is not None]
        )
        if self._state in TALKS:
            self.tell_adviser(legs)
            self.supervising.tell(legs)
