"""What an adviser does with a caller beside talking: hold, transfer, a colleague who is asked.

Each is said again until the node or the desk tells what has come of it, for as long as a person
would try; then the adviser goes on with the talk, and ends it like any other.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from contactcentre.drills.leg import Said

ASKED_WITHIN_S = 20.0
THERE = frozenset({"talking", "merged"})


class Way(StrEnum):
    """How a talk goes on or ends, where it does not end with goodbye."""

    TRANSFER = "transfer"
    """The caller is handed to a queue."""
    ASK = "ask"
    """A colleague is asked, and let go again."""
    MERGE = "merge"
    """A colleague is asked, and all three talk; then the adviser ends it for all."""
    HAND_OVER = "hand_over"
    """A colleague is asked, and has the caller then."""
    MEET = "meet"
    """A colleague is asked, all three talk, and the colleague is let go again."""
    ASK_OUTSIDE = "ask_outside"
    """An outside number is asked, all three talk, and the number is let go again."""
    LEAVE_OUTSIDE = "leave_outside"
    """An outside number is asked, and has the caller for good."""
    HOLD = "hold"
    """The caller is on hold for a while."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parting:
    """What is done with a caller at the end of a talk."""

    way: Way
    queue: str
    """Where the caller waits next, or whose advisers are asked."""
    outside: str = ""
    """Which outside number is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often and for how long something is said that is not done yet."""

    again_s: float = 0.5
    within_s: float = 8.0
    together_s: float = 2.0
    """So long all three talk, or the two who know the caller, before anything else is done."""
    takes_no: bool = True
    """A refusal is believed; otherwise it is said again nevertheless."""


async def _at_once() -> None:
    """Go on."""


class Handing:
    """One adviser's way to do so in one talk."""

    def __init__(
        self,
        say: Callable[[Said], Awaitable[bool]],
        *,
        patience: Patience = Patience(),
        before: Callable[[], Awaitable[None]] = _at_once,
    ) -> None:
        """Take what is waited for `before` a caller is handed on, or what was begun is undone."""
        self._say = say
        self._patience = patience
        self._before = before
        self._state = "none"
        self._is_held = False
        self._is_refused = False
        self._news = asyncio.Event()

    def hear(self, said: Said) -> None:
        """Take what the node says of it."""
        match said["kind"]:
            case "consulted":
                self._state = said["state"]
            case "held":
                self._is_held = said["on"]
            case "not_done":
                self._is_refused = self._patience.takes_no
            case _:
                pass
        self._news.set()

    def begin_anew(self) -> None:
        """Take note of another leg: its node says how everything stands."""
        self._state, self._is_held = "none", False
        self._news.set()

    async def do(self, parting: Parting) -> None:
        """Do it; return when the adviser still has the caller."""
        match parting.way:
            case Way.TRANSFER:
                await self._before()
                await self._insist({"kind": "transfer", "queue": parting.queue}, lambda: False)
            case Way.HOLD:
                await self._insist({"kind": "hold", "on": True}, lambda: self._is_held)
                await self._before()
                await self._take_back()
            case Way.ASK_OUTSIDE:
                if await self._ask_outside(parting):
                    await self._before()
                await self._meet_outside()
            case Way.LEAVE_OUTSIDE:
                if await self._ask_outside(parting):
                    await self._insist({"kind": "hand_over"}, lambda: False)
            case _:
                await self._consult(parting)

    async def _consult(self, parting: Parting) -> None:
        """Ask a colleague, and go on with both."""
        together_s = self._patience.together_s
        asked = {"kind": "ask", "queue": parting.queue, "adviser": None}
        await self._insist(asked, lambda: self._state != "none")
        if await self._comes_to(lambda: self._state in THERE, within_s=ASKED_WITHIN_S):
            await self._before()
        if self._state in THERE:
            await asyncio.sleep(together_s)
            if parting.way in {Way.MERGE, Way.MEET}:
                await self._insist({"kind": "merge"}, lambda: self._state != "talking")
                await asyncio.sleep(together_s)
            if parting.way is Way.HAND_OVER:
                await self._insist({"kind": "hand_over"}, lambda: False)
        if parting.way is not Way.MERGE:
            await self._insist({"kind": "drop_consult"}, lambda: self._state == "none")
        if parting.way is Way.MEET:
            await self._take_back()

    async def _ask_outside(self, parting: Parting) -> bool:
        """Ask an outside number; say whether somebody has answered there."""
        asked = {"kind": "ask_outside", "outside": parting.outside, "hands_over": False}
        await self._insist(asked, lambda: self._state != "none")
        return await self._comes_to(lambda: self._state in THERE, within_s=ASKED_WITHIN_S)

    async def _meet_outside(self) -> None:
        """Let all three talk, once the number is there or is there again, and let it go."""
        if await self._comes_to(lambda: self._state in THERE, within_s=ASKED_WITHIN_S):
            await self._insist({"kind": "merge"}, lambda: self._state != "talking")
            await asyncio.sleep(self._patience.together_s)
        await self._insist({"kind": "drop_consult"}, lambda: self._state == "none")
        await self._take_back()

    async def _take_back(self) -> None:
        await self._insist({"kind": "hold", "on": False}, lambda: not self._is_held)

    async def _insist(self, said: Said, is_done: Callable[[], bool]) -> None:
        """Say it again and again until it is done, or refused, or for some seconds."""
        self._is_refused = False
        for _ in range(round(self._patience.within_s / self._patience.again_s)):
            if is_done() or self._is_refused:
                return
            await self._say(said)
            await self._comes_to(is_done, within_s=self._patience.again_s)

    async def _comes_to(self, is_so: Callable[[], bool], *, within_s: float) -> bool:
        """Wait until something is so; say whether it came to that in time."""
        try:
            async with asyncio.timeout(within_s):
                while not is_so():
                    if self._is_refused:
                        return False
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return False
        return True
