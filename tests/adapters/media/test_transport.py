"""One connection at its edges: ended in any moment, and written to when its socket is gone."""

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial

import numpy as np
import pytest

from contactcentre.adapters.media_aiortc.addresses import offer_addresses
from contactcentre.adapters.media_aiortc.offers import read_offer
from contactcentre.adapters.media_aiortc.packets import write_rtp
from contactcentre.adapters.media_aiortc.sound_port import SoundPorts
from contactcentre.adapters.media_aiortc.transport import Connection
from contactcentre.bench.peer import Peer

PACKET = write_rtp(0, 1, 160, 7, bytes(160))
DEADLINE_S = 8.0


@pytest.fixture(autouse=True)
async def loopback() -> AsyncIterator[None]:
    offer_addresses(["127.0.0.1"])
    yield
    offer_addresses([])


class Leg:
    """Whose connection it is."""

    def __init__(self, came: list[bytes]) -> None:
        self.row, self.is_connected, self.has_port = 0, True, False
        self.came = came

    def packet_came(self, data: bytes, _waited_s: float = 0.0, /) -> None:
        """Take a packet in the clear."""
        self.came.append(data)


class Line:
    """A peer and our end of its connection."""

    def __init__(
        self, peer: Peer, connection: Connection, answer: str, leg: Leg, ports: SoundPorts
    ) -> None:
        self.peer = peer
        self.leg = leg
        self.came = leg.came
        self.ports = ports
        self.connection = connection
        self.answer = answer
        self.connected = asyncio.Event()
        self.running = asyncio.create_task(connection.run(self.connected.set))

    @classmethod
    async def open(cls) -> "Line":
        """Answer a peer's offer."""
        peer, came = Peer(), list[bytes]()
        ports = SoundPorts(
            1,
            packets=np.zeros((1, 256), np.uint8),
            take_steady=lambda rows, _packets, _now: np.zeros(len(rows), np.bool_),
            clock=time.monotonic,
        )
        leg = Leg(came)
        connection = Connection(
            offer=read_offer(await peer.offer()),
            ice_servers=[],
            packet_came=lambda packet, _waited_s=0.0: came.append(packet),
            report_came=lambda _report: None,
            listen=partial(ports.open, leg),
        )
        return cls(peer, connection, await connection.answer(source=7, name="name"), leg, ports)

    async def connect(self) -> None:
        """Connect both ends."""
        async with asyncio.timeout(DEADLINE_S):
            await self.peer.accept(self.answer, sends=False)
            await self.connected.wait()

    async def close(self) -> None:
        """Close both ends, and wait until ours is over."""
        async with asyncio.timeout(DEADLINE_S):
            await self.connection.close()
            await self.running
            await self.peer.close()


async def test_a_socket_that_ice_has_closed_is_not_written_to() -> None:
    line = await Line.open()
    await line.connect()
    inside = line.connection._ice._connection  # noqa: SLF001 - as it does itself when consent ends
    closing = asyncio.create_task(inside.close())
    while not closing.done():
        line.connection.send(PACKET)
        line.connection.send_report(PACKET)
        await asyncio.sleep(0)
    line.connection.send(PACKET)
    async with asyncio.timeout(DEADLINE_S):
        await line.running
    await line.close()


async def test_before_it_stands_nothing_is_sent() -> None:
    line = await Line.open()
    line.connection.send(PACKET)
    line.connection.send_report(PACKET)
    await line.close()
    assert not line.connected.is_set()


@pytest.mark.parametrize("steps", [0, 1, 2, 5, 10, 20, 30, 40, 60, 80, 120])
async def test_it_can_be_ended_in_every_moment_of_its_connecting(steps: int) -> None:
    line = await Line.open()
    accepting = asyncio.create_task(line.peer.accept(line.answer))
    for _ in range(steps):
        await asyncio.sleep(0.001)
    line.connection.end()
    async with asyncio.timeout(DEADLINE_S):
        await line.running
    accepting.cancel()
    await asyncio.wait([accepting])
    await line.close()


async def test_once_it_stands_a_packet_waits_for_the_tick_and_so_does_the_others_goodbye() -> None:
    line = await Line.open()
    await line.connect()
    line.peer.send_packet(PACKET)
    await asyncio.sleep(0.05)
    assert not line.came
    line.ports.take()
    assert line.came == [PACKET]
    assert line.leg.has_port
    assert line.ports.arrange()
    assert list(line.ports.spoken_to) == [line.leg]
    closing = asyncio.create_task(line.peer.close())
    async with asyncio.timeout(DEADLINE_S):
        while not line.running.done():
            line.ports.take()
            await asyncio.sleep(0.01)
    await closing
    await line.close()


async def test_to_close_it_again_does_nothing() -> None:
    line = await Line.open()
    await line.connect()
    await line.close()
    await line.close()
