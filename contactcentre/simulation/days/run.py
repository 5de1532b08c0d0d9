"""One day from the doors' opening until the last caller has gone, with a fault in it or without."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from time import perf_counter

import structlog

from contactcentre.domain.call import TALKS, CallState
from contactcentre.domain.presence import Presence
from contactcentre.simulation.days.callers import Callers
from contactcentre.simulation.days.centre import BOTH, NORTH, Centre
from contactcentre.simulation.days.day import Day, Fault, Queue
from contactcentre.simulation.days.desk import Adviser, Desk
from contactcentre.simulation.days.judge import ANSWER_LOST_S, UNSETTLED_S
from contactcentre.simulation.days.light import LightCall
from contactcentre.simulation.lives import LivesLoop
from contactcentre.simulation.loop import Simulation, steady

OPENS_S = 20.0
"""When the doors open: matching is open by then, and the first advisers are there."""
ADVISERS_COME_S = 10.0
LAST_CALLERS_S = 8 * 3_600.0
"""How long after the doors are closed the last caller is waited for."""
SETTLES_S = 70.0
"""At the end whatever is left in the live state is put right, if it ever is."""
WATCHFUL_S = (30.0, 120.0)
"""Everything is said with each beat so long before and after a fault and its end."""
LOOK_EVERY_S = 10.0
ROUNDS_MAX = 200_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a day."""

    figures: dict[str, float]
    broken: Sequence[str]
    """A sentence for each promise that was broken."""
    real_s: float


def simulate_day(day: Day, *, seed: int, fault: Fault | None, queue: Queue) -> Result:
    """Run a day. The process is not used for anything after that: its dead are not tidied up."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    most_s = OPENS_S + day.length_s + LAST_CALLERS_S + 2 * SETTLES_S
    loop = LivesLoop(virtual_max_s=most_s, rounds_max=ROUNDS_MAX)
    asyncio.set_event_loop(loop)
    began_s = perf_counter()
    with steady(seed):
        run = _Run(Simulation(loop, seed), day, fault, queue)
        loop.run_until_complete(run.run())
    return run.result(perf_counter() - began_s, loop)


class _Run:
    """One day."""

    def __init__(self, simulation: Simulation, day: Day, fault: Fault | None, queue: Queue) -> None:
        self._day = day
        self._fault = fault
        self._queue = queue
        loses_site = fault is not None and queue is Queue.KEPT
        self._centre = Centre(simulation, day, routers_at=BOTH if loses_site else (NORTH,))
        self._scene = scene = self._centre.scene
        self._dice = simulation.dice("day")
        self._callers = Callers(
            day, scene, nodes=self._centre.nodes, floor=self._centre.floor, opens_s=OPENS_S
        )
        scene.crowd = self._callers

    async def run(self) -> None:
        """Let the day pass."""
        self._centre.begin()
        for number in range(len(self._day.share)):
            begins_s = OPENS_S + number * self._day.interval_s - ADVISERS_COME_S
            self._scene.later(begins_s, self._change_advisers, number)
        self._callers.open()
        if self._fault is not None:
            self._plan(self._fault)
        await asyncio.sleep(OPENS_S + self._day.length_s)
        self._scene.tally.close(at_s=self._scene.now_s)
        while not self._callers.is_over:  # noqa: ASYNC110 - it can only be asked
            await asyncio.sleep(LOOK_EVERY_S)
        for adviser in self._centre.floor.advisers.values():
            adviser.go_home()
        while self._scene.tally.on_duty.count:  # noqa: ASYNC110 - likewise
            await asyncio.sleep(LOOK_EVERY_S)
        await asyncio.sleep(SETTLES_S)

    def result(self, real_s: float, loop: LivesLoop) -> Result:
        """Return what came of it."""
        scene, centre = self._scene, self._centre
        out_of_order = scene.judge.out_of_order(centre.ground.reservations)
        stuck = self._stuck()
        left = self._left_behind()
        account = scene.tally.account
        mistakes = [
            *centre.mistakes,
            *(f"unheard of: {one!r}" for one in loop.unheard),
            *(
                f"a script failed: {one}"
                for server in centre.store.servers
                for one in server.mistakes
            ),
        ]
        figures = scene.tally.figures(answered_within_s=self._day.answered_within_s) | {
            "duplicated": scene.judge.duplicated_count,
            "order_violations": len(out_of_order),
            "stuck_advisers": len(stuck),
            "left_behind": len(left),
            "mistakes": len(mistakes),
        }
        broken = [
            *out_of_order,
            *stuck,
            *left,
            *mistakes,
        ]
        if not account.holds:
            broken.append(f"the account does not add up: {account}")
        return Result(figures=figures, broken=broken, real_s=real_s)

    # Shifts

    def _change_advisers(self, interval: int) -> None:
        """Let as many advisers be there as the interval has."""
        advisers = self._centre.floor.advisers.values()
        for name, pool in groupby(advisers, key=attrgetter("pool")):
            wanted = next(one for one in self._day.pools if one.name == name).advisers[interval]
            for number, adviser in enumerate(pool):
                if number < wanted and not adviser.is_on_duty:
                    delay_s = self._dice.uniform(0, ADVISERS_COME_S)
                    self._scene.later(delay_s, self._come_to_work, adviser)
                elif number >= wanted and adviser.is_on_duty:
                    adviser.go_home()

    def _come_to_work(self, adviser: Adviser) -> None:
        adviser.sign_in(self._dice.choice(self._centre.desks()))

    # The fault

    def _plan(self, fault: Fault) -> None:
        """Let the fault come and go."""
        at_s = OPENS_S + fault.at_s
        scene = self._scene
        if self._queue is Queue.KEPT:
            for moment_s in (at_s, at_s + fault.for_s):
                before_s, after_s = WATCHFUL_S
                scene.watchful_s.append((moment_s - before_s, moment_s + after_s))
            scene.later(at_s, self._lose_site, fault)
            scene.later(at_s + fault.for_s, self._centre.start_site, NORTH)
        else:
            scene.later(at_s, self._go_dark, fault)
            scene.later(at_s + fault.for_s, self._go_light)

    def _lose_site(self, fault: Fault) -> None:
        """Lose the site where the primary of the live state is."""
        nodes, desks = self._centre.kill_site(NORTH)
        here = [one for node in nodes for one in node.calls.values()]
        judge, now_s = self._scene.judge, self._scene.now_s
        for one in self._calls():
            judge.goes(one.call.id, at_s=now_s - ANSWER_LOST_S)
        self._scene.later(UNSETTLED_S, self._settle)
        self._callers.lose(here, back_s=fault.callers_back_s)
        for one in here:
            if one.call.state is CallState.RINGING and one.call.adviser is not None:
                self._centre.floor.over(nodes[0].names, one.call.adviser, one.call.token)
        for desk in desks:
            for adviser in desk.seats.values():
                delay_s = self._dice.uniform(*fault.advisers_back_s)
                self._scene.later(delay_s, self._come_back, adviser, desk)

    def _settle(self) -> None:
        """Count as known to wait again who has not moved since the loss."""
        for one in self._calls():
            if not one.is_between:
                one.node.stand(one)

    def _come_back(self, adviser: Adviser, lost: Desk) -> None:
        if adviser.desk is lost and adviser.state is not Presence.OFFLINE:
            adviser.go_to(self._dice.choice(self._centre.desks()))

    def _go_dark(self, fault: Fault) -> None:
        self._callers.after_cut = fault.redial
        waiting = [one for one in self._calls() if one.call.state not in TALKS]
        self._callers.cut(waiting, fault.redial)

    def _go_light(self) -> None:
        self._callers.after_cut = None

    def _calls(self) -> list[LightCall]:
        nodes = self._centre.all_nodes()
        return [one for node in nodes for one in node.calls.values()]

    # At the end

    def _stuck(self) -> Sequence[str]:
        """Return the advisers who have gone home and whom the live state has otherwise."""
        data = self._centre.store.primary.data
        found = []
        for name, adviser in self._centre.floor.advisers.items():
            if adviser.desk is not None:
                state = data.values[b"cc:adviser:" + name.encode()][b"state"].decode()
                if state != Presence.OFFLINE or adviser.state is not Presence.OFFLINE:
                    found.append(f"adviser {name} is {state}, and has gone home as {adviser.state}")
        return found

    def _left_behind(self) -> Sequence[str]:
        """Return the calls that the live state has, and that are over."""
        values = self._centre.store.primary.data.values
        return [
            f"{key.decode()} is {value[b'state'].decode()} at the end of the day"
            for key, value in values.items()
            if key.startswith(b"cc:call:") and value[b"state"] != b"closed"
        ]
