"""What tests do to stores from outside."""

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import redis.asyncio

Emptying = Callable[[], Awaitable[None]]
"""Lets Redis lose all keys."""


async def do(admin_url: str, *command: str) -> None:
    """Do to a Redis what none of our processes may."""
    client = redis.asyncio.from_url(admin_url)
    await client.execute_command(*command)  # type: ignore[no-untyped-call]
    await client.aclose()


async def empty(admin_url: str) -> None:
    """Let a Redis lose all keys."""
    await do(admin_url, "FLUSHALL")


def forget_stores(data: Path) -> None:
    """Delete, once, the record of a centre that root has started: its folder has but a link."""
    link = data / "postgres"
    if link.is_symlink():
        shutil.rmtree(link.resolve())
        link.unlink()
