"""Handing a call to a number by the other side's own means: REFER, and what it tells of it.

RFC 3515: whoever is asked to call somebody else says that it will (202), and then by NOTIFY how far
it has come, until that is over.
"""

import asyncio
import re
from functools import partial

from contactcentre.adapters.sip.dialog import Dialog
from contactcentre.adapters.sip.messages import Request

UNKNOWN, SILENT = 500, 408
"""It is over, and nobody says how; or nobody says that it is over."""
LEFT_MAX_S = 2.0
"""A phone that has said goodbye may still tell for so long what has come of it, and what it tells
may take as long again to be acted upon."""
_STATUS = re.compile(rb"\s*SIP/2\.0\s+([1-6][0-9]{2})\b")


_ID = re.compile(r";\s*id\s*=\s*([0-9]{1,10})\s*(?:;|$)", re.IGNORECASE)


class Referral:
    """One such request in a dialog; nothing takes it back once it is sent."""

    def __init__(self, dialog: Dialog) -> None:
        self._dialog = dialog
        self._final: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._has_begun = False
        self._has_left = False
        self._from_seq = 0
        """What is told of an earlier one names a lower number (section 2.4.6)."""

    async def ask(self, uri: str, *, by: str, within_s: float) -> int | None:
        """Ask the other side to call somebody in our place; return how that ended.

        None if it says that it does not do such things. A success is 200: the other side has whom
        it was to call. One that has begun, or does not answer at all, and says nothing more in
        time, has not reached anybody (408): to call as well could ring there twice.
        """
        dialog = self._dialog
        self._from_seq = dialog.facts.local_seq + 1
        dialog.errand = self
        try:
            async with asyncio.timeout(within_s):
                headers = [("refer-to", f"<{uri}>"), ("referred-by", by)]
                headers.append(("contact", dialog.contact))
                response = await dialog.ask("REFER", headers=headers)
                if response is not None and self._is_refused(response.code):
                    return None
                return await self._final
        except TimeoutError:
            return SILENT
        finally:
            if dialog.errand is self:
                dialog.errand = None

    def _is_refused(self, code: int) -> bool:
        """Say whether nothing has begun: what the other side tells of it says that it has."""
        return code >= 300 and code not in {408, 481} and not self._has_begun  # noqa: PLR2004 - no success

    def left(self) -> bool:
        """Wait a moment after a goodbye: networks say it as soon as they have the other one.

        Only what they tell behind it says whether the caller has hung up or is there now.
        """
        if not self._has_left:
            self._has_left = True
            self._end_within(LEFT_MAX_S)
        return True

    def _end_within(self, span_s: float) -> None:
        """End the dialog as the phone's goodbye does, if nobody has ended it before."""
        asyncio.get_running_loop().call_later(span_s, partial(self._dialog.end, was_lost=False))

    def notified(self, request: Request) -> bool:
        """Take what the other side tells; say whether it was of this."""
        found, event = _STATUS.match(request.body), request.first("event")
        is_over = request.first("subscription-state").lower().startswith("terminated")
        if event.partition(";")[0].strip().lower() != "refer" or found is None:
            return False
        named = _ID.search(event)
        if named is not None and int(named[1]) < self._from_seq:
            return False
        self._has_begun, code = True, int(found[1])
        if not self._final.done() and (code >= 200 or is_over):  # noqa: PLR2004 - final
            self._final.set_result(code if code >= 200 else UNKNOWN)  # noqa: PLR2004 - final
            if self._has_left:  # with whom it was to call, or with nobody
                self._end_within(LEFT_MAX_S if 200 <= code < 300 else 0)  # noqa: PLR2004 - success
        return True
