"""Whom the adviser of a call asks about the caller: another adviser, or an outside number."""

import asyncio
from collections.abc import Sequence

from contactcentre.apps.adviser_part import AdviserPart
from contactcentre.apps.consulting import Consulting
from contactcentre.apps.outside_party import OutsideParty
from contactcentre.domain.errors import OutOfOrder
from contactcentre.domain.ids import AdviserId, CallId, OutsideName, QueueId
from contactcentre.domain.room import Seat
from contactcentre.ports.live import Offered
from contactcentre.wire.claims import OutsideMemory
from contactcentre.wire.staff import Consulted


class Asking:
    """One of the two at a time (ports.live.Asking)."""

    def __init__(self, consulting: Consulting, outside: OutsideParty) -> None:
        self._consulting = consulting
        self._outside = outside
        self._last: Consulting | OutsideParty = consulting
        """Who was asked last."""

    @property
    def id(self) -> CallId | None:
        """Return the name of the consultation with another adviser that is under way."""
        return self._consulting.id

    @property
    def seats(self) -> Sequence[Seat]:
        """Return where whoever was asked sits."""
        return (*self._consulting.seats, *self._outside.seats)

    @property
    def is_merged(self) -> bool:
        """Say whether whoever was asked talks with the caller as well."""
        return self._consulting.is_merged or self._outside.is_merged

    @property
    def told(self) -> Consulted:
        """Return what the adviser is told."""
        return self._last.told

    @property
    def is_outside(self) -> bool:
        """Say whether it is somebody on an outside number who was asked, and is there."""
        return self._outside.is_there

    @property
    def is_handing_over(self) -> bool:
        """Say whether an outside number rings that is to have the caller at once."""
        return self._outside.is_handing_over

    def ask(self, queue: QueueId | None, adviser: AdviserId | None) -> None:
        """Ask another adviser. Raises UnknownName, QueueClosed, OutOfOrder."""
        if self._outside.is_asked:
            raise OutOfOrder("Somebody outside is being asked already.")
        self._last = self._consulting
        self._consulting.ask(queue, adviser)

    def ask_outside(self, name: OutsideName, *, hands_over: bool) -> None:
        """Ask somebody on an outside number. Raises OutOfOrder, NumberNotAllowed, UnknownName."""
        if self._consulting.id is not None:
            raise OutOfOrder("Another adviser is being asked already.")
        self._last = self._outside
        self._outside.ask(name, hands_over=hands_over)

    def go_on(self, before: OutsideMemory | None) -> None:
        """Go on with whoever was outside at another node, if anybody was."""
        if before is not None:
            self._last = self._outside
            self._outside.go_on(before)

    @property
    def memory(self) -> OutsideMemory | None:
        """Return what another node needs to go on with whoever is outside."""
        return self._outside.memory

    def merge(self) -> None:
        """Let whoever was asked talk with the caller as well. Raises OutOfOrder."""
        self._last.merge()

    def drop(self) -> None:
        """Let whoever was asked go."""
        self._consulting.drop()
        self._outside.drop()

    def check_loose(self) -> None:
        """Raise OutOfOrder while whoever was asked cannot be let go."""
        self._outside.check_loose()

    async def is_handed_over(self) -> bool:
        """Say whether somebody outside is there who was to have the caller at once."""
        return await self._outside.is_handed_over()

    def leave_outside(self) -> None:
        """Leave the caller to somebody on an outside number. Raises OutOfOrder."""
        self._outside.leave()

    @property
    def is_left_outside(self) -> bool:
        """Say whether the adviser has left the caller there."""
        return self._outside.is_left

    async def stay(self, left: asyncio.Event) -> None:
        """Let a caller who was left outside talk until one of the two has gone."""
        await self._outside.stay(left)

    def take_over(self) -> tuple[Offered, AdviserPart]:
        """Return the other adviser, whose call it is from now on. Raises OutOfOrder."""
        return self._consulting.take_over()

    async def tell_handed(self, before: Offered) -> None:
        """Tell desk and store that the call has gone over, until they have heard."""
        await self._consulting.tell_handed(before)
