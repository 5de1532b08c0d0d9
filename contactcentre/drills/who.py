"""Who works and who calls in a drill: what they have to do it with."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

import aiohttp

from contactcentre.drills.handing import Parting
from contactcentre.drills.history import History
from contactcentre.drills.leg import MakeSound, PeerSound


def _browser() -> aiohttp.ClientSession:
    """Return a browser's way to the desk, which keeps its cookies."""
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))  # no names: addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class Adviser:
    """Who works, and where."""

    name: str
    password: str
    desks: Sequence[str]
    """Where the desk may be reached; a way in front of it finds one that lives."""
    history: History
    closing: asyncio.TaskGroup
    chance: Random
    open_session: Callable[[], aiohttp.ClientSession] = _browser
    attempt: Callable[[], str] = lambda: "reached"
    """How it ends that the number of a callback is rung."""
    parting: Callable[[], Parting | None] = lambda: None
    """What is done with a caller at the end of a talk; None: goodbye is said."""
    make_sound: MakeSound = PeerSound


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls, and what they have to call with."""

    number: int
    public_urls: Sequence[str]
    """Where pages come from; behind one address, so that one that is away is left out."""
    session: aiohttp.ClientSession
    history: History
    closing: asyncio.TaskGroup
    """Closes legs that nobody waits for."""
    chance: Random
    key: str = "4"
    """What the caller presses in the menu."""
    left: Mapping[str, str] | None = None
    """What proves that this caller has left an earlier call, whose place is wanted back."""
    make_sound: MakeSound = PeerSound
    is_chat: bool = False
    """The caller writes, and does not speak."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Return what a proxy says of this caller: each has an address of their own."""
        low, middle, high = (self.number >> shift & 255 for shift in (0, 8, 16))
        return {"X-Forwarded-For": f"10.{high}.{middle}.{low}"}
