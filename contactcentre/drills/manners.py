"""How callers and advisers of a drill behave: when they press, think, talk and go."""

import asyncio
from random import Random
from typing import Protocol

from contactcentre.domain.consulting import is_consult
from contactcentre.domain.ids import CallId

PATIENT_S = 3_600.0
"""Longer than any drill."""


class CallerManner(Protocol):
    """What one caller does by and by."""

    async def choose(self) -> None:
        """Return when the caller presses the key for a queue."""

    async def tire(self) -> None:
        """Return when the caller hangs up who has not been served yet."""

    async def talk(self) -> None:
        """Return when the caller ends the talk."""


class AdviserManner(Protocol):
    """What every adviser does."""

    async def think(self, call: str) -> None:
        """Return when the adviser answers the ring for a call."""

    async def talk(self) -> None:
        """Return when the adviser ends the talk."""

    async def write(self) -> None:
        """Return when the adviser has finished the wrap-up."""


class Stage:
    """What holds everybody in place until the fault, and lets them go on after it."""

    def __init__(self, chance: Random, *, talks: int, quick: int) -> None:
        """Make it; the first `talks` callers are answered at once, the others have to wait.

        So many of these talks are `quick`: they end as soon as everything goes on.
        """
        self.go_on = asyncio.Event()
        self.chance = chance
        self._talks = talks
        self._answered: set[str] = set()
        self.quick_left = quick
        self.answers = _set()
        """Not set while every ring is to be left ringing."""

    def is_answered(self, call: str) -> bool:
        """Say whether a ring is answered before the fault, whoever it is for and however often.

        Whoever is asked about a caller always comes, and takes nobody's place.
        """
        if is_consult(CallId(call)):
            return True
        if len(self._answered) < self._talks:
            self._answered.add(call)
        return call in self._answered

    async def some(self, least_s: float, most_s: float) -> None:
        """Wait for a while."""
        await asyncio.sleep(self.chance.uniform(least_s, most_s))


class StagedCaller:
    """A caller who stays in the menu until the fault is past, or goes to a queue at once."""

    def __init__(self, stage: Stage, *, in_menu: bool) -> None:
        self._stage = stage
        self._in_menu = in_menu

    async def choose(self) -> None:
        """Choose at once, or once everything goes on."""
        if self._in_menu:
            await self._stage.go_on.wait()
        await self._stage.some(0.2, 1.0)

    async def tire(self) -> None:
        """Wait to be served."""
        await asyncio.sleep(PATIENT_S)

    async def talk(self) -> None:
        """Leave it to the adviser in most talks."""
        await self._stage.go_on.wait()
        await self._stage.some(2.0, 16.0)


class StagedAdviser:
    """Advisers who hold their talks and rings until the fault is past."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def think(self, call: str) -> None:
        """Answer at once whoever is to talk, else let it ring."""
        stage = self._stage
        if stage.go_on.is_set():
            await stage.some(0.5, 1.5)
            await stage.answers.wait()
        elif not stage.is_answered(call):
            await stage.go_on.wait()
            await stage.some(1.0, 4.0)

    async def talk(self) -> None:
        """Talk on over the fault; later talks are short."""
        if self._stage.go_on.is_set():
            await self._stage.some(1.0, 3.0)
            return
        await self._stage.go_on.wait()
        if self._stage.quick_left > 0:
            self._stage.quick_left -= 1
            await self._stage.some(0.0, 0.8)
        else:
            await self._stage.some(1.0, 10.0)

    async def write(self) -> None:
        """Write a little."""
        await self._stage.some(0.2, 0.6)


class StandingCaller:
    """One of many callers, each with a mind of their own."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._leaves_menu = chance.random() < 0.05  # noqa: PLR2004 - a few
        self._impatient = chance.random() < 0.05  # noqa: PLR2004 - a few

    async def choose(self) -> None:
        """Think about the menu for some seconds."""
        await asyncio.sleep(PATIENT_S if self._leaves_menu else self._chance.uniform(0.5, 6.0))

    async def tire(self) -> None:
        """Be served, unless this is one of the few who leave before."""
        if self._leaves_menu:
            await asyncio.sleep(self._chance.uniform(1.0, 8.0))
        elif self._impatient:
            await asyncio.sleep(self._chance.uniform(4.0, 20.0))
        else:
            await asyncio.sleep(PATIENT_S)

    async def talk(self) -> None:
        """End about every second talk."""
        await asyncio.sleep(self._chance.uniform(2.0, 10.0))


class StandingAdviser:
    """Advisers of a busy day."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self.answers = _set()
        """Not set while every ring is to be left ringing."""

    async def think(self, call: str) -> None:
        """Answer soon."""
        del call
        await asyncio.sleep(self._chance.uniform(0.3, 3.0))
        await self.answers.wait()

    async def talk(self) -> None:
        """Talk for some seconds."""
        await asyncio.sleep(self._chance.uniform(2.0, 10.0))

    async def write(self) -> None:
        """Write a little."""
        await asyncio.sleep(self._chance.uniform(0.2, 1.0))


class PassingCaller:
    """A caller who listens to the menu for a while and goes."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance

    async def choose(self) -> None:
        """Choose nothing."""
        await asyncio.sleep(PATIENT_S)

    async def tire(self) -> None:
        """Give the platform some time to be heard."""
        await asyncio.sleep(self._chance.uniform(6.0, 8.0))

    async def talk(self) -> None:
        """Talk with nobody."""
        await asyncio.sleep(PATIENT_S)


class PromptCaller:
    """A caller who goes to a queue at once and keeps the talk short."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance

    async def choose(self) -> None:
        """Choose at once."""

    async def tire(self) -> None:
        """Wait to be served."""
        await asyncio.sleep(PATIENT_S)

    async def talk(self) -> None:
        """Say one sentence."""
        await asyncio.sleep(self._chance.uniform(1.0, 2.0))


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event
