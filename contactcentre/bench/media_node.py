"""The node of the media bench: the real engine in a process of its own, told what to do by lines.

One JSON object a line comes in, one goes out. The process ends with its input. With a folder it
records the calls that are to be recorded, as a media node does.
"""

import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import uvloop

from contactcentre.adapters.media_aiortc.g711 import Samples
from contactcentre.adapters.media_aiortc.media import AiortcMedia
from contactcentre.adapters.media_aiortc.offers import PROFILE as SECURE_PROFILE
from contactcentre.adapters.media_aiortc.phone_leg import PhoneLeg
from contactcentre.adapters.media_aiortc.phone_ports import PhonePorts
from contactcentre.adapters.recording_files.sealing import KeyRing
from contactcentre.adapters.recording_files.shelf import FileShelf
from contactcentre.bench.stream_node import StreamDoor
from contactcentre.bench.stream_phone import STREAM_OFFER
from contactcentre.domain.call import Call, arrive
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.events import CallArrived
from contactcentre.domain.ids import CallId, LegId, LineId, NodeId, RecordingPart
from contactcentre.domain.languages import Language
from contactcentre.limits import SDP_MAX_BYTES
from contactcentre.ports.recording import SAMPLES_PER_S, Tape

LINE_MAX_BYTES = 4 * SDP_MAX_BYTES
LOOPBACK = "127.0.0.1"
PHONE_PORTS = (24_000, 31_999)
NODE = NodeId("bench")
KEYS = {"bench": "a key that seals nothing but the bench's own tones"}


def pin_to_core(core: int) -> bool:
    """Keep this process on one core, where the system can do that and has more than one."""
    if not hasattr(os, "sched_setaffinity") or (os.cpu_count() or 1) <= core:
        return False
    os.sched_setaffinity(0, {core})
    return True


class BenchNode:
    """What the load generator asks of the node."""

    def __init__(self, legs_max: int, shelf: FileShelf | None) -> None:
        self._shelf = shelf
        self._tapes: list[Tape] = []
        self._media = AiortcMedia(
            sounds={},
            music=_music(),
            addresses=[LOOPBACK],
            ice_servers=[],
            legs_max=legs_max,
        )
        self._legs: list[LegId] = []
        self._ports = PhonePorts(host=LOOPBACK, first=PHONE_PORTS[0], last=PHONE_PORTS[1])
        self._streams = StreamDoor(self._media, LOOPBACK)

    async def serve(self, lines: asyncio.StreamReader) -> None:
        """Answer every line until there are no more."""
        await self._media.start()
        try:
            while line := await lines.readline():
                reply = await self._do(json.loads(line))
                sys.stdout.write(json.dumps(reply) + "\n")
                sys.stdout.flush()
        finally:
            for tape in self._tapes:
                self._media.stop_recording(tape)
            if self._shelf is not None:
                await self._shelf.close()
            await self._streams.close()
            await self._media.stop()

    async def _do(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do what one line says."""
        match asked["do"]:
            case "accept":
                return await self._accept(CallId(asked["call"]), LegId(asked["leg"]), asked["sdp"])
            case "join":
                for listener, speaker in permutations(asked["legs"], 2):
                    self._media.let_hear(listener=listener, speaker=speaker, on=True)
                return {}
            case "hold":
                self._media.play_music(asked["leg"], on=True)
                return {}
            case "record":
                return self._record(CallId(asked["call"]), *asked["legs"])
            case _:
                return self._usage()

    async def _accept(self, call: CallId, leg: LegId, sdp: str) -> Mapping[str, Any]:
        """Take a leg in."""
        self._legs.append(leg)
        if sdp == STREAM_OFFER:
            return {"sdp": await self._streams.url(call, leg)}
        if SECURE_PROFILE not in sdp:
            phone = PhoneLeg.of_offer(sdp, address=LOOPBACK, ports=self._ports)
            phone.begin()
            sdp = self._media.announce(phone.terms())
        answer = await self._media.accept(
            call=call, leg=leg, offer_sdp=sdp, heard=lambda _event: None
        )
        return {"sdp": answer}

    def _record(self, call: CallId, caller: LegId, adviser: LegId) -> Mapping[str, Any]:
        """Record what two say to one another."""
        assert self._shelf is not None, "the bench gives a folder"
        tape = self._shelf.begin(
            _call(call),
            part=RecordingPart(call),
            at_ms=time.time_ns() // 1_000_000,
            kept=lambda _kept: None,
        )
        self._tapes.append(tape)
        self._media.record(tape, caller=caller, adviser=adviser)
        return {}

    def _usage(self) -> Mapping[str, Any]:
        """Return what has been used and counted so far."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        qualities = [self._media.quality(leg) for leg in self._legs]
        return {
            "cpu_s": used.ru_utime + used.ru_stime,
            "rss_mb": used.ru_maxrss / 1_024,
            "received_count": sum(q.received_count for q in qualities if q is not None),
            "concealed_count": sum(q.concealed_count for q in qualities if q is not None),
            **asdict(self._media.load()),
        }


def _music() -> Samples:
    """Return two seconds of chords, as dear to encode as any music."""
    at = np.arange(2 * SAMPLES_PER_S) / SAMPLES_PER_S
    wave = sum((np.sin(2 * np.pi * hz * at) for hz in (261.6, 329.6, 392.0)), np.zeros(len(at)))
    music: Samples = (2_000 * wave).astype(np.int16)
    return music


def _call(name: CallId) -> Call:
    """Return a call as far as its recording speaks of it."""
    return arrive(
        CallArrived(
            call=name,
            at_ms=0,
            line=LineId("bench"),
            language=Language.ENGLISH,
            node=NODE,
            epoch=LegEpoch(1, "bench"),
        )
    )


async def serve(legs_max: int, folder: Path | None) -> None:
    """Serve the bench from standard input to standard output."""
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=LINE_MAX_BYTES)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    shelf = None
    if folder is not None:
        shelf = FileShelf(folder, node=NODE, keys=KeyRing(KEYS))
        shelf.start(lambda _kept: None)
    await BenchNode(legs_max, shelf).serve(lines)


if __name__ == "__main__":
    pin_to_core(0)
    most, *where = sys.argv[1:]
    uvloop.run(serve(int(most), Path(*where) if where else None))
