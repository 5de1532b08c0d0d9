"""The callers and advisers of the routing bench: who they are, and what the load saw of each."""

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from contactcentre.bench.routing_order import Wait
from contactcentre.domain.call import Call, CallState
from contactcentre.domain.classes import ServiceClass, head_start_ms
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.ids import (
    NO_TOKEN,
    AdviserId,
    CallId,
    DeskId,
    LineId,
    NodeId,
    QueueId,
    Token,
)
from contactcentre.domain.languages import Language
from contactcentre.domain.presence import Presence
from contactcentre.ports.state import AdviserReport, CallReport

LINE = LineId("paying")
QUEUES = tuple(QueueId(f"{LINE}.{skill}") for skill in ("tax", "fines", "rates", "permits"))
QUEUES_PER_ADVISER = 2
NODES = tuple(NodeId(f"bench-node-{number}") for number in range(1, 5))
DESKS = tuple(DeskId(f"bench-desk-{number}") for number in range(1, 3))
EPOCH = LegEpoch(1, "bench")
CLASSES = {
    ServiceClass.P0: 2,
    ServiceClass.P1: 18,
    ServiceClass.P2: 60,
    ServiceClass.P3: 15,
    ServiceClass.P4: 5,
}
"""How many of a hundred callers are of each class, so that order is more than order of arrival."""
SEED = 20_26


@dataclass(slots=True, kw_only=True)
class Caller:
    """One caller and what became of the call."""

    call: CallId
    queue: QueueId
    head_start_ms: int
    node: NodeId
    state: CallState = CallState.WAITING
    adviser: AdviserId | None = None
    token: Token = NO_TOKEN
    enqueued_ms: int = 0
    asked_s: float = 0.0
    """When the node asked the store to let the call in."""
    joined_s: float = 0.0
    """When the store had said that it waits."""
    matched_from_s: float = 0.0
    report: CallReport | None = None
    """What its node says of it at every beat, until something changes."""

    def said(self) -> CallReport:
        """Return what the node reports of the call."""
        if self.report is None:
            self.report = CallReport(
                call=self.call,
                queue=self.queue,
                head_start_ms=self.head_start_ms,
                enqueued_ms=self.enqueued_ms,
                epoch=EPOCH,
                state=self.state,
                adviser=self.adviser,
                token=self.token,
            )
        return self.report

    def wait(self) -> Wait:
        """Return the wait as it is judged."""
        return Wait(
            call=self.call,
            queue=self.queue,
            score=self.enqueued_ms - self.head_start_ms,
            waits_from_s=self.joined_s,
            matched_from_s=self.matched_from_s,
            token=self.token or None,
        )

    def as_call(self) -> Call:
        """Return the call as its node tells a desk of it."""
        return Call(
            id=self.call,
            line=LINE,
            language=Language.ENGLISH,
            node=self.node,
            epoch=EPOCH,
            state=CallState.RINGING,
            version=1,
            arrived_at_ms=self.enqueued_ms,
            queue=self.queue,
            enqueued_ms=self.enqueued_ms,
            adviser=self.adviser,
            token=self.token,
        )


@dataclass(slots=True, kw_only=True)
class Adviser:
    """One adviser and what the desk knows."""

    adviser: AdviserId
    desk: DeskId
    queues: Sequence[QueueId]
    token: Token = NO_TOKEN
    ready_due_s: float = 0.0
    """When the desk was to say that the adviser is ready."""
    ready_asked_s: float = 0.0
    """When it did."""

    def ready(self, beat: int) -> AdviserReport:
        """Return the report of a press of Ready."""
        return AdviserReport(
            adviser=self.adviser,
            desk=self.desk,
            beat=beat,
            state=Presence.READY,
            reason=None,
            call=None,
            token=self.token,
            queues=self.queues,
        )


@dataclass(slots=True)
class People:
    """Everybody, by name."""

    callers: dict[CallId, Caller] = field(default_factory=dict)
    advisers: dict[AdviserId, Adviser] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)
    _dice: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311 - no secret

    def hire(self, advisers_count: int) -> None:
        """Let there be so many advisers, each of whom serves two of the queues."""
        for number in range(advisers_count):
            queues = [QUEUES[(number + n) % len(QUEUES)] for n in range(QUEUES_PER_ADVISER)]
            name = AdviserId(f"adviser-{number}")
            desk = DESKS[number % len(DESKS)]
            self.advisers[name] = Adviser(adviser=name, desk=desk, queues=queues)

    def arrive(self, queue: QueueId | None = None) -> Caller:
        """Let a caller come, whom nobody but this process knows of yet."""
        number = next(self._numbers)
        [service_class] = self._dice.choices([*CLASSES], [*CLASSES.values()])
        caller = Caller(
            call=CallId(f"call-{number:06}"),
            queue=queue or QUEUES[number % len(QUEUES)],
            head_start_ms=head_start_ms(service_class),
            node=NODES[number // len(QUEUES) % len(NODES)],
            asked_s=time.monotonic(),
        )
        self.callers[caller.call] = caller
        return caller
