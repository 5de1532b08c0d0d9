"""The stores of `up`: its own, which it keeps running, and those of others, for which it waits.

A store of our own that ends is started again where it was, with what it had on the disk. Nobody
else needs to be told: our processes find it again by themselves.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from contactcentre.adapters.embedded.server import ServerProgram
from contactcentre.domain.errors import Outage

STEADY_AFTER_S = 10.0
"""A store that has lived for so long is started again at once."""
BACK_OFF_FIRST_S = 0.5
BACK_OFF_MAX_S = 15.0
WAIT_S = 2.0
"""How often a store that somebody else runs is asked whether it is there."""
SAY_EVERY_S = 30.0
"""How often it is said of a store that it is still away."""

Say = Callable[[str], None]


class OwnStore(Protocol):
    """A store that this process has started."""

    program: ServerProgram

    async def start_again(self) -> None:
        """Start it where it was. Raises Outage."""


async def keep_store(name: str, store: OwnStore, say: Say) -> None:
    """Start a store of our own again whenever it ends, until cancelled."""
    failed_count = 0
    while True:
        began = time.monotonic()
        code = await store.program.ended()
        failed_count = 0 if time.monotonic() - began > STEADY_AFTER_S else failed_count + 1
        wait_s = _back_off_s(failed_count)
        if wait_s:
            say(f"The {name} keeps ending: {store.program.last_words()}")
        say(f"The {name} has ended (code {code}): it starts again.")
        await asyncio.sleep(wait_s)
        began = time.monotonic()
        try:
            await store.start_again()
        except Outage as outage:
            say(f"The {name} does not start: {outage}")
        else:
            say(f"The {name} is back after {time.monotonic() - began:.1f} s.")


def _back_off_s(failed_count: int) -> float:
    """Return how long to wait before a start: not at all the first time, then longer and longer."""
    if failed_count <= 1:
        return 0.0
    longest_s = min(BACK_OFF_MAX_S, BACK_OFF_FIRST_S * 2.0 ** min(failed_count - 2, 10))
    return random.uniform(longest_s / 2, longest_s)  # noqa: S311 - no secret


async def wait_for_store(
    name: str, variable: str, ask: Callable[[], Awaitable[None]], say: Say
) -> None:
    """Return once a store that somebody else runs is there; say what is waited for, and why."""
    said, said_at = "", 0.0
    while True:
        try:
            await ask()
        except Outage as outage:
            sentence = (
                f"Waiting for the {name} ({variable}). {outage} "
                "Start it, or mend the setting; Ctrl-C stops."
            )
            if sentence != said or time.monotonic() - said_at > SAY_EVERY_S:
                said, said_at = sentence, time.monotonic()
                say(sentence)
        else:
            return
        await asyncio.sleep(WAIT_S)
