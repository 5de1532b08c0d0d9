"""`contactcentre doctor`: look at the whole centre, say how it is and what is wrong with it.

It reads and changes nothing, needs no process of ours to be running, and works while either store
is away.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import typer

from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.adapters.flow_files.folders import default_flows_dir
from contactcentre.adapters.flow_files.lines import load_lines
from contactcentre.adapters.ledger_postgres.census import PostgresCensus
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.adapters.state_redis.census import RedisCensus
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.apps.checkup import IN_PROGRESS_MAX, Checkup, Look, StateLook, findings
from contactcentre.apps.countries import odd_countries
from contactcentre.apps.doctor_page import as_json, as_page
from contactcentre.apps.ground import fresh_keys, kept_stores
from contactcentre.apps.plan import with_defaults, with_settings
from contactcentre.domain.errors import BrokenFlow, LedgerUnavailable, StateUnavailable
from contactcentre.domain.ids import CallId, QueueId
from contactcentre.limits import BEAT_EVERY_MS, REPORT_CALLS_MAX
from contactcentre.ports.state import CallStanding
from contactcentre.settings import Settings, env_name, read_settings

LOOK_AGAIN_AFTER_MS = BEAT_EVERY_MS * 3 // 2
"""Whoever is alive has beaten by then."""
LEDGER_TIMEOUT_MS = 30_000
"""For counts over a whole day of a big centre."""
HOUR_MS = 3_600_000
STATE_AWAY = (
    "The live state does not answer ({why}). Callers hear music or go on talking, but nobody is "
    "matched. Start Redis, or put CC_REDIS_URL right."
)
LEDGER_AWAY = (
    "The record does not answer ({why}). Callers notice nothing; what happens is kept on the "
    "nodes' disks. Start PostgreSQL, or put CC_DATABASE_URL right."
)
UNWELL = 1


def run_doctor(
    environ: Mapping[str, str], *, data: Path | None, json: bool, since_hours: int
) -> int:
    """Say how the centre is; return 1 if anything is wrong. Raises Refusal."""
    settings = _settings(environ, data)
    checkup = asyncio.run(examine(settings, since_hours=since_hours))
    found = (*findings(checkup), *odd_countries(settings))
    say = as_json if json else as_page
    typer.echo(say(checkup, found, since_hours=since_hours))
    return UNWELL if found else 0


def _settings(environ: Mapping[str, str], data: Path | None) -> Settings:
    """Return the settings: where they name no stores, with those that `up` keeps in its folder."""
    line = {} if data is None else {env_name("data_dir"): str(data)}
    said = with_defaults(with_settings(environ, line), fresh_keys())
    return read_settings(with_defaults(said, kept_stores(read_settings(said).data_dir)))


async def examine(settings: Settings, *, since_hours: int) -> Checkup:
    """Look twice, and once more if somebody has not moved by then."""
    state = RedisState(settings.redis_url, timeout_ms=settings.redis_timeout_ms)
    url = settings.database_url
    async with PostgresPool(url, timeout_ms=settings.database_timeout_ms) as pool:
        doctor = _Doctor(state, PostgresCensus(pool), _widest_ms(settings))
        first = await doctor.look()
        checkup = await _look_again(doctor, first)
        if checkup.nodes_silent or checkup.desks_silent:
            checkup = await _look_again(doctor, first)
    await state.close()
    if checkup.second.ledger is None:
        return checkup
    async with PostgresPool(url, timeout_ms=LEDGER_TIMEOUT_MS) as patient:
        return await _with_accounts(checkup, PostgresCensus(patient), since_hours=since_hours)


async def _look_again(doctor: "_Doctor", first: Look) -> Checkup:
    await asyncio.sleep(LOOK_AGAIN_AFTER_MS / 1_000)
    second = await doctor.look()
    return Checkup(first=first, second=second, accounts=None, widest_ms=doctor.widest_ms)


async def _with_accounts(checkup: Checkup, ledger: PostgresCensus, *, since_hours: int) -> Checkup:
    since_ms = MachineClock().now_ms() - since_hours * HOUR_MS
    try:
        return replace(checkup, accounts=await ledger.conserved(since_ms=since_ms))
    except LedgerUnavailable as outage:
        outages = (*checkup.second.outages, f"The record cannot be counted ({outage}).")
        return replace(checkup, second=replace(checkup.second, outages=outages))


class _Doctor:
    """Who looks at both stores, each under its own deadline."""

    def __init__(
        self, state: RedisState, ledger: PostgresCensus, widest_ms: Mapping[QueueId, int]
    ) -> None:
        self._state = state
        self._census = RedisCensus(state)
        self._ledger = ledger
        self.widest_ms = widest_ms

    async def look(self) -> Look:
        """Look once at everything that answers."""
        outages: list[str] = []
        in_progress: Sequence[CallId] = ()
        ledger = state = None
        try:
            ledger = await self._ledger.look(at_ms=MachineClock().now_ms())
            in_progress = await self._ledger.in_progress(count_max=IN_PROGRESS_MAX)
        except LedgerUnavailable as outage:
            outages.append(LEDGER_AWAY.format(why=outage))
        try:
            state = await self._look_at_state(in_progress)
        except StateUnavailable as outage:
            outages.insert(0, STATE_AWAY.format(why=outage))
        return Look(state=state, ledger=ledger, in_progress=in_progress, outages=outages)

    async def _look_at_state(self, in_progress: Iterable[CallId]) -> StateLook:
        state = self._state
        server = await self._census.server()
        generation = await state.generation()
        queues = {*self.widest_ms, *(await state.matchable(advisers_max=1)).queues}
        overview = await state.overview(sorted(queues))
        nodes = [one for one in overview.nodes if one.carries_calls]
        held = await self._census.held(one.node for one in nodes)
        bound = {one.call for _, one in overview.advisers if one.call is not None}
        return StateLook(
            server=server,
            generation=generation,
            desks=await state.desks(),
            lost_calls=await state.lost_calls(),
            lost_advisers=await state.lost_advisers(),
            overview=replace(overview, nodes=nodes),
            events=await self._census.events(),
            is_storm=await state.is_storm(),
            held=held,
            trunks=await self._census.trunks(one.node for one in nodes),
            keepers={one.node: one.beat for one in overview.nodes if not one.carries_calls},
            calls=await self._standings({*in_progress, *held, *bound}),
        )

    async def _standings(self, calls: Iterable[CallId]) -> Mapping[CallId, CallStanding]:
        """Return how calls stand, asked for in as many steps as it takes."""
        asked = sorted(calls)
        return {
            standing.call: standing
            for first in range(0, len(asked), REPORT_CALLS_MAX)
            for standing in await self._state.look_calls(asked[first : first + REPORT_CALLS_MAX])
        }


def _widest_ms(settings: Settings) -> Mapping[QueueId, int]:
    """Return the queues of the flows, and from which waiting time on each asks all its advisers.

    Without flows only those queues are known where somebody waits.
    """
    try:
        lines = load_lines(settings.flows_dir or default_flows_dir())
    except BrokenFlow:
        return {}
    return {queue.id: queue.widest_ms for line in lines.values() for queue in line.queues}
