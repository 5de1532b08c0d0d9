"""A pass that opens a stream is used up, and what is kept of its call is found.

Node and live state may be lost at once, with a site. A caller who has begun is then not begun with
anew: whoever takes the live state over has the claim within seconds, and the caller holds the line.
"""

import asyncio

import structlog

from contactcentre.domain.errors import StateUnavailable
from contactcentre.ports.environment import Clock
from contactcentre.ports.phone_claims import OpenedWay, PhoneClaims
from contactcentre.wire.claims import PhonePass

log = structlog.get_logger()

KEPT_WITHIN_MS = 6_000
"""For so long a call that had begun waits for the live state; a new one does not."""
TRY_AGAIN_MS = 250


async def open_way(
    phones: PhoneClaims, given: PhonePass, clock: Clock, *, is_here: bool
) -> OpenedWay | None:
    """Return what is kept of a call; None if the pass was used before.

    A call that `is_here` needs nothing of what is kept. Raises StateUnavailable.
    """
    waits = given.attempt > 0 and not is_here
    until_ms = clock.monotonic_ms() + (KEPT_WITHIN_MS if waits else 0)
    may_be_ours = False
    while True:
        try:
            opened = await phones.open_way(given.call, nonce=given.nonce)
            if opened is not None or not may_be_ours:
                return opened
            # the pass was used up by a try of ours that was not answered
            claim = await phones.kept_claim(given.call)
            return OpenedWay(attempt=given.attempt, claim=claim)
        except StateUnavailable:
            if clock.monotonic_ms() >= until_ms:
                raise
            may_be_ours = True
            log.info("a caller waits for the live state", call=given.call)
            await asyncio.sleep(TRY_AGAIN_MS / 1_000)
