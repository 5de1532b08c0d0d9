"""What a server has written, and the copies that hear of it a while later.

A step, which is a command or a whole script, is heard of as one or not at all.
"""

from contactcentre.simulation.loop import Simulation
from contactcentre.simulation.store.data import Data, Effect

STEPS_KEPT = 4_096
"""A log is shortened whenever it is so long, to what somebody has yet to hear."""


class Log:
    """The steps of a server since it became what it is, without those that everybody has heard."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self.first = 0
        """The number of the first step that is kept."""
        self.steps: list[tuple[int, list[Effect]]] = []
        """When each was done, in microseconds of the simulation, and what it wrote."""

    @property
    def end(self) -> int:
        """The number of the next step."""
        return self.first + len(self.steps)

    def add(self, effects: list[Effect]) -> None:
        """Take a step."""
        self.steps.append((self._simulation.now_us(), effects))

    def shorten(self, position: int) -> None:
        """Forget the steps before a number, once there are many."""
        if len(self.steps) >= STEPS_KEPT:
            del self.steps[: position - self.first]
            self.first = position


class Copy:
    """A server's data as it was some time ago."""

    def __init__(self, data: Data, log: Log, *, lag_s: float) -> None:
        """Begin with all that is there now."""
        self.data = data.copied()
        self.log = log
        self.lag_s = lag_s
        self.position = log.end
        """The number of the first step that is not in it."""

    def hear(self, now_us: int) -> None:
        """Take the steps that are as old as the lag."""
        until_us = now_us - round(self.lag_s * 1e6)
        steps, data = self.log.steps, self.data
        for number in range(self.position - self.log.first, len(steps)):
            at_us, effects = steps[number]
            if at_us > until_us:
                break
            for run, words, now_ms in effects:
                data.now_ms = now_ms
                run(data, *words)
            self.position += 1
