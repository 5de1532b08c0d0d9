"""Asking another adviser about a caller: what stands in the queue for it, and by which name.

To queue, matching and rescue a consultation is a call like any other: it waits, is reserved for one
ready adviser with a token, rings and is answered. So nobody is asked who has a call at hand, and
two never ask the same one. It is no contact: the record has it in the events of the caller's call.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from contactcentre.domain.dialling import DialFailure
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
    BUSY = "busy"
    """The outside number is busy;"""
    NO_ANSWER = "no_answer"
    """it rang for nothing, or the call was declined;"""
    NOT_REACHED = "not_reached"
    """it cannot be reached at all;"""
    NO_LINE = "no_line"
    """or as many outside numbers are in calls as may be."""


OUTSIDE_ENDS: Mapping[DialFailure, ConsultEnd] = MappingProxyType(
    {
        DialFailure.BUSY: ConsultEnd.BUSY,
        DialFailure.NO_ANSWER: ConsultEnd.NO_ANSWER,
        DialFailure.DECLINED: ConsultEnd.NO_ANSWER,
    }
)
"""Why an outside number is not asked any longer; whatever else it is cannot be reached."""


def consult_id(call: CallId, nonce: str) -> CallId:
    """Return the name of a consultation about a call."""
    return CallId(f"{call}{BETWEEN}{nonce}")


def asked_about(call: CallId) -> CallId:
    """Return the call that a consultation is about; any other call is about itself."""
    return CallId(call.partition(BETWEEN)[0])


def is_consult(call: CallId) -> bool:
    """Say whether that is the name of a consultation."""
    return BETWEEN in call
