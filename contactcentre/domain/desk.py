"""One adviser's desk, and what may follow what.

Rule 1: an adviser's presence changes in this file and nowhere else.
Rule 2: nothing here reads a clock or waits; every event says when it happened, by one monotonic
clock, that of the desk process.

What a person presses may be refused. What a call's node says has happened is a fact: it is refused
only if a newer reservation has been heard of since. A desk whose socket is lost is never ready.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from contactcentre.domain import desk_events as e
from contactcentre.domain import wrapup
from contactcentre.domain.errors import BadRequest, OutOfOrder, StaleToken
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import AdviserId, CallId, QueueId, Token
from contactcentre.domain.presence import CHOSEN_REASONS, AwayReason, Presence

NO_TOKEN = Token(0)
GRACE_MS = 60_000
"""A desk that comes back within this finds the state that it had."""
RING_OVERDUE_MS = 5_000
"""A ring that its node has not ended so long after its end is over: the node is gone."""


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
    over: Token = NO_TOKEN
    """The highest reservation whose ring or talk has ended."""
    call: CallId | None = None
    """What rings, is talked with, or is wrapped up."""
    queue: QueueId | None = None
    ring_until_ms: int | None = None
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

AT_WORK = frozenset({Presence.RINGING, Presence.TALKING})
MAY_RING = frozenset({Presence.READY, Presence.RINGING})
"""A newer reservation proves that the one that rings is over, and not by the adviser's doing."""
SENT = frozenset({Presence.AWAY, Presence.WRAP_UP})
"""Where the live state sends an adviser after an offer that came to nothing, or a talk."""


def follow(desk: Desk, event: e.DeskEvent) -> Desk:
    """Return the desk as it stands once `event` has happened. Raises OutOfOrder, StaleToken."""
    rule = FOLLOWS[desk.state].get(type(event))
    if rule is None:
        raise OutOfOrder(f"That can't be done now: you are {WORDS[desk.state]}.")
    return rule(desk, event)


def _stay(desk: Desk, _: e.DeskEvent) -> Desk:
    return desk


def _at(
    desk: Desk, event: e.DeskEvent, state: Presence, reason: AwayReason | None = None, **more: Any
) -> Desk:
    """Return the desk in another state, with nothing left of the work before."""
    fresh: dict[str, Any] = {
        "call": None,
        "queue": None,
        "ring_until_ms": None,
        "wrap_up": None,
        "outcome_chosen": False,
        "was_ready": False,
    }
    since_ms = desk.since_ms if (state, reason) == (desk.state, desk.reason) else event.at_ms
    return replace(desk, state=state, reason=reason, since_ms=since_ms, **(fresh | more))


def _away(desk: Desk, event: e.DeskEvent, reason: AwayReason) -> Desk:
    return _at(desk, event, Presence.AWAY, reason)


def _ready(desk: Desk, event: e.DeskEvent) -> Desk:
    """Return the desk ready, or, while its socket is lost, ready as soon as that is back."""
    if desk.lost_at_ms is None:
        return _at(desk, event, Presence.READY)
    return _at(desk, event, Presence.AWAY, AwayReason.LOST_CONNECTION, was_ready=True)


def _sign_in(desk: Desk, event: e.SignedIn) -> Desk:
    return replace(_away(desk, event, AwayReason.SIGNED_IN), lost_at_ms=event.at_ms)


def _recover(desk: Desk, event: e.Recovered) -> Desk:
    """Take up what the live state has, so that the restart of a desk process sends nobody away."""
    lost = replace(desk, lost_at_ms=event.at_ms)
    match event.state:
        case Presence.READY:
            return _ready(replace(lost, token=event.token), event)
        case Presence.RESERVED:
            # its token becomes ours when the call rings here
            return _ready(lost, event)
        case Presence.TALKING:
            talks = _at(lost, event, Presence.TALKING, call=event.call)
            return replace(talks, token=event.token)
        case Presence.AWAY:
            seen = replace(lost, token=event.token)
            return _away(seen, event, event.reason or AwayReason.LOST_CONNECTION)
        case Presence.RINGING | Presence.WRAP_UP:
            return _away(lost, event, AwayReason.LOST_CONNECTION)
        case Presence.OFFLINE:
            return _away(replace(lost, token=event.token), event, AwayReason.SIGNED_IN)


def _find_socket(desk: Desk, event: e.SocketOpened) -> Desk:
    there = replace(desk, lost_at_ms=None)
    return _ready(there, event) if desk.was_ready else there


def _lose_socket(desk: Desk, event: e.SocketLost) -> Desk:
    lost = desk if desk.lost_at_ms is not None else replace(desk, lost_at_ms=event.at_ms)
    return _ready(lost, event) if desk.state is Presence.READY else lost


def _press_away(desk: Desk, event: e.AwayPressed) -> Desk:
    if event.reason not in CHOSEN_REASONS:
        raise BadRequest("Choose one of the reasons that are offered.")
    return _away(desk, event, event.reason)


def _press_ready(desk: Desk, event: e.ReadyPressed) -> Desk:
    return _ready(desk, event)


def _ring(desk: Desk, event: e.Rang) -> Desk:
    if event.token == desk.token and desk.state is Presence.RINGING:
        return desk
    if event.token <= desk.token:
        raise StaleToken("A newer reservation has been heard of since.")
    if desk.state not in MAY_RING:
        raise OutOfOrder("The adviser is not ready.")
    return _at(
        desk,
        event,
        Presence.RINGING,
        token=event.token,
        call=event.call,
        queue=event.queue,
        ring_until_ms=event.at_ms + event.ring_ms,
    )


def _talk(desk: Desk, event: e.TalkBegan) -> Desk:
    if event.token < desk.token or event.token <= desk.over:
        raise StaleToken("A newer reservation has been heard of since.")
    if desk.state is Presence.TALKING and event.token == desk.token:
        return desk
    queue = desk.queue if desk.call == event.call else None
    return _at(desk, event, Presence.TALKING, token=event.token, call=event.call, queue=queue)


def _end_ring(desk: Desk, event: e.RingEnded) -> Desk:
    if event.token < desk.token:
        raise StaleToken("A newer reservation has been heard of since.")
    if event.token == desk.over:
        return desk
    heard = replace(desk, token=event.token, over=event.token)
    if desk.state in AT_WORK:
        return _end_work(heard, event) if event.token == desk.token else desk
    reason = _reason_after(event.lapse)
    if desk.state is not Presence.READY or reason is None:
        return heard
    # a ring that never got here: the live state has sent the adviser away for it
    return _away(heard, event, reason)


def _reason_after(lapse: LapseReason | None) -> AwayReason | None:
    return None if lapse is None else AWAY_AFTER.get(lapse)


def _end_work(desk: Desk, event: e.RingEnded) -> Desk:
    """Return the desk after its own ring or talk."""
    reason = _reason_after(event.lapse)
    if reason is not None:
        return _away(desk, event, reason)
    if event.lapse is not None:
        return _ready(desk, event)
    if desk.queue is None:
        # the desk process was started again in mid-talk; the page still has its notes
        return _away(desk, event, AwayReason.LOST_CONNECTION)
    return _at(
        desk,
        event,
        Presence.WRAP_UP,
        call=desk.call,
        queue=desk.queue,
        outcome_chosen=desk.outcome_chosen,
        wrap_up=wrapup.begin(at_ms=event.at_ms, allowed_ms=desk.wrap_up_allowed_ms),
    )


def _lose_node(desk: Desk, event: e.NodeGone) -> Desk:
    return _end_work(
        replace(desk, over=desk.token), e.RingEnded(at_ms=event.at_ms, token=desk.token, lapse=None)
    )


def _choose(desk: Desk, event: e.OutcomeChosen) -> Desk:
    return replace(desk, outcome_chosen=event.chosen) if event.call == desk.call else desk


def _take_time(desk: Desk, event: e.MoreTimeAsked) -> Desk:
    assert desk.wrap_up is not None, "a wrap-up has its time"
    return replace(desk, wrap_up=wrapup.longer(desk.wrap_up, at_ms=event.at_ms))


def _finish(desk: Desk, event: e.WrapUpFinished) -> Desk:
    if event.call != desk.call:
        raise OutOfOrder("Another call is being wrapped up.")
    if event.away is None:
        return _ready(desk, event)
    return _press_away(desk, e.AwayPressed(at_ms=event.at_ms, reason=event.away))


def _see_standing(desk: Desk, event: e.StandingSeen) -> Desk:
    """Take up from the live state what the desk was not told."""
    if desk.state in AT_WORK:
        return _see_work(desk, event) if event.token == desk.token else desk
    if event.state not in SENT or event.token <= desk.token:
        return desk
    heard = replace(desk, token=event.token)
    if desk.state is not Presence.READY:
        return heard
    return _away(heard, event, event.reason or AwayReason.DESK_UNREACHABLE)


def _see_work(desk: Desk, event: e.StandingSeen) -> Desk:
    """Follow a ring or talk whose next step the node has told the live state but not the desk.

    Nothing but that step can have put this token into these states.
    """
    over = replace(desk, over=event.token)
    match desk.state, event.state:
        case Presence.RINGING, Presence.TALKING:
            return _at(desk, event, Presence.TALKING, call=desk.call, queue=desk.queue)
        case Presence.RINGING, Presence.READY:
            return _ready(over, event)
        case Presence.RINGING, Presence.AWAY:
            return _away(over, event, event.reason or AwayReason.NO_ANSWER)
        case _, Presence.READY | Presence.AWAY | Presence.WRAP_UP:
            return _end_work(over, e.RingEnded(at_ms=event.at_ms, token=event.token, lapse=None))
        case _:
            return desk


def _pass_ready(desk: Desk, _: e.TimePassed) -> Desk:
    assert desk.lost_at_ms is None, "a desk whose socket is lost is not ready"
    return desk


def _pass_away(desk: Desk, event: e.TimePassed) -> Desk:
    return _at(desk, event, Presence.OFFLINE) if _is_gone(desk, event) else desk


def _pass_ring(desk: Desk, event: e.TimePassed) -> Desk:
    assert desk.ring_until_ms is not None, "a ring has its end"
    if event.at_ms < desk.ring_until_ms + RING_OVERDUE_MS:
        return desk
    return _away(desk, event, AwayReason.LOST_CONNECTION)


def _pass_wrap_up(desk: Desk, event: e.TimePassed) -> Desk:
    assert desk.wrap_up is not None, "a wrap-up has its time"
    if _is_gone(desk, event):
        return _at(desk, event, Presence.OFFLINE)
    ends = wrapup.may_end_itself(
        desk.wrap_up, at_ms=event.at_ms, outcome_chosen=desk.outcome_chosen
    )
    return _ready(desk, event) if ends and desk.lost_at_ms is None else desk


def _is_gone(desk: Desk, event: e.DeskEvent) -> bool:
    return desk.lost_at_ms is not None and event.at_ms - desk.lost_at_ms >= GRACE_MS


def _sign_out(desk: Desk, event: e.SignedOut) -> Desk:
    return _at(desk, event, Presence.OFFLINE)


Rule = Callable[[Desk, Any], Desk]
S = Presence

ALWAYS: Mapping[type[e.DeskEvent], Rule] = MappingProxyType(
    {
        e.SignedIn: _stay,
        e.SocketOpened: _find_socket,
        e.SocketLost: _lose_socket,
        e.Rang: _ring,
        e.TalkBegan: _talk,
        e.RingEnded: _end_ring,
        e.OutcomeChosen: _choose,
        e.StandingSeen: _see_standing,
        e.SignedOut: _sign_out,
    }
)
"""What may happen in every state of a desk that is not offline."""

FOLLOWS: Mapping[Presence, Mapping[type[e.DeskEvent], Rule]] = MappingProxyType(
    {
        S.OFFLINE: {
            e.SignedIn: _sign_in,
            e.Recovered: _recover,
            e.SocketLost: _stay,
            e.StandingSeen: _stay,
            e.TimePassed: _stay,
            e.SignedOut: _stay,
        },
        S.AWAY: {
            **ALWAYS,
            e.ReadyPressed: _press_ready,
            e.AwayPressed: _press_away,
            e.TimePassed: _pass_away,
        },
        S.READY: {
            **ALWAYS,
            e.ReadyPressed: _press_ready,
            e.AwayPressed: _press_away,
            e.TimePassed: _pass_ready,
        },
        S.RESERVED: {},
        S.RINGING: {**ALWAYS, e.TimePassed: _pass_ring},
        S.TALKING: {**ALWAYS, e.NodeGone: _lose_node, e.TimePassed: _stay},
        S.WRAP_UP: {
            **ALWAYS,
            e.ReadyPressed: _press_ready,
            e.AwayPressed: _press_away,
            e.MoreTimeAsked: _take_time,
            e.WrapUpFinished: _finish,
            e.TimePassed: _pass_wrap_up,
        },
    }
)
"""No desk is ever reserved: only the live state knows that a call is on its way here."""

WORDS: Mapping[Presence, str] = MappingProxyType(
    {
        S.OFFLINE: "not signed in",
        S.AWAY: "away",
        S.READY: "ready",
        S.RESERVED: "ready",
        S.RINGING: "being called",
        S.TALKING: "on a call",
        S.WRAP_UP: "finishing a call",
    }
)

assert FOLLOWS.keys() == WORDS.keys() == set(Presence), "every state has its row and its words"
