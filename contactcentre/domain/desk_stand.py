"""One adviser's desk as it stands, and the steps of which the rules in `desk.py` are made."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from contactcentre.domain import desk_events as e
from contactcentre.domain import wrapup
from contactcentre.domain.epochs import NOT_ADMITTED, LegEpoch
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import NO_TOKEN, AdviserId, CallId, QueueId, Token
from contactcentre.domain.presence import AwayReason, Presence


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One adviser's desk as it stands."""

    adviser: AdviserId
    wrap_up_allowed_ms: int
    state: Presence = Presence.OFFLINE
    reason: AwayReason | None = None
    since_ms: int = 0
    token: Token = NO_TOKEN
    """The highest reservation the desk has heard of."""
    epoch: LegEpoch = NOT_ADMITTED
    """The newest leg of the caller that has spoken of that reservation."""
    over: Token = NO_TOKEN
    """The highest reservation whose ring or talk has ended."""
    call: CallId | None = None
    """What rings, is talked with, or is wrapped up."""
    queue: QueueId | None = None
    """None also where the call was taken up from the live state, until its node has told more."""
    ring_until_ms: int | None = None
    lapse: LapseReason | None = None
    """Why the last ring came to nothing, until the next step."""
    wrap_up: wrapup.WrapUp | None = None
    outcome_chosen: bool = False
    lost_at_ms: int | None = None
    """Since when no socket of the adviser has been there; None while there is one."""
    was_ready: bool = False
    """Ready again as soon as the socket is back."""


AWAY_AFTER: Mapping[LapseReason, AwayReason] = MappingProxyType(
    {
        LapseReason.DECLINED: AwayReason.DECLINED,
        LapseReason.NO_ANSWER: AwayReason.NO_ANSWER,
        LapseReason.DESK_UNREACHABLE: AwayReason.DESK_UNREACHABLE,
    }
)
"""After these the adviser is away until a person presses Ready; the others are not its doing."""


def at(
    desk: Desk, event: e.DeskEvent, state: Presence, reason: AwayReason | None = None, **more: Any
) -> Desk:
    """Return the desk in another state, with nothing left of the work before."""
    fresh: dict[str, Any] = {
        "call": None,
        "queue": None,
        "ring_until_ms": None,
        "lapse": None,
        "wrap_up": None,
        "outcome_chosen": False,
        "was_ready": False,
    }
    since_ms = desk.since_ms if (state, reason) == (desk.state, desk.reason) else event.at_ms
    return replace(desk, state=state, reason=reason, since_ms=since_ms, **(fresh | more))


def away(
    desk: Desk, event: e.DeskEvent, reason: AwayReason, *, lapse: LapseReason | None = None
) -> Desk:
    """Return the desk away."""
    return at(desk, event, Presence.AWAY, reason, lapse=lapse)


def ready(desk: Desk, event: e.DeskEvent, *, lapse: LapseReason | None = None) -> Desk:
    """Return the desk ready, or, while its socket is lost, ready as soon as that is back."""
    if desk.lost_at_ms is None:
        return at(desk, event, Presence.READY, lapse=lapse)
    reason = AwayReason.LOST_CONNECTION
    return at(desk, event, Presence.AWAY, reason, lapse=lapse, was_ready=True)


def hears(desk: Desk, token: Token, epoch: LegEpoch = NOT_ADMITTED) -> Desk:
    """Return the desk once it has heard of a reservation, and which leg has spoken of it."""
    newest = max(epoch, desk.epoch) if token == desk.token else epoch
    return replace(desk, token=token, epoch=newest)


def end_work(desk: Desk, event: e.DeskEvent, lapse: LapseReason | None) -> Desk:
    """Return the desk after its own ring (`lapse` says why it ended) or talk (None)."""
    over = replace(desk, over=desk.token)
    if lapse is None:
        return at(
            over,
            event,
            Presence.WRAP_UP,
            call=desk.call,
            queue=desk.queue,
            outcome_chosen=desk.outcome_chosen,
            wrap_up=wrapup.begin(at_ms=event.at_ms, allowed_ms=desk.wrap_up_allowed_ms),
        )
    reason = AWAY_AFTER.get(lapse)
    if reason is not None:
        return away(over, event, reason, lapse=lapse)
    return ready(over, event, lapse=lapse)
