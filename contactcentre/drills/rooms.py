"""Talks in which more than talking goes on while something is lost: hold, consultation, transfer.

The first talks of a drill have one of these each. A caller is on hold or a colleague asked before
the fault, and taken back or let go after it; a caller is handed to another queue right behind it.
What an adviser sees undone is done again, as a person would.
"""

import asyncio
from collections.abc import Callable, Mapping
from enum import StrEnum
from random import Random

from contactcentre.domain.consulting import ConsultState, is_consult
from contactcentre.domain.ids import CallId
from contactcentre.drills.adviser import AdviserPage
from contactcentre.drills.history import CallerCame, CallerHanded, Consulting, Held, History, now_ms
from contactcentre.drills.leg import Said
from contactcentre.drills.manners import AdviserManner, Stage
from contactcentre.drills.unseen_places import WEB
from contactcentre.drills.who import Adviser

ASKED_QUEUE, OTHER_QUEUE = "tax.general.en", "tax.sign-in.en"
SAY_AGAIN_S, LOOK_S = 1.0, 0.05
DONE_WITHIN_S = 20.0
TOGETHER_S = 1.0
"""Shorter than a talk may be deaf: of two who hum at once only one is known."""
NOBODY, THERE, TOGETHER = ConsultState.NONE, ConsultState.TALKING, ConsultState.MERGED


class RoomAct(StrEnum):
    """What is done in a talk."""

    HOLD = "hold"
    CONSULT = "consult"
    TRANSFER = "transfer"


def counts_of(history: History) -> Mapping[str, int]:
    """Return in how many talks each was seen."""
    held = {fact.call for fact in history.of(Held) if fact.on}
    return {
        "held": len(held),
        "consulted": len({fact.call for fact in history.of(Consulting)}),
        "transferred": len({fact.call for fact in history.of(CallerHanded)}),
    }


class Rooms:
    """Who does what in which talk."""

    def __init__(self, stage: Stage, history: History, chance: Random, *, talks: int) -> None:
        self.stage = stage
        self._history = history
        acts = list(RoomAct)
        chance.shuffle(acts)
        self._left = acts[:talks]
        stage.answers_left += self._left.count(RoomAct.CONSULT)
        self._begun: set[str] = set()
        self._under_way = 0

    @property
    def are_set(self) -> bool:
        """Say whether everything is as it is to be when something is lost."""
        return self._under_way == 0 and (not self._left or self._begun >= self._pages)

    def begin(self, call: str) -> RoomAct | None:
        """Return what is done in a talk that begins, if anything is: those of pages have it."""
        if not self._left or call not in self._pages or self.stage.go_on.is_set():
            return None
        self._begun.add(call)
        self._under_way += 1
        return self._left.pop()

    @property
    def _pages(self) -> set[str]:
        return {fact.call for fact in self._history.of(CallerCame) if fact.leg == WEB}

    def is_set(self) -> None:
        """Take note that one is as it is to be."""
        self._under_way -= 1

    def adviser(self, adviser: Adviser, manner: AdviserManner) -> "RoomAdviser":
        """Return somebody who does what is to be done."""
        return RoomAdviser(adviser, manner, self)


class RoomAdviser(AdviserPage):
    """An adviser who does such a thing in a talk."""

    def __init__(self, adviser: Adviser, manner: AdviserManner, rooms: Rooms) -> None:
        super().__init__(adviser, manner)
        self._rooms = rooms
        self._is_held = False
        self._consult = NOBODY

    def _leg_said(self, ring: Said, said: Said) -> None:
        super()._leg_said(ring, said)
        match said["kind"]:
            case "connected":
                self._is_held, self._consult = False, NOBODY
            case "held":
                self._is_held = said["on"]
                self._note(
                    Held(
                        at_ms=now_ms(),
                        adviser=self._adviser.name,
                        call=ring["call"],
                        token=ring["token"],
                        on=self._is_held,
                    )
                )
            case "consulted":
                self._consult = ConsultState(said["state"])
                if self._consult is THERE:
                    self._note(self._about(Consulting, ring["call"], ring["token"]))
            case _:
                pass

    async def _talk(self) -> None:
        act = None if is_consult(CallId(self._call)) else self._rooms.begin(self._call)
        match act:
            case RoomAct.HOLD:
                await self._hold()
            case RoomAct.CONSULT:
                await self._ask()
            case RoomAct.TRANSFER:
                await self._transfer()
            case None:
                pass
        await super()._talk()

    async def _hold(self) -> None:
        """Have the caller on hold over the fault."""
        await self._until(lambda: self._is_held, {"kind": "hold", "on": True})
        await self._set_and_go_on()
        await self._until(lambda: not self._is_held, {"kind": "hold", "on": False})

    async def _ask(self) -> None:
        """Talk with a colleague over the fault, then all together, and with the caller again."""
        asked = {"kind": "ask", "queue": ASKED_QUEUE, "adviser": None}
        await self._until(lambda: self._consult is THERE, asked)
        await self._set_and_go_on()
        if self._consult is THERE:
            await self._until(lambda: self._consult is not THERE, {"kind": "merge"})
            await asyncio.sleep(TOGETHER_S)
        await self._until(lambda: self._consult is NOBODY, {"kind": "drop_consult"})
        await self._until(lambda: not self._is_held, {"kind": "hold", "on": False})

    async def _transfer(self) -> None:
        """Hand the caller to another queue, until the desk says that the talk is over."""
        await self._set_and_go_on()
        token = self._work[1]
        assert isinstance(token, int), "a talk has its token"
        until_ms = now_ms() + int(DONE_WITHIN_S * 1_000)
        while now_ms() < until_ms:
            if await self._tell({"kind": "transfer", "queue": OTHER_QUEUE}):
                self._note(self._about(CallerHanded, self._call, token))
            await asyncio.sleep(SAY_AGAIN_S)

    async def _set_and_go_on(self) -> None:
        self._rooms.is_set()
        await self._rooms.stage.go_on.wait()
        await self._rooms.stage.some(0.0, 2.0)

    async def _until(self, is_so: Callable[[], bool], said: Said) -> None:
        """Say something again and again until it is so, or for as long as anybody would."""
        until_ms = now_ms() + int(DONE_WITHIN_S * 1_000)
        said_ms = 0
        while now_ms() < until_ms and not is_so():
            if now_ms() - said_ms > SAY_AGAIN_S * 1_000:
                said_ms = now_ms()
                await self._tell(said)
            await asyncio.sleep(LOOK_S)

    async def _tell(self, said: Said) -> bool:
        """Say something to the node, if there is a way there; say whether the socket took it."""
        leg = self._leg
        return leg is not None and leg.is_connected and await leg.say(said)
