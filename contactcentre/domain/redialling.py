"""Calling again: whoever waited, left without being served and calls again in time keeps the place.

The first call stays abandoned. The second is a call of its own whose wait counts from when the
first one joined its queue, whichever queue the caller chooses now.
"""

from dataclasses import dataclass

from contactcentre.domain.call import Call, ending_of
from contactcentre.domain.events import Ending
from contactcentre.domain.ids import CallId
from contactcentre.domain.queueing import SAID_EVERY_MS
from contactcentre.limits import REDIAL_ORIGINAL_MAX_MS

UNSERVED = frozenset({Ending.ABANDONED, Ending.LEFT_IN_MENU, Ending.SYSTEM_LOST})
"""Whose caller has been neither talked with nor sent elsewhere: their places are kept."""
CLOCKS_APART_MS = 30_000
LAST_WORD_MAX_MS = SAID_EVERY_MS + CLOCKS_APART_MS
"""How much older than its caller's leaving a page's last claim may be, by another clock: a call
that waits changes, and its claim with it, each time that the place is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPlace:
    """A place that was left with an earlier call and is taken up by another."""

    earlier: CallId
    enqueued_ms: int


def place_left(call: Call | None, *, kept: KeptPlace | None) -> int | None:
    """Return since when the caller has waited who leaves a call as it stands; None if that is lost.

    `call` is None if no node has admitted it; `kept` is the place that it was itself begun with: a
    caller who is still in the menus leaves that one.
    """
    kept_ms = None if kept is None else kept.enqueued_ms
    if call is None:
        return kept_ms
    ending = call.ending if call.ending is not None else ending_of(call)
    if ending not in UNSERVED:
        return None
    return call.enqueued_ms if call.enqueued_ms is not None else kept_ms


def is_kept(*, enqueued_ms: int, last_word_ms: int, now_ms: int, keep_ms: int) -> bool:
    """Say whether a place is still kept; `last_word_ms` is when the call's last claim was given."""
    if keep_ms == 0:
        return False
    in_time = now_ms - last_word_ms <= keep_ms + LAST_WORD_MAX_MS
    return in_time and now_ms - enqueued_ms <= REDIAL_ORIGINAL_MAX_MS
