"""What is counted of a day, and the figures that come of it.

Callers' waits are counted from their joining the queue in that call, in seconds.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, fsum

from contactcentre.domain.conservation import Account
from contactcentre.domain.events import Ending

MINUTE_S = 60
LONG_WAIT_S = 600
HOUR_S = 3_600


@dataclass(slots=True)
class Level:
    """Something that rises and falls: its peak, and its sum over time."""

    count: int = 0
    peak: int = 0
    sum_s: float = 0.0
    _since_s: float = 0.0

    def change(self, by: int, *, at_s: float) -> None:
        """Let it rise or fall."""
        self.sum_s += self.count * (at_s - self._since_s)
        self._since_s = at_s
        self.count += by
        self.peak = max(self.peak, self.count)


@dataclass(slots=True)
class Tally:
    """The counts of one day."""

    offered_count: int = 0
    """Every call that reached the helpline, also those that were not let in."""
    redials_count: int = 0
    refused_count: int = 0
    wanted_count: int = 0
    """Calls of those who want an adviser, also those that were not let in."""
    places_kept_count: int = 0
    """Callers who called again in time and had their place from before."""
    moved_count: int = 0
    """Calls that went on at another node after theirs was lost."""
    callers_count: int = 0
    """Callers who want an adviser, each once."""
    served_count: int = 0
    """Of these, how many had one."""
    endings: Counter[Ending] = field(default_factory=Counter)
    answered_s: list[float] = field(default_factory=list)
    left_s: list[float] = field(default_factory=list)
    lost_s: list[float] = field(default_factory=list)
    urgent_s: list[float] = field(default_factory=list)
    """The waits of those who needed extra support and were answered."""
    minutes: Counter[int] = field(default_factory=Counter)
    waiting: Level = field(default_factory=Level)
    in_system: Level = field(default_factory=Level)
    on_duty: Level = field(default_factory=Level)
    busy: Level = field(default_factory=Level)
    occupancy: float = 0.0
    """Which part of their time the advisers were busy, until the doors were closed."""

    def offer(self, *, at_s: float, again: bool, wants_adviser: bool) -> None:
        """Count a call that has reached the helpline."""
        self.offered_count += 1
        self.redials_count += again
        self.wanted_count += wants_adviser
        self.minutes[int(at_s // MINUTE_S)] += 1

    def adviser_comes(self, *, at_s: float) -> None:
        """Count an adviser who has signed in."""
        self.on_duty.change(+1, at_s=at_s)

    def adviser_goes(self, *, at_s: float) -> None:
        """Count an adviser who has gone home."""
        self.on_duty.change(-1, at_s=at_s)

    def adviser_busy(self, *, on: bool, at_s: float) -> None:
        """Count an adviser who is rung, talks or writes, or is through with it."""
        self.busy.change(1 if on else -1, at_s=at_s)

    def close(self, *, at_s: float) -> None:
        """Note that the doors are closed: whoever still waits is served."""
        for level in (self.busy, self.on_duty):
            level.change(0, at_s=at_s)
        self.occupancy = _part(self.busy.sum_s, self.on_duty.sum_s)

    @property
    def account(self) -> Account:
        """Return what became of the calls that were let in, as the law of conservation sums it."""
        admitted_count = self.offered_count - self.refused_count
        return Account(
            queue=None,
            offered_count=admitted_count,
            handled_count=self.endings[Ending.HANDLED],
            abandoned_count=self.endings[Ending.ABANDONED],
            deflected_count=self.endings[Ending.DEFLECTED],
            left_in_menu_count=self.endings[Ending.LEFT_IN_MENU],
            closed_count=self.endings[Ending.CLOSED],
            callback_count=0,  # no queue of the day promises any,
            overflowed_count=0,  # nor passes callers on
            transferred_count=0,
            system_lost_count=self.endings[Ending.SYSTEM_LOST],
            in_progress_count=self.in_system.count,
            provisional_count=0,
        )

    def figures(self, *, answered_within_s: float) -> dict[str, float]:
        """Return what the day has come to; shares are parts of 1, waits are seconds."""
        account, answered = self.account, sorted(self.answered_s)
        queued_count = len(self.answered_s) + len(self.left_s) + len(self.lost_s)
        within_count = sum(wait_s <= answered_within_s for wait_s in answered)
        long_count = sum(wait_s > LONG_WAIT_S for wait_s in answered)
        missed_count = account.system_lost_count + self.refused_count
        waits_s = fsum(map(fsum, (self.answered_s, self.left_s, self.lost_s)))
        return {
            "offered": self.offered_count,
            "redials": self.redials_count,
            "handled": account.handled_count,
            "abandoned": account.abandoned_count,
            "deflected": account.deflected_count,
            "refused": self.refused_count,
            "lost": account.system_lost_count,
            "in_progress": account.in_progress_count,
            "lost_and_refused": missed_count,
            "answered_within": within_count,
            "service_level": _part(within_count, queued_count + self.refused_count),
            "handled_share": _part(account.handled_count, queued_count),
            "true_handled_share": _part(self.served_count, self.callers_count),
            "attempt_handled_share": _part(account.handled_count, self.wanted_count),
            "asa_s": round(_mean(answered), 1),
            "wait_p50_s": round(_cut(answered, 0.5), 1),
            "wait_p95_s": round(_cut(answered, 0.95), 1),
            "over_10_min_share": _part(long_count, len(answered)),
            "left_after_s": round(_mean(self.left_s), 1),
            "urgent_asa_s": round(_mean(self.urgent_s), 1),
            "wait_hours": round(waits_s / HOUR_S, 1),
            "waiting_max": self.waiting.peak,
            "in_system_max": self.in_system.peak,
            "occupancy": self.occupancy,
            "peak_per_s": round(max(self.minutes.values(), default=0) / MINUTE_S, 2),
            "moved": self.moved_count,
            "places_kept": self.places_kept_count,
        }


def _part(some: float, of_all: float) -> float:
    return round(some / of_all, 4) if of_all else 0.0


def _mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values) if values else 0.0


def _cut(values: Sequence[float], share: float) -> float:
    """Return below which of some sorted values a share of them lies."""
    return values[max(0, ceil(share * len(values)) - 1)] if values else 0.0
