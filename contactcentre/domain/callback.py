"""A callback: the promise to ring a caller back, at the caller's own place in the queue.

It stands in the queue with the time at which the caller joined it, like the call that it came from.
An adviser takes it like a call, rings the number, and says how that ended. A promise is kept once
the caller was reached, and broken once it is given up; until then it is open.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import takewhile
from types import MappingProxyType

from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.dialling import DialFailure
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.hours import local, moment
from contactcentre.domain.ids import CallId, LineId, PhoneNumber, QueueId, SoundName
from contactcentre.domain.languages import Language
from contactcentre.limits import CALLBACK_ATTEMPTS_MAX, CALLBACK_RETRY_MS

SLOT_MS = 30 * 60_000
"""So many callbacks may be promised in each of these."""
DAY_SLOTS = 50
"""Of the longest day: the one on which the clocks go back."""
_BACK = "back-"
DIGITS_MAX = 11
"""Of a number as it is keyed in the United Kingdom, its 0 among them."""


class CallbackState(StrEnum):
    """What has become of a promise."""

    OPEN = "open"
    KEPT = "kept"
    """The caller was reached."""
    BROKEN = "broken"
    """The caller was not reached, and is not tried again."""
    CANCELLED = "cancelled"
    """The caller does not want it any more."""
    VOID = "void"
    """An adviser talked with the caller in the call itself: there is nothing to ring back for."""


class Attempt(StrEnum):
    """How it ended that an adviser rang the number."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"
    GIVEN_UP = "given_up"


class CallbackNews(StrEnum):
    """What may become of callbacks, as it is counted."""

    OFFERED = "offered"
    """A caller who waits was told of it."""
    BOOKED = "booked"
    FULL = "full"
    """Refused: the queue may not promise more in this half hour, or not to this number."""
    NOT_WRITTEN = "not_written"
    """Refused: the record was away."""
    CANCELLED = "cancelled"
    """By its caller."""
    KEPT = "kept"
    """The caller was reached."""
    NOT_REACHED = "not_reached"
    """Nobody answered, and it is tried again."""
    FAILED = "failed"
    """Broken, as the adviser says that the number is wrong or can't be rung."""
    EXPIRED = "expired"
    """Broken, as nobody answered for the last time."""


FOUND: Mapping[DialFailure, Attempt] = MappingProxyType(
    {
        DialFailure.BUSY: Attempt.NO_ANSWER,
        DialFailure.NO_ANSWER: Attempt.NO_ANSWER,
        DialFailure.DECLINED: Attempt.NO_ANSWER,
        DialFailure.NO_SUCH_NUMBER: Attempt.WRONG_NUMBER,
    }
)
"""How an attempt has ended, as far as the network can say; what is not here was none."""


class TakeUp(StrEnum):
    """What an adviser does at whose desk a callback rings."""

    TAKE = "take"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One promise, as whoever keeps it knows it."""

    id: CallId
    """What stands in the queue: another than the call that it came from, which has ended."""
    line: LineId
    queue: QueueId
    language: Language
    service_class: ServiceClass
    enqueued_ms: int
    number: PhoneNumber
    booked_at_ms: int
    attempts_count: int
    epoch: LegEpoch
    """Rises with every keeper that takes it up, and with every attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """How a promise stands after an attempt."""

    state: CallbackState
    due_ms: int
    """Not before then is it offered again."""


def callback_of(call: CallId) -> CallId:
    """Return the id of the callback that a call may become; a call becomes one at most."""
    return CallId(f"{_BACK}{call}")


def is_callback(call: CallId) -> bool:
    """Say whether an id is a callback's, and with it that of the call that rings its caller."""
    return call.startswith(_BACK)


def after(attempt: Attempt, *, attempts_count: int, at_ms: int) -> Aftermath:
    """Return how a promise stands after its attempt of that number, counted from 1."""
    assert attempts_count >= 1, "attempts count from 1"
    match attempt:
        case Attempt.REACHED:
            return Aftermath(state=CallbackState.KEPT, due_ms=at_ms)
        case Attempt.NO_ANSWER if attempts_count < CALLBACK_ATTEMPTS_MAX:
            return Aftermath(state=CallbackState.OPEN, due_ms=at_ms + CALLBACK_RETRY_MS)
        case Attempt.NO_ANSWER | Attempt.WRONG_NUMBER | Attempt.GIVEN_UP:
            return Aftermath(state=CallbackState.BROKEN, due_ms=at_ms)


def news_of(attempt: Attempt, stands: CallbackState) -> CallbackNews:
    """Return what an attempt has come to that has left its promise standing so."""
    match attempt:
        case Attempt.REACHED:
            return CallbackNews.KEPT
        case Attempt.NO_ANSWER if stands is CallbackState.OPEN:
            return CallbackNews.NOT_REACHED
        case Attempt.NO_ANSWER:
            return CallbackNews.EXPIRED
        case Attempt.WRONG_NUMBER | Attempt.GIVEN_UP:
            return CallbackNews.FAILED


def slot_of(at_ms: int) -> int:
    """Return when the half hour began that a time is in."""
    return at_ms - at_ms % SLOT_MS


def slot_label(slot_ms: int) -> SoundName:
    """Return the name of the words that show a half hour, by the clock on the wall."""
    return SoundName(f"label_slot_{local(moment(slot_ms)):%H%M}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RingingHours:
    """The hours of the day in which people may be rung, by the clock in the United Kingdom."""

    from_hour: int
    until_hour: int


def is_quiet(hours: RingingHours, at_ms: int) -> bool:
    """Say whether it is too early or too late in the day to ring anybody."""
    return not hours.from_hour <= local(moment(at_ms)).hour < hours.until_hour


def slots_later_today(hours: RingingHours, at_ms: int) -> Sequence[int]:
    """Return when the half hours of this day begin that are still to come and not quiet."""
    today = local(moment(at_ms)).date()
    begins = (slot_of(at_ms) + SLOT_MS * number for number in range(1, DAY_SLOTS + 1))
    return [
        slot_ms
        for slot_ms in takewhile(lambda slot_ms: local(moment(slot_ms)).date() == today, begins)
        if not is_quiet(hours, slot_ms)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRule:
    """When a waiting caller is offered a callback."""

    long_wait_ms: int
    """An honest wait of so long, or longer, is a reason."""
    ceiling_ms: int
    """Whoever has waited for so long is offered one whatever the wait is expected to be."""
    again_ms: int
    """The offer is repeated after so long: no timer ends a wait."""
    hours: RingingHours
    """Outside of these nobody is offered one: nobody could say when it would come."""


def is_time_to_offer(
    rule: OfferRule, *, wait_ms: int | None, waited_ms: int, since_offer_ms: int | None
) -> bool:
    """Say whether a caller is offered a callback now.

    `wait_ms` is the wait that is honestly expected, `since_offer_ms` how long ago the last offer
    was; None: not known, and never.
    """
    if since_offer_ms is not None and since_offer_ms < rule.again_ms:
        return False
    is_long = wait_ms is not None and wait_ms >= rule.long_wait_ms
    return is_long or waited_ms >= rule.ceiling_ms


_GEOGRAPHIC = re.compile(r"0(1\d{8,9}|2\d{9}|3\d{9})")
_MOBILE = re.compile(r"07([1-57-9]\d{8}|624\d{6})")
"""Not 070, which costs a pound a minute, nor pagers; 07624 are mobiles of the Isle of Man."""


def uk_number(keyed: str) -> PhoneNumber | None:
    """Return the number that a caller has keyed; None if it is none that we ring.

    Landlines and mobiles of the United Kingdom, 03 numbers among them. Numbers that cost whoever
    rings them (08, 09, 070), short and foreign ones are not rung.
    """
    if _GEOGRAPHIC.fullmatch(keyed) is None and _MOBILE.fullmatch(keyed) is None:
        return None
    return PhoneNumber(f"+44{keyed[1:]}")


def national(number: PhoneNumber) -> str:
    """Return a number as it is keyed, and read, in the United Kingdom."""
    return f"0{number.removeprefix('+44')}"
