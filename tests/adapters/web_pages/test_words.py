"""Every word of the caller's pages is there in every language, and is said somewhere."""

import re
from pathlib import Path

import pytest

from contactcentre.adapters.web import pages
from contactcentre.adapters.web.pages.words import Words, load_words
from contactcentre.domain.announcing import ABOUT_MINUTES
from contactcentre.domain.call import CallState
from contactcentre.domain.events import Ending
from contactcentre.domain.languages import Language

WORDS = load_words()
ENGLISH = WORDS[Language.ENGLISH]
FOLDER = Path(pages.__file__).parent
SOURCES = "\n".join(
    path.read_text(encoding="utf-8")
    for path in sorted(FOLDER.rglob("*"))
    if path.suffix in {".html", ".py", ".js"}
)
LISTS = {
    "accessibility.can",
    "accessibility.not",
    "privacy.keep",
    "privacy.not",
    "calendar.weekdays",
    "calendar.months",
}


def every_text(words: Words, key: str) -> tuple[str, ...]:
    return tuple(words.list(key)) if key in LISTS else (words.say(key),)


def placeholders(words: Words, key: str) -> set[str]:
    return set(re.findall(r"\{\w+\}", " ".join(every_text(words, key))))


@pytest.mark.parametrize("language", [each for each in Language if each is not Language.ENGLISH])
def test_every_language_says_what_english_says(language: Language) -> None:
    assert WORDS[language].keys() == ENGLISH.keys()


@pytest.mark.parametrize("key", sorted(ENGLISH.keys()))
def test_a_translation_keeps_the_numbers_it_is_to_tell(key: str) -> None:
    assert placeholders(WORDS[Language.WELSH], key) == placeholders(ENGLISH, key)


@pytest.mark.parametrize("key", sorted(ENGLISH.keys() - {"call.advice.good"}))
def test_nothing_is_left_untranslated(key: str) -> None:
    english, welsh = every_text(ENGLISH, key), every_text(WORDS[Language.WELSH], key)
    assert all(text.strip() for text in (*english, *welsh))
    assert len(english) == len(welsh)
    if not key.startswith("call.ordinal."):
        assert not set(english) & set(welsh)


@pytest.mark.parametrize("state", list(CallState))
def test_the_page_can_say_every_state_of_a_call(state: CallState) -> None:
    assert ENGLISH.say(f"call.state.{state}")
    assert ENGLISH.say(f"chat.state.{state}")


@pytest.mark.parametrize("ending", list(Ending))
def test_the_page_can_say_how_a_call_ended(ending: Ending) -> None:
    assert ENGLISH.say(f"call.over.{ending}")


@pytest.mark.parametrize("key", sorted(ENGLISH.keys()))
def test_no_words_are_kept_that_nothing_says(key: str) -> None:
    said_by_name = f'"{key}"' in SOURCES or f"'{key}'" in SOURCES
    in_script = f'"{key.removeprefix("call.").removeprefix("chat.")}"' in SOURCES
    by_kind = any(key.startswith(f"{kind}.") for kind in SAID_BY_KIND)
    assert said_by_name or in_script or by_kind


SAID_BY_KIND = (
    "services",
    "home.waiting",
    "call.state",
    "call.ordinal",
    "call.wait",
    "call.line",
    "call.advice",
    "call.over",
    "call.kept",
    "call.elsewhere",
    "call.refused",
    "call.microphone",
    "chat.state",
    "chat.by",
    "chat.mark",
    "chat.refused",
)
"""Their last name comes from a flow, a figure, a call or the browser."""


def test_a_minute_that_takes_another_form_of_the_noun_has_words_of_its_own() -> None:
    """Two is the only number among the steps that Welsh counts minutes otherwise with."""
    assert ABOUT_MINUTES[0] == 2
    assert "2 funud" in WORDS[Language.WELSH].say("call.wait.two")
    assert "{minutes} munud" in WORDS[Language.WELSH].say("call.wait.other")
