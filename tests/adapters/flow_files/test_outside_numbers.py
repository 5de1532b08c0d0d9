"""The file of whom we may ring: what it says, and what is said of mistakes in it."""

from pathlib import Path

import pytest

from contactcentre.adapters.flow_files.outside_numbers import read_outside_numbers
from contactcentre.domain.dialling import PHONES_MAX
from contactcentre.domain.errors import BadRequest
from contactcentre.domain.languages import Language

WRITTEN = """
own = ["+441632960001"]
allowed = ["+441632", "2"]
calls_max = 3

[numbers.council-tax]
number = "+44 1632 960100"
titles = { en-GB = "Council tax", cy = "Treth y cyngor" }

[numbers.desk-phone]
number = "204"
titles = { en-GB = "Front desk", cy = "Y ddesg flaen" }
"""


def written(folder: Path, text: str) -> Path:
    """Return a file that says something."""
    path = folder / "numbers.toml"
    path.write_text(text)
    return path


def test_a_file_says_whom_we_may_ring_and_under_which_names(tmp_path: Path) -> None:
    read = read_outside_numbers(written(tmp_path, WRITTEN))
    assert (read.rules.own, read.rules.allowed) == (("+441632960001",), ("+441632", "2"))
    assert (read.rules.calls_max, read.rules.calls_per_minute) == (3, 30)
    assert read.rules.country == "44"
    elsewhere = WRITTEN.replace("calls_max = 3", 'calls_max = 3\ncountry = "353"')
    assert read_outside_numbers(written(tmp_path, elsewhere)).rules.country == "353"
    assert read.rules.phones_max == PHONES_MAX
    assert {name: one.number for name, one in read.numbers.items()} == {
        "council-tax": "+441632960100",
        "desk-phone": "204",
    }
    assert next(one.titles[Language.WELSH] for one in read.numbers.values()) == "Treth y cyngor"


def test_callers_are_rung_back_by_a_list_and_caps_of_their_own_or_not_at_all(
    tmp_path: Path,
) -> None:
    assert read_outside_numbers(written(tmp_path, WRITTEN)).callbacks is None
    back = '\n[callbacks]\nallowed = ["+441", "+447"]\ncalls_max = 5\n'
    read = read_outside_numbers(written(tmp_path, WRITTEN + back))
    assert read.callbacks is not None
    assert (read.callbacks.allowed, read.callbacks.own) == (("+441", "+447"), read.rules.own)
    assert (read.callbacks.calls_max, read.callbacks.calls_per_minute) == (5, 30)
    assert read.rules.allowed == ("+441632", "2")
    for slip, sentence in (
        ('"+4470"', r"callbacks.allowed: .*\+4470: premium and satellite"),
        ("", "callbacks.allowed"),
        ('"07"', "07 is no beginning of a number"),
    ):
        text = WRITTEN + f"\n[callbacks]\nallowed = [{slip}]\n"
        with pytest.raises(BadRequest, match=sentence):
            read_outside_numbers(written(tmp_path, text))


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ('own = ["+441632960001"]', "", "own: Field required"),
        ('own = ["+441632960001"]', 'own = ["01632960001"]', "own.0"),
        ('"2"]', '"+449"]', r"\+449: premium and satellite numbers are never rung"),
        ('"2"]', '"999"]', "999 is no beginning of a number"),
        ('"204"', '"304"', "numbers.desk-phone.number: That number is not on the list"),
        ('"204"', '"999"', "numbers.desk-phone.number: That is no number that can be rung"),
        (', cy = "Y ddesg flaen"', "", "numbers.desk-phone.titles: .* there is none in cy"),
        ("calls_max = 3", "calls_max = 0", "calls_max"),
        ("calls_max = 3", 'country = "044"', "country"),
        ("calls_max = 3", "phones_max = 0", "phones_max"),
        ("calls_max = 3", "calls = 3", "calls: Extra inputs"),
        ("calls_max = 3", "calls_max", "is not TOML"),
    ],
)
def test_a_mistake_is_said_in_a_sentence(
    tmp_path: Path, before: str, after: str, sentence: str
) -> None:
    assert before in WRITTEN
    with pytest.raises(BadRequest, match=sentence):
        read_outside_numbers(written(tmp_path, WRITTEN.replace(before, after)))


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="cannot be read"):
        read_outside_numbers(tmp_path / "nowhere.toml")
