"""What an adviser does with callbacks: takes one, rings the number, and says how that ended.

How it ended is said until it is known to be written down, whatever becomes of the desk meanwhile.
"""

import asyncio

from contactcentre.drills import history as facts
from contactcentre.drills.desk_way import DeskWay
from contactcentre.drills.history import now_ms
from contactcentre.drills.leg import Said
from contactcentre.drills.who import Adviser

PRESS_AGAIN_S = 1.0
SAID_MAX = 300


class RingingBack:
    """The callbacks of one adviser."""

    def __init__(self, adviser: Adviser) -> None:
        self._adviser = adviser
        self._ends: dict[int, str] = {}
        """How it ends that the number is rung, by the token."""

    def taken(self, call: str, token: int) -> None:
        """Write down, once, that the adviser has a callback."""
        if token not in self._ends:
            self._ends[token] = self._adviser.attempt()
            self._note(
                facts.CallbackTaken(
                    at_ms=now_ms(), adviser=self._adviser.name, call=call, token=token
                )
            )

    async def take(self, way: DeskWay, ring: Said) -> None:
        """Take it, and say so until the desk tells what has come of it."""
        while True:
            await self._say(way, ring, "take")
            await asyncio.sleep(PRESS_AGAIN_S)

    async def end(self, way: DeskWay, tasks: asyncio.TaskGroup, ring: Said) -> None:
        """Say how the attempt ended, and wait for what the desk has to do next."""
        attempt = self._ends[ring["token"]]
        self._note(
            facts.AttemptSaid(
                at_ms=now_ms(),
                adviser=self._adviser.name,
                call=ring["call"],
                token=ring["token"],
                attempt=attempt,
            )
        )
        tasks.create_task(self._insist(way, ring, attempt), name="adviser's word")
        await asyncio.Event().wait()

    async def _insist(self, way: DeskWay, ring: Said, attempt: str) -> None:
        for _ in range(SAID_MAX):
            answer = await self._say(way, ring, attempt)
            if answer is not None and answer["written"]:
                return
            await asyncio.sleep(PRESS_AGAIN_S)

    async def _say(self, way: DeskWay, ring: Said, word: str) -> Said | None:
        said = {"word": word, "ticket": ring["ticket"]}
        return await way.answer("POST", f"/api/callbacks/{ring['call']}", said)

    def _note(self, fact: facts.Fact) -> None:
        self._adviser.history.note(fact)
