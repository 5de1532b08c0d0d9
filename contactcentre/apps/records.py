"""The records process: from the stream of events into PostgreSQL, each exactly once."""

import structlog

from contactcentre.adapters.environment.machine import MachineChance, MachineClock
from contactcentre.adapters.ledger_postgres.ledger import PostgresLedger
from contactcentre.adapters.ledger_postgres.migrate import upgrade
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.adapters.state_redis.blackboard import Blackboard
from contactcentre.adapters.state_redis.events import RedisEventInbox
from contactcentre.adapters.telemetry import metrics
from contactcentre.apps.process import Process
from contactcentre.domain.errors import LedgerUnavailable, Outage, Refusal
from contactcentre.journey.records import Recorder
from contactcentre.ports.records import WrittenEvent
from contactcentre.settings import Settings

log = structlog.get_logger()

TABLES_RETRY_MS = 2_000


async def serve(settings: Settings, process: Process) -> None:
    """Write events down until told to drain; what is not written stays on the stream."""
    clock, chance = MachineClock(), MachineChance()
    blackboard = Blackboard(settings.redis_url, timeout_ms=settings.redis_timeout_ms)
    inbox = RedisEventInbox(blackboard, reader=settings.node, count_unread=metrics.count_set_aside)
    async with PostgresPool(settings.database_url, timeout_ms=settings.database_timeout_ms) as pool:
        recorder = Recorder(inbox, PostgresLedger(pool), clock, chance, _Told())

        async def record() -> None:
            await _bring_tables_up_to_date(settings.database_url, clock, chance)
            await recorder.run()

        process.check("records", pool.ping)
        process.check("state", blackboard.ping)
        await process.run(record)
    await blackboard.close()


async def _bring_tables_up_to_date(url: str, clock: MachineClock, chance: MachineChance) -> None:
    """Make the tables those of this version, once PostgreSQL is there."""
    while True:
        try:
            await upgrade(url)
        except LedgerUnavailable as outage:
            log.warning("records wait for their tables", why=str(outage))
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
