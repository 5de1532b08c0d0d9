"""A centre at two sites with a witness, each in a network of its own, for a drill to lose one.

Every role stands at both sites. A Redis and a Sentinel stand at each site and at the witness; the
primary is at the north at first. So is that of the record; its synchronous standby is at the south,
and beside that is who promotes it (drills.promoter). Each site has a power of its own: when it is
off, nothing runs there.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from contactcentre.adapters.embedded.server import Place
from contactcentre.adapters.ledger_postgres.migrate import upgrade
from contactcentre.apps.fleet import Fleet, Member
from contactcentre.drills.centre import Doors, Person, forget, hire, make_folder
from contactcentre.drills.networks import NORTH, OUTSIDE, SOUTH, WIRES, WITNESS, Networks
from contactcentre.drills.paired_record import PairedRecord, start_paired_record
from contactcentre.drills.spots import Spot, members_at
from contactcentre.drills.stores import ManyRedis, start_many_redis

ROLES = {"media": 2, "router": 1, "desk": 1, "records": 1, "public": 1}
"""How many there are of each at each site."""
SITES = (NORTH, SOUTH)
FIRST_OPEN_PORT, FIRST_INNER_PORT, FIRST_SIP_PORT = 8_000, 9_000, 7_000
"""Each network has all ports to itself."""
PUBLIC_PORT = 8_080
PATIENT_S = "5"
"""Both sites share one machine: who waits for a turn there does not hang."""
STEP_MS = "1000"
"""A step in the live state may go to the other site and back, on a bad day."""
NAME = "calls.riverside.example"
"""The name of the callers' pages, which stands for the public servers of both sites."""


class Power:
    """All processes of one site, and whether they run."""

    def __init__(
        self,
        members: Sequence[Member],
        *,
        logs: Path,
        redis: ManyRedis,
        record: PairedRecord,
        place: Place,
    ) -> None:
        self._members = members
        self._logs = logs
        self._redis = redis
        self._record = record
        self._place = place
        self._fleet: Fleet | None = None
        self._keeping: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start every process."""
        self._fleet = Fleet(self._members, logs=self._logs, say=lambda _: None)
        self._fleet.start()

    def keep(self, tasks: asyncio.TaskGroup) -> None:
        """Start again whatever ends from now on."""
        assert self._fleet is not None, "started"
        self._keeping = tasks.create_task(self._fleet.keep(), name=f"fleet at {self._place.host}")

    async def ready(self) -> None:
        """Wait until every process says that it is ready. Raises Outage or Refusal."""
        assert self._fleet is not None, "started"
        await self._fleet.ready()

    def lose(self) -> None:
        """Kill every process and every store of the site."""
        self.stop()
        self._redis.lose(self._place)
        self._record.lose(self._place)

    async def come_back(self, tasks: asyncio.TaskGroup) -> None:
        """Start again what was killed, as the machines of a site do when the power is back.

        The record's server is not among it: it would take itself for the primary.
        """
        await self._redis.bring_back(self._place)
        self.start()
        self.keep(tasks)

    def stop(self) -> None:
        """Kill every process."""
        if self._keeping is not None:
            self._keeping.cancel()
        if self._fleet is not None:
            self._fleet.kill()


class TwoSites(Doors):
    """The centre as a drill uses and breaks it."""

    def __init__(
        self,
        *,
        spots: Sequence[Spot],
        members: Sequence[Member],
        people: Sequence[Person],
        redis: ManyRedis,
        record: PairedRecord,
        folder: Path,
    ) -> None:
        super().__init__(
            members=members,
            urls={one.name: one.url for one in spots},
            public_urls=[f"http://{NAME}:{PUBLIC_PORT}"],
            people=people,
            record_url=record.url,
            folder=folder,
        )
        self.redis = redis
        self.record = record
        self._tasks: asyncio.TaskGroup | None = None
        self.power = {
            site: Power(
                [one for one in members if one.environ["CC_SITE"] == site],
                logs=folder / "logs",
                redis=redis,
                record=record,
                place=_place_of(spots, site),
            )
            for site in SITES
        }

    def keep(self, tasks: asyncio.TaskGroup) -> None:
        """Start again whatever ends from now on, at both sites."""
        self._tasks = tasks
        for power in self.power.values():
            power.keep(tasks)

    async def bring_back(self, site: str) -> None:
        """Give a site its power back."""
        assert self._tasks is not None, "kept before it is lost"
        await self.power[site].come_back(self._tasks)

    def at(self, site: str, names: Sequence[str | None]) -> int:
        """Return how many of these media nodes' addresses are at a site."""
        return sum(WIRES[site].host in (name or "") for name in names)


def _place_of(spots: Sequence[Spot], site: str) -> Place:
    return next(one.place for one in spots if one.site == site)


def place_of(networks: Networks, name: str) -> Place:
    """Return where something at a site, or at the witness, stands."""
    return Place(host=WIRES[name].host, enter=partial(networks.enter, name))


def two_site_spots(places: dict[str, Place]) -> list[Spot]:
    """Return where everything stands: the same at each site."""
    names = [
        f"{role}-{{}}-{number + 1}" for role, count in ROLES.items() for number in range(count)
    ]
    return [
        Spot(
            name=name.format(site),
            open_port=PUBLIC_PORT if name.startswith("public") else FIRST_OPEN_PORT + number,
            inner_port=FIRST_INNER_PORT + number,
            sip_port=FIRST_SIP_PORT + number if name.startswith("media") else None,
            place=places[site],
            site=site,
        )
        for site in SITES
        for number, name in enumerate(names)
    ]


@asynccontextmanager
async def drill_two_sites(
    networks: Networks,
    *,
    advisers: int,
    settings: Callable[[Path], Mapping[str, str]] = lambda _: {},
) -> AsyncIterator[TwoSites]:
    """Start a centre at two sites, give it, and stop it; its folder stays if it is kept.

    `settings` are what every process is told besides, given the folder.
    """
    folder = make_folder()
    async with AsyncExitStack() as stack:
        more = settings(folder)
        started = await _start(networks, folder, stack, more, advisers=advisers)
        yield started
    if not started.is_kept:
        forget(folder)


async def _start(
    networks: Networks,
    folder: Path,
    stack: AsyncExitStack,
    more: Mapping[str, str],
    *,
    advisers: int,
) -> TwoSites:
    places = {name: place_of(networks, name) for name in (NORTH, SOUTH, WITNESS)}
    redis = await start_many_redis(folder / "valkey", list(places.values()))
    stack.push_async_callback(redis.stop)
    record = await start_paired_record(
        folder / "postgres",
        primary=places[NORTH],
        standby=places[SOUTH],
        sentinels_url=redis.url,
    )
    stack.push_async_callback(record.stop)
    await upgrade(record.url)
    people = await hire(record.url, advisers)
    spots = two_site_spots(places)
    said = {
        "CC_REDIS_URL": redis.url,
        "CC_REDIS_TIMEOUT_MS": STEP_MS,
        "CC_DATABASE_URL": record.url,
        "CC_DATA_DIR": str(folder),
        "CC_PROXIES": WIRES[OUTSIDE].host,
        "CC_WATCHDOG_S": PATIENT_S,
        **more,
    }
    started = TwoSites(
        spots=spots,
        members=members_at(spots, said),
        people=people,
        redis=redis,
        record=record,
        folder=folder,
    )
    for power in started.power.values():
        stack.callback(power.stop)
        power.start()
    for power in started.power.values():
        await power.ready()
    tasks = await stack.enter_async_context(asyncio.TaskGroup())
    for power in started.power.values():
        stack.callback(power.stop)
    started.keep(tasks)
    return started
