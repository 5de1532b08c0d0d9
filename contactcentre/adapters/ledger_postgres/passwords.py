"""Checking passwords: slow on purpose, in threads, and only a few at a time."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from contactcentre.domain.errors import TooMany

CHECKS_AT_ONCE_MAX = 2
"""Each takes 64 MiB and a core for a while."""
CHECKS_WAITING_MAX = 32


@cache
def _nobodys(time_cost: int, memory_cost: int, parallelism: int) -> str:
    """Return a hash that takes as long to check as anybody's with these parameters."""
    return PasswordHasher(time_cost, memory_cost, parallelism).hash(secrets.token_hex())


class Passwords:
    """argon2id, with the library's parameters unless told otherwise."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher if hasher is not None else PasswordHasher()
        self._nobodys = _nobodys(
            self._hasher.time_cost, self._hasher.memory_cost, self._hasher.parallelism
        )
        self._turns = asyncio.Semaphore(CHECKS_AT_ONCE_MAX)
        self._waiting_count = 0

    async def hash(self, password: str) -> str:
        """Return what is kept of a password."""
        async with self._turn():
            return await asyncio.to_thread(self._hasher.hash, password)

    async def check(self, kept: str | None, password: str) -> bool:
        """Say whether it is the password; None is nobody's and takes as long to find wrong."""
        async with self._turn():
            right = await asyncio.to_thread(self._verify, kept or self._nobodys, password)
        return right and kept is not None

    def is_weak(self, kept: str) -> bool:
        """Say whether a hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(kept)

    def _verify(self, kept: str, password: str) -> bool:
        """Say whether a hash is that of a password."""
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait for one's turn. Raises TooMany."""
        if self._waiting_count >= CHECKS_WAITING_MAX:
            raise TooMany("Too many people sign in at this moment. Try again in a minute.")
        self._waiting_count += 1
        try:
            async with self._turns:
                yield
        finally:
            self._waiting_count -= 1
