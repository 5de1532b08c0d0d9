"""Whether a page that calls again has a place from before.

A page that wants one shows the last claim to the call it has left, and the secret of that claim.
Whatever is wrong with them, the caller is never refused for it: the call begins without the place.
"""

import structlog

from contactcentre.adapters.web.claims import Signatures, prove_page
from contactcentre.domain.errors import BadClaim, StateUnavailable
from contactcentre.domain.ids import CallId, LineId
from contactcentre.domain.redialling import KeptPlace, is_kept, place_left
from contactcentre.ports.environment import Clock
from contactcentre.ports.places import Places
from contactcentre.wire.pages import LeftCall, NewClaim

log = structlog.get_logger()


class Redials:
    """Gives callers who call again the place they had."""

    def __init__(
        self, signatures: Signatures, places: Places, clock: Clock, *, keep_ms: int
    ) -> None:
        self._signatures = signatures
        self._places = places
        self._clock = clock
        self.keep_ms = keep_ms
        """How long a place is kept; 0: never."""

    async def begin(self, asked: NewClaim, call: CallId) -> tuple[CallId, KeptPlace | None]:
        """Return which call begins, and with which place; `call` is the one that it would be.

        A page that asks again since it has had no answer begins the same call. While the live
        state is away the claim's own word serves.
        """
        kept = None if asked.left is None else self._kept(asked.left, asked.line)
        if kept is None:
            return call, None
        try:
            taker = await self._places.pass_place(earlier=kept.earlier, page=asked.page, call=call)
        except StateUnavailable:
            log.warning("a place is kept by its claim alone", call=call, earlier=kept.earlier)
            return call, kept
        return (call, None) if taker is None else (taker, kept)

    def _kept(self, left: LeftCall, line: LineId) -> KeptPlace | None:
        """Return the place that a claim speaks of; None for one that gives none any more."""
        try:
            claim = self._signatures.read_claim(left.claim)
            prove_page(claim, left.secret)
            call = None if claim.memory is None else self._signatures.unseal(claim).call
        except BadClaim as refusal:
            log.info("a place from before was asked for in vain", why=refusal.code)
            return None
        enqueued_ms = place_left(call, kept=claim.kept)
        if enqueued_ms is None or claim.line != line:
            return None
        in_time = is_kept(
            enqueued_ms=enqueued_ms,
            last_word_ms=claim.given_ms,
            now_ms=self._clock.now_ms(),
            keep_ms=self.keep_ms,
        )
        return KeptPlace(earlier=claim.call, enqueued_ms=enqueued_ms) if in_time else None
