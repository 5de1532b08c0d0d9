"""An adviser serves each queue at a level; where nothing is said it is the first."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the levels, by queue."""
    op.execute("ALTER TABLE accounts ADD COLUMN levels jsonb NOT NULL DEFAULT '{}'")
