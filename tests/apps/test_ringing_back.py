"""The number of a callback as a node rings it; keeper, dialler and sound are the test's."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from types import SimpleNamespace
from typing import Any

import pytest

from contactcentre.apps.callback_dial import CallbackDial
from contactcentre.domain.dialling import DialFailure
from contactcentre.domain.errors import PeerUnavailable, StaleToken, UnknownName
from contactcentre.domain.ids import AdviserId, CallId, LegId, LineId, NodeId, PhoneNumber, Token
from contactcentre.limits import DIAL_AGAIN_EVERY_MS
from contactcentre.ports.dialling import DialEvent, NumberAnswered, NumberFailed, NumberRings
from contactcentre.ports.live import AdviserAttached, AdviserGone, AdviserHungUp, AdviserLost
from contactcentre.wire.callbacks import CallerRung
from contactcentre.wire.claims import AdviserTicket
from tests.adapters.sip.entrance import until
from tests.journey.stage import StagedMedia

TICKET = AdviserTicket(
    call=CallId("back-c1"),
    adviser=AdviserId("ada"),
    token=Token(7),
    node=NodeId("n1"),
    keeper_url="k",
    exp=9,
)
LINE, NUMBER = LineId("tax"), PhoneNumber("+441632960001")


class StagedPart:
    """Ada's end, whose sound is there."""

    connected_leg = LegId("ada")

    def __init__(self) -> None:
        self.act: Callable[[Any], None] = lambda _: None
        self.told: list[CallerRung] = []

    def send(self, said: CallerRung) -> None:
        """Note what the page is told."""
        self.told.append(said)

    def leave(self, _why: object) -> None:
        """Close nothing."""


class StagedKeepers:
    """A keeper that allows it, or does what the test says; and how it was told that it is over."""

    def __init__(self) -> None:
        self.asked_count = 0
        self.asking: Callable[[], None] = lambda: None
        self.overs: list[bool] = []

    async def ask(self, _ticket: object, _dial: str) -> Any:
        """Allow it."""
        self.asked_count += 1
        self.asking()
        return SimpleNamespace(number=NUMBER, line=LINE)

    async def over(self, _ticket: object, _dial: str, *, is_made: bool) -> None:
        """Note it."""
        self.overs.append(is_made)


class StagedDialler:
    """Rings nobody, and counts."""

    def __init__(self) -> None:
        self.dialled_count = self.hung_up_count = 0
        self.told: Callable[[DialEvent], None] = lambda _: None

    def own_of(self, _numbers: object) -> None:
        """Know none."""

    async def dial(self, number: str, **said: Any) -> "StagedDialler":
        """Ring it."""
        assert number == NUMBER
        self.dialled_count += 1
        self.told = said["told"]
        return self

    def hang_up(self) -> None:
        """Count it."""
        self.hung_up_count += 1


class Stage:
    """One number that is about to be rung for Ada."""

    def __init__(self) -> None:
        self.part, self.keepers, self.dialler = StagedPart(), StagedKeepers(), StagedDialler()
        self.callers = SimpleNamespace()
        self.turns: asyncio.Queue[None] = asyncio.Queue()
        tools = SimpleNamespace(
            media=StagedMedia(),
            chance=SimpleNamespace(nonce=lambda: "n"),
            clock=SimpleNamespace(
                monotonic_ms=lambda: 0, now_ms=lambda: 5, sleep_ms=self._sleep_ms
            ),
            lines={LINE: SimpleNamespace(numbers=())},
        )
        way = SimpleNamespace(dialler=self.dialler, callers=self.callers)
        shared: Any = SimpleNamespace(
            calls=None, tools=tools, keepers=self.keepers, way=lambda: way
        )
        part: Any = self.part
        self.dial = CallbackDial(TICKET, part, shared)
        self._work: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Let it be rung."""
        work: Coroutine[None, None, None] = self.dial.run()
        self._work = asyncio.create_task(work)

    async def rings(self) -> None:
        """Let the phone ring."""
        self.begin()
        assert await until(lambda: self.dialler.dialled_count == 1)
        self.dialler.told(NumberRings(is_heard=False))
        assert await until(lambda: self.part.told[-1].state == "ringing")

    async def ends(self) -> CallerRung:
        """Return what the page is told at the end."""
        assert self._work is not None
        async with asyncio.timeout(10):
            await self._work
        return self.part.told[-1]

    async def stop(self) -> None:
        """Ring no longer."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.wait({self._work})

    async def _sleep_ms(self, ms: int) -> None:
        """Let time go on when the test says so."""
        assert ms == DIAL_AGAIN_EVERY_MS
        await self.turns.get()


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """Give a number that is not rung yet."""
    one = Stage()
    yield one
    await one.stop()


async def test_a_number_whose_callback_is_another_advisers_by_now_is_rung_no_longer(
    stage: Stage,
) -> None:
    await stage.rings()

    def is_given_on() -> None:
        raise StaleToken("This callback is not yours any more.")

    stage.keepers.asking = is_given_on
    stage.turns.put_nowait(None)
    told = await stage.ends()
    assert (told.state, told.why) == ("failed", "given_up")
    assert stage.dialler.hung_up_count == 1


@pytest.mark.parametrize(
    "answer",
    [PeerUnavailable("It is away."), UnknownName("It has begun anew and does not know it yet.")],
)
async def test_a_number_rings_on_while_its_keeper_is_away_or_begins_anew(
    stage: Stage, answer: Exception
) -> None:
    await stage.rings()

    def is_away() -> None:
        raise answer

    stage.keepers.asking = is_away
    for _ in range(2):
        stage.turns.put_nowait(None)
    assert await until(lambda: stage.keepers.asked_count == 3)
    await asyncio.sleep(0.02)
    assert stage.part.told[-1].state == "ringing"
    assert not stage.dialler.hung_up_count


@pytest.mark.parametrize("gone", [AdviserHungUp(), AdviserLost()])
async def test_nobody_is_dialled_for_an_adviser_who_goes_while_the_keeper_is_asked(
    stage: Stage, gone: AdviserGone
) -> None:
    stage.keepers.asking = lambda: stage.part.act(gone)
    stage.part.act(AdviserAttached(leg=LegId("ada")))
    stage.begin()
    told = await stage.ends()
    assert (told.why, told.may_again) == ("given_up", True)
    assert stage.keepers.overs == [False], "it may be rung again"
    assert not stage.dialler.dialled_count


@pytest.mark.parametrize("why", [DialFailure.UNREACHABLE, DialFailure.NO_SOUND])
async def test_what_has_rung_was_the_attempt_however_it_failed(
    stage: Stage, why: DialFailure
) -> None:
    await stage.rings()
    stage.dialler.told(NumberFailed(why=why))
    told = await stage.ends()
    assert (told.why, told.found, told.may_again) == (why.value, None, False)
    assert stage.keepers.overs == [True]


async def test_what_was_answered_was_the_attempt_though_no_call_comes_of_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(CallbackDial, "_begin", fail)
    stage.begin()
    assert await until(lambda: stage.dialler.dialled_count == 1)
    stage.dialler.told(NumberAnswered())
    told = await stage.ends()
    assert (told.why, told.may_again) == ("unreachable", False)
    assert stage.keepers.overs == [True]
    assert stage.dialler.hung_up_count == 1


@pytest.mark.parametrize(("gone", "is_made"), [(AdviserHungUp(), True), (AdviserLost(), False)])
async def test_a_page_that_breaks_while_it_rings_is_no_attempt_and_who_hangs_up_has_made_one(
    stage: Stage,
    gone: AdviserGone,
    is_made: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    await stage.rings()
    stage.part.act(gone)
    assert (await stage.ends()).may_again is not is_made
    assert stage.keepers.overs == [is_made]
