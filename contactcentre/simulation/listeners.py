"""Advisers who pause a recording now and then, and supervisors who listen in for a while."""

import asyncio
from collections.abc import Callable, Sequence
from random import Random
from typing import cast

import aiohttp

from contactcentre.adapters.web.claims import Signatures
from contactcentre.domain.ids import AdviserId, CallId, NodeId
from contactcentre.drills.adviser import AdviserPage
from contactcentre.drills.leg import Leg, Said
from contactcentre.drills.manners import AdviserManner
from contactcentre.drills.who import Adviser
from contactcentre.ports.environment import Clock
from contactcentre.simulation.browser import Browser
from contactcentre.simulation.chats import ChattingAdviser, MakeSeat
from contactcentre.simulation.network import Names
from contactcentre.simulation.sound import BrowserSound
from contactcentre.simulation.witness import Witness
from contactcentre.simulation.world import World
from contactcentre.wire.claims import SupervisorTicket

PAUSE_RATIO = 0.25
"""In so many talks something is said that must not be recorded: the number of a card."""
PAUSES_AFTER_S, PAUSES_FOR_S = (1.0, 4.0), (2.0, 8.0)
LISTENS_EVERY_S = 3.0
LISTENS_FOR_S = (2.0, 8.0)
TICKET_S = 60
NO_HZ = 0.0


class PausingAdviser(ChattingAdviser):
    """An adviser who has the recording of some talks paused for a while."""

    def __init__(
        self,
        adviser: Adviser,
        manner: AdviserManner,
        seat_of: MakeSeat,
        *,
        witness: Witness,
        chance: Random | None,
    ) -> None:
        """Make it; without a chance nothing is ever paused."""
        super().__init__(adviser, manner, seat_of)
        self._witness = witness
        self._chance = chance
        self._shown: tuple[int, Said, float] | None = None
        """Of which talk's recording the page shows what, and since when."""

    @property
    def talk(self) -> Said | None:
        """Return the ring of the talk that is heard just now."""
        is_heard = self._leg is not None and self._bridged.is_set()
        return self._ring if is_heard and self._work[0] == "talking" else None

    async def _talk(self) -> None:
        chance = self._chance
        if chance is None or chance.random() >= PAUSE_RATIO:
            await super()._talk()
            return
        after_s, for_s = chance.uniform(*PAUSES_AFTER_S), chance.uniform(*PAUSES_FOR_S)
        async with asyncio.TaskGroup() as tasks:
            pausing = tasks.create_task(self._pause(after_s, for_s), name="adviser pauses")
            try:
                await super()._talk()
            finally:
                pausing.cancel()

    async def _pause(self, after_s: float, for_s: float) -> None:
        """Have it paused, until what is said may be heard again."""
        await asyncio.sleep(after_s)
        await self._tell_node({"kind": "record", "on": False})
        await asyncio.sleep(for_s)
        if self._ring is not None:
            self._witness.paused(self._ring["call"], self._adviser.name, on=False)
        await self._tell_node({"kind": "record", "on": True})

    def _leg_said(self, ring: Said, said: Said) -> None:
        super()._leg_said(ring, said)
        if said["kind"] == "recording":
            self._shown = ring["token"], said, asyncio.get_running_loop().time()
            if not said["on"]:
                self._witness.paused(ring["call"], self._adviser.name, on=True)

    def _attach(self, ring: Said) -> Said:
        """Say with a new leg what the page shows of the recording."""
        attach = super()._attach(ring)
        if self._shown is None or self._shown[0] != ring["token"]:
            return attach
        _, shown, since_s = self._shown
        left_ms = shown["left_ms"]
        if left_ms is not None:
            left_ms -= round((asyncio.get_running_loop().time() - since_s) * 1_000)
            left_ms = max(0, left_ms)
        return {**attach, "recording": {"on": shown["on"], "left_ms": left_ms, "act": shown["act"]}}

    def _end_part(self, call: str, token: int, *, lapse: str | None = None) -> None:
        super()._end_part(call, token, lapse=lapse)
        self._witness.paused(call, self._adviser.name, on=False)


class Listeners:
    """Supervisors, one after the other, each in one talk."""

    def __init__(
        self, world: World, advisers: Sequence[AdviserPage], chance: Random, *, clock: Clock
    ) -> None:
        self._world = world
        self._advisers = advisers
        self._chance = chance
        self._clock = clock
        self._count = 0

    async def keep_listening(self, signatures: Signatures) -> None:
        """Listen in again and again."""
        while True:
            await asyncio.sleep(self._chance.expovariate(1.0 / LISTENS_EVERY_S))
            talks = [
                page.talk
                for page in self._advisers
                if isinstance(page, PausingAdviser) and page.talk is not None
            ]
            if talks:
                await self._listen(self._chance.choice(talks), signatures)

    async def _listen(self, talk: Said, signatures: Signatures) -> None:
        """Listen in to one talk for a while."""
        self._count += 1
        name = f"supervisor-{self._count}"
        names: Names = ("people", "people", name)
        ticket = SupervisorTicket(
            call=CallId(talk["call"].partition("-ask-")[0]),
            supervisor=AdviserId(name),
            node=NodeId(talk["node_url"].removeprefix("ws://").removesuffix("/leg")),
            exp=self._clock.now_ms() // 1_000 + TICKET_S,
        )
        browser = Browser(self._world.post, self._world.wires, names)
        leg = Leg(
            cast("aiohttp.ClientSession", browser),
            talk["node_url"],
            {"kind": "supervise", "ticket": signatures.sign_supervisor_ticket(ticket)},
            hums_hz=NO_HZ,
            said=_no_matter,
            make_sound=self._sound(names),
        )
        living = asyncio.create_task(leg.live(), name=name)
        await asyncio.wait({living}, timeout=self._chance.uniform(*LISTENS_FOR_S))
        living.cancel()
        await asyncio.wait({living})
        await leg.close()

    def _sound(self, names: Names) -> Callable[[float], BrowserSound]:
        return lambda hums_hz: BrowserSound(self._world.ground.air, names, hums_hz)


def _no_matter(_said: Said) -> None:
    """Hear what the node says, and do nothing."""
