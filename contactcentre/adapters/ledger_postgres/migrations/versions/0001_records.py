"""Calls, their events and outcomes; accounts and sessions."""

from alembic import op

revision = "0001"
down_revision = None

TABLES = (
    """
    CREATE TABLE calls (
        id text PRIMARY KEY,
        version bigint NOT NULL,
        line text NOT NULL,
        language text NOT NULL,
        node text NOT NULL,
        epoch_count bigint NOT NULL,
        epoch_nonce text COLLATE "C" NOT NULL,
        state text NOT NULL,
        arrived_at_ms bigint NOT NULL,
        queue text,
        service_class text,
        enqueued_ms bigint,
        adviser text,
        token bigint NOT NULL,
        deflected_to text,
        rang_count bigint NOT NULL,
        bridged_at_ms bigint,
        held_at_ms bigint,
        held_ms bigint NOT NULL,
        ended_at_ms bigint,
        ending text,
        ended_by text,
        provisional boolean NOT NULL DEFAULT false,
        CONSTRAINT ended_calls_have_an_ending CHECK ((state = 'ended') = (ending IS NOT NULL))
    )
    """,
    "CREATE INDEX calls_by_arrival ON calls (arrived_at_ms)",
    """
    CREATE TABLE events (
        node text NOT NULL,
        seq bigint NOT NULL,
        call text NOT NULL,
        at_ms bigint NOT NULL,
        kind text NOT NULL,
        version bigint NOT NULL,
        facts jsonb NOT NULL,
        PRIMARY KEY (node, seq)
    )
    """,
    "CREATE INDEX events_by_call ON events (call, version)",
    """
    CREATE TABLE marks (
        node text PRIMARY KEY,
        durable_seq bigint NOT NULL
    )
    """,
    "COMMENT ON TABLE marks IS 'up to which number every event of a node is in events'",
    """
    CREATE TABLE set_aside (
        node text NOT NULL,
        seq bigint NOT NULL,
        at timestamptz NOT NULL DEFAULT now(),
        why text NOT NULL,
        stored bytea NOT NULL,
        PRIMARY KEY (node, seq)
    )
    """,
    "COMMENT ON TABLE set_aside IS 'events that could not be written, for a person to look at'",
    """
    CREATE TABLE outcomes (
        call text NOT NULL,
        adviser text NOT NULL,
        outcome text,
        notes text NOT NULL,
        version bigint NOT NULL,
        at_ms bigint NOT NULL,
        PRIMARY KEY (call, adviser)
    )
    """,
    """
    CREATE TABLE accounts (
        id text PRIMARY KEY,
        name text NOT NULL,
        role text NOT NULL,
        language text NOT NULL,
        queues text[] NOT NULL,
        password_hash text NOT NULL
    )
    """,
    """
    CREATE TABLE sessions (
        digest bytea PRIMARY KEY,
        account text NOT NULL REFERENCES accounts ON DELETE CASCADE,
        created timestamptz NOT NULL DEFAULT now(),
        seen timestamptz NOT NULL DEFAULT now(),
        ended timestamptz
    )
    """,
    "CREATE INDEX sessions_by_account ON sessions (account)",
)


def upgrade() -> None:
    """Make the tables."""
    for statement in TABLES:
        op.execute(statement)
