"""Advisers, and the desk processes that say of them to the live state how they stand.

An adviser answers a ring after some seconds, talks for as long as the caller does, writes, and is
ready again. Who goes home does so after the call.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from random import Random

from contactcentre.apps.reach import RING_DEADLINE_MS
from contactcentre.bench.routing_floor import in_lanes
from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import AdviserId, CallId, DeskId, QueueId, Token
from contactcentre.domain.presence import AwayReason, Presence
from contactcentre.limits import BEAT_EVERY_MS
from contactcentre.ports.state import AdviserReport, AdviserStanding
from contactcentre.simulation.days.light import Holder, LightCall, Ring, Scene
from contactcentre.simulation.days.node import SAID_EVERY_BEATS
from contactcentre.simulation.ground import Ground, Part
from contactcentre.simulation.lives import Life
from contactcentre.simulation.network import Names

ANSWERS_AFTER_S = (1.0, 4.0)
READY_AGAIN_S = 1.0
"""How soon an adviser presses Ready who was sent away by a ring that could not be answered."""
PEOPLE = ("people", "people")
BUSY = frozenset({Presence.RINGING, Presence.TALKING, Presence.WRAP_UP})


class Adviser:
    """One adviser, with the desk in the browser."""

    def __init__(
        self, name: str, pool: str, queues: Sequence[QueueId], scene: Scene, dice: Random
    ) -> None:
        self.adviser = AdviserId(name)
        self.pool = pool
        self.state = Presence.OFFLINE
        self.token = Token(0)
        self.desk: Desk | None = None
        """None while the adviser has none: at home, or looking for another one."""
        self.is_on_duty = False
        self._queues = queues
        self._scene = scene
        self._dice = dice
        self._one: LightCall | None = None
        self._wrap_up_s = 0.0

    def sign_in(self, desk: "Desk") -> None:
        """Come to work, and be ready."""
        self.is_on_duty = True
        if self.state is not Presence.OFFLINE:
            return  # not gone yet
        self._scene.tally.adviser_comes(at_s=self._scene.now_s)
        self.state = Presence.READY
        self.go_to(desk)

    def go_home(self) -> None:
        """Go, as soon as there is no call."""
        self.is_on_duty = False
        if self.state in {Presence.READY, Presence.AWAY}:
            self._be(Presence.OFFLINE)

    def go_to(self, desk: "Desk") -> None:
        """Open the desk at a process; a ring that was lost with another one is over."""
        self.desk = desk
        desk.seats[self.adviser] = self
        if self.state is Presence.RINGING:
            self._one = None
            self._be(self._free)
        else:
            desk.tell(self)

    def rings(self, ring: Ring) -> bool:
        """Take a ring; say whether it is one for an adviser who is ready."""
        if self.state is not Presence.READY or ring.token <= self.token:
            return False
        self.token, self._one = ring.token, ring.one
        self._be(Presence.RINGING)
        self._scene.later(self._dice.uniform(*ANSWERS_AFTER_S), self._answer, ring)
        return True

    def talks(self, token: Token) -> None:
        """Hear that the caller is there."""
        if self.state is Presence.RINGING and token == self.token:
            self._be(Presence.TALKING)

    def hears_end(self, token: Token, *, sends_away: bool) -> None:
        """Hear that a ring or a talk is over; a ring that was not answered sends away."""
        if token != self.token:
            return
        if self.state is Presence.TALKING:
            self._be(Presence.WRAP_UP)
            self._scene.later(self._wrap_up_s, self._is_done)
        elif self.state is Presence.RINGING:
            self._one = None
            self._be(Presence.AWAY if sends_away else self._free)
            if sends_away:
                self._scene.later(READY_AGAIN_S, self._is_done)

    def hears_standing(self, standing: AdviserStanding) -> None:
        """Follow the live state where it knows of a ring that this desk has not heard of."""
        is_newer = standing.state is Presence.AWAY and standing.token > self.token
        if self.state is Presence.READY and is_newer:
            self.token = standing.token
            self._be(Presence.AWAY)
            self._scene.later(READY_AGAIN_S, self._is_done)

    def report(self, desk: DeskId, beat: int) -> AdviserReport:
        """Return what the desk says of the adviser."""
        one = self._one if self.state in BUSY else None
        return AdviserReport(
            adviser=self.adviser,
            desk=desk,
            beat=beat,
            state=self.state,
            reason=AwayReason.DESK_UNREACHABLE if self.state is Presence.AWAY else None,
            call=CallId(one.call.id) if one is not None else None,
            token=self.token,
            queues=self._queues,
        )

    def will_write(self, span_s: float) -> None:
        """Take how long the wrap-up of this call will be."""
        self._wrap_up_s = span_s

    def _answer(self, ring: Ring) -> None:
        desk = self.desk
        if self.state is Presence.RINGING and ring.token == self.token and desk is not None:
            node = ring.one.node
            step = partial(node.bridge, ring.one, self.adviser, ring.token)
            self._scene.network.send(desk.life.names, node.names, step)

    def _is_done(self) -> None:
        if self.state in {Presence.WRAP_UP, Presence.AWAY}:
            self._one = None
            self._be(self._free)

    @property
    def _free(self) -> Presence:
        return Presence.READY if self.is_on_duty else Presence.OFFLINE

    def _be(self, state: Presence) -> None:
        before, self.state = self.state, state
        now_s = self._scene.now_s
        if (before in BUSY) != (state in BUSY):
            self._scene.tally.adviser_busy(on=state in BUSY, at_s=now_s)
        if state is Presence.OFFLINE:
            self._scene.tally.adviser_goes(at_s=now_s)
        if self.desk is not None:
            self.desk.tell(self)


class Desk:
    """One desk process and those who have their desks open there."""

    def __init__(self, ground: Ground, life: Life, scene: Scene) -> None:
        part = Part(ground, life)
        self.life = life
        self.seats: dict[AdviserId, Adviser] = {}
        self._scene = scene
        self._state = part.state
        self._beat = part.clock.now_ms()
        self._untold: dict[AdviserId, Adviser] = {}

    def tell(self, adviser: Adviser) -> None:
        """Tell the live state at once how an adviser stands."""
        if self.life.goes:
            self.life.spawn(self._report(adviser), "report")

    async def keep_beating(self) -> None:
        """Report the process, and now and then everybody, for ever."""
        while True:
            began_s = self._scene.now_s
            self._beat += 1
            says_all = self._scene.is_watchful or self._beat % SAID_EVERY_BEATS == 0
            said = [*(self.seats if says_all else self._untold).values()]
            self._untold.clear()
            await in_lanes(self._report, said)
            with suppress(StateUnavailable):  # the next beat says it again
                await self._state.report_desk(
                    desk=DeskId(self.life.name),
                    beat=self._beat,
                    internal_url=f"http://{self.life.name}",
                )
            await asyncio.sleep(max(0.0, BEAT_EVERY_MS / 1_000 - (self._scene.now_s - began_s)))

    async def _report(self, adviser: Adviser) -> None:
        if adviser.desk is not self:
            return
        try:
            report = adviser.report(DeskId(self.life.name), self._beat)
            standing = await self._state.report_adviser(report)
        except StateUnavailable:
            self._untold[adviser.adviser] = adviser
        else:
            adviser.hears_standing(standing)


class Floor:
    """All desks, as nodes reach them."""

    def __init__(self, scene: Scene, desks: Mapping[str, Desk]) -> None:
        self.advisers: dict[AdviserId, Adviser] = {}
        self._scene = scene
        self._desks = desks

    def hire(self, advisers: Iterable[Adviser]) -> None:
        """Let advisers be known."""
        self.advisers.update((one.adviser, one) for one in advisers)

    def ring(self, source: Names, ring: Ring) -> None:
        """Let an adviser's desk ring; its node hears if it cannot."""
        desk, node = self._desks[ring.desk], ring.one.node

        def arrive() -> None:
            adviser = self.advisers[ring.adviser]
            is_there = desk.life.is_listening and adviser.desk is desk
            if not (is_there and adviser.rings(ring)):
                self._refuse(desk, node, ring)

        self._scene.network.send(source, desk.life.names, arrive)

    def bridged(self, source: Names, adviser: AdviserId, token: Token) -> None:
        """Tell an adviser's page that the caller is there."""
        page = self.advisers[adviser]
        self._scene.network.send(source, (*PEOPLE, adviser), partial(page.talks, token))

    def over(
        self, source: Names, adviser: AdviserId, token: Token, *, sends_away: bool = False
    ) -> None:
        """Tell an adviser's page that a ring or a talk is over."""
        page = self.advisers[adviser]
        step = partial(page.hears_end, token, sends_away=sends_away)
        self._scene.network.send(source, (*PEOPLE, adviser), step)

    def _refuse(self, desk: Desk, node: Holder, ring: Ring) -> None:
        """Let a node know that a desk cannot ring; it finds out by itself if nobody is there."""
        step = partial(node.lapse, ring.one, ring.token, LapseReason.DESK_UNREACHABLE)
        if desk.life.is_listening:
            self._scene.network.send(desk.life.names, node.names, step)
        else:
            self._scene.later(RING_DEADLINE_MS / 1_000, step)
