"""One adviser's desk, and what may follow what.

Rule 1: an adviser's presence changes by the rules in this file and nowhere else.
Rule 2: nothing here reads a clock or waits; every event says when it happened, by one monotonic
clock, that of the desk process.

What a person presses may be refused. What a call's node says has happened is a fact: it is refused
only if a newer reservation, or a newer leg of the caller, has been heard of since. A desk whose
socket is lost is never ready.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from contactcentre.domain import desk_events as e
from contactcentre.domain import wrapup
from contactcentre.domain.desk_stand import (
    AWAY_AFTER,
    Desk,
    at,
    away,
    end_work,
    hears,
    ready,
)
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import BadRequest, OutOfOrder, StaleEpoch, StaleToken
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import NO_TOKEN, Token
from contactcentre.domain.presence import CHOSEN_REASONS, AwayReason, Presence
from contactcentre.limits import RING_MS

GRACE_MS = 60_000
"""A desk that comes back within this finds the state that it had."""
RING_OVERDUE_MS = 5_000
"""A ring that its node has not ended so long after its end is over: the node is gone."""

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


def _sign_in(desk: Desk, event: e.SignedIn) -> Desk:
    return replace(away(desk, event, AwayReason.SIGNED_IN), lost_at_ms=event.at_ms)


def _recover(desk: Desk, event: e.Recovered) -> Desk:
    """Take up what the live state has, so that the loss of a desk process sends nobody away."""
    return _take_up(replace(desk, lost_at_ms=event.at_ms), event)


def _recover_late(desk: Desk, event: e.Recovered) -> Desk:
    """Take up what could not be read when the desk began, but nothing that a person has undone."""
    if event.state in AT_WORK and event.token > desk.token:
        return _take_up(desk, event)
    if desk.token != NO_TOKEN or desk.state is Presence.WRAP_UP:
        return desk
    if desk.reason is AwayReason.SIGNED_IN:
        return _take_up(desk, event)
    return hears(desk, event.token)


def _take_up(desk: Desk, event: e.Recovered) -> Desk:
    """Return the desk as the live state has it; what it cannot tell, the call's node will."""
    known = _known(hears(desk, event.token), event)
    if known.state is desk.state and known.reason is desk.reason:
        return known
    return replace(known, since_ms=event.at_ms - event.for_ms)


def _known(desk: Desk, event: e.Recovered) -> Desk:
    match event.state:
        case Presence.RESERVED:
            # its token becomes ours when the call rings here
            return ready(hears(desk, NO_TOKEN), event)
        case Presence.RINGING:
            until_ms = event.at_ms + RING_MS
            return at(desk, event, event.state, call=event.call, ring_until_ms=until_ms)
        case Presence.TALKING:
            return at(desk, event, event.state, call=event.call)
        case _:
            return _known_free(replace(desk, over=event.token), event)


def _known_free(desk: Desk, event: e.Recovered) -> Desk:
    """Return the desk of an adviser to whom no call is bound."""
    was_ready = event.reason is AwayReason.LOST_CONNECTION and event.for_ms < GRACE_MS
    if event.state is Presence.WRAP_UP and event.call is not None:
        began_ms = event.at_ms - event.for_ms
        wrap_up = wrapup.begin(at_ms=began_ms, allowed_ms=desk.wrap_up_allowed_ms)
        return at(desk, event, event.state, call=event.call, wrap_up=wrap_up)
    if event.state is Presence.READY or was_ready:
        return ready(desk, event)
    if event.state is Presence.OFFLINE:
        return away(desk, event, AwayReason.SIGNED_IN)
    return away(desk, event, event.reason or AwayReason.LOST_CONNECTION)


def _find_socket(desk: Desk, event: e.SocketOpened) -> Desk:
    there = replace(desk, lost_at_ms=None)
    return ready(there, event) if desk.was_ready else there


def _lose_socket(desk: Desk, event: e.SocketLost) -> Desk:
    lost = desk if desk.lost_at_ms is not None else replace(desk, lost_at_ms=event.at_ms)
    return ready(lost, event) if desk.state is Presence.READY else lost


def _press_away(desk: Desk, event: e.AwayPressed) -> Desk:
    if event.reason not in CHOSEN_REASONS:
        raise BadRequest("Choose one of the reasons that are offered.")
    return away(desk, event, event.reason)


def _press_ready(desk: Desk, event: e.ReadyPressed) -> Desk:
    return ready(desk, event)


def _refuse_old(desk: Desk, token: Token, epoch: LegEpoch) -> None:
    """Raise StaleToken, StaleEpoch if something newer has been heard of since."""
    if token < desk.token:
        raise StaleToken("A newer reservation has been heard of since.")
    if token == desk.token and epoch < desk.epoch:
        raise StaleEpoch("Another leg of the caller has spoken of that since.")


def _ring(desk: Desk, event: e.Rang) -> Desk:
    _refuse_old(desk, event.token, event.epoch)
    rings = event.token == desk.token and desk.state is Presence.RINGING
    if rings and desk.queue is not None:
        until_ms = event.at_ms + event.ring_ms
        return replace(hears(desk, event.token, event.epoch), ring_until_ms=until_ms)
    if event.token == desk.token and not rings:
        raise StaleToken("A newer reservation has been heard of since.")
    if desk.state not in MAY_RING:
        raise OutOfOrder("The adviser is not ready.")
    return at(
        hears(desk, event.token, event.epoch),
        event,
        Presence.RINGING,
        call=event.call,
        queue=event.queue,
        ring_until_ms=event.at_ms + event.ring_ms,
    )


def _find_ring(desk: Desk, event: e.RingFound) -> Desk:
    if desk.state not in AT_WORK or event.token != desk.token:
        return desk
    _refuse_old(desk, event.token, event.epoch)
    there = replace(hears(desk, event.token, event.epoch), queue=event.queue)
    if desk.state is Presence.TALKING:
        return there
    if event.talking:
        return at(there, event, Presence.TALKING, call=desk.call, queue=event.queue)
    return replace(there, ring_until_ms=event.at_ms + event.ring_ms)


def _talk(desk: Desk, event: e.TalkBegan) -> Desk:
    queue = desk.queue if desk.call == event.call else None
    return _talk_with(desk, event, replace(desk, queue=queue))


def _move(desk: Desk, event: e.TalkMoved) -> Desk:
    return _talk_with(desk, event, replace(desk, queue=event.queue))


def _talk_with(desk: Desk, event: e.TalkBegan | e.TalkMoved, known: Desk) -> Desk:
    """Return the desk in a talk, the one it is in already or another."""
    _refuse_old(desk, event.token, event.epoch)
    if event.token <= desk.over:
        raise StaleToken("That talk is over here.")
    there = hears(known, event.token, event.epoch)
    if desk.state is Presence.TALKING and event.token == desk.token:
        return replace(there, call=event.call)  # whoever was asked about a call has it now
    return at(there, event, Presence.TALKING, call=event.call, queue=known.queue)


def _end_ring(desk: Desk, event: e.RingEnded) -> Desk:
    if event.token == desk.token == desk.over:
        return desk
    _refuse_old(desk, event.token, event.epoch)
    heard = hears(desk, event.token, event.epoch)
    if desk.state in AT_WORK:
        return end_work(heard, event, event.lapse) if event.token == desk.token else desk
    heard = replace(heard, over=event.token)
    reason = None if event.lapse is None else AWAY_AFTER.get(event.lapse)
    if desk.state is not Presence.READY or reason is None:
        return heard
    # a ring that never got here: the live state has sent the adviser away for it
    return away(heard, event, reason, lapse=event.lapse)


def _lose_call(desk: Desk, event: e.CallGone) -> Desk:
    if desk.state not in AT_WORK or event.token != desk.token:
        return desk
    rang = desk.state is Presence.RINGING
    return end_work(desk, event, LapseReason.NODE_LOST if rang else None)


def _leave_talk(desk: Desk, event: e.TalkLeft) -> Desk:
    if event.call != desk.call:
        raise OutOfOrder("You are on another call.")
    return end_work(desk, event, None)


def _choose(desk: Desk, event: e.OutcomeChosen) -> Desk:
    return replace(desk, outcome_chosen=event.chosen) if event.call == desk.call else desk


def _take_time(desk: Desk, event: e.MoreTimeAsked) -> Desk:
    assert desk.wrap_up is not None, "a wrap-up has its time"
    return replace(desk, wrap_up=wrapup.longer(desk.wrap_up, at_ms=event.at_ms))


def _finish(desk: Desk, event: e.WrapUpFinished) -> Desk:
    if event.call != desk.call:
        raise OutOfOrder("Another call is being wrapped up.")
    if event.away is None:
        return ready(desk, event)
    return _press_away(desk, e.AwayPressed(at_ms=event.at_ms, reason=event.away))


def _see_standing(desk: Desk, event: e.StandingSeen) -> Desk:
    """Take up from the live state what the desk was not told."""
    if desk.state in AT_WORK:
        return _see_work(desk, event) if event.token == desk.token else desk
    if event.state not in SENT or event.token <= desk.token:
        return desk
    heard = replace(hears(desk, event.token), over=event.token)
    if desk.state is not Presence.READY:
        return heard
    return away(heard, event, event.reason or AwayReason.DESK_UNREACHABLE)


def _see_work(desk: Desk, event: e.StandingSeen) -> Desk:
    """Follow a ring or talk whose next step the node has told the live state but not the desk.

    Nothing but that step can have put this token into these states.
    """
    over = replace(desk, over=event.token)
    match desk.state, event.state:
        case Presence.RINGING, Presence.TALKING:
            return at(desk, event, Presence.TALKING, call=desk.call, queue=desk.queue)
        case Presence.RINGING, Presence.READY:
            return ready(over, event, lapse=LapseReason.NODE_LOST)
        case Presence.RINGING, Presence.AWAY:
            return away(over, event, event.reason or AwayReason.NO_ANSWER)
        case _, Presence.READY | Presence.AWAY | Presence.WRAP_UP:
            return end_work(desk, event, None)
        case _:
            return desk


def _pass_ready(desk: Desk, _: e.TimePassed) -> Desk:
    assert desk.lost_at_ms is None, "a desk whose socket is lost is not ready"
    return desk


def _pass_away(desk: Desk, event: e.TimePassed) -> Desk:
    return at(desk, event, Presence.OFFLINE) if _is_gone(desk, event) else desk


def _pass_ring(desk: Desk, event: e.TimePassed) -> Desk:
    assert desk.ring_until_ms is not None, "a ring has its end"
    if event.at_ms < desk.ring_until_ms + RING_OVERDUE_MS:
        return desk
    return ready(desk, event, lapse=LapseReason.NODE_LOST)


def _pass_wrap_up(desk: Desk, event: e.TimePassed) -> Desk:
    assert desk.wrap_up is not None, "a wrap-up has its time"
    if _is_gone(desk, event):
        return at(desk, event, Presence.OFFLINE)
    ends = wrapup.may_end_itself(
        desk.wrap_up, at_ms=event.at_ms, outcome_chosen=desk.outcome_chosen
    )
    return ready(desk, event) if ends and desk.lost_at_ms is None else desk


def _is_gone(desk: Desk, event: e.DeskEvent) -> bool:
    return desk.lost_at_ms is not None and event.at_ms - desk.lost_at_ms >= GRACE_MS


def _sign_out(desk: Desk, event: e.SignedOut) -> Desk:
    return at(desk, event, Presence.OFFLINE)


Rule = Callable[[Desk, Any], Desk]
S = Presence

ALWAYS: Mapping[type[e.DeskEvent], Rule] = MappingProxyType(
    {
        e.SignedIn: _stay,
        e.SocketOpened: _find_socket,
        e.SocketLost: _lose_socket,
        e.Rang: _ring,
        e.RingFound: _find_ring,
        e.TalkBegan: _talk,
        e.TalkMoved: _move,
        e.RingEnded: _end_ring,
        e.CallGone: _lose_call,
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
            e.Recovered: _recover_late,
            e.ReadyPressed: _press_ready,
            e.AwayPressed: _press_away,
            e.TimePassed: _pass_away,
        },
        S.READY: {
            **ALWAYS,
            e.Recovered: _recover_late,
            e.ReadyPressed: _press_ready,
            e.AwayPressed: _press_away,
            e.TimePassed: _pass_ready,
        },
        S.RESERVED: {},
        S.RINGING: {**ALWAYS, e.TimePassed: _pass_ring},
        S.TALKING: {**ALWAYS, e.TalkLeft: _leave_talk, e.TimePassed: _stay},
        S.WRAP_UP: {
            **ALWAYS,
            e.Recovered: _recover_late,
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
