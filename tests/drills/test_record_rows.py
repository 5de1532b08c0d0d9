"""What is missing in the record is found, whether it was ever there or not."""

import asyncpg

from contactcentre.drills.record_rows import read_record

EVENT = """
INSERT INTO events (node, seq, call, at_ms, kind, version, facts)
VALUES ($1, $2, 'a', 0, 'CallQueued', $2, '{}')
"""
ASIDE = "INSERT INTO set_aside (node, seq, why, stored) VALUES ($1, $2, 'unreadable', '')"


async def test_events_that_were_confirmed_and_then_lost_leave_a_gap(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.executemany(EVENT, [("north", seq) for seq in (70, 71, 73)])
    await connection.executemany(EVENT, [("south", seq) for seq in (5, 9, 11)])
    await connection.execute(ASIDE, "north", 72)
    assert (await read_record(database_url)).gaps == ["4 events of south are not there"]
    await connection.executemany(EVENT, [("south", seq) for seq in (6, 7, 8, 10)])
    assert (await read_record(database_url)).gaps == []
    await connection.close()
