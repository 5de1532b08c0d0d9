"""An adviser's page and the phone that it has rung, as one call has to do with them; no sound."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from types import SimpleNamespace
from typing import Any

import pytest

from contactcentre.apps.adviser_phone import PhonePart
from contactcentre.domain.dialling import DialFailure, Lines
from contactcentre.domain.errors import (
    LinesBusy,
    MediaUnavailable,
    NodeFull,
    NumberNotAllowed,
)
from contactcentre.domain.ids import CallId, PhoneNumber
from contactcentre.ports.dialling import DialEvent, NumberAnswered, NumberEnded, NumberFailed
from contactcentre.ports.live import (
    AdviserAct,
    AdviserAnswered,
    AdviserAttached,
    AdviserHungUp,
    AdviserLost,
    PhoneRung,
    PhoneUnanswered,
)
from contactcentre.wire.closing import Closing

NUMBER = PhoneNumber("+441632960100")
GRACE_MS = 40
SLOW_S = 0.02
TICKET: Any = SimpleNamespace(adviser="ada", token=7)


class Try:
    """The phone, as it is rung once."""

    def __init__(self, **said: Any) -> None:
        self.tell: Callable[[DialEvent], None] = said["told"]
        self.said = said
        self.hung_up_count = 0

    def hang_up(self) -> None:
        """Count it."""
        self.hung_up_count += 1


class Stage:
    """A call with an adviser on a phone, who is rung as the test says."""

    def __init__(self) -> None:
        self.tries: list[Try] = []
        self.fails: list[Exception] = []
        self.takes_s = 0.0
        self.now_ms = 0
        self.acts: list[AdviserAct] = []
        self.said: list[tuple[str, str | None]] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self.tools: Any = SimpleNamespace(
            dialler=lambda: self,
            media=None,
            spawn=self.spawn,
            patience=SimpleNamespace(adviser_grace_ms=GRACE_MS),
            clock=SimpleNamespace(monotonic_ms=lambda: self.now_ms, sleep_ms=self.sleep_ms),
            chance=SimpleNamespace(nonce=lambda: f"n{len(self.tries)}"),
        )
        self.page = self.attach(None)

    def attach(self, before: PhonePart | None) -> PhonePart:
        """Let a page come, in the place of the one before it."""
        browser: Any = SimpleNamespace(
            send=self.send, hurry=lambda **_: None, close=lambda *_: None
        )
        part = PhonePart(
            TICKET, browser, self.tools, call=CallId("c1"), number=NUMBER, before=before
        )
        if before is not None:
            before.leave(Closing.REPLACED)
        part.act = self.acts.append
        part.begin(is_talk=False)
        return part

    def send(self, said: Any) -> None:
        """Remember what the page hears of the phone."""
        if said.kind == "phone":
            self.said.append((said.state, said.why))

    def spawn(self, work: Coroutine[None, None, None], name: str) -> None:
        """Run something beside."""
        self.tasks.add(asyncio.create_task(work, name=name))

    async def sleep_ms(self, span_ms: int) -> None:
        """Let time go by at once."""
        self.now_ms += span_ms
        await asyncio.sleep(0)

    async def dial(self, number: str, **said: Any) -> Try:
        """Ring the phone."""
        assert number == NUMBER
        await asyncio.sleep(self.takes_s)
        if self.fails:
            raise self.fails.pop(0)
        self.tries.append(Try(**said))
        return self.tries[-1]

    async def rung(self) -> Try:
        """Press Answer, and return the phone that rings then."""
        self.page.asked(AdviserAnswered())
        await settled()
        return self.tries[-1]


async def settled() -> None:
    """Let everything that is due be done."""
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """Give a call whose desk rings, with a page that has a phone."""
    one = Stage()
    yield one
    for task in one.tasks:
        task.cancel()


async def test_a_page_with_a_phone_may_answer_before_there_is_any_sound(stage: Stage) -> None:
    assert stage.page.may_answer
    assert stage.page.connected_leg is None


async def test_a_socket_that_blinks_while_the_phone_rings_does_not_stop_it(stage: Stage) -> None:
    phone = await stage.rung()
    stage.page.socket_lost()
    await asyncio.sleep(GRACE_MS / 4_000)
    assert phone.hung_up_count == 0
    back = stage.attach(stage.page)
    back.asked(AdviserAnswered())  # the page says again what its adviser has decided
    phone.tell(NumberAnswered())
    await asyncio.sleep(2 * GRACE_MS / 1_000)
    assert (len(stage.tries), phone.hung_up_count) == (1, 0)
    assert stage.acts == [
        PhoneRung(within_ms=25_000),
        AdviserAttached(leg=phone.said["leg"]),
        AdviserAnswered(),
    ]
    assert stage.said == [("ringing", None), ("ringing", None), ("answered", None)]


async def test_a_phone_is_picked_up_also_while_its_page_is_away(stage: Stage) -> None:
    phone = await stage.rung()
    stage.page.socket_lost()
    phone.tell(NumberAnswered())
    await asyncio.sleep(2 * GRACE_MS / 1_000)
    assert AdviserLost() not in stage.acts
    assert stage.acts[-1] == AdviserAnswered()


async def test_a_phone_rings_no_longer_than_the_grace_for_a_page_that_does_not_come_back(
    stage: Stage,
) -> None:
    phone = await stage.rung()
    stage.page.socket_lost()
    await asyncio.sleep(2 * GRACE_MS / 1_000)
    assert (phone.hung_up_count, stage.acts[-1]) == (1, AdviserLost())


async def test_a_page_that_comes_back_between_two_tries_takes_the_ring_on(stage: Stage) -> None:
    busy = await stage.rung()
    busy.tell(NumberFailed(why=DialFailure.BUSY))
    back = stage.attach(stage.page)
    back.asked(AdviserAnswered())
    await settled()
    assert len(stage.tries) == 2
    stage.tries[1].tell(NumberAnswered())
    assert back.connected_leg == stage.tries[1].said["leg"]
    assert stage.acts.count(PhoneRung(within_ms=25_000)) == 1


async def test_the_page_that_is_there_now_learns_that_the_phone_could_not_be_rung(
    stage: Stage,
) -> None:
    stage.takes_s, stage.fails = SLOW_S, [NumberNotAllowed("x")]
    stage.page.asked(AdviserAnswered())
    await settled()
    back = stage.attach(stage.page)
    await asyncio.sleep(2 * SLOW_S)
    assert stage.said[-1] == ("failed", "number-not-allowed")
    assert stage.acts[-1] == PhoneUnanswered()
    stage.takes_s = 0
    back.asked(AdviserAnswered())  # it can be rung again
    await settled()
    assert len(stage.tries) == 1


async def test_a_phone_that_nobody_wants_any_more_is_told_so_once_it_rings(stage: Stage) -> None:
    stage.takes_s = SLOW_S
    stage.page.asked(AdviserAnswered())
    await settled()
    stage.page.leave(Closing.REPLACED)
    await asyncio.sleep(2 * SLOW_S)
    assert stage.tries[0].hung_up_count == 1


@pytest.mark.parametrize(("was_lost", "act"), [(False, AdviserHungUp()), (True, AdviserLost())])
async def test_only_whoever_puts_the_phone_down_hangs_up(
    stage: Stage, *, was_lost: bool, act: AdviserAct
) -> None:
    phone = await stage.rung()
    phone.tell(NumberAnswered())
    phone.tell(NumberEnded(was_lost=was_lost))
    assert stage.acts[-1] == act
    assert (stage.said[-1] == ("failed", "unreachable")) is was_lost
    assert stage.page.connected_leg is None


async def test_a_busy_phone_is_rung_again_as_long_as_there_is_time(stage: Stage) -> None:
    await stage.rung()
    for _ in range(20):
        stage.tries[-1].tell(NumberFailed(why=DialFailure.BUSY))
        await settled()
    assert len(stage.tries) == 9
    assert [one.said["lines"] for one in stage.tries] == [Lines.PHONE] + 8 * [Lines.PHONE_AGAIN]
    assert stage.acts[-1] == PhoneUnanswered()
    assert stage.said[-1] == ("failed", "busy")


async def test_a_phone_for_which_no_line_is_free_is_tried_again_as_a_busy_one(
    stage: Stage,
) -> None:
    stage.fails = [LinesBusy("x"), LinesBusy("x")]
    stage.page.asked(AdviserAnswered())
    await settled()
    assert [one.said["lines"] for one in stage.tries] == [Lines.PHONE]
    stage.tries[0].tell(NumberAnswered())
    assert stage.acts[-1] == AdviserAnswered()
    assert ("failed", "lines-busy") not in stage.said


async def test_a_phone_for_which_no_line_becomes_free_is_said_to_have_none(stage: Stage) -> None:
    stage.fails += 20 * [LinesBusy("x")]
    stage.page.asked(AdviserAnswered())
    for _ in range(20):
        await settled()
    assert (stage.said[-1], stage.acts[-1]) == (("failed", "lines-busy"), PhoneUnanswered())


@pytest.mark.parametrize("problem", [NodeFull("x"), MediaUnavailable("x")])
async def test_a_phone_for_which_the_node_has_no_room_at_the_moment_is_rung_as_soon_as_it_has(
    stage: Stage, problem: Exception
) -> None:
    stage.fails = [problem, problem]
    stage.page.asked(AdviserAnswered())
    await settled()
    assert [one.said["lines"] for one in stage.tries] == [Lines.PHONE_AGAIN], "and counted once"
    stage.tries[0].tell(NumberAnswered())
    assert stage.acts[-1] == AdviserAnswered()
    assert [state for state, _ in stage.said] == ["ringing", "answered"]


async def test_a_phone_for_which_the_node_never_has_room_is_said_to_have_no_line(
    stage: Stage,
) -> None:
    stage.fails += 20 * [NodeFull("x")]
    stage.page.asked(AdviserAnswered())
    for _ in range(20):
        await settled()
    assert (stage.said[-1], stage.acts[-1]) == (("failed", "node-full"), PhoneUnanswered())
    assert len(stage.fails) > 10, "nor is it tried for longer than it may ring"


async def test_a_mistake_of_ours_leaves_no_phone_that_can_never_be_rung_again(
    stage: Stage,
) -> None:
    stage.fails = [RuntimeError("a mistake")]
    stage.page.asked(AdviserAnswered())
    await settled()
    assert (stage.said[-1], stage.acts[-1]) == (("failed", "unreachable"), PhoneUnanswered())
    assert (await stage.rung()).hung_up_count == 0
