"""Which server is the primary now, as Sentinels say.

    sentinel://:password@host:port,host:port,host:port/name-of-the-primary

User and password are those of the servers. They are given to the Sentinels too; one that asks for
none does not mind. All are asked at once: of their answers the one of the highest configuration
epoch stands, so that a Sentinel that was cut off cannot send anybody back to a former primary.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError

from contactcentre.domain.errors import BadRequest, StateUnavailable

SCHEME = "sentinel"
PORT = 26_379
"""Where a Sentinel listens unless somebody says otherwise."""
HOW = "CC_REDIS_URL: write sentinel://:password@host:port,host:port,host:port/name-of-the-primary"

WATCH_EVERY_S, MISSED_AFTER_S = 0.5, 1.5
"""A majority that is out of reach is missed before any node or desk would be taken for gone."""
WATCH_ANSWER_S = 2.0
"""A connection on which no answer has come for so long is made anew."""

Address = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A primary by its name, the Sentinels that know it, and how its servers let us in."""

    name: str
    sentinels: Sequence[Address]
    username: str | None
    password: str | None


@dataclass(frozen=True, slots=True, order=True)
class Word:
    """What one Sentinel says."""

    config_epoch: int
    primary: Address


def read_group(url: str) -> Group:
    """Return what a sentinel:// URL tells of. Raises BadRequest, without the password."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise BadRequest(f"{HOW} ({error}).") from error
    name = unquote(parts.path.strip("/"))
    if parts.scheme != SCHEME or not name or "/" in name or parts.query or parts.fragment:
        raise BadRequest(f"{HOW} (the name of the primary comes last, and nothing after it).")
    places = [place.strip() for place in parts.netloc.rpartition("@")[2].split(",")]
    return Group(
        name=name,
        sentinels=[_address(place) for place in places],
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def _address(place: str) -> Address:
    """Return host and port of one Sentinel; an IPv6 address stands in brackets."""
    try:
        parts = urlsplit(f"//{place}")
        host, port = parts.hostname, PORT if parts.port is None else parts.port
    except ValueError as error:
        raise BadRequest(f"{HOW} ({place}: {error}).") from error
    if not host or port == 0:
        raise BadRequest(f"{HOW} ({place or 'nothing'} is no host and port).")
    return host, port


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the Sentinels say together."""

    primary: Address
    is_majority: bool
    """More than half of them have said something."""


async def find_primary(group: Group, *, within_s: float) -> Found:
    """Ask every Sentinel at once, once, and return where the primary is.

    Whoever has not answered in time is not waited for. Raises StateUnavailable if nobody has.
    """
    async with asyncio.TaskGroup() as asking:
        asked = [
            asking.create_task(_ask(group, sentinel, within_s), name="sentinel")
            for sentinel in group.sentinels
        ]
    answers = [task.result() for task in asked]
    words = [word for word in answers if isinstance(word, Word)]
    if not words:
        why = "; ".join(sorted({str(word) for word in answers}))
        raise StateUnavailable(f"Redis: no Sentinel says where {group.name} is: {why}")
    return Found(primary=max(words).primary, is_majority=2 * len(words) > len(group.sentinels))


class Majority:
    """Whether most Sentinels are within reach, asked on connections that are kept.

    On a slow line a connection takes several round trips and a word on it only one: whoever is slow
    is not taken for out of reach.
    """

    def __init__(self, group: Group) -> None:
        self._group = group
        self._heard_at_s = [time.monotonic()] * len(group.sentinels)
        """When each was asked what it has answered last; at first nobody is missed."""

    @property
    def is_seen(self) -> bool:
        """Say whether more than half of them have answered what they were asked of late."""
        since_s = time.monotonic() - MISSED_AFTER_S
        heard_count = sum(at_s >= since_s for at_s in self._heard_at_s)
        return 2 * heard_count > len(self._heard_at_s)

    async def watch(self) -> None:
        """Ask each of them again and again, for ever."""
        async with asyncio.TaskGroup() as asking:
            for number, sentinel in enumerate(self._group.sentinels):
                asking.create_task(self._keep_asking(number, sentinel), name="sentinel")

    async def _keep_asking(self, number: int, sentinel: Address) -> None:
        task = asyncio.current_task()
        assert task is not None, "a coroutine runs in a task"
        group, password = self._group, self._group.password
        while not task.cancelling():  # the library's waits may swallow a cancellation
            client = _client_of(group, sentinel, password, WATCH_ANSWER_S)
            try:
                while not task.cancelling():
                    asked_at_s = time.monotonic()
                    await _word_of(client, group)
                    self._heard_at_s[number] = asked_at_s
                    await asyncio.sleep(max(0.0, asked_at_s + WATCH_EVERY_S - time.monotonic()))
            except AuthenticationError:
                password = None  # it asks for none
            except (RedisError, OSError, TimeoutError):
                pass
            finally:
                await client.aclose()
            await asyncio.sleep(WATCH_EVERY_S)


async def _ask(group: Group, sentinel: Address, within_s: float) -> Word | str:
    """Return what one Sentinel says in time, or why it says nothing."""
    try:
        async with asyncio.timeout(within_s):
            try:
                return await _said(group, sentinel, group.password, within_s)
            except AuthenticationError:
                if group.password is None:
                    raise
                return await _said(group, sentinel, None, within_s)  # it asks for none
    except (RedisError, OSError, TimeoutError) as error:
        return f"{sentinel[0]}:{sentinel[1]} {type(error).__name__} {error}".strip()


async def _said(group: Group, sentinel: Address, password: str | None, within_s: float) -> Word:
    """Return a Sentinel's word on the primary, by a connection that is closed at once."""
    client = _client_of(group, sentinel, password, within_s)
    try:
        return await _word_of(client, group)
    finally:
        await client.aclose()


def _client_of(group: Group, sentinel: Address, password: str | None, within_s: float) -> Redis:
    """Return one connection to a Sentinel, made when it is needed."""
    client = Redis(
        host=sentinel[0],
        port=sentinel[1],
        username=group.username if password else None,
        password=password,
        socket_timeout=within_s,
        socket_connect_timeout=within_s,
        retry=Retry(NoBackoff(), 0),
        single_connection_client=True,
        protocol=2,
        driver_info=None,
    )
    client.response_callbacks.clear()
    return client


async def _word_of(client: Redis, group: Group) -> Word:
    """Return a Sentinel's word on the primary."""
    reply: Sequence[Any] = await client.execute_command(  # type: ignore[no-untyped-call]
        "SENTINEL", "MASTER", group.name
    )
    facts = {
        name.decode(): value.decode() for name, value in zip(reply[::2], reply[1::2], strict=True)
    }
    return Word(int(facts["config-epoch"]), (facts["ip"], int(facts["port"])))
