"""Which numbers may be rung, which may be shown, and how many in a while."""

import pytest

from contactcentre.domain.dialling import (
    NEVER,
    DialPace,
    DialRules,
    allowed_number,
    number_of,
    shown_number,
)
from contactcentre.domain.errors import LinesBusy, NumberNotAllowed
from contactcentre.domain.ids import PhoneNumber

OWN = PhoneNumber("+441632960001")
RULES = DialRules(
    allowed=("+44", "+353", "2"), own=(OWN,), country="44", calls_max=2, calls_per_minute=3
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+441632960100", "+441632960100"),
        ("01632 960-100", "+441632960100"),
        ("(0044) 1632.960100", "+441632960100"),
        ("07700 900123", "+447700900123"),
        ("00353 1 234 5678", "+35312345678"),
        ("+44 (0)1632 960100", "+441632960100"),
        ("0044 ( 0 ) 1632 960100", "+441632960100"),
        ("(0)1632 960100", "+441632960100"),
        ("2104", "2104"),
    ],
)
def test_a_number_is_read_however_it_is_written(text: str, number: str) -> None:
    assert allowed_number(RULES, text) == number


@pytest.mark.parametrize(
    "text",
    [
        "999",
        "112",
        "911",
        "118118",
        "101",
        "9",
        "1",
        "0",
        "",
        "+",
        "+44999",
        "+44118118",
        "+4401632960100",
        "0044 0 70 12345678",
        "+33 0891 23 45 67",
        "+490900123456",
        "tel:210",
    ],
)
def test_emergency_and_service_numbers_and_what_is_none_are_no_numbers(text: str) -> None:
    with pytest.raises(NumberNotAllowed, match="Write it with its country"):
        allowed_number(RULES, text)


@pytest.mark.parametrize("never", NEVER)
def test_some_numbers_are_never_rung_whatever_the_list_says(never: str) -> None:
    generous = DialRules(allowed=("+",), own=(OWN,), country="44", calls_max=1, calls_per_minute=1)
    with pytest.raises(NumberNotAllowed, match="never"):
        allowed_number(generous, (never + "1234567890")[:14])


@pytest.mark.parametrize("never", NEVER)
@pytest.mark.parametrize("form", ["+{} (0){}", "00{} (0) {}", "00 {}-{}", "(+{}) {}"])
def test_a_number_that_is_never_rung_is_not_however_it_is_written(never: str, form: str) -> None:
    generous = DialRules(
        allowed=("+", "2"), own=(OWN,), country="44", calls_max=1, calls_per_minute=1
    )
    behind_country = (never[3:] + "1234567890")[:10]
    with pytest.raises(NumberNotAllowed):
        allowed_number(generous, form.format(never[1:3], behind_country))


def test_a_country_that_looks_like_north_america_is_rung_only_where_it_is_named() -> None:
    wide = DialRules(allowed=("+1",), own=(OWN,), country="44", calls_max=1, calls_per_minute=1)
    assert allowed_number(wide, "+1 212 555 0100") == "+12125550100"
    with pytest.raises(NumberNotAllowed, match="not on the list"):
        allowed_number(wide, "+1 876 555 0100")
    for named in ("+1876", "+1876555"):
        rules = DialRules(
            allowed=(named,), own=(OWN,), country="44", calls_max=1, calls_per_minute=1
        )
        assert allowed_number(rules, "+1 876 555 0100") == "+18765550100"


@pytest.mark.parametrize("text", ["+33123456789", "310", "+4"])
def test_what_is_not_on_the_list_is_not_rung(text: str) -> None:
    with pytest.raises(NumberNotAllowed):
        allowed_number(RULES, text)


def test_a_number_without_a_country_is_none_where_there_is_no_country_to_give_it() -> None:
    with pytest.raises(NumberNotAllowed):
        number_of("01632960100", country="")


def test_the_first_of_our_own_numbers_is_shown_and_none_but_our_own() -> None:
    assert shown_number(RULES, None) == OWN
    assert shown_number(RULES, OWN) == OWN
    with pytest.raises(NumberNotAllowed):
        shown_number(RULES, PhoneNumber("+441632960009"))


def test_so_many_numbers_are_rung_at_once_and_in_a_minute() -> None:
    pace = DialPace(RULES)
    pace.take((), at_ms=0)
    with pytest.raises(LinesBusy, match="as may be"):
        pace.take((1, 2), at_ms=0)
    pace.take((1,), at_ms=20_000)
    pace.take((), at_ms=40_000)
    with pytest.raises(LinesBusy, match="in a minute"):
        pace.take((), at_ms=59_999)
    pace.take((), at_ms=60_000)
    with pytest.raises(LinesBusy):
        pace.take((), at_ms=79_999)
    pace.take((), at_ms=80_000)


def test_what_rings_again_takes_no_more_of_the_minute_but_needs_a_line() -> None:
    pace = DialPace(RULES)
    for _ in range(RULES.calls_per_minute):
        pace.take([], at_ms=0)
    pace.take([], at_ms=0, is_again=True)
    with pytest.raises(LinesBusy, match="as may be"):
        pace.take(["one", "two"], at_ms=0, is_again=True)


def test_advisers_phones_have_caps_of_their_own() -> None:
    rules = DialRules(
        allowed=(), own=(OWN,), country="", calls_max=1, calls_per_minute=1, phones_max=2
    )
    pace = DialPace(rules.of_phones)
    for _ in range(2):
        pace.take(["one"], at_ms=0)
    with pytest.raises(LinesBusy, match="in a minute"):
        pace.take(["one"], at_ms=0)
