"""What a waiting caller is told, as names of sounds: the place, an honest wait, and what happens.

A wait is told in steps that widen as it grows and is always rounded up: to hear "about ten minutes"
and to wait seven is better than the reverse. Where the wait is not known nothing is said about it.
"""

from collections.abc import Iterable, Mapping
from itertools import groupby
from types import MappingProxyType

from contactcentre.domain.ids import SoundName

HOLD_INTRO = SoundName("hold_intro")
"""Heard once when the wait begins."""
APOLOGY_MOVED = SoundName("apology_moved")
"""Heard after the call had to move to another node."""
ANOTHER_TEAM = SoundName("another_team")
"""Heard by whoever is passed on to another queue."""
TRANSFERRED = SoundName("transferred")
"""Heard by whoever an adviser has handed on to a queue."""
ADVISER_JOINING = SoundName("adviser_joining")
"""Heard when an adviser has answered."""
GOODBYE = SoundName("goodbye")
LINE_ENDED = SoundName("line_ended")
"""Heard by a caller whose talk ended at the adviser's side."""

NEXT = SoundName("place_1")
PLACE_IS = SoundName("place_is")
"""Said in front of a number."""
PLACE_MAX = 30
"""The last place that is told as a number."""
MORE_THAN_PLACE_MAX = SoundName("place_more_than_30")

CALLBACK_OFFER = SoundName("callback_offer")
CALLBACK_FULL = SoundName("callback_full")
"""Said in the offer's place while no more may be promised."""
CALLBACK_NUMBER = SoundName("callback_number")
CALLBACK_WRONG_NUMBER = SoundName("callback_wrong_number")
CALLBACK_NUMBER_IS = SoundName("callback_number_is")
"""Said in front of the digits of a number."""
CALLBACK_CHECK = SoundName("callback_check")
CALLBACK_WHEN = SoundName("callback_when")
CALLBACK_SLOTS = SoundName("callback_slots")
"""Said in front of the times that may be chosen."""
CALLBACK_PRESS: Mapping[str, SoundName] = MappingProxyType(
    {key: SoundName(f"callback_press_{key}") for key in "1234"}
)
"""Said in front of a time."""
CALLBACK_LATER = SoundName("callback_later")
CALLBACK_STAYS = SoundName("callback_stays")
CALLBACK_NOT_NOW = SoundName("callback_not_now")
"""Said while the records are away: the wait goes on."""
CALLBACK_BOOKED = SoundName("callback_booked")
"""Said once it is durable, and never before."""
DIGITS: Mapping[str, SoundName] = MappingProxyType(
    {digit: SoundName(f"digit_{digit}") for digit in "0123456789"}
)

DIGIT_SOUNDS = frozenset(DIGITS.values())

WAIT_IS = SoundName("wait_is")
"""Said in front of a wait."""
MINUTE_MS = 60_000
UNDER_TWO_MINUTES = SoundName("wait_under_2")
MORE_THAN_AN_HOUR = SoundName("wait_more_than_60")
ABOUT_MINUTES = (2, 3, 5, 10, 15, 20, 25, 30, 40, 50, 60)

PLACES: Mapping[int, SoundName] = MappingProxyType(
    {place: SoundName(f"place_{place}") for place in range(2, PLACE_MAX + 1)}
)
WAITS: Mapping[int, SoundName] = MappingProxyType(
    {minutes: SoundName(f"wait_about_{minutes}") for minutes in ABOUT_MINUTES}
)

ANNOUNCEMENTS: frozenset[SoundName] = frozenset(
    {
        HOLD_INTRO,
        APOLOGY_MOVED,
        ANOTHER_TEAM,
        ADVISER_JOINING,
        GOODBYE,
        LINE_ENDED,
        NEXT,
        PLACE_IS,
        MORE_THAN_PLACE_MAX,
        WAIT_IS,
        UNDER_TWO_MINUTES,
        MORE_THAN_AN_HOUR,
        CALLBACK_OFFER,
        CALLBACK_FULL,
        CALLBACK_NUMBER,
        CALLBACK_WRONG_NUMBER,
        CALLBACK_NUMBER_IS,
        CALLBACK_CHECK,
        CALLBACK_WHEN,
        CALLBACK_SLOTS,
        *CALLBACK_PRESS.values(),
        CALLBACK_LATER,
        CALLBACK_STAYS,
        CALLBACK_NOT_NOW,
        CALLBACK_BOOKED,
        *DIGITS.values(),
        *PLACES.values(),
        *WAITS.values(),
    }
)
"""Every sound that the centre itself may ask for while a caller waits or talks."""


def wait_bucket(wait_ms: int) -> SoundName:
    """Return the sound that tells a wait, rounded up to the next that there is."""
    assert wait_ms >= 0, "nobody waits less than nothing"
    if wait_ms < ABOUT_MINUTES[0] * MINUTE_MS:
        return UNDER_TWO_MINUTES
    for minutes, sound in WAITS.items():
        if wait_ms <= minutes * MINUTE_MS:
            return sound
    return MORE_THAN_AN_HOUR


def announce_place(place: int, wait_ms: int | None) -> tuple[SoundName, ...]:
    """Return the sounds that tell a caller's place, and the wait if it is known."""
    return _place(place) if wait_ms is None else (*_place(place), WAIT_IS, wait_bucket(wait_ms))


def _place(place: int) -> tuple[SoundName, ...]:
    assert place >= 1, "the first in a queue has place 1"
    if place == 1:
        return (NEXT,)
    return (PLACE_IS, PLACES[place]) if place <= PLACE_MAX else (MORE_THAN_PLACE_MAX,)


def shown(sounds: Iterable[SoundName], words: Mapping[SoundName, str]) -> list[str]:
    """Return what sounds say, as it is shown: digits in a row are one number."""
    told: list[str] = []
    for is_number, some in groupby(sounds, lambda sound: sound in DIGIT_SOUNDS):
        texts = [words[sound] for sound in some if sound in words]
        told += [_in_groups("".join(texts))] if is_number else texts
    return told


def _in_groups(digits: str) -> str:
    """Return a number as it is read, with a full stop: 01632 960 001."""
    return " ".join(filter(None, (digits[:5], digits[5:8], digits[8:]))) + "."
