"""Calls that have not ended are found without looking at those that have."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the index."""
    op.execute("CREATE INDEX open_calls ON calls (id) WHERE state <> 'ended'")
