"""Waste is swept often and a little at a time, and no more of the time goes into it than must."""

import asyncio
import gc
from dataclasses import dataclass, field

import pytest

from contactcentre.apps.call_bounds import ended_by
from contactcentre.apps.sweeping import LOOK_EVERY_S, REST_MAX_S, SHARE, Sweeping


@dataclass
class House:
    """A process with a clock of its own, where waste comes together."""

    waste: int = 0
    takes_s: float = 0.0
    now_s: float = 0.0
    rests: list[float] = field(default_factory=list)
    swept_count: int = 0

    async def sleep(self, span_s: float) -> None:
        """Let time go by, to the test's end."""
        self.rests.append(span_s)
        self.now_s += span_s
        if self.now_s > 1:
            raise asyncio.CancelledError

    def sweep(self) -> None:
        """Take as long as it takes."""
        self.swept_count += 1
        self.now_s += self.takes_s

    async def live(self) -> None:
        """Live for a second."""
        sweeping = Sweeping(
            self.sleep, clock=lambda: self.now_s, waste=lambda: self.waste, sweep=self.sweep
        )
        with pytest.raises(asyncio.CancelledError):
            await sweeping.keep_clean()


async def test_nothing_is_swept_where_there_is_no_waste() -> None:
    house = House()
    await house.live()
    assert house.swept_count == 0
    assert set(house.rests) == {LOOK_EVERY_S}


async def test_a_short_sweep_is_followed_by_a_rest_of_its_share() -> None:
    house = House(waste=1, takes_s=0.002)
    await house.live()
    assert house.rests[1] == pytest.approx(SHARE * 0.002)
    assert house.swept_count >= 10


async def test_a_long_sweep_is_not_made_longer_by_a_long_rest() -> None:
    house = House(waste=1, takes_s=0.05)
    await house.live()
    assert max(house.rests) == REST_MAX_S


async def test_a_call_whose_caller_hangs_up_leaves_no_ring_behind_that_holds_its_stages() -> None:
    class Stages:
        """What a call's stages hold."""

    held: list[Stages] = []

    async def stages() -> None:
        kept = Stages()
        held.append(kept)
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(60))

    gc.collect()
    gc.disable()
    try:
        task = asyncio.create_task(stages())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        assert ended_by(task) == "caller"  # type: ignore[arg-type]
        held.clear()
        del task
        await asyncio.sleep(0)
        left = [one for one in gc.get_objects() if type(one).__name__ == "Stages"]
    finally:
        gc.enable()
    assert not left
