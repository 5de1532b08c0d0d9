"""Supervisors in one talk: nobody hears anything before it is durable who listens.

What a supervisor does is an event of the call, and the audit trail has it as soon as the record
does. The supervisor is let hear, or be heard, once the record has told the node so.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Protocol

from pydantic import BaseModel

from contactcentre.apps.adviser_part import Browser
from contactcentre.apps.supervisor_part import SupervisorPart
from contactcentre.domain.call import TALKS, Call
from contactcentre.domain.errors import NotWrittenDown, OutOfOrder, TooMany
from contactcentre.domain.events import CallEvent, CallSupervised, SupervisorMode
from contactcentre.domain.ids import AdviserId, LegId
from contactcentre.domain.room import Seat
from contactcentre.limits import SUPERVISORS_MAX, WRITTEN_WITHIN_MS
from contactcentre.ports.environment import Clock
from contactcentre.ports.media import Media
from contactcentre.wire.closing import Closing
from contactcentre.wire.staff import Supervised

LOOKED_EVERY_MS = 50


class SupervisedCall(Protocol):
    """A call, as far as supervisors have to do with it."""

    @property
    def call(self) -> Call:
        """Return the call as it stands."""

    @property
    def last_seq(self) -> int:
        """Return the number of the last event that was written down of it; 0 for none."""

    def note(self, event: CallEvent) -> None:
        """Write an event down."""


class Supervising:
    """The supervisors in one call's room."""

    def __init__(
        self,
        live: SupervisedCall,
        *,
        media: Media,
        clock: Clock,
        spawn: Callable[[Coroutine[None, None, None], str], None],
        durable_seq: Callable[[], int],
        changed: Callable[[], None],
        is_told: bool,
    ) -> None:
        """Begin; `changed` lets everybody hear what is to be heard and tells the adviser.

        Without `is_told` an adviser is not told of those who only listen.
        """
        self._live = live
        self._media = media
        self._clock = clock
        self._spawn = spawn
        self._durable_seq = durable_seq
        self._changed = changed
        self._is_told = is_told
        self._parts: list[SupervisorPart] = []
        self._turning = asyncio.Lock()

    @property
    def seats(self) -> Sequence[Seat]:
        """Return where they sit."""
        return [part.seat for part in self._parts]

    @property
    def told(self) -> Supervised:
        """Return what the adviser is told of them."""
        modes = {part.mode for part in self._parts}
        shown = [mode for mode in SupervisorMode if mode in modes]
        if not self._is_told and shown == [SupervisorMode.LISTEN]:
            shown = []
        return Supervised(modes=shown)

    def seat(self, supervisor: AdviserId, leg: LegId, browser: Browser) -> SupervisorPart:
        """Give a supervisor a place, who hears nothing yet. Raises OutOfOrder, TooMany."""
        if self._live.call.state not in TALKS:
            raise OutOfOrder("Nobody talks there now.")
        for before in [part for part in self._parts if part.supervisor == supervisor]:
            self.leave(before, Closing.REPLACED)
        if len(self._parts) >= SUPERVISORS_MAX:
            raise TooMany("As many supervisors as may are in that talk. Try again later.")
        part = SupervisorPart(
            supervisor=supervisor, leg=leg, browser=browser, media=self._media, spawn=self._spawn
        )
        part.settle = self._changed
        self._parts.append(part)
        return part

    async def turn(self, part: SupervisorPart, mode: SupervisorMode) -> None:
        """Let a supervisor be there in that way, once it is durable. Raises NotWrittenDown."""
        async with self._turning:
            if part not in self._parts or part.mode is mode:
                return
            before, seq_before = part.mode, self._live.last_seq
            self._note(part, mode)
            part.is_noted = True
            seq = self._live.last_seq
            if seq == seq_before or not await self._is_durable(seq):
                if part in self._parts:
                    self._note(part, before)
                raise NotWrittenDown("the record has not heard who listens")
            if part in self._parts:
                part.turn(mode)
                self._changed()

    def leave(self, part: SupervisorPart, why: Closing) -> None:
        """Let a supervisor go, whose browser is gone or comes anew."""
        if part in self._parts:
            self._parts.remove(part)
            if part.is_noted:
                self._note(part, None)
            self._changed()
        part.leave(why)

    def tell(self, said: BaseModel) -> None:
        """Say something to those who are there."""
        for part in self._parts:
            if part.mode is not None:
                part.send(said)

    def let_go(self) -> None:
        """Let all of them go: the talk is over here."""
        parts, self._parts = self._parts, []
        for part in parts:
            if part.is_noted:
                self._note(part, None)
            part.end()

    def drop(self) -> None:
        """Send them away: the call is at another node, and what is said of it is said there."""
        parts, self._parts = self._parts, []
        for part in parts:
            part.leave(Closing.STOPPING)

    def _note(self, part: SupervisorPart, mode: SupervisorMode | None) -> None:
        self._live.note(
            CallSupervised(
                call=self._live.call.id,
                at_ms=self._clock.now_ms(),
                supervisor=part.supervisor,
                mode=mode,
            )
        )

    async def _is_durable(self, seq: int) -> bool:
        """Wait until the record has an event, for a while; say whether it has."""
        until_ms = self._clock.monotonic_ms() + WRITTEN_WITHIN_MS
        while self._durable_seq() < seq:
            if self._clock.monotonic_ms() >= until_ms:
                return False
            await self._clock.sleep_ms(LOOKED_EVERY_MS)
        return True
