"""What stands in the place of a page where the caller has a telephone.

A call tells a page what it shows and gives it the claim to keep. A telephone shows nothing, and its
claim is kept in the live state: by the node, as long as it has the call, again and again.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog
from pydantic import BaseModel

from contactcentre.adapters.web.claims import Signatures
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.ids import CallId
from contactcentre.ports.phone_claims import PhoneClaims
from contactcentre.wire.closing import Closing
from contactcentre.wire.legs import ClaimChanged

log = structlog.get_logger()

KEEP_AGAIN_MS = 5_000
"""A live state that was emptied has every claim again after so long."""
TRY_AGAIN_MS = 500


class PhonePage:
    """The Browser of a caller on a telephone."""

    def __init__(
        self,
        call: CallId,
        *,
        phones: PhoneClaims,
        signatures: Signatures,
        closed: Callable[[Closing], None],
    ) -> None:
        self._call = call
        self._phones = phones
        self._signatures = signatures
        self._closed = closed
        self._claim: str | None = None
        self._changed = asyncio.Event()
        self.closing: Closing | None = None
        """Why it was closed; None while it is open."""

    def send(self, said: BaseModel) -> None:
        """Take the claim; there is nothing to show."""
        if isinstance(said, ClaimChanged):
            self._claim = said.claim
            self._changed.set()

    def hurry(self, *, on: bool) -> None:
        """Do nothing: a telephone says nothing but its sound."""

    def close(self, why: Closing) -> None:
        """Let the telephone's way here end; the first reason stands."""
        if self.closing is None:
            self.closing = why
            self._closed(why)

    @property
    def epoch(self) -> LegEpoch | None:
        """Return of which leg the last claim is; None before there is one."""
        if self._claim is None:
            return None
        said = self._signatures.read_claim(self._claim)
        return LegEpoch(said.epoch_count, said.epoch_nonce)

    async def keep_claim(self) -> None:
        """Keep the claim in the live state at each change and every few seconds.

        It ends once a newer leg has the call. What has changed last is kept also when cancelled.
        """
        wait_ms = KEEP_AGAIN_MS
        try:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait_ms / 1_000):
                        await self._changed.wait()
                try:
                    if not await self._keep():
                        return
                    wait_ms = KEEP_AGAIN_MS
                except StateUnavailable:
                    await asyncio.sleep(TRY_AGAIN_MS / 1_000)
                    wait_ms = 0
        finally:
            if self._changed.is_set():
                with suppress(StateUnavailable):
                    await self._keep()

    async def _keep(self) -> bool:
        """Keep the claim once; say False if a newer leg's stands there. Raises StateUnavailable."""
        self._changed.clear()
        claim, epoch = self._claim, self.epoch
        if claim is None or epoch is None:
            return True
        is_ours = await self._phones.keep_claim(self._call, epoch=epoch, claim=claim)
        if not is_ours:
            log.info("a newer leg's claim is kept", call=self._call)
        return is_ours
