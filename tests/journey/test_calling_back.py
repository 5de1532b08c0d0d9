"""One offer of a callback, with desks, store, record and dialler played by the test."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import pytest

from contactcentre.apps.keeper import CallbackCounts
from contactcentre.domain.call import CallState
from contactcentre.domain.callback import (
    Aftermath,
    Attempt,
    Callback,
    CallbackNews,
    TakeUp,
    after,
)
from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import LedgerUnavailable, PeerUnavailable, StaleToken
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import (
    AdviserId,
    CallId,
    DeskId,
    LineId,
    NodeId,
    PhoneNumber,
    QueueId,
    Token,
)
from contactcentre.domain.languages import Language
from contactcentre.journey.calling_back import CallingBack
from contactcentre.ports.callbacks import Held
from contactcentre.ports.live import Offered
from tests.journey.stage import StagedClock, StagedQueues

OFFER = Offered(adviser=AdviserId("ada"), desk=DeskId("d1"), token=Token(7))
CALLBACK = Callback(
    id=CallId("back-c1"),
    line=LineId("tax"),
    queue=QueueId("tax.paying.en"),
    language=Language.ENGLISH,
    service_class=ServiceClass.P2,
    enqueued_ms=5,
    number=PhoneNumber("+441632960001"),
    booked_at_ms=6,
    attempts_count=0,
    epoch=LegEpoch(1, "a"),
)


@dataclass
class StagedRecord:
    """A record that is away for so many tries."""

    away_count: int = 0
    told: list[str] = field(default_factory=list)
    news: list[CallbackNews] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Have what becomes of its callbacks counted."""
        self.counts = CallbackCounts(self.count)

    def count(self, queue: QueueId, news: CallbackNews) -> None:
        """Remember what was counted."""
        assert queue == CALLBACK.queue
        self.news.append(news)

    async def keepers(self) -> Collection[NodeId]:
        """Know none."""
        return []

    async def claim(self, keeper: NodeId, **said: object) -> Sequence[Callback]:
        """Give none: what is offered is held already."""
        raise AssertionError(keeper, said)

    async def gone(self, keeper: NodeId, held: Collection[Callback]) -> Collection[CallId]:
        """Miss none."""
        raise AssertionError(keeper, held)

    async def conclude(
        self, call: CallId, attempt: Attempt, *, adviser: AdviserId, token: Token, at_ms: int
    ) -> Aftermath:
        """Write it down, unless it is away."""
        assert (call, adviser, token) == (CALLBACK.id, "ada", 7)
        if self.away_count:
            self.away_count -= 1
            self.told.append("away")
            raise LedgerUnavailable("away")
        self.told.append(attempt)
        return after(attempt, attempts_count=1, at_ms=at_ms)

    async def answered(self, call: CallId, *, adviser: AdviserId, token: Token, at_ms: int) -> None:
        """Write it down, unless it is away."""
        await self.conclude(call, Attempt.REACHED, adviser=adviser, token=token, at_ms=at_ms)

    async def release(self, keeper: NodeId) -> None:
        """Never."""
        raise AssertionError(keeper)


@dataclass
class StagedDesks:
    """Desks that take what they are told into the record's list, or refuse."""

    told: list[str]
    refuse: Exception | None = None

    async def ring(self, callback: Callback, offered: Offered, *, ring_ms: int) -> None:
        """Ring, or refuse."""
        assert (callback, offered, ring_ms) == (CALLBACK, OFFER, 200)
        await self._tell("ring")

    async def bridged(self, callback: Callback, offered: Offered) -> None:
        """Take it."""
        assert (callback, offered) == (CALLBACK, OFFER)
        await self._tell("bridged")

    async def moved(self, callback: Callback, offered: Offered) -> None:
        """Take it, or refuse."""
        assert (callback, offered) == (CALLBACK, OFFER)
        await self._tell("moved")

    async def over(
        self, callback: Callback, offered: Offered, *, lapse: LapseReason | None
    ) -> None:
        """Take it."""
        assert (callback, offered) == (CALLBACK, OFFER)
        self.told.append("over" if lapse is None else lapse)

    async def _tell(self, what: str) -> None:
        self.told.append(what)
        if self.refuse is not None:
            raise self.refuse


def held(state: CallState = CallState.RINGING) -> Held:
    return Held(callback=CALLBACK, state=state, offered=OFFER, token=OFFER.token)


async def offer(
    *words: TakeUp | Attempt,
    record: StagedRecord | None = None,
    refuse: Exception | None = None,
    again: bool = False,
) -> tuple[Held, list[str]]:
    """Conduct an offer to its end; return the callback, and what desk and record were told."""
    one, record = held(CallState.TALKING if again else CallState.RINGING), record or StagedRecord()
    calling = CallingBack(
        callbacks=record,
        queues=StagedQueues(),
        desks=StagedDesks(record.told, refuse),
        clock=MovingClock(),
        ring_ms=200,
        count=record.counts.add,
    )
    for word in words:
        one.words.put_nowait(word)
    async with asyncio.timeout(10):
        await (calling.go_on(one) if again else calling.conduct(one, OFFER))
    return one, record.told


class MovingClock(StagedClock):
    """A clock that goes on by the loop's time."""

    def monotonic_ms(self) -> int:
        """Return the loop's time."""
        return int(asyncio.get_running_loop().time() * 1_000)


@pytest.mark.parametrize("attempt", Attempt)
async def test_what_the_adviser_says_is_written_down_before_the_adviser_goes_on(
    attempt: Attempt,
) -> None:
    one, told = await offer(TakeUp.TAKE, attempt)
    assert told == ["ring", "bridged", attempt, "over"]
    assert one.state is CallState.ENDED


async def test_an_adviser_waits_for_no_record_that_is_away() -> None:
    record = StagedRecord(away_count=2)
    _, told = await offer(TakeUp.TAKE, Attempt.REACHED, record=record)
    assert told == ["ring", "bridged", "away", "over", "away", Attempt.REACHED]
    assert record.news == [CallbackNews.KEPT], "counted once it is written"


async def test_an_adviser_who_says_what_is_counted_already_is_not_counted_again() -> None:
    record = StagedRecord()
    record.counts.add(CALLBACK, OFFER.token, CallbackNews.KEPT)
    await offer(TakeUp.TAKE, Attempt.REACHED, record=record)
    assert record.news == [CallbackNews.KEPT]
    await offer(TakeUp.TAKE, Attempt.NO_ANSWER, record=record)
    assert record.news == [CallbackNews.KEPT, CallbackNews.NOT_REACHED], "it was a mailbox"


async def test_who_declines_gives_the_place_back() -> None:
    one, told = await offer(TakeUp.DECLINE)
    assert told == ["ring", LapseReason.DECLINED]
    assert (one.state, one.offered) == (CallState.WAITING, None)


async def test_who_does_not_answer_in_time_gives_the_place_back() -> None:
    one, told = await offer()
    assert told == ["ring", LapseReason.NO_ANSWER]
    assert one.state is CallState.WAITING


async def test_a_desk_that_cannot_be_reached_gives_the_place_back() -> None:
    one, told = await offer(refuse=PeerUnavailable("away"))
    assert told == ["ring", LapseReason.DESK_UNREACHABLE]
    assert one.state is CallState.WAITING


async def test_an_adviser_whose_keeper_was_lost_goes_on_at_another() -> None:
    _, told = await offer(Attempt.REACHED, again=True)
    assert told == ["moved", Attempt.REACHED, "over"]


async def test_what_was_over_at_the_desk_when_its_keeper_was_lost_waits_again() -> None:
    one, told = await offer(refuse=StaleToken("over"), again=True)
    assert told == ["moved"]
    assert (one.state, one.offered) == (CallState.WAITING, None)
