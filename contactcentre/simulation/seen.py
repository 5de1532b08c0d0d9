"""What the people of a story saw, put so that promises can be asked of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from contactcentre.domain.ids import QueueId
from contactcentre.drills import history as h
from contactcentre.drills.history import AdviserFact, CallerFact, History, RingHeard
from contactcentre.drills.order import Excused, unrest_of
from contactcentre.drills.spans import FOR_EVER_MS, Span
from contactcentre.simulation.stories import Story

READY, TALKING, WAITING = "ready", "talking", "waiting"


@dataclass(frozen=True)
class Seen:
    """One run of one story."""

    story: Story
    history: History
    who: Mapping[str, str]
    """What the story names the caller of each call."""
    began_ms: int
    """What a right clock showed at the beginning."""
    is_excused: Excused
    reserved: Sequence[tuple[int, str, int]]
    """Every reservation: when, of which call, with which token."""
    storms: Sequence[int] = ()
    """When the board was told of a storm, again and again while it lasts."""

    @cached_property
    def calls(self) -> Mapping[str, Sequence[CallerFact]]:
        """Return what each caller saw."""
        return {call: facts for call, facts in self.history.by_call().items() if call}

    @cached_property
    def advisers(self) -> Mapping[str, Sequence[AdviserFact]]:
        """Return what each adviser saw."""
        return self.history.by_adviser()

    @cached_property
    def rings(self) -> Sequence[RingHeard]:
        """Return every ring, in the order in which they were heard."""
        return sorted(self.history.of(RingHeard), key=lambda ring: ring.at_ms)

    @cached_property
    def unrest(self) -> Sequence[Span]:
        """Return when something was broken, up to when everything had settled."""
        return list(unrest_of(self.history))

    def is_calm(self, at_ms: int) -> bool:
        """Say whether nothing was broken at a moment."""
        return not any(one.covers(at_ms, at_ms) for one in self.unrest)

    def of(self, who: str) -> Sequence[str]:
        """Return the calls of those whom the story names so, in the order in which they came."""
        return [call for call in self.calls if self.who.get(call) == who]

    def claims(self, call: str) -> Sequence[h.ClaimSeen]:
        """Return the claims of a caller who has a place, the earliest first."""
        return [
            fact
            for fact in self.calls.get(call, ())
            if isinstance(fact, h.ClaimSeen) and fact.queue is not None
        ]

    def queue_at(self, call: str, at_ms: int) -> QueueId | None:
        """Return in which queue a caller stood at a moment, as the last claim before says."""
        queues = [fact.queue for fact in self.claims(call) if fact.at_ms <= at_ms]
        return QueueId(queues[-1]) if queues and queues[-1] is not None else None

    def enqueued_ms(self, call: str) -> int | None:
        """Return since when a caller waits, by the story's own time; None without a place."""
        claims = self.claims(call)
        if not claims or claims[0].enqueued_ms is None:
            return None
        return claims[0].enqueued_ms - self.began_ms

    def rings_of(self, call: str) -> Sequence[RingHeard]:
        """Return the rings for a caller."""
        return [ring for ring in self.rings if ring.call == call]

    def bridged_ms(self, call: str) -> int | None:
        """Return when a caller was first talked with."""
        return next((f.at_ms for f in self.history.of(h.Bridged) if f.call == call), None)

    def level(self, adviser: str, queue: str | None, at_ms: int) -> int | None:
        """Return at which level an adviser serves a queue at a moment; None: not, or it changes."""
        rosters = list(self.story.rosters(adviser, at_ms))
        levels = {None if queue is None else one.get(QueueId(queue)) for one in rosters}
        return levels.pop() if len(levels) == 1 else None

    def ready_spans(self, adviser: str) -> Iterator[Span]:
        """Yield when an adviser's page said that the adviser is ready."""
        since_ms: int | None = None
        for fact in self.advisers.get(adviser, ()):
            if not isinstance(fact, h.PresenceHeard | h.DeskLost):
                continue
            is_ready = isinstance(fact, h.PresenceHeard) and fact.state == READY
            if is_ready and since_ms is None:
                since_ms = fact.at_ms
            elif not is_ready and since_ms is not None:
                yield Span(since_ms, fact.at_ms)
                since_ms = None
        if since_ms is not None:
            yield Span(since_ms, FOR_EVER_MS)

    def ready_since(self, adviser: str, at_ms: int) -> int | None:
        """Return since when an adviser is ready, who goes on to be for a while after a moment."""
        for span in self.ready_spans(adviser):
            if span.covers(at_ms, at_ms + 1):
                return span.began_ms
        return None

    def busy_ms(self, adviser: str, until_ms: int) -> int:
        """Return for how long an adviser has talked and written up to a moment."""
        busy, since_ms = 0, None
        for fact in self.advisers.get(adviser, ()):
            if fact.at_ms > until_ms:
                break
            if isinstance(fact, h.PresenceHeard):
                works = fact.state in {TALKING, "wrap_up"}
                if works and since_ms is None:
                    since_ms = fact.at_ms
                elif not works and since_ms is not None:
                    busy, since_ms = busy + fact.at_ms - since_ms, None
        return busy if since_ms is None else busy + until_ms - since_ms
