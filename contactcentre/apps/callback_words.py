"""What advisers say of callbacks, on its way from a desk to a keeper.

The keeper that rang the desk is told first. How an attempt has ended must not be lost with it: if
it is away, or does not have that callback any more, any other keeper writes the word down.
"""

from collections.abc import Sequence
from typing import Protocol

from contactcentre.domain.callback import Attempt
from contactcentre.domain.errors import OutOfOrder, PeerUnavailable, StaleToken, UnknownName
from contactcentre.journey.supervision import Supervision
from contactcentre.wire.cluster import AttemptSaid, CallbackSaid, Ring

GONE = (PeerUnavailable, UnknownName, StaleToken)
"""How a keeper answers that is lost, or has lost the callback."""


class Keepers(Protocol):
    """The keepers of callbacks, as a desk reaches them."""

    async def say(self, keeper_url: str, said: CallbackSaid) -> None:
        """Tell a keeper what an adviser does. Raises PeerUnavailable and what it refuses."""

    async def write_down(self, keeper_url: str, said: AttemptSaid) -> None:
        """Have a keeper write down how an attempt has ended, whoever keeps that callback.

        Raises PeerUnavailable, LedgerUnavailable, UnknownName.
        """


class CallbackWords:
    """The way of such words from the desks of one process."""

    def __init__(self, keepers: Keepers, supervision: Supervision) -> None:
        self._keepers = keepers
        self._supervision = supervision

    async def say(self, ring: Ring | None, said: CallbackSaid) -> bool:
        """Tell it; say whether it is written down, and no keeper will tell the desk any more.

        `ring` is what the desk knows of the callback, if it still does. Raises OutOfOrder,
        PeerUnavailable, LedgerUnavailable, and what the keeper refuses.
        """
        callback = None if ring is None else ring.callback
        if callback is not None:
            try:
                await self._keepers.say(callback.keeper_url, said)
            except GONE:
                if not isinstance(said.word, Attempt):
                    raise
            else:
                return False
        if not isinstance(said.word, Attempt):
            raise OutOfOrder("This callback is not with you any more.")
        attempt = AttemptSaid(
            call=said.call, adviser=said.adviser, token=said.token, attempt=said.word
        )
        await self._write_down(attempt, last=None if callback is None else callback.keeper_url)
        return True

    async def _write_down(self, said: AttemptSaid, *, last: str | None) -> None:
        """Ask one keeper after the other, and the one that rang at last."""
        for url in sorted(self._living(), key=lambda url: url == last):
            try:
                await self._keepers.write_down(url, said)
            except PeerUnavailable:
                continue
            return
        raise PeerUnavailable("No keeper of callbacks can be reached. Say it again in a moment.")

    def _living(self) -> Sequence[str]:
        overview = self._supervision.overview
        nodes = () if overview is None else overview.nodes
        return [
            node.internal_url
            for node in nodes
            if not node.carries_calls and self._supervision.lives(node.node)
        ]
