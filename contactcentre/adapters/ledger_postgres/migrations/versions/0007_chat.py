"""What was written in chats: each text once, of the events in which it was written down."""

from alembic import op

revision = "0007"
down_revision = "0004"

STATEMENTS = (
    "CREATE INDEX events_of_texts ON events (call) WHERE kind = 'TextWritten'",
    """
    CREATE VIEW chat_texts AS
    SELECT DISTINCT ON (call, facts ->> 'by', facts ->> 'text')
        call,
        facts ->> 'by' AS writer,
        facts ->> 'text' AS text,
        (facts ->> 'order')::bigint AS place,
        at_ms,
        facts ->> 'words' AS words
    FROM events
    WHERE kind = 'TextWritten'
    ORDER BY call, facts ->> 'by', facts ->> 'text', (facts ->> 'order')::bigint, at_ms
    """,
)


def upgrade() -> None:
    """Make the view, and an index for it."""
    for statement in STATEMENTS:
        op.execute(statement)
