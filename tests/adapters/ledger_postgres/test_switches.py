"""The turns of switches in the records."""

import asyncio

import pytest

from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.adapters.ledger_postgres.switches import PostgresSwitches
from contactcentre.domain.errors import LedgerUnavailable
from contactcentre.domain.ids import AdviserId, LineId
from contactcentre.domain.ivr.flow import QueueName
from contactcentre.domain.ivr.switches import NEVER_TURNED, LineSwitches, SwitchKind, Turn

TAX = LineId("tax")
ADA = AdviserId("ada")
SHUT = Turn(line=TAX, kind=SwitchKind.SHUT, value="shut")
OPEN = Turn(line=TAX, kind=SwitchKind.SHUT, value=None)
PAYING, GENERAL = QueueName("paying"), QueueName("general")


async def test_before_the_first_turn_all_is_as_planned(pool: PostgresPool) -> None:
    record = await PostgresSwitches(pool).read()
    assert (record.stands, record.last) == (NEVER_TURNED, [])


async def test_a_turn_is_written_with_who_when_what_and_why(pool: PostgresPool) -> None:
    switches = PostgresSwitches(pool)
    await switches.turn(SHUT, who=ADA, why="fire alarm", at_ms=5)
    divert = Turn(line=TAX, kind=SwitchKind.DIVERT, subject=PAYING, value=GENERAL)
    record = await switches.turn(divert, who=ADA, why="too few people", at_ms=6)
    assert record == await switches.read()
    assert record.stands.of(TAX) == LineSwitches(is_shut=True, diverts={PAYING: GENERAL})
    latest, first = record.last
    assert (latest.turn, latest.who, latest.why, latest.at_ms) == (
        divert, ADA, "too few people", 6
    )  # fmt: skip
    assert first.turn == SHUT
    assert record.stands.number == latest.number > first.number


async def test_turns_at_once_are_numbered_one_after_the_other(pool: PostgresPool) -> None:
    switches = PostgresSwitches(pool)
    turns = [switches.turn(one, who=ADA, why="x", at_ms=1) for one in (SHUT, OPEN, SHUT)]
    await asyncio.gather(*turns)
    record = await switches.read()
    assert len({turned.number for turned in record.last}) == 3
    assert record.stands.of(TAX).is_shut is (record.last[0].turn == SHUT)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE switch_turns SET why = 'other'", "DELETE FROM switch_turns", "TRUNCATE switch_turns"],
)
async def test_what_was_turned_is_never_changed(pool: PostgresPool, statement: str) -> None:
    switches = PostgresSwitches(pool)
    before = await switches.turn(SHUT, who=ADA, why="fire alarm", at_ms=5)
    with pytest.raises(LedgerUnavailable):
        async with pool.connection() as connection:
            await connection.execute(statement)
    assert await switches.read() == before
