"""The people of a drill: its advisers, its callers, and how well the drill itself can see."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import count
from random import Random
from typing import Protocol

import aiohttp
from aiohttp.abc import AbstractResolver

from contactcentre.domain.errors import Outage
from contactcentre.drills.adviser import AdviserPage
from contactcentre.drills.caller import CallerPage
from contactcentre.drills.centre import Doors
from contactcentre.drills.history import History, StoodStill, now_ms
from contactcentre.drills.manners import AdviserManner, CallerManner
from contactcentre.drills.who import Adviser, Caller

LOOK_EVERY_S = 0.02
LATE_MS = 50
POLL_S = 0.05
READY_WITHIN_S = 40.0
NEXT_CALLER_MAX_S = 1.0
FIRST_NUMBER = 1
"""That of whoever calls first; the others are counted on from there."""
CALLS_MANY = 1_000
"""More than a drill has."""
SOCKETS_MAX = 0
"""As many as there are callers."""


class OneCaller(Protocol):
    """One call of one caller, whatever they call with."""

    stage: str | None
    """Where the call is, as far as the caller knows."""

    @property
    def call(self) -> str:
        """Return what the call is called; nothing before that is known."""

    @property
    def own(self) -> str | None:
        """Return the leg socket of the node that has the call."""

    @property
    def is_heard(self) -> bool:
        """Say whether the caller hears the platform just now."""

    async def live(self) -> None:
        """Call, and return once the call is over."""


MakeAdviser = Callable[[Adviser, AdviserManner], AdviserPage]
MakeCaller = Callable[[Caller, CallerManner], OneCaller]


class Floor:
    """Everybody who takes part in a drill."""

    def __init__(
        self,
        doors: Doors,
        history: History,
        chance: Random,
        *,
        session: aiohttp.ClientSession,
        group: asyncio.TaskGroup,
        make_caller: MakeCaller,
    ) -> None:
        self._doors = doors
        self._make_caller = make_caller
        self._chance = chance
        self._session = session
        self._group = group
        self._numbers = count(FIRST_NUMBER)
        self.started_count = 0
        self._working: list[asyncio.Task[None]] = []
        self.history = history
        self.advisers: list[AdviserPage] = []
        self.callers: dict[asyncio.Task[None], OneCaller] = {}
        """Those who call now."""

    async def open(self, manner: AdviserManner, *, make_adviser: MakeAdviser = AdviserPage) -> None:
        """Let every adviser sign in; return once all are ready. Raises Outage."""
        for person in self._doors.people:
            adviser = Adviser(
                name=person.name,
                password=person.password,
                desks=self._doors.desk_urls,
                history=self.history,
                closing=self._group,
                chance=Random(self._chance.random()),  # noqa: S311 - the same seed, the same people
            )
            page = make_adviser(adviser, manner)
            self.advisers.append(page)
            self._working.append(self._group.create_task(page.work(), name=person.name))
        await self.until(
            lambda: all(page.presence == "ready" for page in self.advisers),
            within_s=READY_WITHIN_S,
            words="not every adviser gets ready",
        )

    def call(self, manner: CallerManner) -> OneCaller:
        """Let somebody call."""
        self.started_count += 1
        caller = Caller(
            number=next(self._numbers),
            public_urls=self._doors.public_urls,
            session=self._session,
            history=self.history,
            closing=self._group,
            chance=Random(self._chance.random()),  # noqa: S311 - the same seed, the same people
        )
        page = self._make_caller(caller, manner)
        task = self._group.create_task(page.live(), name=f"caller {caller.number}")
        self.callers[task] = page
        task.add_done_callback(lambda done: self.callers.pop(done, None))
        return page

    async def keep_calling(self, calls: int, manner: Callable[[], CallerManner]) -> None:
        """Let somebody else call whenever a call has ended, for ever."""
        while True:
            if len(self.callers) < calls:
                self.call(manner())
            await asyncio.sleep(self._chance.uniform(0.0, NEXT_CALLER_MAX_S))

    def busy_nodes(self, first: Collection[str] = ()) -> Sequence[str]:
        """Return the media nodes that have calls, the busiest first; before it that of some."""
        counted = Counter(page.own for page in self.callers.values())
        counted.update(
            {page.own: CALLS_MANY for page in self.callers.values() if page.call in first}
        )
        by_url = {url: name for name, url in self._doors.leg_urls.items()}
        return [by_url[url] for url, _ in counted.most_common() if url in by_url]

    async def until(self, true: Callable[[], bool], *, within_s: float, words: str) -> None:
        """Wait until something is so. Raises Outage."""
        if not await self.is_so(true, within_s=within_s):
            raise Outage(f"Within {within_s:g} s {words}.")

    async def is_so(self, true: Callable[[], bool], *, within_s: float) -> bool:
        """Wait until something is so; say whether it came to that in time."""
        until_ms = now_ms() + int(within_s * 1_000)
        while not true():
            if now_ms() > until_ms:
                return False
            await asyncio.sleep(POLL_S)
        return True

    async def all_over(self, *, within_s: float) -> bool:
        """Wait until nobody calls any more; say whether it came to that in time."""
        return await self.is_so(lambda: not self.callers, within_s=within_s)

    async def close(self) -> None:
        """Let everybody go home."""
        await _end([*self.callers, *self._working])


async def _end(tasks: Iterable[asyncio.Task[None]]) -> None:
    ending = [task for task in tasks if not task.done()]
    for task in ending:
        task.cancel()
    if ending:
        await asyncio.wait(ending)


@asynccontextmanager
async def drill_floor(
    doors: Doors,
    chance: Random,
    *,
    names: AbstractResolver | None = None,
    make_caller: MakeCaller = CallerPage,
) -> AsyncIterator[Floor]:
    """Give a floor with nobody on it yet, and send everybody home at the end.

    `names` says where names are, for callers who know the centre by one; `make_caller` gives each
    caller what they call with.
    """
    history = History()
    # no caller comes in by the connection of another
    connector = aiohttp.TCPConnector(
        limit=SOCKETS_MAX, resolver=names, use_dns_cache=names is None, force_close=True
    )
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        asyncio.TaskGroup() as group,
    ):
        watching = group.create_task(_watch_ourselves(history), name="own eyes")
        floor = Floor(doors, history, chance, session=session, group=group, make_caller=make_caller)
        try:
            yield floor
        finally:
            watching.cancel()
            await floor.close()


async def _watch_ourselves(history: History) -> None:
    """Write down when this very process stood still: it has heard nothing then."""
    while True:
        began = now_ms()
        await asyncio.sleep(LOOK_EVERY_S)
        if now_ms() - began > LATE_MS:
            history.note(StoodStill(at_ms=now_ms(), began_ms=began))
