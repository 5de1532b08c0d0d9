"""A Sentinel that says what a test tells it to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from contactcentre.adapters.embedded.server import LOOPBACK, free_port


class StagedSentinel:
    """A Sentinel that says what a test tells it to, and counts who asks."""

    def __init__(self, primary: int, config_epoch: int) -> None:
        self.primary = primary
        self.primary_host = LOOPBACK
        self.config_epoch = config_epoch
        self.asked_count = 0
        self.is_silent = False
        self.port = free_port()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Answer whoever comes."""
        server = await asyncio.start_server(self._answer, LOOPBACK, self.port)
        yield
        server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said := await reader.read(1_000):
            if self.is_silent:
                continue
            if b"AUTH" in said:
                writer.write(
                    b"-ERR AUTH <password> called without any password configured for the default "
                    b"user. Are you sure your configuration is correct?\r\n"
                )
                continue
            self.asked_count += 1
            facts = [
                "ip",
                self.primary_host,
                "port",
                self.primary,
                "config-epoch",
                self.config_epoch,
            ]
            writer.write(f"*{len(facts)}\r\n".encode())
            writer.writelines(f"${len(str(one))}\r\n{one}\r\n".encode() for one in facts)
        writer.close()


def port_of(server_url: str) -> int:
    """Return where a server listens."""
    return urlsplit(server_url).port or 0


def behind(server_url: str, *ports: int, name: str = "live") -> str:
    """Return the URL of a server that is found by the Sentinels at some ports of this machine."""
    signed_in = urlsplit(server_url).netloc.rpartition("@")[0]
    places = ",".join(f"{LOOPBACK}:{port}" for port in ports)
    return f"sentinel://{signed_in}@{places}/{name}"
