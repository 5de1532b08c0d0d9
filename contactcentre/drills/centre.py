"""A whole centre for a drill: stores of its own, and every role more than once, on loopback.

Each process has its real parent above it. Faults hit the child; the parent must start it again.
"""

import asyncio
import os
import secrets
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from tempfile import mkdtemp

import aiohttp

from contactcentre.adapters.embedded.server import LOOPBACK
from contactcentre.adapters.flow_files.folders import default_flows_dir
from contactcentre.adapters.flow_files.lines import load_lines
from contactcentre.adapters.ledger_postgres.accounts import PostgresAccounts
from contactcentre.adapters.ledger_postgres.migrate import upgrade
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.apps.fleet import Fleet, Member
from contactcentre.domain.errors import Outage
from contactcentre.domain.ids import AdviserId
from contactcentre.domain.languages import Language
from contactcentre.drills.spots import SIP_PORT, Spot, members_at
from contactcentre.drills.stores import (
    ManyRedis,
    OneRedis,
    Record,
    child_of,
    start_many_redis,
    start_one_redis,
    start_record,
)
from contactcentre.ports.accounts import Account, Role

ROLES = {"media": 3, "router": 2, "desk": 2, "records": 2, "public": 2}
"""How many there are of each."""
PORTS_PER_MEMBER = 2
QUIET_PORTS = range(10_000, 32_000)
"""Below those that Linux gives to outgoing connections."""
POLL_S = 0.1
CHILD_WITHIN_S = 30.0
ASK_TIMEOUT_S = 2.0
STOP_WITHIN_S = 1.0
WAKES_FIRST_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who may sign in."""

    name: str
    password: str


class Doors:
    """A centre as those who come to it know it: where it is reached, and who works there."""

    def __init__(
        self,
        *,
        members: Sequence[Member],
        urls: Mapping[str, str],
        public_urls: Sequence[str],
        people: Sequence[Person],
        record_url: str,
        folder: Path,
    ) -> None:
        self._members = {member.name: member for member in members}
        self._urls = urls
        self.public_urls = public_urls
        """Where callers come from."""
        self.people = people
        self.record_url = record_url
        self.folder = folder
        self.is_kept = False
        """Set where its logs are to be looked at afterwards."""

    @property
    def desk_urls(self) -> Sequence[str]:
        """Where advisers work."""
        return [self._urls[name] for name in self.names("desk")]

    @property
    def leg_urls(self) -> Mapping[str, str]:
        """Return where browsers reach each media node."""
        return {name: self._urls[name] for name in self.names("media")}

    @property
    def public_doors(self) -> Sequence[str]:
        """Return where each process is that callers come to first, without a name."""
        return [self._urls[name] for name in self.names("public")]

    @property
    def trunk_ends(self) -> Mapping[tuple[str, int], str]:
        """Return where trunks reach each media node, with its leg socket."""
        return {
            (one.environ["CC_SIP_HOST"], int(one.environ[SIP_PORT])): self._urls[name]
            for name, one in self._members.items()
            if SIP_PORT in one.environ
        }

    def names(self, role: str | None = None) -> Sequence[str]:
        """Return the names of all processes, or of those of a role."""
        return [one.name for one in self._members.values() if role in (None, one.role)]

    async def until_ready(self, *, within_s: float) -> None:
        """Wait until every process says that it is ready. Raises Outage."""
        async with _deadline(within_s, "not every process gets ready"):
            await self._until_ready(list(self._members))

    async def _until_ready(self, names: Sequence[str]) -> None:
        timeout = aiohttp.ClientTimeout(total=ASK_TIMEOUT_S)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            for name in names:
                url = self._members[name].ready_url
                while not await _is_ready(session, url):  # noqa: ASYNC110 - another process
                    await asyncio.sleep(POLL_S)


class Centre(Doors):
    """The centre on one machine, as a drill breaks it."""

    def __init__(
        self,
        *,
        fleet: Fleet,
        members: Sequence[Member],
        urls: Mapping[str, str],
        redis: OneRedis | ManyRedis,
        record: Record,
        people: Sequence[Person],
        folder: Path,
    ) -> None:
        super().__init__(
            members=members,
            urls=urls,
            public_urls=[url for name, url in urls.items() if name.startswith("public")],
            people=people,
            record_url=record.url,
            folder=folder,
        )
        self.record = record
        self._fleet = fleet
        self.redis = redis

    def child(self, name: str) -> int | None:
        """Return the process that does the work below a parent; None while there is none."""
        parent = self._fleet.parent_pid(name)
        return None if parent is None else child_of(parent)

    def hit(self, name: str, number: signal.Signals) -> None:
        """Send a signal to the process that does the work."""
        pid = self.child(name)
        if pid is None:
            raise Outage(f"{name} does not run")
        os.kill(pid, number)

    def freeze(self, name: str) -> None:
        """Let a process stand still, and the parent that would end it."""
        parent = self._fleet.parent_pid(name)
        assert parent is not None, "it was started"
        os.kill(parent, signal.SIGSTOP)
        self.hit(name, signal.SIGSTOP)

    async def thaw(self, name: str) -> None:
        """Let both go on: first the process, so that its parent hears that it lives."""
        parent = self._fleet.parent_pid(name)
        assert parent is not None, "it stands still"
        self.hit(name, signal.SIGCONT)
        await asyncio.sleep(WAKES_FIRST_S)
        os.kill(parent, signal.SIGCONT)

    def end_in_order(self, name: str) -> None:
        """Tell a parent to end; it is started again, as on a machine with a service manager."""
        pid = self._fleet.parent_pid(name)
        assert pid is not None, "it was started"
        os.kill(pid, signal.SIGTERM)

    async def until_renewed(self, name: str, old: int | None, *, within_s: float) -> None:
        """Wait until another process does the work and says that it is ready. Raises Outage."""
        async with _deadline(within_s, f"{name} does not come back"):
            while self.child(name) in (old, None):  # noqa: ASYNC110 - another process
                await asyncio.sleep(POLL_S)
            await self._until_ready([name])


@asynccontextmanager
async def _deadline(within_s: float, words: str) -> AsyncIterator[None]:
    """Turn a wait that is too long into an outage."""
    try:
        async with asyncio.timeout(within_s):
            yield
    except TimeoutError as error:
        raise Outage(f"Within {within_s:g} s {words}.") from error


async def _is_ready(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as response:
            return response.status == HTTPStatus.OK
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False


@asynccontextmanager
async def drill_centre(
    *,
    advisers: int,
    with_sentinels: bool = False,
    settings: Callable[[Path], Mapping[str, str]] = lambda _: {},
) -> AsyncIterator[Centre]:
    """Start a centre, give it, and stop it; its folder stays if something has gone wrong.

    `settings` are what every process is told besides, given the folder.
    """
    folder = make_folder()
    async with AsyncExitStack() as stack:
        more = settings(folder)
        started = await _start(
            folder, stack, more, advisers=advisers, with_sentinels=with_sentinels
        )
        yield started
    if not started.is_kept:
        forget(folder)


async def _start(
    folder: Path,
    stack: AsyncExitStack,
    more: Mapping[str, str],
    *,
    advisers: int,
    with_sentinels: bool,
) -> Centre:
    ports = _quiet_ports(PORTS_PER_MEMBER * sum(ROLES.values()) + ROLES["media"] + 2)
    redis: OneRedis | ManyRedis
    if with_sentinels:
        redis = await start_many_redis(folder / "valkey")
    else:
        redis = await start_one_redis(folder / "valkey", ports.pop())
    stack.push_async_callback(redis.stop)
    record = await start_record(folder / "postgres", ports.pop())
    stack.push_async_callback(record.stop)
    await upgrade(record.url)
    people = await hire(record.url, advisers)
    spots = _spots(ports)
    said = {
        "CC_REDIS_URL": redis.url,
        "CC_DATABASE_URL": record.url,
        "CC_DATA_DIR": str(folder),
        "CC_PROXIES": LOOPBACK,
        **more,
    }
    members = members_at(spots, said)
    fleet = Fleet(members, logs=folder / "logs", say=lambda _: None)
    stack.push_async_callback(stop_at_once, fleet)
    fleet.start()
    await fleet.ready()
    group = await stack.enter_async_context(asyncio.TaskGroup())
    keeping = group.create_task(fleet.keep(), name="fleet")
    stack.callback(keeping.cancel)
    return Centre(
        fleet=fleet,
        members=members,
        urls={one.name: one.url for one in spots},
        redis=redis,
        record=record,
        people=people,
        folder=folder,
    )


async def stop_at_once(fleet: Fleet) -> None:
    """Stop all processes without waiting for calls: there are none any more."""
    hurry = asyncio.Event()
    hurry.set()
    await fleet.stop(drain_s=STOP_WITHIN_S, hurry=hurry)


def _quiet_ports(count: int) -> list[int]:
    """Return free ports that no outgoing connection can be given while their owner is away."""
    found: list[int] = []
    while len(found) < count:
        port = QUIET_PORTS[secrets.randbelow(len(QUIET_PORTS))]
        if port not in found and _is_free(port):
            found.append(port)
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as asked, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        try:
            asked.bind((LOOPBACK, port))
            datagrams.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _spots(ports: list[int]) -> list[Spot]:
    """Return where everything stands on one machine."""
    names = [f"{role}-{number + 1}" for role, count in ROLES.items() for number in range(count)]
    return [
        Spot(
            name=name,
            open_port=ports.pop(),
            inner_port=ports.pop(),
            sip_port=ports.pop() if name.startswith("media") else None,
        )
        for name in names
    ]


async def hire(database_url: str, count: int) -> list[Person]:
    """Make so many advisers, who all serve every English queue."""
    lines = load_lines(default_flows_dir()).values()
    queues = [
        queue.id
        for line in lines
        for queue in line.call_queues
        if queue.language is Language.ENGLISH
    ]
    people = [
        Person(name=f"adviser-{number + 1}", password=secrets.token_urlsafe(12))
        for number in range(count)
    ]
    async with PostgresPool(database_url) as pool:
        accounts = PostgresAccounts(pool)
        for person in people:
            account = Account(
                id=AdviserId(person.name),
                name=person.name,
                role=Role.ADVISER,
                language=Language.ENGLISH,
                queues=queues,
            )
            await accounts.put(account, password=person.password)
    return people


def make_folder() -> Path:
    """Make a folder that PostgreSQL can enter, which does not run as root."""
    folder = Path(mkdtemp(prefix="contactcentre-drill-"))
    folder.chmod(0o755)
    return folder


def forget(folder: Path) -> None:
    """Delete what a centre has left, also where its record lies elsewhere."""
    record = folder / "postgres"
    for link in (record, *record.glob("*")):
        if link.is_symlink():
            shutil.rmtree(link.resolve(), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
