"""What a call leaves behind: nothing that only Python's collector can take apart."""

import asyncio
import gc

from contactcentre.apps.call_bounds import ended_by


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
