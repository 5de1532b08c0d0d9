"""Each way to break what was shown as sent (I11) is found in what pages showed, and no other is."""

import pytest

from contactcentre.domain.call import VERSIONS_PER_EPOCH, Call, CallState
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.events import TextWritten, Writer
from contactcentre.domain.ids import CallId, LineId, NodeId, TextId
from contactcentre.domain.languages import Language
from contactcentre.drills import history as h
from contactcentre.ports.records import WrittenEvent
from contactcentre.simulation.chats import CALLER, TextShown
from contactcentre.simulation.texts import texts_wrong
from tests.drills.saw import Saw

SEAT = "ada/c1"
LONG_MS = 60_000


class Chat:
    """A chat of one caller with one adviser, as pages and record have it."""

    def __init__(self) -> None:
        self.saw = Saw()
        self.saw.comes("a", 0, place=1)
        self.saw.rings("a", SEAT, 500, token=5)
        self.saw.talks("a", SEAT, 1_000, token=5)
        self.events: list[WrittenEvent] = []

    def shown(self, page: str, by: str, text: str, order: int, *, words: str = "x") -> None:
        """Let a page show a text."""
        told = TextShown(
            at_ms=10_000, call="a", page=page, by=by, text=text, order=order, words=words
        )
        self.saw.note(told)

    def recorded(self, by: str, text: str, order: int) -> None:
        """Let the record have a text."""
        event = TextWritten(
            call=CallId("a"), at_ms=1, by=Writer(by), text=TextId(text), order=order, words="x"
        )
        call = Call(
            id=CallId("a"),
            line=LineId("tax"),
            language=Language.ENGLISH,
            node=NodeId("n"),
            epoch=LegEpoch(1, "a"),
            state=CallState.TALKING,
            version=order,
            arrived_at_ms=0,
        )
        seq = len(self.events) + 1
        self.events.append(WrittenEvent(node=NodeId("n"), seq=seq, event=event, call=call))

    def sent(self, text: str, order: int, *, by: str = CALLER, arrives: bool = True) -> None:
        """Let a text be written, and come to the other side."""
        self.recorded(by, text, order)
        for page in (CALLER, SEAT):
            if arrives or (page == CALLER) is (by == CALLER):
                self.shown(page, by, text, order)

    def wrong(self) -> list[str]:
        """Return what did not arrive once and in order, after a talk of a minute."""
        self.saw.ends("a", SEAT, LONG_MS, token=5)
        return list(texts_wrong(self.saw.history, self.events))


@pytest.fixture
def chat() -> Chat:
    """Give a chat in which nothing has been written."""
    return Chat()


def test_what_is_written_and_read_in_order_is_right(chat: Chat) -> None:
    chat.sent("caller-000", 7)
    chat.sent("5-000", 8, by="adviser")
    chat.sent("caller-001", 9)
    chat.recorded(CALLER, "caller-000", 7)  # said again to another node: it stands once
    assert chat.wrong() == []


def test_a_text_that_the_record_does_not_have_is_lost(chat: Chat) -> None:
    chat.sent("caller-000", 7)
    chat.events.clear()
    assert chat.wrong() == ["caller-000 of a was shown as sent and is not in the record"]


@pytest.mark.parametrize(("order", "words"), [(9, "x"), (7, "y")])
def test_a_text_stands_in_one_place_with_the_same_words(chat: Chat, order: int, words: str) -> None:
    chat.sent("caller-000", 7)
    chat.shown(SEAT, CALLER, "caller-000", order, words=words)
    (sentence,) = chat.wrong()
    assert "stands in 2 places" in sentence


def test_a_text_that_was_said_again_before_it_was_known_as_sent_may_stand_where_it_did(
    chat: Chat,
) -> None:
    chat.recorded(CALLER, "caller-000", 7)
    chat.shown(SEAT, CALLER, "caller-000", 7)
    chat.sent("caller-000", VERSIONS_PER_EPOCH + 1)
    assert chat.wrong() == []
    chat.shown(CALLER, CALLER, "caller-000", VERSIONS_PER_EPOCH + 2)
    assert len(chat.wrong()) == 1, "once it is shown as sent it stands there"


def test_what_somebody_wrote_stands_in_the_order_in_which_it_was_written(chat: Chat) -> None:
    chat.sent("caller-000", 9)
    chat.sent("caller-001", 7)
    (sentence,) = chat.wrong()
    assert sentence.startswith("what caller wrote in a stands in another order")


def test_nobody_reads_a_later_text_without_the_one_before(chat: Chat) -> None:
    chat.saw.note(h.Broke(at_ms=9_000, what="kill media-1"))
    chat.sent("caller-000", 7, arrives=False)
    chat.sent("caller-001", 8)
    assert chat.wrong() == [
        f"{SEAT} of a shows caller-001 and not caller-000, which was sent before"
    ]


def test_what_is_sent_in_peace_comes_to_the_other_side(chat: Chat) -> None:
    chat.sent("5-000", 7, by="adviser", arrives=False)
    assert chat.wrong() == ["5-000 of a was shown as sent and never came to caller"]


def test_what_is_sent_as_a_node_dies_may_be_on_its_way(chat: Chat) -> None:
    chat.saw.note(h.Broke(at_ms=9_000, what="kill media-1"))
    chat.sent("5-000", 7, by="adviser", arrives=False)
    assert chat.wrong() == []
