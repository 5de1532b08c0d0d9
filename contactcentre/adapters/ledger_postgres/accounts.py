"""The local accounts and their sessions.

Of a session only the digest is kept: whoever reads the table cannot sign in with it.
"""

import json
import re
import secrets
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256

import asyncpg

from contactcentre.adapters.ledger_postgres import statements
from contactcentre.adapters.ledger_postgres.passwords import Passwords
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.domain.errors import BadRequest, NotSignedIn
from contactcentre.domain.ids import AdviserId, QueueId
from contactcentre.domain.languages import Language
from contactcentre.ports.accounts import ACCOUNT_ID, PASSWORD_MIN_CHARS, Account, Role

SESSION_LIFE = timedelta(hours=12)
"""Longer than any shift, shorter than a night."""
SESSION_BYTES = 32


class PostgresAccounts:
    """The Accounts port."""

    def __init__(
        self,
        pool: PostgresPool,
        *,
        passwords: Passwords | None = None,
        session_life: timedelta = SESSION_LIFE,
    ) -> None:
        self._pool = pool
        self._passwords = passwords if passwords is not None else Passwords()
        self._session_life = session_life

    async def sign_in(self, name: str, password: str) -> Account:
        """Return whose name and password these are."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(statements.FIND_ACCOUNT, name.strip().casefold())
        kept: str | None = None if row is None else row["password_hash"]
        right = await self._passwords.check(kept, password)
        if row is None or kept is None or not right:
            raise NotSignedIn("That name and password do not belong together.")
        if self._passwords.is_weak(kept):
            await self._renew(row["id"], kept, password)
        return _account(row)

    async def create_session(self, account: AdviserId) -> str:
        """Return a secret by which the account is known from now on."""
        session = secrets.token_urlsafe(SESSION_BYTES)
        async with self._pool.transaction() as connection:
            await connection.execute(statements.FORGET_SESSIONS, account, self._session_life)
            await connection.execute(statements.CREATE_SESSION, _digest(session), account)
        return session

    async def find_session(self, session: str) -> Account:
        """Return whose session it is."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(
                statements.FIND_SESSION, _digest(session), self._session_life
            )
        if row is None:
            raise NotSignedIn("Nobody is signed in here, or not any longer. Sign in again.")
        return _account(row)

    async def end_session(self, session: str) -> None:
        """End a session; one that is unknown has ended already."""
        async with self._pool.connection() as connection:
            await connection.execute(statements.END_SESSION, _digest(session))

    async def accounts(self) -> Sequence[Account]:
        """Return every account, by id."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(statements.LIST_ACCOUNTS)
        return [_account(row) for row in rows]

    async def put(self, account: Account, *, password: str | None) -> None:
        """Write an account down, new or changed; a new password ends the account's sessions."""
        if not re.fullmatch(ACCOUNT_ID, account.id):
            raise BadRequest(
                "A name to sign in with is made of a-z, 0-9, dot, dash and underscore."
            )
        if password is not None and len(password) < PASSWORD_MIN_CHARS:
            raise BadRequest(f"A password has at least {PASSWORD_MIN_CHARS} characters.")
        kept = None if password is None else await self._passwords.hash(password)
        async with self._pool.transaction() as connection:
            await connection.execute(
                statements.PUT_ACCOUNT,
                account.id,
                account.name,
                account.role,
                account.language,
                list(account.queues),
                kept,
                json.dumps(dict(account.levels)),
            )
            if kept is not None:
                await connection.execute(statements.END_SESSIONS, account.id)

    async def _renew(self, account: str, kept: str, password: str) -> None:
        """Keep a password with today's parameters."""
        renewed = await self._passwords.hash(password)
        async with self._pool.connection() as connection:
            await connection.execute(statements.RENEW_HASH, account, kept, renewed)


def _digest(session: str) -> bytes:
    """Return what is kept of a session."""
    return sha256(session.encode()).digest()


def _account(row: asyncpg.Record) -> Account:
    """Return the account a row tells of."""
    return Account(
        id=AdviserId(row["id"]),
        name=row["name"],
        role=Role(row["role"]),
        language=Language(row["language"]),
        queues=[QueueId(queue) for queue in row["queues"]],
        levels={QueueId(queue): level for queue, level in json.loads(row["levels"]).items()},
    )
