"""What the live state should hold, kept by hand: two queues, some advisers, any steps in any order.

Written from the rules of the ports alone, so that a script and this page are wrong in the same way
only by chance.
"""

from dataclasses import dataclass, field

from contactcentre.domain.errors import CallClosed, Refusal, StaleEpoch, StaleToken
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import AdviserId, CallId, NodeId, QueueId
from contactcentre.domain.presence import AwayReason, Presence
from tests.adapters.state_redis.centre import NORTH, PAYING

NOBODYS_FAULT = (LapseReason.CALLER_LEFT, LapseReason.NOT_TAKEN_UP, LapseReason.NODE_LOST)
BOUND = ("reserved", "ringing", "talking")
DOUBTS_MAX = 3


@dataclass
class KeptCall:
    """One call as it should stand."""

    time_ms: int
    head_start_ms: int
    leg: int
    """The number of its newest leg: of two legs the higher one owns the call."""
    queue: QueueId = PAYING
    state: str = "waiting"
    token: int = 0
    adviser: AdviserId | None = None
    node: NodeId = NORTH
    is_held: bool = True
    """By its node, as far as the store has heard lately."""
    is_lost: bool = False
    doubts: int = 0
    """How many reports in a row were not believed."""

    @property
    def score(self) -> int:
        """Return what orders it among those who wait."""
        return self.time_ms - self.head_start_ms

    def be_held(self, node: NodeId) -> None:
        """Be with a node that has just spoken of it."""
        self.node, self.is_held, self.is_lost = node, True, False

    def wait(self, state: str = "waiting") -> None:
        """Stand in the queue again, or be hidden."""
        self.state, self.adviser = state, None


@dataclass
class KeptAdviser:
    """One adviser as the adviser should stand."""

    state: Presence = Presence.READY
    reason: AwayReason | None = None
    call: CallId | None = None
    token: int = 0
    queues: tuple[QueueId, ...] = (PAYING,)
    sent: bool = False
    """By a ring or the end of a talk, and the desk has not spoken since."""
    is_seated: bool = True
    """At a desk process, as far as the store has heard lately."""
    is_lost: bool = False

    def speak(self) -> None:
        """Be at a desk process that has just spoken of the adviser."""
        self.is_lost, self.is_seated = False, self.state is not Presence.OFFLINE

    def go(
        self,
        state: Presence,
        reason: AwayReason | None = None,
        call: CallId | None = None,
        *,
        sent: bool = False,
    ) -> None:
        """Be in another state."""
        self.state, self.reason, self.call, self.sent = state, reason, call, sent

    def holds(self, call: CallId, token: int, *states: Presence) -> bool:
        """Say whether the adviser is bound to a call by this reservation."""
        return (self.call, self.token) == (call, token) and self.state in states


@dataclass(frozen=True)
class Held:
    """One reservation that was given, however long ago."""

    call: CallId
    adviser: AdviserId
    token: int


@dataclass
class LedgerOfWaits:
    """All of it."""

    calls: dict[CallId, KeptCall] = field(default_factory=dict)
    closed: set[CallId] = field(default_factory=set)
    presumed: dict[CallId, KeptCall] = field(default_factory=dict)
    """Closed because nobody came back."""
    advisers: dict[AdviserId, KeptAdviser] = field(default_factory=dict)

    def order(self, queue: QueueId) -> list[CallId]:
        """Return who should wait in a queue, the head first."""
        waiting = [
            (kept.score, call)
            for call, kept in self.calls.items()
            if kept.state == "waiting" and kept.queue == queue
        ]
        return [call for _, call in sorted(waiting)]

    def best(self, adviser: AdviserId) -> CallId | None:
        """Return the call that an adviser should be given: the best of the queues served."""
        heads = [self.order(queue)[:1] for queue in self.advisers[adviser].queues]
        calls = [call for head in heads for call in head]
        return min(calls, key=lambda call: (self.calls[call].score, call), default=None)

    def reserved(self) -> set[int]:
        """Return the tokens that nobody should have taken up."""
        return {kept.token for kept in self.calls.values() if kept.state == "reserved"}

    def ready(self, queue: QueueId | None = None) -> set[AdviserId]:
        """Return who should be ready, for calls of one queue or at all."""
        return {
            name
            for name, one in self.advisers.items()
            if one.state is Presence.READY
            and not one.is_lost
            and (queue is None or queue in one.queues)
        }

    def bound(self) -> list[CallId]:
        """Return the calls that are held for an adviser."""
        return [call for call, kept in self.calls.items() if kept.state in BOUND]

    def known(self, call: CallId) -> KeptCall | None:
        """Return a call that has not ended for good."""
        return self.calls.get(call) or self.presumed.get(call)

    def held_by(self, node: NodeId) -> set[CallId]:
        """Return which calls a node should have said that it holds."""
        return {call for call, kept in self.calls.items() if kept.is_held and kept.node == node}

    def refusal_to_join(self, call: CallId, leg: int) -> type[Refusal] | None:
        """Return why a leg should not be let into the queue."""
        if call in self.closed:
            return CallClosed
        known = self.known(call)
        return StaleEpoch if known is not None and leg < known.leg else None

    def reopen(self, call: CallId) -> None:
        """Let a call that was presumed to be over be there again, if it was."""
        if call in self.presumed:
            self.calls[call] = self.presumed.pop(call)
            self.calls[call].wait("hidden")

    def join(
        self,
        call: CallId,
        leg: int,
        *,
        queue: QueueId,
        time_ms: int,
        head_start_ms: int,
        node: NodeId,
    ) -> None:
        """Let a leg join."""
        self.reopen(call)
        kept = self.calls.setdefault(call, KeptCall(time_ms, head_start_ms, leg, queue))
        assert kept.time_ms == time_ms, "a time is given once"
        newer = leg > kept.leg
        if newer or kept.state not in BOUND:
            kept.head_start_ms, kept.queue = head_start_ms, queue
        kept.leg = leg
        kept.be_held(node)
        if kept.state == "hidden" or (newer and kept.state in ("ringing", "talking")):
            kept.wait()

    def resume(self, call: CallId, leg: int, *, node: NodeId) -> None:
        """Let a newer leg take a call up: a talk goes on, a ring ends."""
        self.reopen(call)
        kept = self.calls[call]
        self.let_ring_end(call, kept)
        kept.leg, kept.doubts = leg, 0
        kept.be_held(node)
        if kept.state != "talking":
            kept.wait()

    def disbelieve(self, call: CallId) -> None:
        """Let a node say that a call waits which is held for an adviser: the third time it does."""
        kept = self.calls[call]
        kept.be_held(kept.node)
        kept.doubts += 1
        if kept.doubts == DOUBTS_MAX:
            kept.doubts = 0
            kept.wait()

    def let_ring_end(self, call: CallId, kept: KeptCall) -> None:
        """Let the adviser whom a call rings go, if it rings; it is nobody's doing."""
        if kept.state in ("reserved", "ringing"):
            assert kept.adviser is not None
            adviser = self.advisers[kept.adviser]
            if adviser.holds(call, kept.token, Presence.RESERVED, Presence.RINGING):
                adviser.go(Presence.READY)

    def lose_node(self, node: NodeId) -> None:
        """Let a node be lost."""
        for call in self.held_by(node):
            kept = self.calls[call]
            kept.is_held, kept.is_lost = False, True
            self.let_ring_end(call, kept)
            if kept.state in ("reserved", "ringing"):
                kept.doubts = 0
            if kept.state != "talking":
                kept.wait("hidden")

    def presume_over(self, call: CallId) -> None:
        """Let nobody have come back."""
        kept = self.calls[call]
        self.end(call)
        self.closed.discard(call)
        kept.is_held, kept.is_lost = False, False
        kept.wait("closed")
        self.presumed[call] = kept

    def reserve(self, held: Held) -> None:
        """Let a router have reserved what it says."""
        kept, adviser = self.calls[held.call], self.advisers[held.adviser]
        kept.state, kept.adviser, kept.token = "reserved", held.adviser, held.token
        kept.doubts = 0
        adviser.go(Presence.RESERVED, call=held.call)
        adviser.token = held.token

    def stands(self, held: Held) -> bool:
        """Say whether a call is held by this reservation."""
        kept = self.calls.get(held.call)
        return kept is not None and (kept.adviser, kept.token) == (held.adviser, held.token)

    def refusal_to_answer(self, held: Held) -> type[Refusal] | None:
        """Return why an answer should not count."""
        if held.call in self.closed:
            return CallClosed
        return None if self.stands(held) or held.call in self.presumed else StaleToken

    def take_up(self, held: Held) -> None:
        """Let a node take an offer up."""
        kept, adviser = self.calls[held.call], self.advisers[held.adviser]
        if kept.state == "reserved":
            kept.state, kept.doubts = "ringing", 0
            if adviser.holds(held.call, held.token, Presence.RESERVED):
                adviser.go(Presence.RINGING, call=held.call)

    def answer(self, held: Held) -> None:
        """Let an adviser answer."""
        if held.call in self.presumed:
            return  # it is there again with its node's next report
        kept = self.calls[held.call]
        kept.state, kept.doubts = "talking", 0
        adviser = self.advisers[held.adviser]
        if adviser.holds(held.call, held.token, Presence.RESERVED, Presence.RINGING):
            adviser.go(Presence.TALKING, call=held.call)

    def give_back(self, held: Held, why: LapseReason) -> None:
        """Let an offer lapse."""
        blameless = why in NOBODYS_FAULT
        unheard = why is LapseReason.NOT_TAKEN_UP
        if self.stands(held):
            kept = self.calls[held.call]
            if kept.state == "reserved" or (kept.state == "ringing" and not unheard):
                kept.wait("hidden" if blameless else "waiting")
        adviser = self.advisers[held.adviser]
        states = (Presence.RESERVED,) if unheard else (Presence.RESERVED, Presence.RINGING)
        if adviser.holds(held.call, held.token, *states):
            if blameless:
                adviser.go(Presence.READY)
            else:
                adviser.go(Presence.AWAY, AwayReason(why), sent=True)

    def return_to_queue(self, held: Held) -> None:
        """Let a talk break."""
        if self.stands(held):
            self.calls[held.call].wait()
        adviser = self.advisers[held.adviser]
        if adviser.holds(
            held.call, held.token, Presence.RESERVED, Presence.RINGING, Presence.TALKING
        ):
            adviser.go(Presence.AWAY, AwayReason.LOST_CONNECTION, sent=True)

    def transfer(self, held: Held, queue: QueueId, head_start_ms: int) -> None:
        """Let an adviser hand a caller on."""
        if self.stands(held):
            kept = self.calls[held.call]
            kept.queue, kept.head_start_ms = queue, head_start_ms
            kept.wait()
        adviser = self.advisers[held.adviser]
        if adviser.holds(
            held.call, held.token, Presence.RESERVED, Presence.RINGING, Presence.TALKING
        ):
            adviser.go(Presence.WRAP_UP, call=held.call, sent=True)

    def end(self, call: CallId) -> None:
        """Let a call end."""
        self.closed.add(call)
        self.presumed.pop(call, None)
        kept = self.calls.pop(call, None)
        if kept is None or kept.adviser is None:
            return
        adviser = self.advisers[kept.adviser]
        if adviser.holds(call, kept.token, Presence.TALKING):
            adviser.go(Presence.WRAP_UP, call=call, sent=True)
        elif adviser.holds(call, kept.token, Presence.RESERVED, Presence.RINGING):
            adviser.go(Presence.READY)
