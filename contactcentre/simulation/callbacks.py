"""The callbacks of the simulated record, by the rules that the SQL of the real one keeps."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from contactcentre.domain.call import Call, CallState
from contactcentre.domain.callback import (
    Aftermath,
    Attempt,
    Callback,
    CallbackState,
    after,
    callback_of,
)
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import UnknownName
from contactcentre.domain.ids import CallId, NodeId, QueueId, Token
from contactcentre.drills.history import now_ms
from contactcentre.limits import CALLBACKS_PER_NUMBER_MAX
from contactcentre.ports.callbacks import Booking
from contactcentre.ports.reports import CallbackCounts

RETRY_MS = 5_000
"""Who was not reached is due again so soon: a run is shorter than a quarter of an hour."""
GIVES_ROOM = frozenset({CallbackState.CANCELLED, CallbackState.VOID})


@dataclass(slots=True, kw_only=True)
class Promise:
    """One row."""

    booking: Booking
    written_ms: int
    """When it was durable, by the world's own time."""
    state: CallbackState = CallbackState.OPEN
    due_ms: int = 0
    keeper: NodeId | None = None
    epoch: LegEpoch = field(default_factory=lambda: LegEpoch(0, ""))
    attempts: dict[Token, tuple[Attempt, int]] = field(default_factory=dict)
    """What was said first for each reservation, and when."""
    attempts_count: int = 0
    closed_at_ms: int | None = None

    @property
    def id(self) -> CallId:
        """Return what stands in the queue."""
        return callback_of(self.booking.call)

    def close(self, state: CallbackState, at_ms: int) -> None:
        """Let it be open no longer."""
        self.state, self.closed_at_ms = state, at_ms

    def callback(self) -> Callback:
        """Return it as its keeper is told."""
        said = self.booking
        return Callback(
            id=self.id,
            line=said.line,
            queue=said.queue,
            language=said.language,
            service_class=said.service_class,
            enqueued_ms=said.enqueued_ms,
            number=said.number,
            booked_at_ms=said.at_ms,
            attempts_count=self.attempts_count,
            epoch=self.epoch,
        )


class CallbackTable:
    """Every promise that is durable."""

    def __init__(
        self, call_of: Callable[[CallId], Call | None], *, retry_ms: int = RETRY_MS
    ) -> None:
        """Begin with none; `call_of` gives the row of a call."""
        self.rows: dict[CallId, Promise] = {}
        self._call_of = call_of
        self._retry_ms = retry_ms

    @property
    def open(self) -> Sequence[Promise]:
        """Return what is promised and not concluded: nobody has talked with the caller."""
        return [one for one in self.rows.values() if self._is_open(one) and not self._is_void(one)]

    def rooms(
        self, queue: QueueId, slots: Sequence[int], slot_max: int, *, but: CallId | None = None
    ) -> Sequence[int]:
        """Return in which half hours a queue may promise one more, not counting one call's."""
        promised = Counter(
            one.booking.slot_ms
            for one in self.rows.values()
            if one.booking.queue == queue
            and one.state not in GIVES_ROOM
            and one.booking.call != but
        )
        return [slot_ms for slot_ms in slots if promised[slot_ms] < slot_max]

    def book(self, booking: Booking, slot_max: int) -> bool:
        """Promise a callback; False if no more may be promised."""
        named = [
            one
            for one in self.rows.values()
            if one.booking.number == booking.number
            and self._is_open(one)
            and one.booking.call != booking.call
        ]
        rooms = self.rooms(booking.queue, [booking.slot_ms], slot_max, but=booking.call)
        if not rooms or len(named) >= CALLBACKS_PER_NUMBER_MAX:
            return False
        known = self.rows.get(callback_of(booking.call))
        if known is None:
            made = Promise(booking=booking, written_ms=now_ms(), due_ms=booking.due_ms)
            self.rows[callback_of(booking.call)] = made
        elif self._is_open(known):
            known.due_ms = booking.due_ms
            known.booking = replace(
                known.booking, number=booking.number, slot_ms=booking.slot_ms, due_ms=booking.due_ms
            )
        return True

    def cancel(self, call: CallId, at_ms: int) -> QueueId | None:
        """Take back an open promise; return of which queue."""
        known = self.rows.get(callback_of(call))
        if known is None or not self._is_open(known):
            return None
        known.close(CallbackState.CANCELLED, at_ms)
        return known.booking.queue

    def keepers(self) -> Collection[NodeId]:
        """Return who has taken open callbacks on, in order."""
        return sorted(
            {one.keeper for one in self.rows.values() if self._is_open(one) and one.keeper}
        )

    def claim(
        self,
        keeper: NodeId,
        nonce: str,
        at_ms: int,
        *,
        lost: Collection[NodeId],
        held: Collection[CallId],
        count_max: int,
    ) -> Sequence[Callback]:
        """Let a keeper take on what is due, and close what an adviser has made void."""
        for one in self.rows.values():
            if self._is_open(one) and self._is_void(one):
                one.close(CallbackState.VOID, at_ms)
        found = sorted(
            (
                one
                for one in self.rows.values()
                if self._counts(one)
                and one.due_ms <= at_ms
                and (
                    one.keeper is None
                    or one.keeper in lost
                    or (one.keeper == keeper and one.id not in held)
                )
            ),
            key=lambda one: (one.booking.enqueued_ms, one.id),
        )[:count_max]
        for one in found:
            one.keeper, one.epoch = keeper, LegEpoch(one.epoch.count + 1, nonce)
        return [one.callback() for one in found]

    def gone(self, keeper: NodeId, held: Collection[Callback]) -> Collection[CallId]:
        """Return which of the held callbacks are not that keeper's any more, or not open."""
        return [
            one.id
            for one in held
            if (known := self.rows.get(one.id)) is None
            or not self._counts(known)
            or (known.keeper, known.epoch) != (keeper, one.epoch)
        ]

    def conclude(self, call: CallId, attempt: Attempt, *, token: Token, at_ms: int) -> Aftermath:
        """Write down how an attempt ended, once for its token, and let go of the callback."""
        known = self.rows.get(call)
        if known is None:
            raise UnknownName("There is no such callback.")
        said, said_ms = known.attempts.setdefault(token, (attempt, at_ms))
        count = sum(one <= token for one in known.attempts)
        stands = after(said, attempts_count=count, at_ms=said_ms)
        if stands.state is CallbackState.OPEN:
            stands = replace(stands, due_ms=said_ms + self._retry_ms)
        is_last = token == max(known.attempts)
        if is_last and known.state in {CallbackState.OPEN, stands.state}:
            known.due_ms, known.keeper, known.attempts_count = stands.due_ms, None, count
            if stands.state is not CallbackState.OPEN:
                known.close(stands.state, said_ms)
        return stands

    def release(self, keeper: NodeId) -> None:
        """Let others take on what a keeper has."""
        for one in self.rows.values():
            if self._is_open(one) and one.keeper == keeper:
                one.keeper = None

    def counts(self, since_ms: int) -> Sequence[CallbackCounts]:
        """Count callbacks by queue."""
        by_queue: dict[QueueId, dict[CallbackState, int]] = {}
        for one in self.rows.values():
            is_told = one.state in {CallbackState.KEPT, CallbackState.BROKEN}
            is_late = one.closed_at_ms is not None and one.closed_at_ms >= since_ms
            if self._counts(one) or (is_told and is_late):
                counted = by_queue.setdefault(one.booking.queue, {})
                counted[one.state] = counted.get(one.state, 0) + 1
        return [_counts_of(queue, counted) for queue, counted in by_queue.items()]

    def _counts(self, one: Promise) -> bool:
        """Say whether a promise counts: it is open, and its call has ended without a talk."""
        call = self._call_of(one.booking.call)
        has_ended = call is not None and call.state is CallState.ENDED
        return self._is_open(one) and has_ended and not self._is_void(one)

    def _is_void(self, one: Promise) -> bool:
        """Say whether an adviser has talked with the caller in the call itself, which is over."""
        call = self._call_of(one.booking.call)
        has_ended = call is not None and call.state is CallState.ENDED
        return has_ended and call is not None and call.bridged_at_ms is not None

    def _is_open(self, one: Promise) -> bool:
        return one.state is CallbackState.OPEN


def _counts_of(queue: QueueId, counted: Mapping[CallbackState, int]) -> CallbackCounts:
    return CallbackCounts(
        queue=queue,
        open_count=counted.get(CallbackState.OPEN, 0),
        kept_count=counted.get(CallbackState.KEPT, 0),
        broken_count=counted.get(CallbackState.BROKEN, 0),
    )
