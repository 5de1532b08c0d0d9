"""Handing a call to a number by the other side's own means: REFER, and what it tells of it.

RFC 3515: whoever is asked to call somebody else says that it will (202), and then by NOTIFY how far
it has come, until that is over.
"""

import asyncio
import re

from contactcentre.adapters.sip.dialog import Dialog
from contactcentre.adapters.sip.messages import Request

UNKNOWN, SILENT = 500, 408
"""It is over, and nobody says how; or nobody says that it is over."""
_STATUS = re.compile(rb"\s*SIP/2\.0\s+([1-6][0-9]{2})\b")


class Referral:
    """One such request in a dialog."""

    def __init__(self, dialog: Dialog) -> None:
        self._dialog = dialog
        self._final: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def ask(self, uri: str, *, by: str, within_s: float) -> int | None:
        """Ask the other side to call somebody in our place; return how that ended.

        None if it does not do such things. A success is 200: the other side has whom it was to
        call. One that has begun, and says nothing more in time, has not reached anybody (408): to
        call as well would ring there twice.
        """
        dialog, has_begun = self._dialog, False
        dialog.notified = self._notified
        try:
            async with asyncio.timeout(within_s):
                headers = [("refer-to", f"<{uri}>"), ("referred-by", by)]
                headers.append(("contact", dialog.contact))
                response = await dialog.ask("REFER", headers=headers)
                if response is None or response.code >= 300:  # noqa: PLR2004 - no success
                    return None
                has_begun = True
                return await self._final
        except TimeoutError:
            return SILENT if has_begun else None
        finally:
            dialog.notified = None

    def _notified(self, request: Request) -> bool:
        """Take what the other side tells; say whether it was of this."""
        found = _STATUS.match(request.body)
        is_over = request.first("subscription-state").lower().startswith("terminated")
        if request.first("event").partition(";")[0].strip().lower() != "refer" or found is None:
            return False
        code = int(found[1])
        if not self._final.done() and (code >= 200 or is_over):  # noqa: PLR2004 - final
            self._final.set_result(code if code >= 200 else UNKNOWN)  # noqa: PLR2004 - final
        return True
