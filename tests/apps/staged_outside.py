"""A call with somebody on an outside number, and a dialler that rings as a test says."""

import asyncio
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any

from contactcentre.apps.outside_party import OutsideParty
from contactcentre.domain.call import CallState
from contactcentre.domain.consulting import ConsultEnd, ConsultState
from contactcentre.domain.dialling import DialFailure, OutsideNumber
from contactcentre.domain.events import CallEvent
from contactcentre.domain.ids import AdviserId, CallId, LegId, OutsideName, PhoneNumber, Token
from contactcentre.domain.languages import Language
from contactcentre.ports.dialling import DialEvent
from contactcentre.wire.claims import OutsideMemory

NAME = OutsideName("council-tax")
LEFT = ["OutsideConsulted", "CallTakenOffHold", "CallSentOutside"]
NUMBER = OutsideNumber(
    name=NAME,
    number=PhoneNumber("+441632960100"),
    titles={Language.ENGLISH: "Council tax", Language.WELSH: "Treth y cyngor"},
)


class StagedDialler:
    """Rings a number as the test says."""

    def __init__(self) -> None:
        self.fails: Exception | None = None
        self.refers: DialFailure | bool = False
        self.is_slow = asyncio.Event()
        self.is_slow.set()
        self.hung_up_count = self.let_go_count = 0
        self.kept = "kept"
        self.leg: Any = None
        self.told: Callable[[DialEvent], None] = lambda _: None
        self.heard: Callable[[Any], None] = lambda _: None

    def named(self, _name: OutsideName) -> OutsideNumber:
        """Know one number."""
        return NUMBER

    async def refer(self, number: str, **_said: Any) -> DialFailure | bool:
        """Have the trunk do it, or not."""
        assert number == NUMBER.number
        await self.is_slow.wait()
        if self.fails is not None:
            raise self.fails
        return self.refers

    async def dial(self, number: str, **said: Any) -> "StagedDialler":
        """Ring it."""
        assert number == NUMBER.number
        await self.is_slow.wait()
        if self.fails is not None:
            raise self.fails
        self.leg, self.told, self.heard = said["leg"], said["told"], said["heard"]
        return self

    async def take_over(self, before: Any, number: str, **said: Any) -> "StagedDialler":
        """Go on with it."""
        assert before.kept == "kept"
        return await self.dial(number, **said)

    def hang_up(self) -> None:
        """Count it."""
        self.hung_up_count += 1

    def let_go(self) -> None:
        """Count it."""
        self.let_go_count += 1


class Stage:
    """A call, a dialler, and what was told."""

    def __init__(self) -> None:
        self.call = SimpleNamespace(
            id=CallId("c1"), adviser=AdviserId("ada"), token=Token(7), state=CallState.ON_HOLD
        )
        self.dialler = StagedDialler()
        self.has_dialler = True
        self.noted: list[str] = []
        self.changes_count = self.handed_count = self.dropped_count = self.now_ms = 0
        self.is_late = asyncio.Event()
        """Set once a phone had all its time."""
        self.tasks: set[asyncio.Task[None]] = set()
        tools: Any = SimpleNamespace(
            dialler=lambda: self.dialler if self.has_dialler else None,
            chance=SimpleNamespace(nonce=lambda: "n"),
            clock=SimpleNamespace(
                now_ms=lambda: 5, monotonic_ms=lambda: self.now_ms, sleep_ms=self.sleep_ms
            ),
            spawn=self.spawn,
        )
        live: Any = self
        self.party = OutsideParty(live, tools, changed=self.changed, hand_over=self.hand_over)

    def spawn(self, work: Coroutine[None, None, None], name: str) -> None:
        """Run something beside."""
        self.tasks.add(asyncio.create_task(work, name=name))

    def note(self, event: CallEvent) -> None:
        """Remember an event."""
        self.noted.append(type(event).__name__)

    async def drop(self) -> None:
        """Count that the call was let go."""
        self.dropped_count += 1

    async def sleep_ms(self, _ms: int) -> None:
        """Wait until the test says so."""
        await self.is_late.wait()

    async def goes_on(self, **how: bool) -> None:
        """Let another node have had somebody there."""
        self.party.go_on(OutsideMemory(name=NAME, leg=LegId("c1.outside.old"), kept="kept", **how))
        await asyncio.sleep(0.01)

    def changed(self) -> None:
        """Count it."""
        self.changes_count += 1

    def hand_over(self) -> None:
        """Count it."""
        self.handed_count += 1

    async def rings(self, *, hands_over: bool = False) -> None:
        """Let the number ring."""
        self.party.ask(NAME, hands_over=hands_over)
        await asyncio.sleep(0.01)

    @property
    def stands(self) -> tuple[ConsultState, ConsultEnd | None]:
        """Return what the adviser is told."""
        return self.party.told.state, self.party.told.why
