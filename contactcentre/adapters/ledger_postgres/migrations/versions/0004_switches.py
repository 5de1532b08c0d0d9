"""The turns of the supervisors' switches: rows are added and never changed."""

from alembic import op

revision = "0004"
down_revision = "0003"

STATEMENTS = (
    """
    CREATE TABLE switch_turns (
        number bigint PRIMARY KEY,
        line text NOT NULL,
        kind text NOT NULL,
        subject text NOT NULL,
        value text,
        who text NOT NULL,
        why text NOT NULL,
        at_ms bigint NOT NULL
    )
    """,
    "CREATE INDEX switch_turns_by_switch ON switch_turns (line, kind, subject, number DESC)",
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME;
    END
    $$
    """,
    """
    CREATE TRIGGER switch_turns_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON switch_turns
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
)


def upgrade() -> None:
    """Make the table, and refuse all but adding to it."""
    for statement in STATEMENTS:
        op.execute(statement)
