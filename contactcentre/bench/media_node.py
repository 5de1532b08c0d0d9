"""The node of the media bench: the real engine in a process of its own, told what to do by lines.

One JSON object a line comes in, one goes out. The process ends with its input.
"""

import asyncio
import json
import os
import resource
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import uvloop

from contactcentre.adapters.media_aiortc.media import AiortcMedia
from contactcentre.adapters.media_aiortc.offers import PROFILE as SECURE_PROFILE
from contactcentre.adapters.media_aiortc.phone_leg import PhoneLeg
from contactcentre.adapters.media_aiortc.phone_ports import PhonePorts
from contactcentre.domain.ids import CallId, LegId
from contactcentre.limits import SDP_MAX_BYTES

LINE_MAX_BYTES = 4 * SDP_MAX_BYTES
LOOPBACK = "127.0.0.1"
PHONE_PORTS = (24_000, 31_999)


def pin_to_core(core: int) -> bool:
    """Keep this process on one core, where the system can do that and has more than one."""
    if not hasattr(os, "sched_setaffinity") or (os.cpu_count() or 1) <= core:
        return False
    os.sched_setaffinity(0, {core})
    return True


class BenchNode:
    """What the load generator asks of the node."""

    def __init__(self, legs_max: int) -> None:
        self._media = AiortcMedia(
            sounds={},
            music=np.zeros(8_000, np.int16),
            addresses=[LOOPBACK],
            ice_servers=[],
            legs_max=legs_max,
        )
        self._legs: list[LegId] = []
        self._ports = PhonePorts(host=LOOPBACK, first=PHONE_PORTS[0], last=PHONE_PORTS[1])

    async def serve(self, lines: asyncio.StreamReader) -> None:
        """Answer every line until there are no more."""
        await self._media.start()
        try:
            while line := await lines.readline():
                reply = await self._do(json.loads(line))
                sys.stdout.write(json.dumps(reply) + "\n")
                sys.stdout.flush()
        finally:
            await self._media.stop()

    async def _do(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do what one line says."""
        match asked["do"]:
            case "accept":
                return await self._accept(CallId(asked["call"]), LegId(asked["leg"]), asked["sdp"])
            case "join":
                for listener, speaker in ((asked["a"], asked["b"]), (asked["b"], asked["a"])):
                    self._media.let_hear(listener=listener, speaker=speaker, on=True)
                return {}
            case _:
                return self._usage()

    async def _accept(self, call: CallId, leg: LegId, sdp: str) -> Mapping[str, Any]:
        """Take a leg in."""
        self._legs.append(leg)
        if SECURE_PROFILE not in sdp:
            phone = PhoneLeg.of_offer(sdp, address=LOOPBACK, ports=self._ports)
            phone.begin()
            sdp = self._media.announce(phone.terms())
        answer = await self._media.accept(
            call=call, leg=leg, offer_sdp=sdp, heard=lambda _event: None
        )
        return {"sdp": answer}

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


async def serve(legs_max: int) -> None:
    """Serve the bench from standard input to standard output."""
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=LINE_MAX_BYTES)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    await BenchNode(legs_max).serve(lines)


if __name__ == "__main__":
    pin_to_core(0)
    uvloop.run(serve(int(sys.argv[1])))
