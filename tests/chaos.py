"""A wire between one of ours and a store, which a test may slow down, cut or let go silent."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

from contactcentre.adapters.embedded.server import LOOPBACK

CHUNK_BYTES = 65_536


class BadWire:
    """Carries bytes both ways, as badly as it is told to."""

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target)
        self._server: asyncio.Server | None = None
        self._carrying: set[asyncio.Task[None]] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._answers = asyncio.Event()
        self._answers.set()
        self.port = 0
        self.delay_s = 0.0
        """How long everything takes, each way."""

    @property
    def url(self) -> str:
        """Where the store is by this wire."""
        signed_in = self._target.netloc.rpartition("@")[0]
        return urlunsplit(self._target._replace(netloc=f"{signed_in}@{LOOPBACK}:{self.port}"))

    def fall_silent(self) -> None:
        """Carry nothing more, and let nobody see it: as a path does that drops every packet."""
        self._flows.clear()

    def fall_mute(self) -> None:
        """Carry what ours says, and no answer to it."""
        self._answers.clear()

    def speak_again(self) -> None:
        """Carry on, for connections that come from now on; the others stay silent for ever."""
        self._flows, self._answers = asyncio.Event(), asyncio.Event()
        self._flows.set()
        self._answers.set()

    async def cut(self) -> None:
        """Reset every connection and refuse new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._carrying:
            task.cancel()
        if self._carrying:
            await asyncio.wait(self._carrying)

    async def mend(self) -> None:
        """Take connections, on the port that it had before."""
        self._server = await asyncio.start_server(self._carry, LOOPBACK, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a coroutine runs in a task"
        self._carrying.add(task)
        ends = [writer]
        try:
            flows, answers = self._flows, self._answers
            await flows.wait()
            far, there = await asyncio.open_connection(self._target.hostname, self._target.port)
            ends.append(there)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, there, [flows]))
                group.create_task(self._pump(far, writer, [flows, answers]))
        except* OSError:
            pass
        finally:
            self._carrying.discard(task)
            for end in ends:
                end.transport.abort()

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        needs: Sequence[asyncio.Event],
    ) -> None:
        while said := await reader.read(CHUNK_BYTES):
            await asyncio.sleep(self.delay_s)
            for need in needs:
                await need.wait()
            writer.write(said)
            await writer.drain()
        raise ConnectionResetError("one end has gone, so the other must")


@asynccontextmanager
async def bad_wire(target: str) -> AsyncIterator[BadWire]:
    """Give a wire to a store that carries well until it is told otherwise."""
    wire = BadWire(target)
    await wire.mend()
    try:
        yield wire
    finally:
        with suppress(asyncio.CancelledError):
            await wire.cut()
