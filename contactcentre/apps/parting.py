"""What is left of a call once its end is written down: somebody outside, and the last words."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from contactcentre.apps.asking import Asking
from contactcentre.apps.caller_part import CallerPart
from contactcentre.domain.announcing import CALLBACK_BOOKED, LINE_ENDED
from contactcentre.domain.call import Call
from contactcentre.domain.events import Ending, HungUpBy
from contactcentre.domain.ids import SoundName

WORDS_OF_THE_END_MS = 20_000
"""A closing sentence may last so long; then the leg is closed all the same."""


def last_words(by: HungUpBy, ending: Ending) -> tuple[SoundName, ...]:
    """Return what a caller hears whose call has ended; nothing if the caller has ended it."""
    if by is HungUpBy.CALLER:
        return ()
    if ending is Ending.CALLBACK:
        return (CALLBACK_BOOKED,)
    return () if by is HungUpBy.FLOW else (LINE_ENDED,)


class Parting(Protocol):
    """A call that has ended, and whose caller is there still."""

    @property
    def call(self) -> Call:
        """Return the call as it has ended."""

    @property
    def asking(self) -> Asking:
        """Return whom its adviser had asked."""

    caller: CallerPart

    async def say(self, sounds: Sequence[SoundName], *, keys: Mapping[str, SoundName]) -> None:
        """Play prompts to the caller."""


async def part(live: Parting, *, by: HungUpBy, ending: Ending) -> None:
    """Let a caller talk on with somebody outside; say goodbye if there is someone to hear it."""
    await live.asking.stay(live.caller.left)
    words = last_words(by, ending)
    if words and live.caller.is_heard and not live.caller.left.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(WORDS_OF_THE_END_MS / 1_000):
                await live.say(words, keys={})
    await live.caller.end(live.call)
