"""What of the errors of PostgreSQL means that it is away, and how an operator is told of it."""

from collections.abc import Sequence

import asyncpg

AWAY = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)

READ_ONLY = "this PostgreSQL only lets itself be read"
WRONG_TABLES = "its tables are not those of this version: run the migrations"
WHYS: Sequence[tuple[type[Exception], str]] = (
    (TimeoutError, "PostgreSQL did not answer in time"),
    (ConnectionRefusedError, "nobody listens at its address"),
    (
        asyncpg.InvalidAuthorizationSpecificationError,
        "PostgreSQL does not know this user and password",
    ),
    (asyncpg.CannotConnectNowError, "PostgreSQL is starting or stopping"),
    (asyncpg.DiskFullError, "the disk of PostgreSQL is full"),
    (asyncpg.ReadOnlySQLTransactionError, READ_ONLY),
    (asyncpg.TargetServerAttributeNotMatched, READ_ONLY),
    (asyncpg.UndefinedTableError, WRONG_TABLES),
    (asyncpg.UndefinedColumnError, WRONG_TABLES),
)
"""What an operator is told of the errors that have a cause to look for."""


class NoPrimaryError(OSError):
    """None of several servers takes writes; its text says what each of them did instead."""


class OvertakenError(OSError):
    """A server takes writes that has been replaced by another one, which we have seen."""


def why_away(error: Exception) -> str:
    """Return what went wrong in a few words that hold no fact of any call."""
    if isinstance(error, NoPrimaryError | OvertakenError):
        return str(error)
    for kind, why in WHYS:
        if isinstance(error, kind):
            return why
    return type(error).__name__
