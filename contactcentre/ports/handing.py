"""Calls that an adviser hands on, to a queue or to another adviser, as their node writes it."""

from typing import Protocol

from contactcentre.domain.ids import AdviserId, CallId, NodeId, QueueId, Token


class Handing(Protocol):
    """What a transfer changes. Every method raises StateUnavailable, and may be called again."""

    async def transfer(
        self,
        *,
        call: CallId,
        adviser: AdviserId,
        token: Token,
        queue: QueueId,
        head_start_ms: int,
    ) -> None:
        """Put a call whose adviser hands it on into a queue, at its time; the adviser wraps up.

        An old token changes nothing.
        """

    async def hand_over(
        self,
        *,
        call: CallId,
        adviser: AdviserId,
        token: Token,
        consult: CallId,
        other: AdviserId,
        other_token: Token,
        node: NodeId,
    ) -> None:
        """Let whoever was asked in a consultation have the call; the first adviser wraps up.

        The consultation is over then. Where one of the two talks is over it changes nothing.
        """
