"""The servers of one record, and connections to the one of them that takes writes now.

    postgresql://user:password@north:5432,south:5432/name

All are asked at once and the first that takes writes is taken, so that one that is silent delays
nobody. A former primary may go on taking writes for a while, as it does not know yet that it has
been replaced. Two things keep us away from it:

- whichever server a use has failed at lets the others go first the next time, and what is connected
  to it is not used again;
- a server is refused that is on an older timeline than one which we have been connected to.

With one server in the URL nothing of this happens.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
from asyncpg.connect_utils import SessionAttribute

from contactcentre.adapters.ledger_postgres.away import (
    AWAY,
    NoPrimaryError,
    OvertakenError,
    why_away,
)
from contactcentre.domain.errors import BadRequest

SCHEMES = ("postgresql", "postgres")
PORT = 5432
SERVERS_MAX = 8
FIRST_SHARE = 0.5
"""The part of the time in which those go first at which nothing has failed."""
TIMELINE = "SELECT pg_walfile_name(pg_current_wal_lsn())"
"""The name begins with the number of the timeline, which rises with each promotion."""
TIMELINE_DIGITS = 8
HOW = "CC_DATABASE_URL: write postgresql://user:password@host:port,host:port/name"

Address = tuple[str, int]


class Link(asyncpg.Connection):
    """A connection that remembers where it leads and what was known when it was made."""

    __slots__ = ("server", "term", "timeline")

    server: Address | None
    timeline: int
    term: int


class Servers:
    """One server, or several of which one takes writes."""

    def __init__(self, url: str, *, within_s: float) -> None:
        """Read a URL; `within_s` is how long the servers have to answer. Raises BadRequest."""
        self._url = url
        self._within_s = within_s
        self._servers = read_servers(url)
        self._doubted: set[Address] = set()
        self._timeline = 0
        self._term = 0
        """It rises when what is connected may lead to the wrong server."""

    async def connect(self, *_: object, **given: Any) -> Link:
        """Connect to the server that takes writes. Raises what `AWAY` lists."""
        given |= {"connection_class": Link, "target_session_attrs": SessionAttribute.read_write}
        if len(self._servers) > 1:
            link = await self._race(given)
            if link.timeline < self._timeline:  # seen by another race in the meantime
                link.terminate()
                raise self._overtaken(link.timeline)
            if link.timeline > self._timeline:
                self._timeline, self._term = link.timeline, self._term + 1
        else:
            link = await asyncpg.connect(self._url, **given)
            link.server, link.timeline = None, 0
        link.term = self._term
        return link

    def stands(self, link: Link) -> bool:
        """Say whether nothing has been heard since that speaks against a connection."""
        return link.term == self._term

    def doubt(self, link: Link) -> None:
        """Take it that the server of a connection, on which a use has failed, may be the wrong one.

        Of all that fail at one server at about the same time the first does it for the others.
        """
        if link.server is not None and self.stands(link):
            self._doubted.add(link.server)
            self._term += 1

    async def _race(self, given: dict[str, Any]) -> Link:
        """Ask all servers at once, those in doubt a little later, and return the first."""
        asked: dict[Address, asyncio.Task[Link | Exception]] = {}
        won: Link | None = None
        try:
            async with asyncio.TaskGroup() as group:

                def ask(servers: Iterable[Address]) -> None:
                    for server in servers:
                        asked[server] = group.create_task(
                            self._reach(server, given), name=f"connect to {server[0]}"
                        )

                began = time.monotonic()
                ask(one for one in self._servers if one not in self._doubted)
                share = FIRST_SHARE if self._doubted else 1
                found = await _first(asked.values(), began + share * self._within_s)
                if found is None:
                    ask(one for one in self._servers if one not in asked)
                    found = await _first(asked.values(), began + self._within_s)
                for task in asked.values():
                    task.cancel()
            won = found
        finally:
            for link in _links(asked.values()):
                if link is not won:
                    link.terminate()
        if won is None:
            raise NoPrimaryError(_what_each_did(asked))
        assert won.server is not None, "it was asked by its address"
        self._doubted.discard(won.server)  # the others have had their chance
        return won

    async def _reach(self, server: Address, given: dict[str, Any]) -> Link | Exception:
        """Return a connection to one server that takes writes, or why there is none."""
        host, port = server
        try:
            link: Link = await asyncpg.connect(self._url, host=host, port=port, **given)
        except AWAY as error:
            return error
        try:
            name: str = await link.fetchval(TIMELINE)
            link.server, link.timeline = server, int(name[:TIMELINE_DIGITS], 16)
            if link.timeline >= self._timeline:
                return link
        except AWAY as error:
            link.terminate()
            return error
        except BaseException:
            link.terminate()
            raise
        link.terminate()
        return self._overtaken(link.timeline)

    def _overtaken(self, timeline: int) -> OvertakenError:
        """Say that a server is not the primary any longer, though it does not know."""
        return OvertakenError(
            f"its timeline {timeline} has been overtaken by {self._timeline}: let it follow the "
            "new primary; if it is meant to be the primary, start our processes again"
        )


def read_servers(url: str) -> Sequence[Address]:
    """Return the servers that a URL names; none if it leaves that to the defaults.

    Raises BadRequest, without the password.
    """
    try:
        parts = urlsplit(url)
        asked = parse_qs(parts.query)
    except ValueError as error:
        raise BadRequest(f"{HOW} ({error}).") from error
    if parts.scheme not in SCHEMES:
        raise BadRequest(f"A database URL begins with postgresql://. {HOW}.")
    if any("," in said for said in asked.get("host", [])):
        raise BadRequest(f"{HOW} (several servers stand before the name, not behind it).")
    places = parts.netloc.rpartition("@")[2]
    if not places or "%" in places:
        return []
    servers = [_address(place.strip()) for place in places.split(",")]
    if len(servers) > SERVERS_MAX or len(servers) != len(set(servers)):
        raise BadRequest(f"{HOW} (each server once, {SERVERS_MAX} at most).")
    return servers


def _address(place: str) -> Address:
    """Return host and port of one server; an IPv6 address stands in brackets."""
    try:
        parts = urlsplit(f"//{place}")
        host, port = parts.hostname, PORT if parts.port is None else parts.port
    except ValueError as error:
        raise BadRequest(f"{HOW} ({place}: {error}).") from error
    if not host or port == 0:
        raise BadRequest(f"{HOW} ({place or 'nothing'} is no host and port).")
    return host, port


async def _first(asked: Iterable[asyncio.Task[Link | Exception]], deadline: float) -> Link | None:
    """Return the first connection; None if nobody gives one, or not in time."""
    asked = list(asked)
    while True:
        found = list(_links(asked))
        if found:
            return max(found, key=lambda link: link.timeline)
        waiting = [task for task in asked if not task.done()]
        left_s = deadline - time.monotonic()
        if not waiting or left_s <= 0:
            return None
        await asyncio.wait(waiting, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)


def _links(asked: Iterable[asyncio.Task[Link | Exception]]) -> Iterable[Link]:
    """Yield the connections that have been made."""
    for task in asked:
        if task.done() and not task.cancelled() and task.exception() is None:
            said = task.result()
            if isinstance(said, Link):
                yield said


def _what_each_did(asked: dict[Address, asyncio.Task[Link | Exception]]) -> str:
    """Return in a few words why none of the servers was taken."""
    whys = []
    for (host, port), task in asked.items():
        said = TimeoutError() if task.cancelled() else task.result()
        assert isinstance(said, Exception), "a connection would have been taken"
        whys.append(f"{host}:{port}: {why_away(said)}")
    return f"none of its servers takes writes now ({'; '.join(whys)})"
