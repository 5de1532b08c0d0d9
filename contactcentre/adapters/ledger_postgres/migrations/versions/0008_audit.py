"""The audit trail: who listened to whose talk, how and when. Rows are added and never changed."""

from alembic import op

revision = "0008"
down_revision = "0007"

STATEMENTS = (
    """
    CREATE TABLE audit (
        node text NOT NULL,
        seq bigint NOT NULL,
        at_ms bigint NOT NULL,
        who text NOT NULL,
        did text NOT NULL,
        call text NOT NULL,
        adviser text,
        written_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (node, seq)
    )
    """,
    "CREATE INDEX audit_by_call ON audit (call)",
    "CREATE INDEX audit_by_time ON audit (at_ms)",
    """
    CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
)


def upgrade() -> None:
    """Make the table, and refuse all but adding to it."""
    for statement in STATEMENTS:
        op.execute(statement)
