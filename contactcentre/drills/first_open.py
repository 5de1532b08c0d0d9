"""Which of two nodes takes a new call: the one whose socket is open first, as the page has it."""

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp

Dial = Callable[[str], Awaitable[aiohttp.ClientWebSocketResponse]]
Reached = tuple[str, aiohttp.ClientWebSocketResponse]

BROKEN = (aiohttp.ClientError, ConnectionError, OSError, TimeoutError)


async def first_open(dial: Dial, url: str, rival: str | None, *, soon_s: float) -> Reached:
    """Return the node that is reached first, and the socket to it; the other hears nothing.

    A rival is dialled where the first one has failed, or has not opened its socket soon. Raises
    ConnectionError if neither can be reached.
    """
    rivals = [] if rival is None else [rival]
    async with asyncio.TaskGroup() as tasks:
        dialling = {tasks.create_task(_reached(dial, url), name="dials a node")}
        try:
            while dialling:
                done, dialling = await asyncio.wait(
                    dialling,
                    timeout=soon_s if rivals else None,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                reached = [found for one in done if (found := one.result()) is not None]
                for _, late in reached[1:]:
                    tasks.create_task(late.close(), name="hangs up on a rival")
                if reached:
                    return reached[0]
                if rivals:
                    rival_dials = _reached(dial, rivals.pop())
                    dialling.add(tasks.create_task(rival_dials, name="dials a rival"))
        finally:
            for one in dialling:
                one.cancel()
    raise ConnectionError("no node can be reached")


async def _reached(dial: Dial, url: str) -> Reached | None:
    try:
        return url, await dial(url)
    except BROKEN:
        return None
