"""What a browser carries to prove who it is to a media node: a claim (caller), a ticket (adviser).

Both are signed JWTs; the node that gets one trusts nothing else about the call.
"""

from typing import Annotated, Literal

from pydantic import Field

from contactcentre.domain.call import Call
from contactcentre.domain.ids import AdviserId, CallId, DeskId, LineId, NodeId, QueueId, Token
from contactcentre.domain.ivr.walk import Position
from contactcentre.domain.languages import Language
from contactcentre.domain.redialling import KeptPlace
from contactcentre.limits import CLAIM_LIFE_S
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
    queue: QueueId | None = None
    enqueued_ms: int | None = None
    chat: Literal[True] | None = None
    """There if the caller writes, and does not speak."""
    kept: KeptPlace | None = None
    """The place that the caller had left in an earlier call, for a wait in this one."""
    memory: str | None = Field(default=None, max_length=3_072)
    """The call as it stands, for another node to go on from; sealed, since it names the adviser."""
    exp: int
    """Seconds since 1970."""

    @property
    def given_ms(self) -> int:
        """Return when the claim was given, by the clock of whoever gave it."""
        return (self.exp - CLAIM_LIFE_S) * 1_000


class CallMemory(Said):
    """What another node must know to go on with a call as if nothing had happened."""

    call: Call
    position: Position | None
    """Where in the flow the caller is; None once the menus are behind."""
    kept_ms: int | None
    """The time from which a wait will count that has not begun yet."""
    desk: DeskId | None
    """The desk process of the adviser who is rung or talked with."""
    failed: list[AdviserId] = Field(max_length=16)
    """Whose desks have lately failed on this call."""
    is_booked: bool = False
    """It is durable that the caller will be rung back."""
    is_announced: bool = False
    """The caller has heard that the talk is recorded;"""
    is_paused: bool = False
    """and the adviser has the recording paused."""


class AdviserTicket(Said):
    """An adviser's ticket to the leg of one reservation, on one node."""

    kind: Literal["adviser"] = "adviser"
    call: CallId
    adviser: AdviserId
    token: Token
    node: NodeId
    exp: int
    """Seconds since 1970."""
