"""What tests do to stores from outside."""

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import redis.asyncio

Emptying = Callable[[], Awaitable[None]]
"""Lets Redis lose all keys."""


async def empty(admin_url: str) -> None:
    """Let a Redis lose all keys, which none of our processes may do."""
    client = redis.asyncio.from_url(admin_url)
    await client.flushall()
    await client.aclose()


def forget_stores(data: Path) -> None:
    """Delete, once, the record of a centre that root has started: its folder has but a link."""
    link = data / "postgres"
    if link.is_symlink():
        shutil.rmtree(link.resolve())
        link.unlink()
