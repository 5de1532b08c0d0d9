"""The texts of one chat: each once, in order, and not too many."""

import pytest

from contactcentre.domain.chatting import Text, Texts
from contactcentre.domain.errors import OutOfOrder, TooMany
from contactcentre.domain.events import Writer
from contactcentre.domain.ids import TextId
from contactcentre.limits import TEXT_EVERY_MS, TEXTS_AT_ONCE_MAX, TEXTS_MAX

CALLER, ADVISER = Writer.CALLER, Writer.ADVISER


def text(id_: str, order: int, by: Writer = CALLER) -> Text:
    return Text(by=by, id=TextId(id_), order=order, words="Hello", at_ms=1)


def test_texts_stand_in_the_order_that_they_were_given_whenever_they_come() -> None:
    texts = Texts()
    for one in (text("late", 9), text("first", 3, ADVISER), text("second", 5)):
        texts.add(one)
    assert [one.id for one in texts.in_order()] == ["first", "second", "late"]


def test_a_text_is_known_by_its_writer_and_id() -> None:
    texts = Texts()
    texts.add(text("one", 3))
    assert texts.find(CALLER, TextId("one")) == text("one", 3)
    assert texts.find(ADVISER, TextId("one")) is None


def test_whoever_writes_too_fast_waits_and_the_other_side_does_not() -> None:
    texts = Texts()
    for _ in range(TEXTS_AT_ONCE_MAX):
        texts.allow(CALLER, at_ms=0, is_repeat=False)
    with pytest.raises(TooMany):
        texts.allow(CALLER, at_ms=0, is_repeat=False)
    texts.allow(ADVISER, at_ms=0, is_repeat=False)
    texts.allow(CALLER, at_ms=TEXT_EVERY_MS, is_repeat=False)


def test_what_a_lost_node_had_is_said_again_as_fast_as_it_goes() -> None:
    texts = Texts()
    for _ in range(TEXTS_AT_ONCE_MAX + 1):
        texts.allow(CALLER, at_ms=0, is_repeat=True)
    texts.allow(CALLER, at_ms=0, is_repeat=False)


def test_a_chat_has_an_end_even_of_repeats() -> None:
    texts = Texts()
    for number in range(TEXTS_MAX):
        texts.add(text(str(number), number))
    with pytest.raises(OutOfOrder):
        texts.allow(CALLER, at_ms=0, is_repeat=True)
