"""Callbacks, and every attempt to keep one."""

from alembic import op

revision = "0005"
down_revision = "0004"

STATEMENTS = (
    """
    CREATE TABLE callbacks (
        id text PRIMARY KEY,
        call text NOT NULL UNIQUE,
        line text NOT NULL,
        queue text NOT NULL,
        language text NOT NULL,
        service_class text NOT NULL,
        enqueued_ms bigint NOT NULL,
        number text NOT NULL,
        booked_at_ms bigint NOT NULL,
        slot_ms bigint NOT NULL,
        state text NOT NULL DEFAULT 'open',
        due_ms bigint NOT NULL DEFAULT 0,
        attempts_count bigint NOT NULL DEFAULT 0,
        epoch_count bigint NOT NULL DEFAULT 0,
        epoch_nonce text COLLATE "C" NOT NULL DEFAULT '',
        keeper text,
        closed_at_ms bigint,
        CONSTRAINT open_callbacks_are_not_closed CHECK ((state = 'open') = (closed_at_ms IS NULL))
    )
    """,
    "COMMENT ON COLUMN callbacks.keeper IS 'the process that offers it to advisers now'",
    "CREATE INDEX callbacks_open ON callbacks (enqueued_ms) WHERE state = 'open'",
    "CREATE INDEX callbacks_by_slot ON callbacks (queue, slot_ms)",
    "CREATE INDEX callbacks_by_close ON callbacks (closed_at_ms)",
    """
    CREATE TABLE callback_attempts (
        callback text NOT NULL REFERENCES callbacks,
        token bigint NOT NULL,
        adviser text NOT NULL,
        attempt text NOT NULL,
        at_ms bigint NOT NULL,
        PRIMARY KEY (callback, token)
    )
    """,
)


def upgrade() -> None:
    """Make the tables."""
    for statement in STATEMENTS:
        op.execute(statement)
