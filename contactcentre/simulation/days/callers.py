"""Callers: when they call, how long they stay, whether they call again. Each is a few timers.

Nobody is let in while the platform is dark, as it is only where the queue is dropped.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import count
from math import log, sqrt
from random import Random

from contactcentre.domain.call import CallState
from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.events import Ending
from contactcentre.domain.ids import QueueId
from contactcentre.simulation.days.day import Day, Pool, Redial
from contactcentre.simulation.days.desk import Floor
from contactcentre.simulation.days.light import Caller, LightCall, Scene
from contactcentre.simulation.days.node import Node

WRAP_UP_SHARE = 0.15
"""Which part of the handling time is wrap-up: the sum is the day's, the parts are our choice."""


def queue_of(pool: str, service_class: ServiceClass) -> QueueId:
    """Return the queue of a pool for a class of calls."""
    return QueueId(pool if service_class is ServiceClass.P2 else f"{pool}.{service_class.lower()}")


class Callers:
    """Everybody who calls on one day."""

    def __init__(
        self,
        day: Day,
        scene: Scene,
        *,
        nodes: Callable[[], Sequence[Node]],
        floor: Floor,
        opens_s: float,
    ) -> None:
        """Take the day, and who gives the nodes that listen now."""
        self.after_cut: Redial | None = None
        """Who calls again after being cut or not let in; None while nobody is."""
        self._day = day
        self._scene = scene
        self._nodes = nodes
        self._floor = floor
        self._opens_s = opens_s
        self._dice = scene.simulation.dice("callers")
        self._numbers = count(1)
        self._sigma = sqrt(log(1 + day.handling.cv**2))
        self._mu = log(day.handling.mean_s) - self._sigma**2 / 2
        self._due_count = 0
        """Callers who will call again."""

    @property
    def is_over(self) -> bool:
        """Say whether nobody calls, and nobody will call again."""
        return not self._scene.tally.in_system.count and not self._due_count

    def open(self) -> None:
        """Let everybody come who comes for the first time."""
        for pool in self._day.pools:
            dice = self._scene.simulation.dice(f"callers/{pool.name}")
            self._arrive_next(pool, dice, self._opens_s)

    # Coming

    def _arrive_next(self, pool: Pool, dice: Random, from_s: float) -> None:
        """Let the next caller of a pool come; each interval has its rate."""
        at_s, shares, span_s = from_s, self._day.share, self._day.interval_s
        while (number := int((at_s - self._opens_s) // span_s)) < len(shares):
            rate = pool.calls * shares[number] / span_s
            end_s = self._opens_s + (number + 1) * span_s
            at_s = at_s + dice.expovariate(rate) if rate else end_s
            if at_s < end_s:
                step = partial(self._arrive, pool, dice, at_s)
                self._scene.later(at_s - self._scene.now_s, step)
                return
            at_s = end_s

    def _arrive(self, pool: Pool, dice: Random, at_s: float) -> None:
        wants = dice.random() >= self._day.menu.ended_share
        urgent = wants and dice.random() < self._day.extra_support_share
        self._scene.tally.callers_count += wants
        self._call(Caller(pool=pool.name, wants_adviser=wants, is_urgent=urgent), again=False)
        self._arrive_next(pool, dice, at_s)

    def _call(self, caller: Caller, *, again: bool) -> None:
        scene = self._scene
        scene.tally.offer(at_s=scene.now_s, again=again, wants_adviser=caller.wants_adviser)
        if self.after_cut is not None:
            scene.tally.refused_count += 1
            self._perhaps_again(caller, self.after_cut)
            return
        node = self._dice.choice(self._nodes())
        queue = queue_of(caller.pool, caller.service_class)
        one = node.admit(f"call-{next(self._numbers)}", caller, queue)
        scene.tally.in_system.change(+1, at_s=scene.now_s)
        scene.later(self._dice.expovariate(1 / self._day.menu.mean_s), self._choose, one)

    def _perhaps_again(self, caller: Caller, redial: Redial | None) -> None:
        if redial is not None and self._dice.random() < redial.share:
            self._due_count += 1
            self._scene.later(self._dice.expovariate(1 / redial.mean_s), self._call_again, caller)

    def _call_again(self, caller: Caller) -> None:
        self._due_count -= 1
        self._call(caller, again=True)

    # What callers do

    def _choose(self, one: LightCall) -> None:
        """Come to the end of the menus."""
        if self._may(one, self._choose):
            if one.caller.wants_adviser:
                one.node.queue(one)
            else:
                self.over(one, one.node.end(one))

    def _tire(self, one: LightCall) -> None:
        """Leave the queue."""
        if self._may(one, self._tire):
            self.over(one, one.node.end(one))

    def _hang_up(self, one: LightCall) -> None:
        """Have said everything."""
        if self._may(one, self._hang_up):
            self.over(one, one.node.end(one))

    def _may(self, one: LightCall, step: Callable[[LightCall], None]) -> bool:
        """Say whether a caller can do something; who has no node just now does it later."""
        if one.is_between:
            one.put_off = partial(step, one)
        return not one.is_between and one.call.state is not CallState.ENDED

    # What callers hear

    def waits(self, one: LightCall) -> None:
        """Hear that the call waits: patience begins to run."""
        scene = self._scene
        scene.tally.waiting.change(+1, at_s=scene.now_s)
        scene.tally.places_kept_count += one.caller.left_place_ms == one.call.enqueued_ms
        patience_s = self._dice.expovariate(1 / self._day.patience_mean_s)
        one.timer = scene.later(patience_s, self._tire, one)

    def talks(self, one: LightCall) -> None:
        """Hear an adviser, and talk."""
        scene, dice = self._scene, self._dice
        assert one.timer is not None, "whoever is answered has waited"
        assert one.call.adviser is not None, "an adviser answers"
        one.timer.cancel()
        scene.tally.waiting.change(-1, at_s=scene.now_s)
        wait_s = self._wait_s(one)
        scene.tally.answered_s.append(wait_s)
        if one.caller.is_urgent:
            scene.tally.urgent_s.append(wait_s)
        handling_s = dice.lognormvariate(self._mu, self._sigma)
        self._floor.advisers[one.call.adviser].will_write(WRAP_UP_SHARE * handling_s)
        scene.later((1 - WRAP_UP_SHARE) * handling_s, self._hang_up, one)

    def over(self, one: LightCall, ending: Ending) -> None:
        """Be through with the call."""
        tally, at_s = self._scene.tally, self._scene.now_s
        tally.endings[ending] += 1
        tally.in_system.change(-1, at_s=at_s)
        caller, waited = one.caller, one.timer is not None
        if ending is Ending.HANDLED:
            tally.served_count += not caller.is_served
            caller.is_served = True
        elif waited:
            assert one.timer is not None
            one.timer.cancel()
            tally.waiting.change(-1, at_s=at_s)
            is_left = ending is Ending.ABANDONED
            (tally.left_s if is_left else tally.lost_s).append(self._wait_s(one))
        if ending is Ending.ABANDONED:
            caller.left_place_ms = one.call.enqueued_ms
            caller.left_at_ms = one.call.ended_at_ms or 0
            self._perhaps_again(caller, self._day.redial)

    def _wait_s(self, one: LightCall) -> float:
        assert one.joined_s is not None, "it has waited"
        return self._scene.now_s - one.joined_s

    # What befalls them

    def lose(self, ones: Iterable[LightCall], *, back_s: tuple[float, float]) -> None:
        """Let callers lose their node: each page finds another one after a while."""
        for one in ones:
            one.is_between = True
            self._scene.later(self._dice.uniform(*back_s), self._come_back, one)

    def cut(self, ones: Iterable[LightCall], redial: Redial) -> None:
        """Cut callers off who do not talk: they are lost, and perhaps call again."""
        for one in ones:
            one.caller.left_place_ms = None
            self.over(one, one.node.end(one, lost=True))
            self._perhaps_again(one.caller, redial)

    def _come_back(self, one: LightCall) -> None:
        nodes = self._nodes()
        self._dice.choice(nodes).take_over(one)
        self._scene.tally.moved_count += 1
        if one.put_off is not None:
            step, one.put_off = one.put_off, None
            step()
