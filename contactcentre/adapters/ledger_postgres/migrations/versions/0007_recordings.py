"""Recordings, each part once, and what was done with them: acts are added and never changed."""

from alembic import op

revision = "0007"
down_revision = "0006"

STATEMENTS = (
    """
    CREATE TABLE recordings (
        part text PRIMARY KEY,
        call text NOT NULL,
        node text NOT NULL,
        file text NOT NULL,
        started_at_ms bigint NOT NULL,
        duration_ms bigint NOT NULL,
        gaps_ms bigint NOT NULL,
        is_cut boolean NOT NULL,
        key text NOT NULL,
        size_bytes bigint NOT NULL,
        sha256 text NOT NULL,
        deleted_at_ms bigint
    )
    """,
    "CREATE INDEX recordings_by_call ON recordings (call)",
    "CREATE INDEX recordings_kept ON recordings (part) WHERE deleted_at_ms IS NULL",
    """
    CREATE TABLE recording_acts (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        part text NOT NULL REFERENCES recordings,
        act text NOT NULL,
        who text NOT NULL,
        why text NOT NULL,
        at_ms bigint NOT NULL
    )
    """,
    """
    CREATE TRIGGER recording_acts_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON recording_acts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
)


def upgrade() -> None:
    """Make the tables."""
    for statement in STATEMENTS:
        op.execute(statement)
