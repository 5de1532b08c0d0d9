"""The turns of the supervisors' switches in the records."""

from collections.abc import Mapping
from typing import Any

from contactcentre.adapters.ledger_postgres import statements
from contactcentre.adapters.ledger_postgres.pool import Connection, PostgresPool
from contactcentre.domain.ids import AdviserId, LineId
from contactcentre.domain.ivr.flow import QueueName
from contactcentre.domain.ivr.switches import SwitchKind, Turn, Turned, standing_of
from contactcentre.ports.switches import SwitchRecord

LAST_MAX = 20
"""So many of the last turns are shown."""


class PostgresSwitches:
    """The SwitchLedger port."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def turn(self, turn: Turn, *, who: AdviserId, why: str, at_ms: int) -> SwitchRecord:
        """Write a turn down, and return how all switches stand after it."""
        async with self._pool.transaction() as connection:
            # one at a time, so that a later number is never seen before an earlier one
            await connection.execute(statements.LOCK_SWITCHES)
            await connection.execute(
                statements.TURN_SWITCH,
                turn.line,
                turn.kind.value,
                turn.subject or "",
                turn.value,
                who,
                why,
                at_ms,
            )
            return await _read(connection)

    async def read(self) -> SwitchRecord:
        """Return how all switches stand."""
        async with self._pool.connection() as connection:
            return await _read(connection)


async def _read(connection: Connection) -> SwitchRecord:
    rows = await connection.fetch(statements.READ_SWITCHES)
    last = await connection.fetch(statements.LIST_TURNS, LAST_MAX)
    ordered = sorted(rows, key=lambda row: row["number"])
    number = ordered[-1]["number"] if ordered else 0
    return SwitchRecord(
        stands=standing_of((_turn(dict(row)) for row in ordered), number=number),
        last=[
            Turned(
                number=row["number"],
                turn=_turn(dict(row)),
                who=AdviserId(row["who"]),
                why=row["why"],
                at_ms=row["at_ms"],
            )
            for row in last
        ],
    )


def _turn(row: Mapping[str, Any]) -> Turn:
    return Turn(
        line=LineId(row["line"]),
        kind=SwitchKind(row["kind"]),
        subject=QueueName(row["subject"]) if row["subject"] else None,
        value=row["value"],
    )
