"""The law of conservation: every call that came in has ended in one way, or is in progress.

offered = handled + abandoned + deflected + to be rung back + overflowed + transferred + left in the
menus + told that it is closed + lost by us + in progress. The two sides are counted apart: what
came in by what the nodes saw, what became of it by the calls' rows. A call that a queue has passed
on was offered to both: it counts as overflowed in the one and as what became of it in the other,
and once in the total. So does one that an adviser has transferred.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from contactcentre.domain.ids import QueueId


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The calls of one queue, or of all."""

    queue: QueueId | None
    """The queue a call joined last; None for those that joined none, and in a total."""
    offered_count: int
    handled_count: int
    abandoned_count: int
    deflected_count: int
    callback_count: int
    left_in_menu_count: int
    closed_count: int
    system_lost_count: int
    in_progress_count: int
    overflowed_count: int
    """Passed on to another queue; none in a total, where that is no end."""
    transferred_count: int
    """Handed on to a queue by an adviser; likewise."""
    provisional_count: int
    """Of the ended ones: presumed to be over, as nobody came back; not part of the sum."""

    @property
    def accounted_count(self) -> int:
        """Return the right side of the law."""
        return (
            self.handled_count
            + self.abandoned_count
            + self.deflected_count
            + self.callback_count
            + self.left_in_menu_count
            + self.closed_count
            + self.system_lost_count
            + self.in_progress_count
            + self.overflowed_count
            + self.transferred_count
        )

    @property
    def holds(self) -> bool:
        """Say whether no call is missing and none is counted twice."""
        return self.offered_count == self.accounted_count


def total(accounts: Iterable[Account]) -> Account:
    """Return the account of all queues together."""
    parts = tuple(accounts)
    passed_count = sum(one.overflowed_count + one.transferred_count for one in parts)
    return Account(
        queue=None,
        offered_count=sum(one.offered_count for one in parts) - passed_count,
        handled_count=sum(one.handled_count for one in parts),
        abandoned_count=sum(one.abandoned_count for one in parts),
        deflected_count=sum(one.deflected_count for one in parts),
        callback_count=sum(one.callback_count for one in parts),
        left_in_menu_count=sum(one.left_in_menu_count for one in parts),
        closed_count=sum(one.closed_count for one in parts),
        system_lost_count=sum(one.system_lost_count for one in parts),
        in_progress_count=sum(one.in_progress_count for one in parts),
        overflowed_count=0,
        transferred_count=0,
        provisional_count=sum(one.provisional_count for one in parts),
    )
