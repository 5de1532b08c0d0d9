"""Two PostgreSQLs of our own: a primary, and a standby without which nothing is confirmed.

For drills and tests on one machine. In earnest each stands at a site of its own, and Patroni says
which one is the primary. What Patroni would do is here a step that somebody takes: `promote`, and
`rejoin` for a former primary. Until the standby is promoted the primary never confirms alone, so
that the standby has all that was ever confirmed.
"""

import asyncio
import os
import shutil
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from contactcentre.adapters.embedded.postgres import (
    NAME,
    Home,
    Postgres,
    find_postgres,
    launch,
    prepare,
    start_postgres,
    until_ready,
)
from contactcentre.adapters.embedded.server import HERE, POLL_S, Place, port_at
from contactcentre.domain.errors import Outage

COPY_WITHIN_S = 120.0
FOLLOWS_WITHIN_S = 30.0
PROMOTED_WITHIN_S = 30.0
"""A standby first takes in all that it has been sent, and asks the disk to have it."""
ASK_TIMEOUT_S = 5.0
STANDBY = "standby"
"""What a standby calls itself to its primary."""


class PostgresPair:
    """A primary and its synchronous standby; after `promote` they have changed places."""

    def __init__(self, primary: Postgres, standby: Postgres) -> None:
        self.primary = primary
        self.standby = standby
        places = ",".join(f"{one.home.stands.host}:{one.port}" for one in (primary, standby))
        self.url = f"postgresql://{NAME}:{primary.password}@{places}/postgres"
        """What CC_DATABASE_URL says of both."""

    async def promote(self) -> None:
        """Make the standby the primary; it confirms alone until another follows it."""
        self.change_places()
        await promote(self.primary.url)

    def change_places(self) -> None:
        """Take note that the standby has been made the primary."""
        self.primary, self.standby = self.standby, self.primary

    async def confirm_together(self) -> None:
        """Let the primary confirm nothing that the standby does not have, once it follows."""
        await _wait_for_standby(self.primary.url, wait=True)
        deadline = time.monotonic() + FOLLOWS_WITHIN_S
        while not await ask(
            self.primary, "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
        ):
            if time.monotonic() > deadline:
                raise Outage("The standby does not follow its primary")
            await asyncio.sleep(POLL_S)

    async def rejoin(self) -> None:
        """Let the former primary forget what it has, and follow as the standby."""
        await self.standby.stop()
        shutil.rmtree(self.standby.home.data)
        await _copy(self.standby.home, self.primary)
        await self.standby.start_again()
        await self.confirm_together()

    async def stop(self) -> None:
        """Stop the standby last, so that the primary need not wait for it."""
        for one in (self.primary, self.standby):
            one.go_on()
        await self.primary.stop()
        await self.standby.stop()


async def start_pair(
    folder: Path, *, binaries: Path | None = None, places: tuple[Place, Place] = (HERE, HERE)
) -> PostgresPair:
    """Start both, in folders of their own, the primary at the first place.

    Raises Refusal or Outage.
    """
    binaries = binaries or find_postgres()
    primary = await start_postgres(
        folder / "first", binaries=binaries, port=port_at(places[0]), stands=places[0]
    )
    try:
        standby = await _start_standby(folder / "second", primary, binaries, stands=places[1])
    except BaseException:
        await primary.stop()
        raise
    pair = PostgresPair(primary, standby)
    try:
        await pair.confirm_together()
    except BaseException:
        await pair.stop()
        raise
    return pair


async def _start_standby(
    folder: Path, primary: Postgres, binaries: Path, *, stands: Place
) -> Postgres:
    """Start a server with a copy of what another has, which then follows it."""
    home = prepare(folder, binaries, keep_open=(), stands=stands)
    _write_secret(home, home.password, primary.password)
    await _copy(home, primary)
    port = port_at(stands)
    program = launch(home, port)
    await until_ready(home, program)
    return Postgres(home, port, program)


async def _copy(home: Home, primary: Postgres) -> None:
    """Copy what a primary has, with the note that makes the copy follow it."""
    passwords = home.folder / "passwords"
    _write_secret(home, passwords, f"*:*:*:*:{primary.password}\n")
    source = (
        f"host={primary.home.stands.host} port={primary.port} user={NAME} passfile='{passwords}' "
        f"application_name={STANDBY}"
    )
    copying = home.program(
        "pg_basebackup", "-D", home.data, "-d", source,
        "--write-recovery-conf", "--checkpoint=fast", "--no-sync", log="copy.log",
    )  # fmt: skip
    await copying.finish(within_s=COPY_WITHIN_S)


def _write_secret(home: Home, file: Path, text: str) -> None:
    file.touch(mode=0o600)
    file.write_text(text, encoding="ascii")
    if home.user:
        os.chown(file, *home.user)


async def promote(url: str) -> None:
    """Make a standby the primary; it confirms alone until another follows it. Raises Outage."""
    await _wait_for_standby(url, wait=False)
    await ask_at(url, "SELECT pg_promote()", within_s=PROMOTED_WITHIN_S)


async def _wait_for_standby(url: str, *, wait: bool) -> None:
    """Let a server confirm nothing that its standby does not have, or everything at once."""
    names = STANDBY if wait else ""
    await ask_at(url, f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
    await ask_at(url, "SELECT pg_reload_conf()")


async def ask(server: Postgres, statement: str) -> Any:
    """Run one statement on one of the servers, whatever it is at the moment. Raises Outage."""
    return await ask_at(server.url, statement)


async def ask_at(url: str, statement: str, *, within_s: float = ASK_TIMEOUT_S) -> Any:
    """Run one statement on the server at a URL. Raises Outage."""
    try:
        async with asyncio.timeout(within_s):
            connection = await asyncpg.connect(url)
            try:
                return await connection.fetchval(statement)
            finally:
                connection.terminate()
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        raise Outage(
            f"The PostgreSQL at {urlsplit(url).netloc.rpartition('@')[2]}: {error}"
        ) from error
