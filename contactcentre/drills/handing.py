"""What an adviser does with a caller beside talking: hands them to a queue, or asks a colleague.

Each is said again until the node or the desk tells what has come of it, for as long as a person
would try; then the adviser goes on with the talk, and ends it like any other.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from contactcentre.drills.leg import Said

AGAIN_S = 0.5
HANDED_WITHIN_S = 8.0
ASKED_WITHIN_S = 20.0
TOGETHER_S = 2.0
"""So long all three talk, or the two who know the caller, before anything else is done."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Parting:
    """What is done with a caller at the end of a talk."""

    way: Way
    queue: str
    """Where the caller waits next, or whose advisers are asked."""


class Handing:
    """One adviser's way to do so in one talk."""

    def __init__(self, say: Callable[[Said], Awaitable[bool]]) -> None:
        self._say = say
        self._state = "none"
        self._is_refused = False
        self._news = asyncio.Event()

    def hear(self, said: Said) -> None:
        """Take what the node says of it."""
        if said["kind"] == "consulted":
            self._state = said["state"]
        self._is_refused = self._is_refused or said["kind"] == "not_done"
        self._news.set()

    async def do(self, parting: Parting) -> None:
        """Do it; return when the adviser still has the caller."""
        if parting.way is Way.TRANSFER:
            await self._insist({"kind": "transfer", "queue": parting.queue}, lambda: False)
            return
        asked = {"kind": "ask", "queue": parting.queue, "adviser": None}
        await self._insist(asked, lambda: self._state != "none")
        if await self._comes_to(lambda: self._state in THERE, within_s=ASKED_WITHIN_S):
            await asyncio.sleep(TOGETHER_S)
            if parting.way is Way.MERGE:
                await self._insist({"kind": "merge"}, lambda: self._state != "talking")
                await asyncio.sleep(TOGETHER_S)
            if parting.way is Way.HAND_OVER:
                await self._insist({"kind": "hand_over"}, lambda: False)
        if parting.way is not Way.MERGE:
            await self._insist({"kind": "drop_consult"}, lambda: self._state == "none")

    async def _insist(self, said: Said, is_done: Callable[[], bool]) -> None:
        """Say it again and again until it is done, or refused, or for some seconds."""
        self._is_refused = False
        for _ in range(round(HANDED_WITHIN_S / AGAIN_S)):
            if is_done() or self._is_refused:
                return
            await self._say(said)
            await self._comes_to(is_done, within_s=AGAIN_S)

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
