"""What the live state should hold, kept by hand: one queue, a few advisers, any steps in any order.

Written from the rules of the ports alone, so that a script and this page are wrong in the same way
only by chance.
"""

from dataclasses import dataclass, field

from contactcentre.domain.errors import CallClosed, Refusal, StaleEpoch, StaleToken
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import AdviserId, CallId
from contactcentre.domain.presence import AwayReason, Presence

NOBODYS_FAULT = (LapseReason.CALLER_LEFT, LapseReason.NOT_TAKEN_UP)
BOUND = ("reserved", "ringing", "talking")


@dataclass
class KeptCall:
    """One call as it should stand."""

    time_ms: int
    head_start_ms: int
    count: int
    state: str = "waiting"
    token: int = 0
    adviser: AdviserId | None = None

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
    sent: bool = False
    """By a ring or the end of a talk, and the desk has not spoken since."""

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
    advisers: dict[AdviserId, KeptAdviser] = field(default_factory=dict)

    def order(self) -> list[CallId]:
        """Return who should wait, the head first."""
        waiting = [(call, kept) for call, kept in self.calls.items() if kept.state == "waiting"]
        return [
            call
            for call, _ in sorted(
                waiting, key=lambda one: (one[1].time_ms - one[1].head_start_ms, one[0])
            )
        ]

    def reserved(self) -> set[int]:
        """Return the tokens that nobody should have taken up."""
        return {kept.token for kept in self.calls.values() if kept.state == "reserved"}

    def ready(self) -> set[AdviserId]:
        """Return who should be ready."""
        return {name for name, one in self.advisers.items() if one.state is Presence.READY}

    def refusal_to_join(self, call: CallId, count: int) -> type[Refusal] | None:
        """Return why a leg should not be let into the queue."""
        if call in self.closed:
            return CallClosed
        if call in self.calls and count < self.calls[call].count:
            return StaleEpoch
        return None

    def join(self, call: CallId, count: int, *, time_ms: int, head_start_ms: int) -> None:
        """Let a leg join."""
        kept = self.calls.setdefault(call, KeptCall(time_ms, head_start_ms, count))
        assert kept.time_ms == time_ms, "a time is given once"
        newer = count > kept.count
        if newer or kept.state not in BOUND:
            kept.head_start_ms = head_start_ms
        kept.count = count
        if kept.state == "hidden" or (newer and kept.state in ("ringing", "talking")):
            kept.wait()

    def reserve(self, held: Held) -> None:
        """Let a router have reserved what it says."""
        kept, adviser = self.calls[held.call], self.advisers[held.adviser]
        kept.state, kept.adviser, kept.token = "reserved", held.adviser, held.token
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
        return None if self.stands(held) else StaleToken

    def take_up(self, held: Held) -> None:
        """Let a node take an offer up."""
        kept, adviser = self.calls[held.call], self.advisers[held.adviser]
        if kept.state == "reserved":
            kept.state = "ringing"
            if adviser.holds(held.call, held.token, Presence.RESERVED):
                adviser.go(Presence.RINGING, call=held.call)

    def answer(self, held: Held) -> None:
        """Let an adviser answer."""
        self.calls[held.call].state = "talking"
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

    def end(self, call: CallId) -> None:
        """Let a call end."""
        self.closed.add(call)
        kept = self.calls.pop(call, None)
        if kept is None or kept.adviser is None:
            return
        adviser = self.advisers[kept.adviser]
        if adviser.holds(call, kept.token, Presence.TALKING):
            adviser.go(Presence.WRAP_UP, call=call, sent=True)
        elif adviser.holds(call, kept.token, Presence.RESERVED, Presence.RINGING):
            adviser.go(Presence.READY)
