"""Which numbers may be rung from here, which may be shown there, and how many in a while.

A number is E.164 text, or an extension: a few digits that mean something to the trunk alone. What
is on no list is not rung, and some numbers never are, whatever a list says: those for emergencies,
which are too short, and those that begin as NEVER has it.
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
_NATIONAL_ZERO = re.compile(r"\(\s*0\s*\)")
"""As in +44 (0)1632 960001: it is dialled within the country alone."""
_ZERO_LEFT = re.compile(r"\+(?:33|44|49|353)0")
"""No number of these countries begins with 0 behind the country, but many a carrier drops that 0,
and would ring a number that was held against no list."""
ALLOWED_PREFIX = re.compile(r"\+[1-9][0-9]{1,14}|[2-8][0-9]{0,5}")
NEVER = (
    "+449",
    "+4487",
    "+4484",
    "+4470",
    "+808",
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
    "+39899",
    "+34803",
    "+34806",
    "+34807",
)
"""Premium, revenue-sharing and personal numbers of some countries, and those that belong to no
country: satellites, networks, shared cost and international premium. It is not every country's."""
_ISLANDS = re.compile(
    r"\+1(?:242|246|264|268|284|345|441|473|649|658|664|721|758|767|784|809|829|849|868|869|876)"
)
"""Countries that look like North America's numbers, and are where most fraud by dear calls goes."""
_ISLAND_LENGTH = len("+1242")
MINUTE_MS = 60_000
PHONES_MAX = 200
"""So many advisers may be on phones at once, on one node, if nothing else is said."""


class Lines(Enum):
    """Whom a number is rung for; each kind has caps of its own."""

    OUTSIDE = auto()
    PHONE = auto()
    """An adviser's phone."""
    PHONE_AGAIN = auto()
    """Likewise, once more within one ring: that is no other call within the minute."""
    CALLBACK = auto()
    """A caller who is rung back; what may be rung then is on a list of its own."""


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
    """How numbers begin that may be rung, as +441632, or extensions, as 2.

    +1 is the United States and Canada: another country of that numbering is named by itself, as
    +1876.
    """
    own: tuple[PhoneNumber, ...]
    """Our own numbers, which the carrier has verified; the first is shown if none is chosen."""
    country: str
    """Of numbers that come without one; such a number is none where this is empty."""
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
    is_international = _SEPARATORS.sub("", text).startswith(("+", "00"))
    bare = _SEPARATORS.sub("", _NATIONAL_ZERO.sub("", text) if is_international else text)
    if bare.startswith("00"):
        bare = "+" + bare[2:]
    elif bare.startswith("0") and country:
        bare = f"+{country}{bare[1:]}"
    is_number = _INTERNATIONAL.fullmatch(bare) and not _ZERO_LEFT.match(bare)
    if not (is_number or _EXTENSION.fullmatch(bare)):
        raise NumberNotAllowed(
            "That is no number that can be rung. Write it with its country, as +441632960001."
        )
    return PhoneNumber(bare)


def allowed_number(rules: DialRules, text: str) -> PhoneNumber:
    """Return a number as it is dialled, if it may be. Raises NumberNotAllowed."""
    number = number_of(text, country=rules.country)
    if number.startswith(NEVER):
        raise NumberNotAllowed("Premium and satellite numbers are never rung from here.")
    is_island = _ISLANDS.match(number) is not None
    by = [one for one in rules.allowed if not is_island or len(one) >= _ISLAND_LENGTH]
    if not any(number.startswith(one) for one in by):
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

    def give_back(self, *, at_ms: int) -> None:
        """Count one less: what was counted at that time was not rung after all."""
        if at_ms in self._rung:
            self._rung.remove(at_ms)
