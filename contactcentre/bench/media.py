"""How many calls one media node carries on one core, with real packets on loopback.

The node is a process of its own on one core; this process is the load: a caller and an adviser for
each call (a third who listens in where it is mixed, the caller alone where it is on hold), each
sending a packet every 20 ms and timing every packet that comes.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import uvloop

from contactcentre.adapters.media_aiortc.addresses import offer_addresses
from contactcentre.adapters.media_aiortc.packets import RtpPacket, write_rtp
from contactcentre.bench.choir import LATE_AFTER_S, TONE_FRAMES, Choir
from contactcentre.bench.media_node import LINE_MAX_BYTES, LOOPBACK, pin_to_core
from contactcentre.bench.opus_phone import G711, OPUS, OpusPhone
from contactcentre.bench.peer import Peer, tone_codes
from contactcentre.bench.phone import PhonePeer
from contactcentre.bench.stream_phone import StreamPeer
from contactcentre.limits import TICK_MS

WARM_UP_S = 2.0
PHASES = 4
"""Callers do not speak in step: a quarter of them sends every 5 ms."""
CONNECTING_MAX = 4
CALLS_MAX = 1_000
STEP_MAX_S = 20.0
TICKS_PER_S = 1_000 // TICK_MS
_PHASE_S = TICK_MS / 1_000 / PHASES

LEGS = ("webrtc", "sip", "opus", "twilio")
"""What may be at the other end of a leg."""
Far = Peer | PhonePeer | StreamPeer
LEGS_OF: Mapping[str, int] = {"bridge": 2, "mix": 3, "hold": 1, "record": 2}
"""How many legs a call has in each mode."""


class Singers(Protocol):
    """Ends of calls that send in step, and what they get."""

    @property
    def received_count(self) -> int:
        """Return how many packets have come."""

    @property
    def late_count(self) -> int:
        """Return how many of them came late."""

    @property
    def sound_count(self) -> int:
        """Return how many of them carried something else than silence."""

    @property
    def expected_count(self) -> int:
        """Return how many packets there were, by their numbers."""

    def begin(self) -> None:
        """All are connected."""

    def forget(self) -> None:
        """Count from now on."""

    def tick(self) -> None:
        """Hear what waits to be heard, and send the packets that are due."""


class Leg:
    """One end of a call: what it sends, and the timing of what it gets."""

    def __init__(self, number: int, peer: Far) -> None:
        self.peer = peer
        self._phone = peer if isinstance(peer, PhonePeer) else None
        self.peer.packet_came = self.came
        self._source = number
        self._sent = 0
        self._codec = OPUS if isinstance(self.peer, OpusPhone) else G711
        self._sound = self._codec.frames(tone_codes(400.0 + number, frames=TONE_FRAMES))
        self.forget()

    def forget(self) -> None:
        """Count from now on."""
        self.received_count = self.late_count = self.sound_count = 0
        self._first = self._highest = -1
        self._fastest_s = float("inf")

    def send(self) -> None:
        """Send the packet that is due."""
        self._sent += 1
        payload = self._sound[self._sent % TONE_FRAMES]
        kind, timestamp = self._codec.payload_type, self._sent * self._codec.tick & 0xFFFF_FFFF
        number = self._sent & 0xFFFF
        self.peer.send_packet(write_rtp(kind, number, timestamp, self._source, payload))

    def take(self) -> None:
        """Hear what waits to be heard by a telephone that nobody is woken by."""
        if self._phone is not None:
            self._phone.take()

    def came(self, packet: RtpPacket) -> None:
        """Time a packet against the stream that it belongs to."""
        _, sequence, timestamp, _, payload = packet
        waited_s = 0.0 if self._phone is None else self._phone.waited_s
        way_s = time.monotonic() - waited_s - timestamp / (self._codec.tick * TICKS_PER_S)
        self._fastest_s = min(self._fastest_s, way_s)
        self.late_count += way_s - self._fastest_s > LATE_AFTER_S
        self.sound_count += self._codec.is_sound(payload)
        self.received_count += 1
        if self._first < 0:
            self._first = self._highest = sequence
        else:
            step = (sequence - self._highest + 0x8000 & 0xFFFF) - 0x8000
            self._highest += max(0, step)

    @property
    def expected_count(self) -> int:
        """Return how many packets there were, by their numbers."""
        return self._highest - self._first + 1 if self._first >= 0 else 0


class Soloists:
    """Ends of calls that are heard and sent for one by one."""

    def __init__(self, legs: Sequence[Leg]) -> None:
        self._legs = legs

    def begin(self) -> None:
        """Do nothing: each has begun by itself."""

    def forget(self) -> None:
        """Count from now on."""
        for leg in self._legs:
            leg.forget()

    def tick(self) -> None:
        """Hear what waits to be heard, and send the packets that are due."""
        for leg in self._legs:
            leg.take()
            leg.send()

    @property
    def received_count(self) -> int:
        """Return how many packets have come."""
        return sum(leg.received_count for leg in self._legs)

    @property
    def late_count(self) -> int:
        """Return how many of them came late."""
        return sum(leg.late_count for leg in self._legs)

    @property
    def sound_count(self) -> int:
        """Return how many of them carried something else than silence."""
        return sum(leg.sound_count for leg in self._legs)

    @property
    def expected_count(self) -> int:
        """Return how many packets there were, by their numbers."""
        return sum(leg.expected_count for leg in self._legs)


def _alone(legs_of: str, number: int) -> Far:
    """Return a far end that is heard and sent for by itself."""
    if legs_of == "webrtc":
        return Peer(seed=number)
    if legs_of == "twilio":
        return StreamPeer()
    phone = OpusPhone()
    phone.open_untold()  # the system times its packets, not when we come to them
    return phone


def _ends(legs_of: str, count: int) -> tuple[Sequence[Far], Sequence[Singers]]:
    """Return the far ends of all legs, and who sends for a quarter of them each."""
    if legs_of == "sip":
        choirs = [Choir(range(phase, count, PHASES)) for phase in range(min(PHASES, count))]
        return [choirs[at % PHASES].peers[at // PHASES] for at in range(count)], choirs
    legs = [Leg(number, _alone(legs_of, number)) for number in range(count)]
    phases = [Soloists(legs[phase::PHASES]) for phase in range(min(PHASES, count))]
    return [leg.peer for leg in legs], phases


class Load:
    """All legs, and the one rhythm in which they send."""

    def __init__(self, phases: Sequence[Singers]) -> None:
        self._phases = phases
        self.late_count = self.tick_count = 0

    async def run(self) -> None:
        """Send for ever, noting when the generator itself is late."""
        due, number = time.monotonic(), 0
        while True:
            due, number = due + _PHASE_S, number + 1
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self.late_count += time.monotonic() - due > TICK_MS / 1_000
            self.tick_count += 1
            if number % PHASES < len(self._phases):
                self._phases[number % PHASES].tick()


class Node:
    """The process under test, and the lines that go to it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process, self._to, self._from = process, process.stdin, process.stdout
        self._turn = asyncio.Lock()

    @classmethod
    async def start(cls, legs_max: int, *folder: str) -> "Node":
        """Start the node; with a folder it can record."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "contactcentre.bench.media_node",
            str(legs_max),
            *folder,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LINE_MAX_BYTES,
        )
        return cls(process)

    @property
    def pid(self) -> int:
        """Return the process under test."""
        return self._process.pid

    async def ask(self, do: str, **more: Any) -> Mapping[str, Any]:
        """Have something done and return what came of it."""
        async with self._turn, asyncio.timeout(STEP_MAX_S):
            self._to.write(json.dumps({"do": do, **more}).encode() + b"\n")
            await self._to.drain()
            line = await self._from.readline()
        assert line, "the node has ended"
        reply: Mapping[str, Any] = json.loads(line)
        return reply

    async def stop(self) -> None:
        """End the node."""
        self._to.close()
        try:
            async with asyncio.timeout(STEP_MAX_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


async def connect_call(node: Node, call: str, *peers: Peer) -> None:
    """Connect a call's legs (`l0`, `l1`, …) one after the other, and let them hear one another."""
    for number, peer in enumerate(peers):
        answer = await node.ask("accept", call=call, leg=f"l{number}", sdp=await peer.offer())
        await peer.accept(answer["sdp"])
    await node.ask("join", legs=[f"l{number}" for number in range(len(peers))])


async def _connect(node: Node, ends: Sequence[Far], mode: str) -> float:
    """Connect all legs and join those of each call; return how many were connected a second."""
    size = LEGS_OF[mode]
    began = time.monotonic()
    few = asyncio.Semaphore(CONNECTING_MAX)

    async def connect(number: int, far: Far) -> None:
        async with few:
            offer = await far.offer()
            asked = {"call": f"c{number // size}", "leg": f"l{number}", "sdp": offer}
            answer = await node.ask("accept", **asked)
            await far.accept(answer["sdp"], sends=False)

    async with asyncio.TaskGroup() as connecting:
        for number, far in enumerate(ends):
            connecting.create_task(connect(number, far), name=f"leg {number} connects")
    for number in range(0, len(ends), size):
        names = [f"l{number + at}" for at in range(size)]
        if mode == "hold":
            await node.ask("hold", leg=names[0])
        else:
            await node.ask("join", legs=names)
        if mode == "record":
            await node.ask("record", call=f"c{number // size}", legs=names)
    return len(ends) / (time.monotonic() - began)


async def _measure(
    legs_of: str, mode: str, calls: int, seconds: int, folder: Path
) -> dict[str, Any]:
    """Run the bench and return its figures."""
    offer_addresses([LOOPBACK])
    count = LEGS_OF[mode] * calls
    node = await Node.start(count, *([str(folder)] if mode == "record" else []))
    ends, phases = _ends(legs_of, count)
    load = Load(phases)
    try:
        legs_per_s = await _connect(node, ends, mode)
        for singers in phases:
            singers.begin()
        async with asyncio.TaskGroup() as running:
            sending = running.create_task(load.run(), name="load")
            await asyncio.sleep(WARM_UP_S)
            before, began = await node.ask("usage"), time.monotonic()
            load.late_count = load.tick_count = 0
            for singers in phases:
                singers.forget()
            await asyncio.sleep(seconds)
            took_s, after = time.monotonic() - began, await node.ask("usage")
            figures = _figures(phases, load)
            sending.cancel()
    finally:
        await asyncio.gather(*(far.close() for far in ends))
        await node.stop()
    cpu_ms = (after["cpu_s"] - before["cpu_s"]) * 1_000
    received = after["received_count"] - before["received_count"]
    concealed = after["concealed_count"] - before["concealed_count"]
    return {
        "calls": calls,
        "cpu_ms_per_call_s": round(cpu_ms / took_s / calls, 3),
        "cpu_ratio": round(cpu_ms / took_s / 1_000, 4),
        **figures,
        "concealed_ratio": round(concealed / max(1, received), 6),
        "node_tick_late_ratio": round(after["late_ratio"], 6),
        "node_tick_lag_p99_ms": round(after["lag_p99_ms"], 2),
        "node_busy_ratio": round(after["busy_ratio"], 4),
        "node_is_batched": after["is_batched"],
        "node_rss_mb": round(after["rss_mb"], 1),
        "legs_connected_per_s": round(legs_per_s, 1),
        "seconds": round(took_s, 1),
        "load_average": round(os.getloadavg()[0], 2),
    }


def _figures(phases: Sequence[Singers], load: Load) -> dict[str, float]:
    """Return what the load generator counted."""
    received = max(1, sum(singers.received_count for singers in phases))
    expected = max(1, sum(singers.expected_count for singers in phases))
    return {
        "late_ratio": round(sum(singers.late_count for singers in phases) / received, 6),
        "loss_ratio": round((expected - min(received, expected)) / expected, 6),
        "sound_ratio": round(sum(singers.sound_count for singers in phases) / received, 6),
        "packets": received,
        "generator_late_ratio": round(load.late_count / max(1, load.tick_count), 6),
    }


def run_media_bench(*, legs: str, mode: str, calls: int, seconds: int) -> dict[str, Any]:
    """Measure calls of one mode on one core and return the figures by name."""
    assert legs in LEGS
    assert mode in LEGS_OF
    assert 0 < calls <= CALLS_MAX
    kept = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    pinned = pin_to_core(1)
    try:
        with TemporaryDirectory(prefix="contactcentre-bench-") as folder:
            figures = uvloop.run(_measure(legs, mode, calls, seconds, Path(folder)))
            kept_mb = sum(path.stat().st_size for path in Path(folder).rglob("*.open")) / 1e6
    finally:
        if kept is not None:
            os.sched_setaffinity(0, kept)
    recorded = {"recorded_mb": round(kept_mb, 2)} if mode == "record" else {}
    return {"legs": legs, "mode": mode, **figures, **recorded, "cores_apart": pinned}
