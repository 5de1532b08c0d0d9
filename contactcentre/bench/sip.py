"""How many calls a second one media node takes from a trunk, and what a flood does to it.

The node is the real process with a store of its own, on one core. This process is the trunk: each
call is an INVITE, a while of the menu heard and the phone's own sound sent, and a BYE. Behind that
comes a flood: what the node does not take it must ask to try again later, and the calls that are
going on must not hear of it.
"""

import asyncio
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvloop

from contactcentre.adapters.embedded.server import free_port
from contactcentre.adapters.embedded.valkey import start_valkey
from contactcentre.adapters.flow_files.folders import default_flows_dir
from contactcentre.adapters.flow_files.lines import load_lines
from contactcentre.adapters.media_aiortc.g711 import PCMA
from contactcentre.adapters.media_aiortc.packets import RtpPacket, write_rtp
from contactcentre.adapters.state_redis.events import RedisEventInbox
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.bench.media_node import LOOPBACK, pin_to_core
from contactcentre.bench.phone import PhonePeer
from contactcentre.bench.sip_phone import Exchange, PhoneCall
from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.ids import NodeId
from contactcentre.limits import SAMPLES_PER_TICK, TICK_MS

LATE_AFTER_S = 0.040
STEADY_CALLS = 20
"""Calls that go on all the while."""
STEADY_MAX_S = 4_000.0
PHASES = 4
READY_MAX_S = 30.0
FLOOD_FACTOR = 5
STORE_TIMEOUT_MS = 500
WRITE_EVERY_S = 0.1
TAKE_MAX = 1_000
TAKE_WAIT_MS = 50
_STORES = "contactcentre-bench-"


class Rhythm:
    """The one rhythm in which all who are in a call send and are heard, a quarter every 5 ms."""

    def __init__(self) -> None:
        self._phases: list[set[Call]] = [set() for _ in range(PHASES)]
        self._count = 0
        self.late_count = self.tick_count = 0

    async def run(self) -> None:
        """Send for ever, noting when the bench itself is late."""
        due, number = time.monotonic(), 0
        while True:
            due, number = due + TICK_MS / 1_000 / PHASES, number + 1
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self.late_count += time.monotonic() - due > TICK_MS / 1_000
            self.tick_count += 1
            for call in self._phases[number % PHASES]:
                call.sound.take()
                call.send()

    async def keep(self, call: "Call", span_s: float) -> None:
        """Let a call send and be heard for so long."""
        self._count += 1
        phase = self._phases[self._count % PHASES]
        phase.add(call)
        try:
            await asyncio.sleep(span_s)
        finally:
            phase.discard(call)


class Call:
    """One call of the bench, and what became of it."""

    def __init__(self, phone: PhoneCall) -> None:
        self.phone = phone
        self.sound = PhonePeer(law=PCMA)
        self.sound.packet_came = self._heard
        self.code = 0
        self.retry_after = ""
        self.setup_ms = 0.0
        self.heard_count = self.late_count = 0
        self._last_s = 0.0
        self._sent = 0

    async def invite(self) -> bool:
        """Call, and say whether the call was taken."""
        self.sound.open_untold()
        self.phone.sdp = await self.sound.offer()
        self.phone.heard = self.sound.answered
        began = time.perf_counter()
        response = await self.phone.invite()
        self.setup_ms = (time.perf_counter() - began) * 1_000
        self.code = 0 if response is None else response.code
        self.retry_after = "" if response is None else response.first("retry-after")
        return self.code == 200  # noqa: PLR2004 - OK

    def send(self) -> None:
        """Send 20 ms of silence."""
        self._sent += 1
        at = self._sent * SAMPLES_PER_TICK & 0xFFFF_FFFF
        self.sound.send_packet(write_rtp(8, self._sent & 0xFFFF, at, 7, PCMA.silence))

    async def close(self) -> None:
        """Hang up, if there is a call."""
        if self.code == 200:  # noqa: PLR2004 - OK
            await self.phone.bye()
        await self.sound.close()

    def _heard(self, _packet: RtpPacket) -> None:
        now = time.monotonic() - self.sound.waited_s
        if self.heard_count:
            self.late_count += now - self._last_s > TICK_MS / 1_000 + LATE_AFTER_S
        self._last_s = now
        self.heard_count += 1


class Trunk:
    """The calling side."""

    def __init__(self, port: int, number: str) -> None:
        self._there = (LOOPBACK, port)
        self._number = number
        self.exchange = Exchange()
        self.rhythm = Rhythm()

    @property
    def sent_again(self) -> int:
        """Return how many messages either side has sent again so far."""
        return self.exchange.transactions.counts.resent + self.exchange.repeated_count

    def call(self) -> Call:
        """Return a call that is about to be made."""
        return Call(self.exchange.phone(self._there, self._number))

    async def offer(self, rate: int, seconds: float, hold_s: float) -> Sequence[Call]:
        """Make calls at a rate for so long, each as long as the others; return them all."""
        calls: list[Call] = []
        due = time.monotonic()

        async def one(call: Call) -> None:
            if await call.invite():
                await self.rhythm.keep(call, hold_s)
            await call.close()

        async with asyncio.TaskGroup() as group:
            for _ in range(int(rate * seconds)):
                due += 1 / rate
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                calls.append(self.call())
                group.create_task(one(calls[-1]), name="bench call")
        return calls


@asynccontextmanager
async def node(folder: Path, rate: int) -> AsyncIterator[tuple[int, int]]:
    """Run a media node with a store of its own; give its port for calls and its process."""
    valkey = await start_valkey(folder / "valkey")
    trunks = folder / "trunks.toml"
    trunks.write_text(f'[trunks.bench]\naddresses = ["{LOOPBACK}"]\n')
    ports = {name: str(free_port()) for name in ("SIP", "MEDIA", "INTERNAL")}
    said = {
        "CC_REDIS_URL": valkey.url,
        "CC_CLUSTER_KEY": secrets.token_hex(16),
        "CC_SIGNING_KEYS": f"bench:{secrets.token_hex(32)}",
        "CC_DATA_DIR": str(folder),
        "CC_MEDIA_ADDRESSES": LOOPBACK,
        "CC_LEGS_MAX": "2000",
        "CC_SIP_TRUNKS": str(trunks),
        "CC_SIP_CALLS_PER_S": str(rate),
        "CC_LOG_LEVEL": "warning",
        "CC_DRAIN_S": "1",
        **{f"CC_{name}_PORT": port for name, port in ports.items()},
    }
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CC_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "contactcentre.bench.sip_node",
        env=environ | said,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.TaskGroup() as group:
            writing = group.create_task(_write_down(valkey.url), name="events written down")
            yield int(ports["SIP"]), process.pid
            writing.cancel()
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        await valkey.stop()


async def _write_down(url: str) -> None:
    """Be the records process: let go of events, as if they were written down."""
    state = RedisState(url, timeout_ms=STORE_TIMEOUT_MS)
    inbox = RedisEventInbox(state, reader="bench", count_unread=lambda: None)
    try:
        while True:
            await asyncio.sleep(WRITE_EVERY_S)
            with suppress(StateUnavailable):
                taken = await inbox.take(count_max=TAKE_MAX, wait_ms=TAKE_WAIT_MS)
                latest: dict[NodeId, int] = {}
                for _, event in taken:
                    latest[event.node] = max(event.seq, latest.get(event.node, 0))
                await inbox.acknowledge([one for one, _ in taken], durable=[*latest.items()])
    finally:
        await state.close()


async def _measure(rate: int, seconds: int, hold_s: float) -> dict[str, Any]:
    """Run the bench and return its figures."""
    lines = load_lines(default_flows_dir())
    number = next(number for line in lines.values() for number in line.numbers)
    with TemporaryDirectory(prefix=_STORES) as named:
        async with node(Path(named), rate + rate // 10) as (port, pid):
            trunk = Trunk(port, number)
            await trunk.exchange.open()
            await _until_ready(trunk)
            steady = [trunk.call() for _ in range(STEADY_CALLS)]
            for call in steady:
                assert await call.invite(), "the first calls are taken"
            async with asyncio.TaskGroup() as group:
                rhythm = trunk.rhythm
                staying = [
                    group.create_task(rhythm.keep(call, STEADY_MAX_S), name="steady")
                    for call in steady
                ]
                staying.append(group.create_task(rhythm.run(), name="rhythm"))
                cpu_s, began, sent_again = _cpu_s(pid), time.monotonic(), trunk.sent_again
                calls = await trunk.offer(rate, seconds, hold_s)
                cpu_s, took_s = _cpu_s(pid) - cpu_s, time.monotonic() - began
                sent_again = trunk.sent_again - sent_again
                before = [(call.heard_count, call.late_count) for call in steady]
                flood = await trunk.offer(FLOOD_FACTOR * rate, seconds / 2, hold_s)
                heard = [
                    (call.heard_count - was[0], call.late_count - was[1])
                    for call, was in zip(steady, before, strict=True)
                ]
                ended = sum(call.phone.is_over for call in steady)
                for task in staying:
                    task.cancel()
            for call in steady:
                await call.close()
            await trunk.exchange.close()
    return {
        **_taken(calls, sent_again),
        "cpu_ratio": round(cpu_s / took_s, 4),
        "cpu_ms_per_call": round(cpu_s * 1_000 / max(1, len(calls)), 2),
        **_flooded(flood, heard, ended),
        "generator_late_ratio": round(rhythm.late_count / max(1, rhythm.tick_count), 6),
        "load_average": round(os.getloadavg()[0], 2),
    }


def _taken(calls: Sequence[Call], sent_again: int) -> dict[str, Any]:
    """Return what became of the calls at the rate that the node is to take."""
    setups = sorted(call.setup_ms for call in calls)
    answered = [call for call in calls if call.code == 200]  # noqa: PLR2004 - OK
    return {
        "calls": len(calls),
        "answered": len(answered),
        "heard_the_menu": sum(call.heard_count > 0 for call in answered),
        "retransmissions": sent_again,
        "setup_p50_ms": round(setups[len(setups) // 2], 1),
        "setup_p99_ms": round(setups[len(setups) * 99 // 100], 1),
    }


def _flooded(flood: Sequence[Call], heard: Sequence[tuple[int, int]], ended: int) -> dict[str, Any]:
    """Return what a flood came to, and what the calls in progress heard meanwhile."""
    refused = [call for call in flood if call.code == 503]  # noqa: PLR2004 - asked to try again
    packets, late = sum(one for one, _ in heard), sum(two for _, two in heard)
    return {
        "flood_calls": len(flood),
        "flood_answered": sum(call.code == 200 for call in flood),  # noqa: PLR2004 - OK
        "flood_refused": len(refused),
        "flood_with_retry_after": sum(bool(call.retry_after) for call in refused),
        "flood_unanswered": sum(call.code == 0 for call in flood),
        "steady_calls_ended": ended,
        "steady_late_ratio": round(late / max(1, packets), 6),
    }


async def _until_ready(trunk: Trunk) -> None:
    """Wait until the node says that it takes calls."""
    async with asyncio.timeout(READY_MAX_S):
        while True:
            phone = trunk.call().phone
            response = await phone.ask(phone.request("OPTIONS"))
            if response is not None and response.code == 200:  # noqa: PLR2004 - OK
                return
            await asyncio.sleep(0.1)


def _cpu_s(pid: int) -> float:
    """Return the processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run_sip_bench(*, rate: int, seconds: int, hold_ms: int) -> dict[str, Any]:
    """Measure calls from a trunk on one core and return the figures by name."""
    kept = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    pinned = pin_to_core(1)
    try:
        figures = uvloop.run(_measure(rate, seconds, hold_ms / 1_000))
    finally:
        if kept is not None:
            os.sched_setaffinity(0, kept)
    return {"rate": rate, "hold_ms": hold_ms, **figures, "cores_apart": pinned}
