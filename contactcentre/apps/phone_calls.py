"""What a node knows of calls from telephones, for whoever asks on behalf of their carrier."""

import structlog

from contactcentre.adapters.web.claims import Signatures
from contactcentre.apps.admission import Admission
from contactcentre.apps.node_calls import NodeCalls
from contactcentre.domain.errors import UnknownName
from contactcentre.domain.ids import CallId
from contactcentre.ports.phone_claims import PhoneClaims
from contactcentre.wire.closing import Closing
from contactcentre.wire.phones import Here

log = structlog.get_logger()


class PhoneCalls:
    """The calls from telephones at one node."""

    def __init__(
        self, calls: NodeCalls, admission: Admission, phones: PhoneClaims, signatures: Signatures
    ) -> None:
        self._calls = calls
        self._admission = admission
        self._phones = phones
        self._signatures = signatures
        self._leaving: set[CallId] = set()

    def look(self, call: CallId) -> Here:
        """Return how a call stands here."""
        if self._calls.get(call) is None:
            return Here.OVER if self._calls.has_ended(call) else Here.UNKNOWN
        return Here.LEAVING if call in self._leaving else Here.HERE

    def sent_on(self, call: CallId) -> None:
        """Note that the caller is on the way to another node."""
        self._leaving = {one for one in (*self._leaving, call) if self._calls.get(one) is not None}

    def here(self, call: CallId) -> None:
        """Note that the caller is here, and stays."""
        self._leaving.discard(call)

    async def left(self, call: CallId) -> None:
        """End a call whose caller has gone, here or of a lost node.

        Raises UnknownName if nothing is known of it, CallClosed, StateUnavailable.
        """
        known = self._calls.get(call)
        if known is not None:
            log.info("the carrier says that a caller has gone", call=call)
            known.caller.hang_up()
            return
        if self._calls.has_ended(call):
            return
        kept = await self._phones.kept_claim(call)
        if kept is None:
            raise UnknownName("Nothing is known of that call.")
        await self._admission.leave(self._signatures.read_claim(kept), _Nobody())


class _Nobody:
    """The Browser of a caller who has gone."""

    def send(self, said: object) -> None:
        """Say nothing to nobody."""

    def hurry(self, *, on: bool) -> None:
        """Do nothing."""

    def close(self, why: Closing) -> None:
        """Close nothing."""
