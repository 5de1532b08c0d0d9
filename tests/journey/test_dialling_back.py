"""What a keeper allows of the numbers of its callbacks."""

from dataclasses import replace

import pytest

from contactcentre.apps.keeper import KEPT_MAX, CallbackCounts
from contactcentre.domain.call import CallState
from contactcentre.domain.callback import CallbackNews, RingingHours
from contactcentre.domain.errors import OutOfOrder, StaleToken, TooMany, UnknownName
from contactcentre.domain.ids import AdviserId, CallId, Token
from contactcentre.journey.dialling_back import DiallingBack
from contactcentre.limits import DIAL_LOST_AFTER_MS
from contactcentre.ports.callbacks import Held
from contactcentre.ports.live import Offered
from tests.journey.stage import StagedClock
from tests.journey.test_calling_back import CALLBACK, OFFER, StagedRecord

ADA = AdviserId("ada")
NEXT = Token(8)


class HandClock(StagedClock):
    """A clock that the test turns."""

    at_ms = 0

    def monotonic_ms(self) -> int:
        """Return the time that it shows."""
        return self.at_ms


class Stage:
    """A keeper with one callback that Ada has taken, until it is let go of."""

    def __init__(self, *, hours: RingingHours = RingingHours(from_hour=0, until_hour=24)) -> None:  # noqa: B008 - frozen
        self.clock = HandClock()
        self.record = StagedRecord()
        self.held: Held | None = Held(
            callback=CALLBACK, state=CallState.TALKING, offered=OFFER, token=OFFER.token
        )
        self.dialling = DiallingBack(
            self, self.record, clock=self.clock, hours=hours, count=self.record.counts.add
        )

    def offered_to(self, call: CallId, adviser: AdviserId, token: Token) -> tuple[Held, Offered]:
        """Return the callback."""
        if self.held is None:
            raise UnknownName("gone")
        assert (call, adviser) == (CALLBACK.id, ADA)
        assert token in {OFFER.token, NEXT}
        return self.held, OFFER

    def ask(self, dial: str, token: Token = OFFER.token) -> None:
        """Let a node ask."""
        held, offered = self.dialling.ask(CALLBACK.id, ADA, token, dial)
        assert (held, offered) == (self.held, OFFER)

    def over(self, dial: str, *, is_made: bool) -> None:
        """Let a node say that it rings no longer."""
        self.dialling.over(CALLBACK.id, ADA, OFFER.token, dial, is_made=is_made)


def test_of_two_nodes_that_ask_the_first_may_ring_and_goes_on_ringing() -> None:
    stage = Stage()
    stage.ask("first")
    stage.clock.at_ms = DIAL_LOST_AFTER_MS - 1
    with pytest.raises(TooMany, match="being rung already"):
        stage.ask("second")
    stage.ask("first")
    stage.clock.at_ms += DIAL_LOST_AFTER_MS - 1
    with pytest.raises(TooMany):
        stage.ask("second")
    with pytest.raises(StaleToken):
        stage.over("second", is_made=False)


def test_a_number_is_rung_again_where_its_node_is_lost_or_it_was_no_attempt() -> None:
    stage = Stage()
    stage.ask("lost")
    stage.clock.at_ms = DIAL_LOST_AFTER_MS
    stage.ask("full")
    stage.over("full", is_made=False)
    with pytest.raises(StaleToken):
        stage.ask("full")
    stage.ask("third")


def test_a_number_that_has_rung_is_rung_again_only_for_whoever_takes_it_next() -> None:
    stage = Stage()
    stage.ask("made")
    stage.over("made", is_made=True)
    stage.over("made", is_made=False)
    with pytest.raises(OutOfOrder, match="Say how it ended"):
        stage.ask("again")
    stage.ask("later", NEXT)


def test_a_number_that_is_rung_for_one_adviser_is_rung_for_the_next_only_once_that_is_over() -> (
    None
):
    stage = Stage()
    stage.ask("first")
    stage.clock.at_ms = DIAL_LOST_AFTER_MS - 1
    with pytest.raises(TooMany, match="being rung already"):
        stage.ask("next", NEXT)
    stage.over("first", is_made=False)
    stage.ask("next", NEXT)
    stage = Stage()
    stage.ask("lost")
    stage.clock.at_ms = DIAL_LOST_AFTER_MS
    stage.ask("next", NEXT)


def test_nobody_is_dialled_before_the_adviser_has_taken_it_nor_in_quiet_hours() -> None:
    stage = Stage()
    assert stage.held is not None
    stage.held.state = CallState.RINGING
    with pytest.raises(OutOfOrder, match="Take the callback"):
        stage.ask("early")
    stage = Stage(hours=RingingHours(from_hour=23, until_hour=24))
    with pytest.raises(OutOfOrder, match="too early or too late"):
        stage.ask("night")


@pytest.mark.parametrize("is_held", [True, False])
async def test_an_answer_is_written_down_whoever_has_the_callback(is_held: bool) -> None:  # noqa: FBT001 - a parameter of the test
    stage = Stage()
    if not is_held:
        stage.held = None
    await stage.dialling.answered(CALLBACK.id, ADA, OFFER.token)
    assert stage.record.told == ["reached"]
    assert stage.record.news == [CallbackNews.KEPT] * is_held


async def test_an_answer_that_is_told_again_is_counted_once() -> None:
    stage = Stage()
    for _ in range(2):
        await stage.dialling.answered(CALLBACK.id, ADA, OFFER.token)
    assert stage.record.news == [CallbackNews.KEPT]


async def test_an_answer_is_not_counted_whose_adviser_has_said_how_it_ended() -> None:
    stage = Stage()
    assert stage.held is not None
    stage.held.state = CallState.ENDED
    await stage.dialling.answered(CALLBACK.id, ADA, OFFER.token)
    assert stage.record.told == ["reached"]
    assert not stage.record.news


def test_each_callback_is_counted_each_time_that_it_is_kept_and_only_the_last_are_remembered() -> (
    None
):
    news: list[CallbackNews] = []
    counts = CallbackCounts(lambda _, one: news.append(one))
    for number in range(KEPT_MAX + 1):
        for _ in range(2):
            counts.add(replace(CALLBACK, id=CallId(f"c{number}")), OFFER.token, CallbackNews.KEPT)
    assert len(news) == KEPT_MAX + 1
    counts.add(replace(CALLBACK, id=CallId("c0")), OFFER.token, CallbackNews.KEPT)
    assert len(news) == KEPT_MAX + 2, "forgotten by then"
    counts.add(replace(CALLBACK, id=CallId("c0")), NEXT, CallbackNews.KEPT)
    assert len(news) == KEPT_MAX + 3, "by another one"
