"""The person who calls, whatever with: chooses, talks and goes, or tires of it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from contactcentre.drills.manners import CallerManner


async def be_a_person(
    manner: CallerManner,
    has_talked: asyncio.Event,
    *,
    choose: Callable[[], Coroutine[Any, Any, None]],
    talk: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    """Choose a queue and talk, or tire of it; return when the caller wants to hang up.

    `choose` ends when a queue has been chosen, `talk` when the caller ends a talk that goes on.
    """
    async with asyncio.TaskGroup() as tasks:
        tiring = tasks.create_task(manner.tire(), name="caller tires")
        talking = tasks.create_task(talk(), name="caller talks")
        choosing = tasks.create_task(choose(), name="caller chooses")
        await asyncio.wait({tiring, talking}, return_when=asyncio.FIRST_COMPLETED)
        if talking.done() or not has_talked.is_set():
            choosing.cancel()
        else:
            await asyncio.wait({talking})
        tiring.cancel()
        talking.cancel()
