"""What proves to a node who comes: a claim (caller), a ticket (staff), a pass (telephone).

All are signed JWTs; the node that gets one trusts nothing else about the call.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field

from contactcentre.domain.call import Call
from contactcentre.domain.events import Channel
from contactcentre.domain.ids import (
    AdviserId,
    CallId,
    DeskId,
    LegId,
    LineId,
    NodeId,
    OutsideName,
    QueueId,
    Token,
)
from contactcentre.domain.ivr.moves import Position
from contactcentre.domain.languages import Language
from contactcentre.domain.redialling import KeptPlace
from contactcentre.limits import CLAIM_LIFE_S, PHONE_CALL_MAX_S, STREAM_OPENS_WITHIN_S
from contactcentre.wire.said import Said

PASS_LIVES_S: Mapping[str, int] = MappingProxyType(
    {"open": STREAM_OPENS_WITHIN_S, "resume": PHONE_CALL_MAX_S}
)
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
    trunk: str | None = Field(default=None, max_length=32)
    """The trunk that the caller rings from; None if the caller comes from a page."""
    channel: Channel | None = None
    """How a caller on a telephone comes who rings from no trunk of ours."""
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


class OutsideMemory(Said):
    """Somebody on an outside number, who is with the adviser of a call, or with its caller."""

    name: OutsideName
    leg: LegId
    """The leg at the node that has said so."""
    kept: str
    """The dialog, for another node to go on with."""
    is_merged: bool = False
    """They talk with the caller as well."""
    is_left: bool = False
    """The caller was left there: the call has ended for the centre, or is about to."""


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
    consult: CallId | None = None
    """A consultation that was under way, and is over now."""
    is_announced: bool = False
    """The caller has heard that the talk is recorded;"""
    is_paused: bool = False
    """and the adviser has the recording paused."""
    recording_act: int = 0
    """How often a pause has begun or ended."""
    outside: OutsideMemory | None = None


class PhonePass(Said):
    """What lets the sound of a caller on a telephone in at a node, or the call go on at another.

    It is short, as its carrier hands no more than 500 characters on; what is known of the call is
    kept under the call's name.
    """

    kind: Literal["phone"] = "phone"
    use: Literal["open", "resume"]
    """Open: good once, for a minute. Resume: for as long as a call may last."""
    call: CallId
    line: LineId
    language: Language
    attempt: int = Field(ge=0)
    """How many passes were given for this call before."""
    lost: int = Field(default=0, ge=0)
    """How many nodes in a row have lost the caller soon after such a pass was given."""
    held: int = Field(default=0, ge=0)
    """How often in a row the caller was asked to stay on the line, as there was no node."""
    begun: bool = False
    """A node has had the call, as was known when it was given: it may not be turned away any more,
    also while nobody can say how it stands."""
    node: NodeId
    """Where the caller is sent with it."""
    nonce: str = Field(max_length=32)
    exp: int
    """Seconds since 1970."""

    @property
    def given_s(self) -> int:
        """Return when the pass was given, in seconds since 1970."""
        return self.exp - PASS_LIVES_S[self.use]


class AdviserTicket(Said):
    """An adviser's ticket to the leg of one reservation, on one node."""

    kind: Literal["adviser"] = "adviser"
    call: CallId
    adviser: AdviserId
    token: Token
    node: NodeId
    keeper_url: str | None = None
    """There if the node is to ring the number of a callback: who keeps that, and allows it."""
    exp: int
    """Seconds since 1970."""


class SupervisorTicket(Said):
    """A supervisor's ticket to a talk on one node; whoever signs it has checked the role."""

    kind: Literal["supervisor"] = "supervisor"
    call: CallId
    supervisor: AdviserId
    node: NodeId
    exp: int
    """Seconds since 1970."""
