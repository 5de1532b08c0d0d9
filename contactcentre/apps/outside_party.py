"""Somebody on an outside number, who is asked about a call or has its caller for good.

One at a time. Who was asked sits in the room of the call as another adviser would; but a caller is
left only to somebody who has answered: until then the adviser has the call, whatever is lost.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from contactcentre.apps.consulting import ConsultedCall
from contactcentre.apps.node_tools import NodeTools
from contactcentre.apps.quality import QualityMeter
from contactcentre.domain.call import CallState
from contactcentre.domain.consulting import OUTSIDE_ENDS, ConsultEnd, ConsultState
from contactcentre.domain.dialling import OutsideNumber
from contactcentre.domain.errors import (
    LinesBusy,
    NumberNotAllowed,
    Outage,
    OutOfOrder,
    Refusal,
)
from contactcentre.domain.events import CallSentOutside, CallTakenOffHold, OutsideConsulted
from contactcentre.domain.ids import LegId, OutsideName
from contactcentre.domain.room import Role, Seat
from contactcentre.limits import OUTSIDE_BACK_MS, OUTSIDE_RING_MS, OUTSIDE_TALK_MAX_MS
from contactcentre.ports.dialling import (
    DialEvent,
    Dialled,
    Dialler,
    NumberAnswered,
    NumberElsewhere,
    NumberEnded,
    NumberFailed,
    OutsideBefore,
)
from contactcentre.ports.media import LegConnected, LegEvent
from contactcentre.wire.claims import OutsideMemory
from contactcentre.wire.legs import Quality
from contactcentre.wire.staff import Consulted

log = structlog.get_logger()

UNSEEN_MS = 2_000
"""For so long an adviser may not have seen yet that a number has failed."""


@dataclass(slots=True, kw_only=True)
class Party:
    """Whoever is asked."""

    outside: OutsideNumber
    leg: LegId
    hands_over: bool
    state: ConsultState = ConsultState.RINGING
    is_connected: bool = False
    is_referred: bool = False
    """The caller's own trunk has brought the two together, and the call goes on there."""
    is_let_go: bool = False
    """Another node has the call, and whoever was asked."""
    dialled: Dialled | None = None
    referring: asyncio.Event | None = None
    """Set once the trunk that is asked to do that has said how it ended: nothing takes it back."""


class OutsideParty:
    """The outside number of one call, if there is one in it."""

    def __init__(
        self,
        live: ConsultedCall,
        tools: NodeTools,
        *,
        changed: Callable[[], None],
        hand_over: Callable[[], None],
    ) -> None:
        """Begin; `hand_over` is what the adviser would do to leave the caller there."""
        self._live = live
        self._tools = tools
        self._changed = changed
        self._hand_over = hand_over
        self._party: Party | None = None
        self._why: ConsultEnd | None = None
        self._meter = QualityMeter()
        self._gone = asyncio.Event()
        self._failed_at_ms: int | None = None
        """When a number failed that was to have the caller, by the monotonic clock."""
        self.is_left = False
        """The caller is with that number for good, and the adviser is not in the call any more."""

    @property
    def is_asked(self) -> bool:
        """Say whether somebody outside is rung or there."""
        return self._party is not None

    @property
    def is_there(self) -> bool:
        """Say whether somebody outside has answered."""
        return self._party is not None and self._party.state is not ConsultState.RINGING

    @property
    def is_handing_over(self) -> bool:
        """Say whether that number rings, and is to have the caller as soon as somebody answers.

        So it does for whoever cannot have seen yet that it has failed.
        """
        if self._party is not None:
            return self._party.hands_over and not self.is_there
        now_ms, failed_at_ms = self._tools.clock.monotonic_ms(), self._failed_at_ms
        return failed_at_ms is not None and now_ms - failed_at_ms < UNSEEN_MS

    def check_loose(self) -> None:
        """Raise OutOfOrder while the caller's trunk hands the caller on: that is not taken back."""
        referring = None if self._party is None else self._party.referring
        if referring is not None and not referring.is_set():
            raise OutOfOrder("The telephone network is handing the caller on. Wait for its word.")

    async def is_handed_over(self) -> bool:
        """Say whether somebody is there who was to have the caller at once.

        Where the caller's trunk sees to that its word is waited for: OUTSIDE_RING_MS at most.
        """
        party = self._party
        if party is not None and party.referring is not None:
            await party.referring.wait()
        is_here = party is self._party and self.is_there
        return party is not None and is_here and party.hands_over

    @property
    def memory(self) -> OutsideMemory | None:
        """Return what another node needs to go on with that one; None if there is none to have."""
        party = self._party
        kept = None if party is None or party.dialled is None else party.dialled.kept
        if party is None or kept is None or party.state is ConsultState.RINGING:
            return None
        return OutsideMemory(
            name=party.outside.name,
            leg=party.leg,
            kept=kept,
            is_merged=self.is_merged,
            is_left=self.is_left,
        )

    @property
    def is_merged(self) -> bool:
        """Say whether that one talks with the caller as well."""
        return self._party is not None and self._party.state is ConsultState.MERGED

    @property
    def seats(self) -> Sequence[Seat]:
        """Return where that one sits, also while there is only ringing to be heard."""
        if self._party is None or not self._party.is_connected:
            return ()
        return (Seat(leg=self._party.leg, role=Role.OUTSIDE),)

    @property
    def told(self) -> Consulted:
        """Return what the adviser is told."""
        party = self._party
        if party is None:
            return Consulted(state=ConsultState.NONE, adviser=None, outside=None, why=self._why)
        titles = dict(party.outside.titles)
        return Consulted(state=party.state, adviser=None, outside=titles, why=None)

    def tell_quality(self) -> Quality | None:
        """Return how that one's sound comes in; None if there is none."""
        counts = None if self._party is None else self._tools.media.quality(self._party.leg)
        return None if counts is None else self._meter.tell(counts)

    # What the adviser asks for

    def ask(self, name: OutsideName, *, hands_over: bool) -> None:
        """Ring an outside number. Raises OutOfOrder, NumberNotAllowed, UnknownName."""
        if self._party is not None:
            raise OutOfOrder("Somebody outside is being asked already.")
        dialler = self._tools.dialler()
        if dialler is None:
            raise NumberNotAllowed("Outside numbers are not rung from here. Choose a queue.")
        self._why = self._failed_at_ms = None
        self._party = party = self._new_party(dialler.named(name), hands_over=hands_over)
        self._changed()
        self._tools.spawn(self._dial(party, dialler), "outside number")

    def go_on(self, before: OutsideMemory) -> None:
        """Go on with whoever was there at another node; without a word of that, they have gone."""
        self.is_left = before.is_left
        dialler = self._tools.dialler()
        try:
            if dialler is None:
                raise NumberNotAllowed("Outside numbers are not rung from here.")
            outside = dialler.named(before.name)
        except Refusal as refusal:
            log.warning("an outside number cannot be gone on with", why=refusal.code)
            self._why = ConsultEnd.LEFT
            self._part()
            return
        self._party = party = self._new_party(outside, hands_over=False)
        party.state = ConsultState.MERGED if before.is_merged else ConsultState.TALKING
        self._tools.spawn(self._take_over(party, dialler, before), "outside number taken over")

    def _new_party(self, outside: OutsideNumber, *, hands_over: bool) -> Party:
        leg = LegId(f"{self._live.call.id}.outside.{self._tools.chance.nonce()}")
        return Party(outside=outside, leg=leg, hands_over=hands_over)

    def merge(self) -> None:
        """Let that one talk with the caller as well. Raises OutOfOrder."""
        self._answered.state = ConsultState.MERGED
        self._changed()

    def drop(self) -> None:
        """Let that one go, unless the caller is there for good."""
        if not self.is_left:
            self._drop(None)

    def leave(self) -> None:
        """Leave the caller there. Raises OutOfOrder."""
        party, call, at_ms = self._answered, self._live.call, self._tools.clock.now_ms()
        assert call.adviser is not None, "whoever leaves a caller has the call"
        self.is_left = True
        if call.state is CallState.ON_HOLD:
            self._live.note(CallTakenOffHold(call=call.id, at_ms=at_ms))
        self._live.note(
            CallSentOutside(
                call=call.id,
                at_ms=at_ms,
                adviser=call.adviser,
                token=call.token,
                outside=party.outside.name,
            )
        )

    async def stay(self, left: asyncio.Event) -> None:
        """Let a caller who was left there talk until one of the two has gone."""
        if not self.is_left:
            return
        if self._party is not None and self._party.is_referred:
            left.set()
        log.info("a caller is with an outside number", call=self._live.call.id)
        waits = [asyncio.ensure_future(one.wait()) for one in (left, self._gone)]
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(OUTSIDE_TALK_MAX_MS / 1_000):
                    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
            self.end()

    def end(self) -> None:
        """Let that one go, whatever goes on: the call is over here."""
        self.is_left = False
        self._drop(None)

    def let_go(self) -> None:
        """Leave that one to the node that has the call now; whoever only rings is given up."""
        party, self._party = self._party, None
        self.is_left = False
        if party is not None:
            party.is_let_go = True
            _end(party)

    @property
    def _answered(self) -> Party:
        if self._party is None or not self.is_there:
            raise OutOfOrder("Nobody has answered there yet.")
        return self._party

    def _drop(self, why: ConsultEnd | None) -> None:
        party, self._party = self._party, None
        if party is None:
            return
        self._why = why
        _end(party)
        self._changed()

    # What becomes of it

    async def _dial(self, party: Party, dialler: Dialler) -> None:
        """Ring; or have the caller's own trunk do it, where the caller is to be left there."""
        try:
            if party.hands_over and await self._is_referred(party, dialler):
                return
            party.dialled = await dialler.dial(
                party.outside.number,
                call=self._live.call.id,
                leg=party.leg,
                ring_ms=OUTSIDE_RING_MS,
                told=lambda event: self._told(party, event),
                heard=lambda event: self._heard(party, event),
            )
        except LinesBusy:
            self._over(party, ConsultEnd.NO_LINE)
        except (Refusal, Outage) as problem:
            log.warning("an outside number was not rung", call=self._live.call.id, why=problem.code)
            self._over(party, ConsultEnd.NOT_REACHED)
        else:
            if party is not self._party:
                _end(party)

    async def _take_over(self, party: Party, dialler: Dialler, before: OutsideMemory) -> None:
        """Have the phone take the sound of this node; one that does not in time has gone."""
        try:
            party.dialled = await dialler.take_over(
                OutsideBefore(leg=before.leg, kept=before.kept),
                party.outside.number,
                call=self._live.call.id,
                leg=party.leg,
                told=lambda event: self._told(party, event),
                heard=lambda event: self._heard(party, event),
            )
        except (Refusal, Outage) as problem:
            log.warning("an outside number cannot be gone on with", why=problem.code)
            self._over(party, ConsultEnd.LEFT)
            return
        if party is not self._party:
            _end(party)
            return
        self._changed()
        await self._tools.clock.sleep_ms(OUTSIDE_BACK_MS)
        if not party.is_connected:
            self._over(party, ConsultEnd.LEFT)

    async def _is_referred(self, party: Party, dialler: Dialler) -> bool:
        """Say whether it has been seen to that the caller is handed on, or cannot be."""
        number, call = party.outside.number, self._live.call.id
        party.referring = asyncio.Event()
        try:
            end = await dialler.refer(number, call=call, within_ms=OUTSIDE_RING_MS)
        finally:
            party.referring.set()  # nobody is woken by it before what follows is done
        if party is not self._party:
            return True  # the caller has gone
        if end is True:
            party.is_referred = True
            self._answer(party)
        elif end is not False:
            self._over(party, OUTSIDE_ENDS.get(end, ConsultEnd.NOT_REACHED))
        return end is not False

    def _told(self, party: Party, event: DialEvent) -> None:
        if party is not self._party:
            return
        match event:
            case NumberAnswered():
                self._answer(party)
            case NumberFailed(why=why):
                self._over(party, OUTSIDE_ENDS.get(why, ConsultEnd.NOT_REACHED))
            case NumberEnded():
                self._over(party, ConsultEnd.LEFT)
            case NumberElsewhere():
                self._tools.spawn(self._live.drop(), "call that is elsewhere")
            case _:
                pass

    def _answer(self, party: Party) -> None:
        """Let whoever has answered be heard."""
        party.state = ConsultState.TALKING
        self._live.note(
            OutsideConsulted(
                call=self._live.call.id,
                at_ms=self._tools.clock.now_ms(),
                outside=party.outside.name,
            )
        )
        self._changed()
        if party.hands_over:
            self._hand_over()

    def _heard(self, party: Party, event: LegEvent) -> None:
        if party is self._party and isinstance(event, LegConnected):
            party.is_connected = True
            self._changed()

    def _over(self, party: Party, why: ConsultEnd) -> None:
        if party is self._party:
            if party.hands_over:
                self._failed_at_ms = self._tools.clock.monotonic_ms()
            self._part()
            self._drop(why)

    def _part(self) -> None:
        """Let a caller who was left there know that nobody is there any more."""
        if self.is_left:
            self._gone.set()


def _end(party: Party) -> None:
    """End what has come of a call, or leave it to another node."""
    if party.dialled is None:
        return
    if party.is_let_go:
        party.dialled.let_go()
    else:
        party.dialled.hang_up()
