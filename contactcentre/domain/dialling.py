"""Which numbers may be rung from here, which may be shown there, and how many in a while.

A number is E.164 text, or an extension: a few digits that mean something to the trunk alone. What
is on no list is not rung, and emergency and premium numbers never are, whatever a list says.
"""

import re
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import Enum, StrEnum, auto

from contactcentre.domain.errors import LinesBusy, NumberNotAllowed
from contactcentre.domain.ids import OutsideName, PhoneNumber
from contactcentre.domain.languages import Language

_SEPARATORS = re.compile(r"[\s().-]")
_INTERNATIONAL = re.compile(r"\+[1-9][0-9]{8,14}")
"""Whatever is shorter is a number for emergencies or for directory enquiries behind its country."""
_EXTENSION = re.compile(r"[2-8][0-9]{1,5}")
"""None begins as 999, 911, 112, 118 or a digit for an outside line does."""
ALLOWED_PREFIX = re.compile(r"\+[1-9][0-9]{1,14}|[2-8][0-9]{0,5}")
NEVER = (
    "+449",
    "+4487",
    "+4484",
    "+4470",
    "+979",
    "+870",
    "+878",
    "+881",
    "+882",
    "+883",
    "+888",
    "+1900",
    "+1976",
    "+3389",
    "+49900",
)
"""Premium, revenue-sharing and personal numbers, and those that belong to no country: satellites,
networks, shared cost and international premium."""
MINUTE_MS = 60_000
PHONES_MAX = 200
"""So many advisers may be on phones at once, on one node, if nothing else is said."""


class Lines(Enum):
    """Whom a number is rung for: outside numbers and advisers' phones have caps of their own."""

    OUTSIDE = auto()
    PHONE = auto()
    """An adviser's phone."""
    PHONE_AGAIN = auto()
    """Likewise, once more within one ring: that is no other call within the minute."""


class DialFailure(StrEnum):
    """Why nobody answered a number that we rang."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    """It rang for as long as it was to, or the network says so."""
    DECLINED = "declined"
    NO_SUCH_NUMBER = "no_such_number"
    REFUSED = "refused"
    """The trunk does not take this call of ours: a password, a right, a number to show."""
    UNREACHABLE = "unreachable"
    """The trunk is silent, full or broken."""
    NO_SOUND = "no_sound"
    """The two ends could not agree on any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DialRules:
    """Who may be rung, by what is shown of us, and how many."""

    allowed: tuple[str, ...]
    """How numbers begin that may be rung, as +441632, or extensions, as 2."""
    own: tuple[PhoneNumber, ...]
    """Our own numbers, which the carrier has verified; the first is shown if none is chosen."""
    calls_max: int
    """At once, on one node."""
    calls_per_minute: int
    phones_max: int = PHONES_MAX
    """Advisers' phones at once, on one node, and as many within a minute."""

    @property
    def of_phones(self) -> "DialRules":
        """Return the rules with the caps of advisers' phones."""
        return replace(self, calls_max=self.phones_max, calls_per_minute=self.phones_max)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideNumber:
    """A number that callers may be handed to, and that may be asked about them."""

    name: OutsideName
    number: PhoneNumber
    titles: Mapping[Language, str]


def number_of(text: str, *, country: str) -> PhoneNumber:
    """Return a number as it is dialled; one without a country is of this one, if there is any.

    Raises NumberNotAllowed for what is none.
    """
    bare = _SEPARATORS.sub("", text)
    if bare.startswith("00"):
        bare = "+" + bare[2:]
    elif bare.startswith("0") and country:
        bare = f"+{country}{bare[1:]}"
    if not (_INTERNATIONAL.fullmatch(bare) or _EXTENSION.fullmatch(bare)):
        raise NumberNotAllowed(
            "That is no number that can be rung. Write it with its country, as +441632960001."
        )
    return PhoneNumber(bare)


def allowed_number(rules: DialRules, text: str, *, country: str) -> PhoneNumber:
    """Return a number as it is dialled, if it may be. Raises NumberNotAllowed."""
    number = number_of(text, country=country)
    if number.startswith(NEVER):
        raise NumberNotAllowed("Premium and satellite numbers are never rung from here.")
    if not any(number.startswith(one) for one in rules.allowed):
        raise NumberNotAllowed(
            "That number is not on the list of those that may be rung. Ask whoever keeps it."
        )
    return number


def shown_number(rules: DialRules, wanted: PhoneNumber | None) -> PhoneNumber:
    """Return the number of ours that is shown. Raises NumberNotAllowed for somebody else's."""
    if wanted is None:
        return rules.own[0]
    if wanted not in rules.own:
        raise NumberNotAllowed("Only numbers of our own may be shown to whoever is rung.")
    return wanted


class DialPace:
    """How many numbers were rung within the last minute, and how many are at this moment."""

    def __init__(self, rules: DialRules) -> None:
        self._rules = rules
        self._rung: deque[int] = deque(maxlen=rules.calls_per_minute)

    def take(self, under_way: Collection[object], *, at_ms: int, is_again: bool = False) -> None:
        """Count one more; `at_ms` is by a monotonic clock. Raises LinesBusy.

        What rings again (`is_again`) was counted within the minute as it rang first.
        """
        if len(under_way) >= self._rules.calls_max:
            raise LinesBusy("As many outside numbers are in calls as may be. Try again later.")
        if is_again:
            return
        is_full = len(self._rung) == self._rules.calls_per_minute
        if is_full and at_ms - self._rung[0] < MINUTE_MS:
            raise LinesBusy("Too many outside numbers were rung just now. Try again in a minute.")
        self._rung.append(at_ms)
