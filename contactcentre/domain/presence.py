"""An adviser's presence, and who may change it.

The desk's report is the truth; only a live reservation outranks it. After a declined or unanswered
ring the adviser is away until a person presses Ready: no beat and no timer makes anyone ready.
"""

from enum import StrEnum


class Presence(StrEnum):
    """What an adviser is doing, as advisers and supervisors say it."""

    READY = "ready"
    RESERVED = "reserved"
    """A call is on its way to this desk; only the queue sets it."""
    RINGING = "ringing"
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    AWAY = "away"
    OFFLINE = "offline"


class AwayReason(StrEnum):
    """Why an adviser is away."""

    SIGNED_IN = "signed_in"
    """Just signed in and not yet ready."""
    BREAK = "break"
    LUNCH = "lunch"
    MEETING = "meeting"
    TRAINING = "training"
    OTHER_WORK = "other_work"
    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    DESK_UNREACHABLE = "desk_unreachable"
    LOST_CONNECTION = "lost_connection"


CHOSEN_REASONS = (
    AwayReason.BREAK,
    AwayReason.LUNCH,
    AwayReason.MEETING,
    AwayReason.TRAINING,
    AwayReason.OTHER_WORK,
)
"""The reasons an adviser may choose; the others are what happened."""

MATCHABLE = frozenset({Presence.READY})
