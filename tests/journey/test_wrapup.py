"""What advisers say of calls: the later version stands, and an outage loses no word."""

import asyncio

import pytest

from contactcentre.domain.errors import LedgerUnavailable
from contactcentre.domain.ids import AdviserId, CallId, OutcomeCode
from contactcentre.journey import wrapup
from contactcentre.journey.wrapup import WrapUps
from contactcentre.ports.records import Outcome, Outcomes

ADA = AdviserId("ada")
CALL = CallId("call-1")


def words(version: int, notes: str = "", *, call: CallId = CALL) -> Outcome:
    return Outcome(
        call=call, adviser=ADA, outcome=OutcomeCode("answered"), notes=notes, version=version
    )


class Stage(Outcomes):
    """Records and a clock that the test plays."""

    def __init__(self) -> None:
        self.kept: dict[tuple[CallId, AdviserId], Outcome] = {}
        self.away = False
        self.reading = asyncio.Event()
        self.reading.set()
        self.written = 0

    async def write(self, outcome: Outcome, *, at_ms: int) -> None:
        """Keep words."""
        assert at_ms == self.now_ms()
        if self.away:
            raise LedgerUnavailable("away")
        self.written += 1
        self.kept[outcome.call, outcome.adviser] = outcome

    async def read(self, *, call: CallId, adviser: AdviserId) -> Outcome | None:
        """Return what is kept, as it stood when it was asked for."""
        if self.away:
            raise LedgerUnavailable("away")
        kept = self.kept.get((call, adviser))
        await self.reading.wait()
        return kept

    def now_ms(self) -> int:
        """Return the time of day."""
        return 1_000

    def monotonic_ms(self) -> int:
        """Return the time."""
        return 1_000

    async def sleep_ms(self, span_ms: int) -> None:
        """Let others have their turn."""
        await asyncio.sleep(span_ms * 0)


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def wrap_ups(stage: Stage) -> WrapUps:
    return WrapUps(stage, stage)


async def test_the_later_version_stands(stage: Stage, wrap_ups: WrapUps) -> None:
    assert await wrap_ups.write(words(2, "two")) == words(2, "two")
    assert await wrap_ups.write(words(1, "one")) == words(2, "two")
    assert await wrap_ups.write(words(3, "three")) == words(3, "three")
    assert stage.kept[CALL, ADA] == words(3, "three")
    assert stage.written == 2


async def test_a_version_from_another_process_stands_too(stage: Stage, wrap_ups: WrapUps) -> None:
    stage.kept[CALL, ADA] = words(7, "from before")
    assert wrap_ups.known(call=CALL, adviser=ADA).version == 0
    assert await wrap_ups.write(words(1)) == words(7, "from before")
    assert wrap_ups.known(call=CALL, adviser=ADA) == words(7, "from before")


async def test_words_from_before_are_fetched(stage: Stage, wrap_ups: WrapUps) -> None:
    stage.kept[CALL, ADA] = words(7, "from before")
    await wrap_ups.fetch(call=CALL, adviser=ADA)
    await wrap_ups.fetch(call=CallId("call-2"), adviser=ADA)
    assert wrap_ups.known(call=CALL, adviser=ADA) == words(7, "from before")


async def test_what_was_read_late_takes_no_later_word_away(stage: Stage, wrap_ups: WrapUps) -> None:
    await wrap_ups.write(words(1))
    stage.reading.clear()
    fetching = asyncio.create_task(wrap_ups.fetch(call=CALL, adviser=ADA))
    await asyncio.sleep(0)
    await wrap_ups.write(words(2, "meanwhile"))
    stage.reading.set()
    await fetching
    assert wrap_ups.known(call=CALL, adviser=ADA) == words(2, "meanwhile")


async def test_nothing_counts_as_saved_that_was_not(stage: Stage, wrap_ups: WrapUps) -> None:
    stage.away = True
    with pytest.raises(LedgerUnavailable):
        await wrap_ups.write(words(1))
    await wrap_ups.fetch(call=CALL, adviser=ADA)
    assert wrap_ups.known(call=CALL, adviser=ADA).version == 0
    stage.away = False
    assert await wrap_ups.write(words(1)) == words(1)


async def test_what_is_known_has_a_bound(
    wrap_ups: WrapUps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wrapup, "KEPT_MAX", 2)
    for number in range(3):
        await wrap_ups.write(words(1, call=CallId(f"call-{number}")))
    known = [wrap_ups.known(call=CallId(f"call-{n}"), adviser=ADA).version for n in range(3)]
    assert known == [0, 1, 1]
