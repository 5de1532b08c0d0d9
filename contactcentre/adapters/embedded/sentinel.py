"""Three Valkeys of our own, of which one is the primary, and three Sentinels that watch them.

For drills and tests on one machine: in earnest each stands in a failure domain of its own. A
primary whose replicas are all gone takes no writes, so what a cut-off primary had accepted is
little; the append-only file is on, so a primary that is back before anybody has noticed is not
empty, and does not empty the others.
"""

import asyncio
import secrets
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from contactcentre.adapters.embedded.rights import CENTRE, REPLICA, SENTINEL, asker_line, user_line
from contactcentre.adapters.embedded.server import HERE, POLL_S, Place, ServerProgram, port_at
from contactcentre.adapters.embedded.valkey import (
    CONFIG,
    ValkeyConfig,
    find_valkey,
    refuse_old,
    write_config,
)
from contactcentre.domain.errors import Outage

NAME = "contactcentre"
"""What the Sentinels call the primary."""
MEMBERS_COUNT = 3
SENTINELS_COUNT = 3
DOWN_AFTER_MS = 1_000
LOOKS_MORE_OFTEN = ("INFO-PERIOD", "1000", "PUBLISH-PERIOD", "1000")
"""Who is back is told whom to follow after four seconds, not ten."""
READY_WITHIN_S = 30.0
ASK_TIMEOUT_S = 1.0
MEMBER_CONFIG = """\
masteruser {replica}
masterauth {password}
min-replicas-to-write 1
min-replicas-max-lag 3
repl-diskless-sync-delay 0
"""
SENTINEL_CONFIG = """\
bind {host}
port {port}
dir "{folder}"
requirepass {admin}
{users}
sentinel monitor {name} {primary} 2
sentinel auth-user {name} {user}
sentinel auth-pass {name} {password}
sentinel down-after-milliseconds {name} {down_after_ms}
sentinel failover-timeout {name} 3000
sentinel parallel-syncs {name} 2
"""


def _secret() -> str:
    return secrets.token_urlsafe(24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passwords:
    """What each user of the servers proves to be itself by."""

    admin: str = field(default_factory=_secret)
    centre: str = field(default_factory=_secret)
    replica: str = field(default_factory=_secret)
    sentinel: str = field(default_factory=_secret)


class Member:
    """One server of the group, or one of its Sentinels, whatever it is at the moment."""

    def __init__(self, config: ValkeyConfig, program: ServerProgram) -> None:
        self._config = config
        self.program = program
        self.at = (config.place.host, config.port)

    def kill(self) -> None:
        """Let it die at once."""
        self.program.process.kill()
        self.program.process.wait()

    def hang(self) -> None:
        """Let it stand still, connections and all."""
        self.program.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on after it has stood still."""
        self.program.process.send_signal(signal.SIGCONT)

    async def start_again(self) -> None:
        """Start it where it was, as what the group has last told it to be."""
        self.program = await self._config.start()

    async def ask(self, *command: str) -> Any:
        """Run one command on it, with a connection of its own. Raises Outage."""
        client = Redis(
            host=self.at[0],
            port=self.at[1],
            password=self._config.password or None,
            socket_timeout=ASK_TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            decode_responses=True,
        )
        client.response_callbacks.clear()
        try:
            return await client.execute_command(*command)  # type: ignore[no-untyped-call]
        except (RedisError, OSError) as error:
            raise Outage(f"The server at {_written(self.at)}: {error}") from error
        finally:
            await client.aclose()

    async def stop(self) -> None:
        """Let it end, also if it stands still."""
        if self.program.process.poll() is None:
            self.go_on()
        await self.program.stop()


class SentinelGroup:
    """The servers and their Sentinels."""

    def __init__(
        self, members: Sequence[Member], sentinels: Sequence[Member], *, passwords: Passwords
    ) -> None:
        self.members = members
        self.sentinels = sentinels
        places = ",".join(_written(one.at) for one in sentinels)
        self.url = f"sentinel://{CENTRE}:{passwords.centre}@{places}/{NAME}"
        """What CC_REDIS_URL says of it."""
        self.admin_url = f"sentinel://:{passwords.admin}@{places}/{NAME}"
        """For those who do in it what the platform may not."""

    async def primary(self) -> Member:
        """Return the member that the Sentinels call the primary: the latest word stands."""
        asked = [sentinel.ask("SENTINEL", "MASTER", NAME) for sentinel in self.sentinels]
        words: list[tuple[int, tuple[str, int]]] = []
        for said in await asyncio.gather(*asked, return_exceptions=True):
            if isinstance(said, Outage):
                continue
            if isinstance(said, BaseException):
                raise said
            facts = _facts(said)
            words.append((int(facts["config-epoch"]), (facts["ip"], int(facts["port"]))))
        if not words:
            raise Outage("No Sentinel answers")
        _, at = max(words)
        return next(one for one in self.members if one.at == at)

    async def fail_over(self) -> None:
        """Let the Sentinels make another member the primary, though nothing is wrong."""
        await self.sentinels[0].ask("SENTINEL", "FAILOVER", NAME)

    async def until_whole(self, *, within_s: float = READY_WITHIN_S) -> None:
        """Wait until every member that is no primary follows the one that is. Raises Outage."""
        deadline = time.monotonic() + within_s
        while not await self._is_whole():
            if time.monotonic() > deadline:
                raise Outage("The group of servers does not come together")
            await asyncio.sleep(10 * POLL_S)

    async def stop(self) -> None:
        """Stop the Sentinels first, so that nobody is promoted on the way."""
        for one in (*self.sentinels, *self.members):
            await one.stop()

    async def _is_whole(self) -> bool:
        try:
            primary = await self.primary()
            role, _, replicas = await primary.ask("ROLE")
            links = [await one.ask("ROLE") for one in self.members if one is not primary]
            seen = [await _is_seen_whole(one, primary.at) for one in self.sentinels]
        except Outage:
            return False
        follows = ["slave", *primary.at, "connected"]
        return (
            role == "master"
            and len(replicas) == MEMBERS_COUNT - 1
            and all(link[:4] == follows for link in links)
            and all(seen)
        )


async def _is_seen_whole(sentinel: Member, primary: tuple[str, int]) -> bool:
    """Say whether a Sentinel sees the others, and every replica as one of that primary."""
    facts = _facts(await sentinel.ask("SENTINEL", "MASTER", NAME))
    replicas = [_facts(said) for said in await sentinel.ask("SENTINEL", "REPLICAS", NAME)]
    return (
        (facts["ip"], int(facts["port"])) == primary
        and facts["flags"] == "master"
        and facts["num-other-sentinels"] == str(SENTINELS_COUNT - 1)
        and len(replicas) == MEMBERS_COUNT - 1
        and all(one["flags"] == one["role-reported"] == "slave" for one in replicas)
        and all((one["master-host"], int(one["master-port"])) == primary for one in replicas)
        and all(one["master-link-status"] == "ok" for one in replicas)
    )


def _written(at: tuple[str, int]) -> str:
    """Return an address as it stands in a URL."""
    return f"{at[0]}:{at[1]}"


def _facts(said: Sequence[str]) -> dict[str, str]:
    """Return a reply of names and values as a mapping."""
    return dict(zip(said[::2], said[1::2], strict=True))


async def start_sentinel_group(
    folder: Path,
    *,
    binary: Path | None = None,
    down_after_ms: int = DOWN_AFTER_MS,
    places: Sequence[Place] = (HERE, HERE, HERE),
) -> SentinelGroup:
    """Start a group and wait until it is whole: one server and one Sentinel at each place.

    The first one is the primary. Raises Refusal or Outage.
    """
    binary = binary or find_valkey()
    refuse_old(binary)
    passwords = Passwords()
    started: list[Member] = []
    try:
        for number, place in enumerate(places):
            config = _member(
                folder / f"member-{number}", binary, passwords, follows=started[:1], place=place
            )
            started.append(Member(config, await config.start()))
        for number, place in enumerate(places):
            config = _sentinel(
                folder / f"sentinel-{number}",
                binary,
                passwords,
                started[0].at,
                down_after_ms,
                place=place,
            )
            started.append(Member(config, await config.start()))
        members, sentinels = started[:MEMBERS_COUNT], started[MEMBERS_COUNT:]
        group = SentinelGroup(members, sentinels, passwords=passwords)
        for sentinel in sentinels:
            await sentinel.ask("SENTINEL", "DEBUG", *LOOKS_MORE_OFTEN)
        await group.until_whole()
    except BaseException:
        for one in reversed(started):
            await one.stop()
        raise
    return group


def _member(
    folder: Path, binary: Path, passwords: Passwords, *, follows: Sequence[Member], place: Place
) -> ValkeyConfig:
    """Return one server, written down; it follows another if there is one."""
    port, folder = port_at(place), folder.resolve()
    users = (
        user_line(CENTRE, passwords.centre),
        user_line(REPLICA, passwords.replica),
        user_line(SENTINEL, passwords.sentinel),
    )
    text = CONFIG.format(
        host=place.host,
        port=port,
        folder=folder,
        password=passwords.admin,
        users="\n".join(users),
    )
    text += MEMBER_CONFIG.format(replica=REPLICA, password=passwords.replica)
    text += "".join(f"replicaof {one.at[0]} {one.at[1]}\n" for one in follows)
    file = write_config(folder / "valkey.conf", text)
    return ValkeyConfig(binary=binary, file=file, port=port, password=passwords.admin, place=place)


def _sentinel(
    folder: Path,
    binary: Path,
    passwords: Passwords,
    primary: tuple[str, int],
    down_after_ms: int,
    *,
    place: Place,
) -> ValkeyConfig:
    """Return one Sentinel, written down."""
    port, folder = port_at(place), folder.resolve()
    text = SENTINEL_CONFIG.format(
        host=place.host,
        port=port,
        folder=folder,
        name=NAME,
        primary=" ".join(map(str, primary)),
        admin=passwords.admin,
        users=asker_line(passwords.centre),
        user=SENTINEL,
        password=passwords.sentinel,
        down_after_ms=down_after_ms,
    )
    file = write_config(folder / "sentinel.conf", text)
    config = ValkeyConfig(
        binary=binary, file=file, port=port, password=passwords.admin, place=place
    )
    return replace(config, arguments=["--sentinel"])
