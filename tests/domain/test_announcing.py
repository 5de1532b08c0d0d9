"""What a waiting caller is told."""

import pytest

from contactcentre.domain.announcing import (
    ANNOUNCEMENTS,
    DIGITS,
    announce_place,
    shown,
    wait_bucket,
)
from contactcentre.domain.ids import SoundName

MINUTE_MS = 60_000


@pytest.mark.parametrize(
    ("minutes", "told"),
    [
        (0, "wait_under_2"),
        (1.99, "wait_under_2"),
        (2, "wait_about_2"),
        (2.01, "wait_about_3"),
        (3.5, "wait_about_5"),
        (6, "wait_about_10"),
        (10, "wait_about_10"),
        (12, "wait_about_15"),
        (16, "wait_about_20"),
        (21, "wait_about_25"),
        (26, "wait_about_30"),
        (31, "wait_about_40"),
        (41, "wait_about_50"),
        (51, "wait_about_60"),
        (60, "wait_about_60"),
        (60.01, "wait_more_than_60"),
        (600, "wait_more_than_60"),
    ],
)
def test_a_wait_is_rounded_up_to_what_can_be_said(minutes: float, told: str) -> None:
    assert wait_bucket(int(minutes * MINUTE_MS)) == told


def test_nobody_is_told_a_wait_that_is_less_than_nothing() -> None:
    with pytest.raises(AssertionError):
        wait_bucket(-1)


def test_the_first_is_told_to_be_next() -> None:
    assert announce_place(1, None) == ("place_1",)


def test_others_are_told_their_number() -> None:
    assert announce_place(2, None) == ("place_is", "place_2")
    assert announce_place(30, None) == ("place_is", "place_30")


def test_far_back_no_number_is_told() -> None:
    assert announce_place(31, None) == announce_place(400, None) == ("place_more_than_30",)


def test_there_is_no_place_before_the_first() -> None:
    with pytest.raises(AssertionError):
        announce_place(0, None)


def test_the_wait_follows_the_place_where_it_is_known() -> None:
    assert announce_place(4, 9 * MINUTE_MS) == ("place_is", "place_4", "wait_is", "wait_about_10")


def test_whatever_is_told_is_among_the_announcements() -> None:
    told = {
        sound
        for place in range(1, 50)
        for minutes in (None, *range(90))
        for sound in announce_place(place, None if minutes is None else minutes * MINUTE_MS)
    }
    assert told <= ANNOUNCEMENTS


def test_a_page_says_what_is_heard() -> None:
    words = {SoundName("place_is"): "Your place is", SoundName("place_4"): "4."}
    assert shown(announce_place(4, None), words) == ["Your place is", "4."]


@pytest.mark.parametrize(
    ("number", "read"), [("01632960001", "01632 960 001."), ("0163296000", "01632 960 00.")]
)
def test_digits_in_a_row_are_shown_as_one_number(number: str, read: str) -> None:
    before, after = SoundName("before"), SoundName("after")
    words = {before: "We ring", after: "Right?"} | {sound: digit for digit, sound in DIGITS.items()}
    sounds = (before, *(DIGITS[digit] for digit in number), after)
    assert shown(sounds, words) == ["We ring", read, "Right?"]
