"""Which server is the primary: asked of Sentinels, and asked again when it seems to be another."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import NoPermissionError

from contactcentre.adapters.embedded.rights import CENTRE
from contactcentre.adapters.embedded.sentinel import (
    Member,
    SentinelGroup,
    start_sentinel_group,
)
from contactcentre.adapters.embedded.server import LOOPBACK, free_port
from contactcentre.adapters.state_redis.blackboard import Blackboard
from contactcentre.adapters.state_redis.client import LOOK_EVERY_S, RedisClient, StoreClient
from contactcentre.adapters.state_redis.sentinels import read_group
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.domain.errors import BadRequest, StateUnavailable
from tests.adapters.state_redis.centre import HASTY_MS, Server
from tests.staged_sentinel import StagedSentinel, behind, port_of

SWITCHED_WITHIN_S = 15.0
"""Usually three seconds; Sentinels that disagree try again after six."""
SLACK_S = 1.0
"""A busy machine comes late to its own deadlines."""
TIMEOUT_MS = 500
NAME = "live"


@pytest.fixture(scope="module")
def group(stores_dir: Path) -> Iterator[SentinelGroup]:
    """Give three servers and three Sentinels."""
    group = asyncio.run(start_sentinel_group(stores_dir / "group"))
    yield group
    asyncio.run(group.stop())


@pytest.fixture
async def client(group: SentinelGroup) -> AsyncIterator[RedisClient]:
    """Give a client of the group, which is whole."""
    await group.until_whole()
    client = RedisClient(group.admin_url, timeout_ms=TIMEOUT_MS)
    yield client
    await client.close()


class Stream:
    """Steps that count up, one after another, for as long as the test lasts."""

    def __init__(self, client: RedisClient, key: str) -> None:
        self._client = client
        self._key = key
        self.tried_count = 0
        self.longest_s = 0.0
        self.gap_s = 0.0
        """The longest time without a step that succeeded."""
        self.done_at = time.monotonic()
        self.errors: set[str] = set()

    async def run(self) -> None:
        """Step for ever."""
        while True:
            await self.step()
            await asyncio.sleep(0.005)

    async def step(self) -> None:
        """Step once."""
        began = time.monotonic()
        self.tried_count += 1
        try:
            await self._client.ask("INCR", self._key)
        except StateUnavailable as outage:
            self.errors.add(str(outage))
        else:
            self.gap_s = max(self.gap_s, time.monotonic() - self.done_at)
            self.done_at = time.monotonic()
        self.longest_s = max(self.longest_s, time.monotonic() - began)


@asynccontextmanager
async def streaming(client: RedisClient, key: str) -> AsyncIterator[list[Stream]]:
    """Let several step at once."""
    streams = [Stream(client, key) for _ in range(5)]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one.run()) for one in streams]
        await asyncio.sleep(0.2)
        yield streams
        for task in tasks:
            task.cancel()


def _kill(member: Member) -> None:
    member.kill()


def _hang(member: Member) -> None:
    member.hang()


@pytest.mark.parametrize("lose", [_kill, _hang])
async def test_the_loss_of_the_primary_is_over_within_seconds(
    group: SentinelGroup, client: RedisClient, lose: Callable[[Member], None]
) -> None:
    key = f"steps:{lose.__name__}"
    async with streaming(client, key) as streams:
        primary = await group.primary()
        lose(primary)
        lost_at = time.monotonic()
        await _until_elsewhere(client, primary)
        await _until(lambda: all(one.done_at > lost_at + 0.5 for one in streams))
    try:
        assert max(one.gap_s for one in streams) < SWITCHED_WITHIN_S
        assert max(one.longest_s for one in streams) < TIMEOUT_MS / 1_000 + SLACK_S
        # no step ran twice by itself
        assert int(await client.ask("GET", key)) <= sum(one.tried_count for one in streams)
    finally:
        if lose is _kill:
            await primary.start_again()
        else:
            primary.go_on()
        await group.until_whole()


async def test_a_primary_replaced_on_purpose_is_left_at_once(
    group: SentinelGroup, client: RedisClient
) -> None:
    async with streaming(client, "steps:replaced") as streams:
        primary = await group.primary()
        await group.fail_over()
        await _until_elsewhere(client, primary)
        await asyncio.sleep(1)
    assert max(one.gap_s for one in streams) < SWITCHED_WITHIN_S
    own = [line for line in await _clients_of(primary) if " cmd=incr " in line]
    assert own == [], "nobody steps at the former primary"


async def test_whoever_listens_is_told_when_the_primary_is_another(
    group: SentinelGroup, client: RedisClient
) -> None:
    primary = await group.primary()
    async with client.listening("wakes") as heard:
        await group.fail_over()
        with pytest.raises(StateUnavailable):
            await _hear_on(client, heard)
    await _until_elsewhere(client, primary)
    async with client.listening("wakes") as heard:
        await client.ask("PUBLISH", "wakes", "now")
        assert await client.hear(heard, within_s=2) == "message"


async def test_a_primary_without_replicas_is_an_outage_until_one_is_back(
    group: SentinelGroup, client: RedisClient
) -> None:
    primary = await group.primary()
    others = [one for one in group.members if one is not primary]
    await client.ask("INCR", "steps:alone")
    for one in others:
        one.kill()
    with pytest.raises(StateUnavailable, match="NOREPLICAS"):
        await client.ask("INCR", "steps:alone")
    for one in others:
        await one.start_again()
    await _until_there(client, within_s=2 * SWITCHED_WITHIN_S)
    await group.until_whole()


async def test_servers_and_sentinels_let_the_user_of_the_platform_in(group: SentinelGroup) -> None:
    state = RedisState(group.url, timeout_ms=TIMEOUT_MS)
    await state.give_time()
    await state.close()
    for sentinel in read_group(group.url).sentinels:
        asked = Redis(*sentinel, username=CENTRE, password=read_group(group.url).password)
        with asked, pytest.raises(NoPermissionError):
            asked.execute_command("SENTINEL", "FAILOVER", NAME)  # type: ignore[no-untyped-call]


def _url(server: Server, *sentinels: StagedSentinel) -> str:
    return behind(server.url, *(one.port for one in sentinels))


def _port(server: Server) -> int:
    return port_of(server.url)


async def test_a_sentinel_that_was_cut_off_sends_nobody_back(server: Server) -> None:
    right = StagedSentinel(_port(server), 7)
    cut_off = StagedSentinel(free_port(), 6)
    async with right.serving(), cut_off.serving():
        client = Blackboard(_url(server, cut_off, right, cut_off), timeout_ms=HASTY_MS)
        await client.ping()
        assert isinstance(client.client, RedisClient)
        assert client.client.primary == (LOOPBACK, _port(server))
        await client.close()


async def test_a_sentinel_that_hangs_is_not_waited_for(server: Server) -> None:
    right, hung = StagedSentinel(_port(server), 7), StagedSentinel(free_port(), 9)
    hung.is_silent = True
    async with right.serving(), hung.serving():
        client = Blackboard(_url(server, hung, right), timeout_ms=HASTY_MS)
        await client.ping()
        await client.close()


async def test_those_who_ask_at_once_look_once(server: Server) -> None:
    gone = free_port()
    one = StagedSentinel(gone, 1)
    async with one.serving():
        client = Blackboard(_url(server, one), timeout_ms=HASTY_MS)
        began = time.monotonic()
        while time.monotonic() - began < 5 * LOOK_EVERY_S:
            found = await asyncio.gather(
                *(client.ping() for _ in range(10)), return_exceptions=True
            )
            assert {type(one) for one in found} == {StateUnavailable}
        assert 2 <= one.asked_count <= (time.monotonic() - began) / LOOK_EVERY_S + 1
        one.primary = _port(server)
        await _until_there(client.client, within_s=2 * LOOK_EVERY_S + SLACK_S)
        before = one.asked_count
        await asyncio.gather(*(client.ping() for _ in range(50)))
        assert one.asked_count == before, "nobody looks who is in no doubt"
        await client.close()


async def test_sentinels_that_are_gone_take_no_primary_away(server: Server) -> None:
    one = StagedSentinel(_port(server), 1)
    async with one.serving():
        client = Blackboard(_url(server, one), timeout_ms=HASTY_MS)
        await client.ping()
    with server.hung(), pytest.raises(StateUnavailable):
        await client.ping()
    await client.ping()
    await client.close()


async def test_without_any_word_of_a_sentinel_it_is_an_outage_that_says_so(server: Server) -> None:
    client = Blackboard(_url(server, StagedSentinel(1, 1)), timeout_ms=HASTY_MS)
    with pytest.raises(StateUnavailable, match="no Sentinel says where live is"):
        await client.ping()
    await client.close()


async def test_a_replica_is_not_taken_for_the_primary(server: Server) -> None:
    one = StagedSentinel(_port(server), 1)
    async with one.serving():
        client = Blackboard(_url(server, one), timeout_ms=HASTY_MS)
        server.ask("REPLICAOF", LOOPBACK, "1")
        try:
            with pytest.raises(StateUnavailable, match="no primary"):
                await client.ping()
        finally:
            server.ask("REPLICAOF", "NO", "ONE")
        await _until_there(client.client, within_s=1)
        await client.close()


@pytest.mark.parametrize(
    "url",
    [
        "sentinel://",
        "sentinel:///live",
        "sentinel://:pw@127.0.0.1:1",
        "sentinel://:pw@127.0.0.1:1/",
        "sentinel://:pw@127.0.0.1:1/live/0",
        "sentinel://:pw@127.0.0.1:1/live?db=1",
        "sentinel://:pw@127.0.0.1:port/live",
        "sentinel://:pw@127.0.0.1:0/live",
        "sentinel://:pw@127.0.0.1:1,,127.0.0.1:2/live",
        "sentinel://:pw@[::1/live",
    ],
)
def test_a_url_that_names_no_group_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(BadRequest, match="CC_REDIS_URL: write sentinel://") as refusal:
        RedisClient(url, timeout_ms=TIMEOUT_MS)
    assert "pw" not in str(refusal.value)


def test_a_url_names_sentinels_and_how_servers_let_us_in() -> None:
    group = read_group("sentinel://cc:p%40ss@one:1, two ,[::1]:3/live")
    assert group.sentinels == [("one", 1), ("two", 26_379), ("::1", 3)]
    assert (group.name, group.username, group.password) == ("live", "cc", "p@ss")
    assert read_group("sentinel://one/live").password is None


async def _clients_of(member: Member) -> list[str]:
    said: str = await member.ask("CLIENT", "LIST")
    return said.splitlines()


async def _ask_anyway(client: StoreClient) -> bool:
    """Take a step, and say whether it succeeded."""
    try:
        await client.ask("INCR", "steps:anyway")
    except StateUnavailable:
        return False
    return True


async def _hear_on(client: RedisClient, heard: PubSub) -> None:
    """Listen, and step now and then, until that is no longer possible."""
    async with asyncio.timeout(SWITCHED_WITHIN_S):
        while True:
            await client.hear(heard, within_s=0.1)
            await _ask_anyway(client)


async def _until_elsewhere(client: RedisClient, former: Member) -> None:
    """Wait until the client has found another primary."""
    async with asyncio.timeout(SWITCHED_WITHIN_S):
        while client.primary == former.at:
            await _ask_anyway(client)
            await asyncio.sleep(0.02)


async def _until_there(client: StoreClient, *, within_s: float) -> None:
    """Wait until a step succeeds."""
    async with asyncio.timeout(within_s):
        while not await _ask_anyway(client):  # noqa: ASYNC110 - it can only be asked
            await asyncio.sleep(0.01)


async def _until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(SWITCHED_WITHIN_S):
        while not reached():  # noqa: ASYNC110 - it can only be asked
            await asyncio.sleep(0.02)
