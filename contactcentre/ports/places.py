"""Live state: the places of callers who have left the queue and call again."""

from typing import Protocol

from contactcentre.domain.ids import CallId


class Places(Protocol):
    """Who has which place from before."""

    async def pass_place(self, *, earlier: CallId, page: str, call: CallId) -> CallId | None:
        """Pass the place of a call that has ended unserved on to one new call, and return that.

        The page with the same digest gets the same call again, so that an answer may be lost on its
        way. None if another page has it, if the earlier call is alive, or if its caller was served;
        of a call that is unknown here the place is passed on. Raises StateUnavailable.
        """
