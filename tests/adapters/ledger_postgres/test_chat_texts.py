"""What was written in a chat stands in the record once, in its order."""

from contactcentre.adapters.ledger_postgres.ledger import PostgresLedger
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.domain import events as e
from contactcentre.domain.call import arrive, follow
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.ids import CallId, LineId, NodeId, TextId
from contactcentre.domain.languages import Language
from contactcentre.ports.records import WrittenEvent

CHAT = CallId("chat-1")


def written(node: str, count: int, *texts: tuple[str, int, str]) -> list[WrittenEvent]:
    """Return the events of a chat on one of its nodes."""
    arrived = e.CallArrived(
        call=CHAT,
        at_ms=1,
        line=LineId("tax"),
        language=Language.ENGLISH,
        node=NodeId(node),
        epoch=LegEpoch(count, "a"),
    )
    stands = arrive(arrived)
    events = [WrittenEvent(node=NodeId(node), seq=1, event=arrived, call=stands)]
    for seq, (text, order, words) in enumerate(texts, start=2):
        event = e.TextWritten(
            call=CHAT, at_ms=seq, by=e.Writer.CALLER, text=TextId(text), order=order, words=words
        )
        stands = follow(stands, event)
        events.append(WrittenEvent(node=NodeId(node), seq=seq, event=event, call=stands))
    return events


async def test_a_text_that_two_nodes_have_written_down_stands_once_and_in_order(
    pool: PostgresPool,
) -> None:
    ledger = PostgresLedger(pool)
    await ledger.write_events(written("south", 2, ("one", 5, "One"), ("three", 9, "Three")))
    await ledger.write_events(written("north", 1, ("one", 5, "One"), ("two", 6, "Two")))
    async with pool.connection() as connection:
        rows = await connection.fetch(
            "SELECT writer, words FROM chat_texts WHERE call = $1 ORDER BY place", CHAT
        )
    assert [tuple(row) for row in rows] == [
        ("caller", "One"),
        ("caller", "Two"),
        ("caller", "Three"),
    ]
