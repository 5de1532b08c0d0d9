"""The clock and the dice of one simulated process."""

import asyncio
from random import Random

from contactcentre.domain.ids import RequestId
from contactcentre.simulation.loop import Simulation


class SimulatedClock:
    """The clock of one machine, which may be wrong and may be put right or wrong at any moment."""

    def __init__(self, simulation: Simulation, *, ahead_ms: int = 0, up_ms: int = 0) -> None:
        """Take by how much the clock is ahead, and for how long its machine had been up."""
        self._simulation = simulation
        self._up_ms = up_ms
        self.ahead_ms = ahead_ms
        """By how much it is ahead of the right time; negative if it is behind."""

    def step(self, by_ms: int) -> None:
        """Put the clock forward, or back if `by_ms` is negative; spans are measured as before."""
        self.ahead_ms += by_ms

    def now_us(self) -> int:
        """Return microseconds since 1970 as this machine has it."""
        return (self._simulation.began_ms + self.ahead_ms) * 1_000 + self._simulation.now_us()

    def now_ms(self) -> int:
        """Return milliseconds since 1970 as this machine has it."""
        return self.now_us() // 1_000

    def monotonic_ms(self) -> int:
        """Return for how long this machine has been up, in milliseconds."""
        return self._up_ms + self._simulation.now_us() // 1_000

    async def sleep_ms(self, span_ms: int) -> None:
        """Wait."""
        await asyncio.sleep(span_ms / 1_000)


class SimulatedChance:
    """The dice of one process."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice

    def nonce(self) -> str:
        """Return 16 hexadecimal digits."""
        return f"{self._dice.getrandbits(64):016x}"

    def request(self) -> RequestId:
        """Return a name for one attempt."""
        return RequestId(self.nonce())

    def jitter(self, span_ms: int) -> int:
        """Return a span of 0 to `span_ms`."""
        return self._dice.randint(0, span_ms)
