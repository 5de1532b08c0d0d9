"""Asking another adviser about a caller: what stands in the queue for it, and by which name.

To queue, matching and rescue a consultation is a call like any other: it waits, is reserved for one
ready adviser with a token, rings and is answered. So nobody is asked who has a call at hand, and
two never ask the same one. It is no contact: the record has it in the events of the caller's call.
"""

from enum import StrEnum

from contactcentre.domain.ids import CallId

BETWEEN = "-ask-"
"""Stands between a call and what names one consultation about it."""


class ConsultState(StrEnum):
    """How far a consultation has come, for whoever has asked for it."""

    NONE = "none"
    WAITING = "waiting"
    """Nobody is ready yet."""
    RINGING = "ringing"
    TALKING = "talking"
    """The other adviser is there: on hold they talk, and otherwise that one hears music."""
    MERGED = "merged"
    """The other adviser talks with the caller as well."""


class ConsultEnd(StrEnum):
    """Why a consultation is over, where whoever has asked for it has not ended it."""

    NOBODY = "nobody"
    """Nobody took it in time."""
    LEFT = "left"
    """The other adviser has gone."""
    UNREACHABLE = "unreachable"
    """The queues cannot be reached."""


def consult_id(call: CallId, nonce: str) -> CallId:
    """Return the name of a consultation about a call."""
    return CallId(f"{call}{BETWEEN}{nonce}")


def asked_about(call: CallId) -> CallId:
    """Return the call that a consultation is about; any other call is about itself."""
    return CallId(call.partition(BETWEEN)[0])


def is_consult(call: CallId) -> bool:
    """Say whether that is the name of a consultation."""
    return BETWEEN in call
