"""An adviser's words on a call: one row, of two the higher version."""

import pytest

from contactcentre.adapters.ledger_postgres.outcomes import PostgresOutcomes
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.domain.errors import BadRequest
from contactcentre.domain.ids import AdviserId, CallId, OutcomeCode
from contactcentre.ports.records import Outcome

CALL = CallId("c1")
ADA = AdviserId("ada")


def outcome(version: int, *, notes: str = "", adviser: AdviserId = ADA) -> Outcome:
    return Outcome(
        call=CALL,
        adviser=adviser,
        outcome=None if version == 1 else OutcomeCode("call_back"),
        notes=notes,
        version=version,
    )


async def test_nothing_written_reads_as_nothing(pool: PostgresPool) -> None:
    assert await PostgresOutcomes(pool).read(call=CALL, adviser=ADA) is None


async def test_what_was_written_is_read_again(pool: PostgresPool) -> None:
    outcomes = PostgresOutcomes(pool)
    await outcomes.write(outcome(1, notes="Aeth yn dda — diolch 🙂"), at_ms=1)
    assert await outcomes.read(call=CALL, adviser=ADA) == outcome(
        1, notes="Aeth yn dda — diolch 🙂"
    )


async def test_a_later_version_stands_whichever_comes_first(pool: PostgresPool) -> None:
    outcomes = PostgresOutcomes(pool)
    for version in (1, 3, 2):
        await outcomes.write(outcome(version), at_ms=version)
    assert await outcomes.read(call=CALL, adviser=ADA) == outcome(3)


async def test_a_version_once_written_is_not_written_over(pool: PostgresPool) -> None:
    outcomes = PostgresOutcomes(pool)
    await outcomes.write(outcome(2, notes="first"), at_ms=1)
    await outcomes.write(outcome(2, notes="second"), at_ms=2)
    assert await outcomes.read(call=CALL, adviser=ADA) == outcome(2, notes="first")


async def test_two_advisers_of_one_call_have_each_their_own_words(pool: PostgresPool) -> None:
    outcomes = PostgresOutcomes(pool)
    bryn = AdviserId("bryn")
    await outcomes.write(outcome(1, notes="Ada's"), at_ms=1)
    await outcomes.write(outcome(1, notes="Bryn's", adviser=bryn), at_ms=1)
    assert await outcomes.read(call=CALL, adviser=bryn) == outcome(1, notes="Bryn's", adviser=bryn)


async def test_notes_that_cannot_be_kept_are_refused(pool: PostgresPool) -> None:
    with pytest.raises(BadRequest):
        await PostgresOutcomes(pool).write(outcome(1, notes="a\0b"), at_ms=1)
