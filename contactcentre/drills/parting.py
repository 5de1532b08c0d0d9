"""What a page tells any node once it has no leg: that its caller has left, or wants no callback."""

import asyncio
from collections.abc import Mapping

import aiohttp

from contactcentre.drills.first_open import BROKEN
from contactcentre.drills.history import now_ms
from contactcentre.drills.known_nodes import KnownNodes
from contactcentre.wire.closing import Closing

TELL_WITHIN_MS = 10_000
HEARD_WITHIN_S = 2.0
LEAVE = "leave"
SETTLED = frozenset({"call-closed", "stale-epoch", "bad-claim"})
"""There is nothing left to end."""


async def tell_any(
    session: aiohttp.ClientSession, nodes: KnownNodes, said: Mapping[str, str]
) -> bool:
    """Tell one node after the other for a while; say whether one has taken it."""
    until_ms, failures = now_ms() + TELL_WITHIN_MS, 0
    while now_ms() < until_ms:
        failures += 1
        url = nodes.next()
        if url is not None and await _tell(session, url, said):
            return True
        await asyncio.sleep(nodes.pause_s(failures))
    return False


async def _tell(session: aiohttp.ClientSession, url: str, said: Mapping[str, str]) -> bool:
    """Say whether a node has taken it."""
    try:
        async with asyncio.timeout(HEARD_WITHIN_S), session.ws_connect(url) as socket:
            await socket.send_json(said)
            async for message in socket:
                answer = message.json() if message.type is aiohttp.WSMsgType.TEXT else {}
                is_over = answer.get("kind") == "over" or answer.get("code") in SETTLED
                if said["kind"] == LEAVE and is_over:
                    return True
            return socket.close_code == Closing.DONE
    except BROKEN:
        return False
