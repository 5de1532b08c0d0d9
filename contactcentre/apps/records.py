"""The records process: from the stream of events into PostgreSQL, each exactly once.

It also closes, for now, the rows of calls that nobody will say the end of, and keeps callbacks.
"""

from contextlib import AsyncExitStack

import structlog

from contactcentre.adapters.environment.machine import MachineChance, MachineClock
from contactcentre.adapters.ledger_postgres.callbacks import PostgresCallbacks
from contactcentre.adapters.ledger_postgres.ledger import PostgresLedger
from contactcentre.adapters.ledger_postgres.migrate import upgrade
from contactcentre.adapters.ledger_postgres.open_calls import PostgresOpenCalls
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.adapters.ledger_postgres.recordings import PostgresRecordings
from contactcentre.adapters.recording_files.archive import FileArchive
from contactcentre.adapters.state_redis.events import RedisEventInbox
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.adapters.telemetry import metrics
from contactcentre.adapters.telemetry.monitors import violated
from contactcentre.adapters.web.peers import Peers
from contactcentre.apps.keeper import assemble_keeper
from contactcentre.apps.process import Process
from contactcentre.domain.errors import LedgerUnavailable, Outage, Refusal
from contactcentre.domain.events import Ending
from contactcentre.domain.ids import CallId
from contactcentre.journey.reconciling import Reconciler
from contactcentre.journey.records import Recorder
from contactcentre.journey.retaining import Sweeper
from contactcentre.ports.environment import Chance, Clock
from contactcentre.ports.records import Ledger, OpenCalls, WrittenEvent
from contactcentre.settings import Settings

log = structlog.get_logger()

TABLES_RETRY_MS = 2_000


async def serve(settings: Settings, process: Process) -> None:
    """Write events down until told to drain; what is not written stays on the stream."""
    clock, chance = MachineClock(), MachineChance()
    async with AsyncExitStack() as stack:
        state = RedisState(settings.redis_url, timeout_ms=settings.redis_timeout_ms)
        stack.push_async_callback(state.close)
        pool = await stack.enter_async_context(
            PostgresPool(settings.database_url, timeout_ms=settings.database_timeout_ms)
        )
        recorder, reconciler = assemble(
            state,
            PostgresLedger(pool),
            PostgresOpenCalls(pool),
            reader=settings.node,
            clock=clock,
            chance=chance,
            grace_ms=settings.orphan_grace_ms,
        )

        keeper, door = assemble_keeper(
            settings,
            internal_url=process.internal_url,
            state=state,
            callbacks=PostgresCallbacks(pool),
            peers=await stack.enter_async_context(Peers(settings.cluster_key.get_secret_value())),
            clock=clock,
            chance=chance,
        )

        async def record() -> None:
            await _bring_tables_up_to_date(settings.database_url, clock, chance)
            process.spawn(reconciler.run(), "reconciling")
            process.spawn(keeper.run(), "callbacks")
            if settings.recordings is not None:
                sweeper = Sweeper(
                    PostgresRecordings(pool),
                    FileArchive(settings.recordings),
                    clock,
                    chance,
                    keep_days=settings.recording_keep_days,
                )
                process.spawn(sweeper.run(), "recordings")
            await recorder.run()

        process.check("records", pool.ping)
        process.check("state", state.ping)
        process.routes(door.routes)
        await process.run(record)
        await keeper.leave()


def assemble(
    state: RedisState,
    ledger: Ledger,
    open_calls: OpenCalls,
    *,
    reader: str,
    clock: Clock,
    chance: Chance,
    grace_ms: int,
) -> tuple[Recorder, Reconciler]:
    """Return what writes events down, and what keeps open rows true."""
    inbox = RedisEventInbox(state, reader=reader, count_unread=metrics.count_set_aside)
    recorder = Recorder(inbox, ledger, clock, chance, _Told())
    reconciler = Reconciler(
        open_calls=open_calls,
        queues=state,
        rescue=state,
        clock=clock,
        chance=chance,
        witness=_ToldOfEnds(),
        grace_ms=grace_ms,
    )
    return recorder, reconciler


async def _bring_tables_up_to_date(url: str, clock: MachineClock, chance: MachineChance) -> None:
    """Make the tables those of this version, once PostgreSQL is there."""
    said = ""
    while True:
        try:
            await upgrade(url)
        except LedgerUnavailable as outage:
            if str(outage) != said:
                said = str(outage)
                log.warning("records wait for their tables", why=said)
            await clock.sleep_ms(TABLES_RETRY_MS + chance.jitter(TABLES_RETRY_MS))
        else:
            return


class _Told:
    """Counts and logs what becomes of events; no fact of any call is in it."""

    def wrote(self, count: int) -> None:
        """Count events that are in the record."""
        metrics.count_written(count)

    def set_aside(self, event: WrittenEvent, refusal: Refusal) -> None:
        """Count and name an event that can never be written."""
        metrics.count_set_aside()
        log.error("event set aside", node=event.node, seq=event.seq, why=str(refusal))

    def waits(self, outage: Outage) -> None:
        """Say that a store is away."""
        log.warning("records wait", code=outage.code, why=str(outage))


class _ToldOfEnds:
    """Counts and logs rows that had to be closed for now."""

    def closed(self, call: CallId, ending: Ending, *, is_news: bool) -> None:
        """Say it; a call that nobody has counted as lost yet breaks a promise here."""
        metrics.count_closed_provisionally(ending)
        log.warning("record closed provisionally", call=call, ending=ending)
        if ending is not Ending.SYSTEM_LOST:
            violated("I7", call=call, ending=ending)  # its own end never came into the record
        elif is_news:
            violated("I1", call=call, ending=ending)

    def looks_again(self, outage: Outage) -> None:
        """Say that open records are compared later."""
        log.info("open records are compared later", code=outage.code, why=str(outage))
