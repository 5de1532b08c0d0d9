"""What a browser carries to prove who it is to a media node: a claim (caller), a ticket (adviser).

Both are signed JWTs; the node that gets one trusts nothing else about the call.
"""

from typing import Annotated, Literal

from pydantic import Field

from contactcentre.domain.ids import AdviserId, CallId, LineId, NodeId, QueueId, Token
from contactcentre.domain.languages import Language
from contactcentre.wire.said import Said

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class CallerClaim(Said):
    """A caller's claim to one call; signed again whenever something in it changes."""

    kind: Literal["caller"] = "caller"
    call: CallId
    line: LineId
    language: Language
    epoch_count: int = Field(ge=0)
    """0 while no node has admitted the call."""
    epoch_nonce: str = Field(max_length=32)
    page: Digest
    """SHA-256 of the page's own secret, which the page keeps to itself until it comes back."""
    arrived_at_ms: int | None = None
    queue: QueueId | None = None
    enqueued_ms: int | None = None
    token: Token = Token(0)
    """The highest reservation the call has seen."""
    exp: int
    """Seconds since 1970."""


class AdviserTicket(Said):
    """An adviser's ticket to the leg of one reservation, on one node."""

    kind: Literal["adviser"] = "adviser"
    call: CallId
    adviser: AdviserId
    token: Token
    node: NodeId
    exp: int
    """Seconds since 1970."""
