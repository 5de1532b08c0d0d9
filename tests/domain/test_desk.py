"""One adviser's desk: each state with each event, and the stories that make up a day."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import pytest

from contactcentre.domain import desk as d
from contactcentre.domain import desk_events as e
from contactcentre.domain.errors import BadRequest, OutOfOrder, Refusal, StaleToken
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import AdviserId, CallId, QueueId, Token
from contactcentre.domain.presence import CHOSEN_REASONS, AwayReason, Presence

ADA = AdviserId("ada")
CALL = CallId("call-1")
LATER_CALL = CallId("call-2")
PAYING = QueueId("tax.paying.en")
ALLOWED_MS = 90_000
NEW = d.Desk(adviser=ADA, wrap_up_allowed_ms=ALLOWED_MS)


def rang(at_ms: int = 10, *, token: int = 5, call: CallId = CALL) -> e.Rang:
    return e.Rang(at_ms=at_ms, call=call, queue=PAYING, token=Token(token), ring_ms=20_000)


def began(at_ms: int = 20, *, token: int = 5, call: CallId = CALL) -> e.TalkBegan:
    return e.TalkBegan(at_ms=at_ms, call=call, token=Token(token))


def ended(at_ms: int = 30, *, token: int = 5, lapse: LapseReason | None = None) -> e.RingEnded:
    return e.RingEnded(at_ms=at_ms, token=Token(token), lapse=lapse)


def stands(state: Presence, *, token: int, reason: AwayReason | None = None) -> e.StandingSeen:
    return e.StandingSeen(at_ms=40, state=state, reason=reason, token=Token(token))


def recovered(
    state: Presence, *, reason: AwayReason | None = None, call: CallId | None = None
) -> e.Recovered:
    return e.Recovered(at_ms=1, state=state, reason=reason, call=call, token=Token(5))


def after(*events: e.DeskEvent, desk: d.Desk = NEW) -> d.Desk:
    for event in events:
        desk = d.follow(desk, event)
    return desk


SIGN_IN = e.SignedIn(at_ms=1)
OPEN = e.SocketOpened(at_ms=2)
LOSE = e.SocketLost(at_ms=3)
PRESS_READY = e.ReadyPressed(at_ms=4)
PRESS_LUNCH = e.AwayPressed(at_ms=4, reason=AwayReason.LUNCH)
CHOOSE = e.OutcomeChosen(at_ms=25, call=CALL, chosen=True)
FINISH = e.WrapUpFinished(at_ms=60, call=CALL, away=None)
MORE = e.MoreTimeAsked(at_ms=50)
TICK = e.TimePassed(at_ms=50)
GO_HOME = e.SignedOut(at_ms=70)

AWAY = after(SIGN_IN, OPEN)
READY = after(PRESS_READY, desk=AWAY)
RINGING = after(rang(), desk=READY)
TALKING = after(began(), desk=RINGING)
WRAPPING = after(ended(), desk=TALKING)
DESKS = {
    Presence.OFFLINE: NEW,
    Presence.AWAY: AWAY,
    Presence.READY: READY,
    Presence.RINGING: RINGING,
    Presence.TALKING: TALKING,
    Presence.WRAP_UP: WRAPPING,
}

X, A, R, N, T, W = (
    Presence.OFFLINE,
    Presence.AWAY,
    Presence.READY,
    Presence.RINGING,
    Presence.TALKING,
    Presence.WRAP_UP,
)
STATES = (X, A, R, N, T, W)
REFUSED = None

#                                       offline   away     ready  ringing  talking  wrap-up
TABLE: dict[e.DeskEvent, Sequence[Presence | None]] = {
    SIGN_IN: (A, A, R, N, T, W),
    recovered(Presence.READY): (A, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED),
    OPEN: (REFUSED, A, R, N, T, W),
    LOSE: (X, A, A, N, T, W),
    PRESS_READY: (REFUSED, R, R, REFUSED, REFUSED, R),
    PRESS_LUNCH: (REFUSED, A, A, REFUSED, REFUSED, A),
    rang(token=9): (REFUSED, REFUSED, N, N, REFUSED, REFUSED),
    began(token=9): (REFUSED, T, T, T, T, T),
    ended(token=9): (REFUSED, A, R, N, T, W),
    ended(token=5): (REFUSED, A, R, W, W, W),
    ended(token=5, lapse=LapseReason.NO_ANSWER): (REFUSED, A, A, A, A, W),
    ended(token=5, lapse=LapseReason.CALLER_LEFT): (REFUSED, A, R, R, R, W),
    e.NodeGone(at_ms=30): (REFUSED, REFUSED, REFUSED, REFUSED, W, REFUSED),
    CHOOSE: (REFUSED, A, R, N, T, W),
    MORE: (REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, W),
    FINISH: (REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, R),
    stands(Presence.AWAY, token=9): (X, A, A, N, T, W),
    stands(Presence.WRAP_UP, token=9): (X, A, A, N, T, W),
    stands(Presence.RESERVED, token=9): (X, A, R, N, T, W),
    stands(Presence.RINGING, token=5): (X, A, R, N, T, W),
    stands(Presence.TALKING, token=5): (X, A, R, T, T, W),
    stands(Presence.READY, token=5): (X, A, R, R, W, W),
    stands(Presence.AWAY, token=5): (X, A, A, A, W, W),
    stands(Presence.WRAP_UP, token=5): (X, A, A, W, W, W),
    TICK: (X, A, R, N, T, W),
    GO_HOME: (X, X, X, X, X, X),
}


def outcome_of(desk: d.Desk, event: e.DeskEvent) -> Presence | None:
    try:
        return d.follow(desk, event).state
    except Refusal:
        return REFUSED


@pytest.mark.parametrize(("event", "row"), TABLE.items(), ids=[str(event) for event in TABLE])
def test_each_state_follows_each_event_as_written(
    event: e.DeskEvent, row: Sequence[Presence | None]
) -> None:
    assert [outcome_of(DESKS[state], event) for state in STATES] == list(row)


def test_every_event_has_its_row() -> None:
    in_rules = {kind for row in d.FOLLOWS.values() for kind in row}
    assert {type(event) for event in TABLE} == in_rules


@pytest.mark.parametrize(("event", "state"), list(product(TABLE, STATES)), ids=str)
def test_whatever_happens_a_desk_stays_whole(event: e.DeskEvent, state: Presence) -> None:
    if outcome_of(DESKS[state], event) is REFUSED:
        return
    desk = d.follow(DESKS[state], event)
    assert (desk.call is not None) == (desk.state in (N, T, W))
    assert (desk.ring_until_ms is not None) == (desk.state is N)
    assert (desk.wrap_up is not None) == (desk.state is W)
    assert (desk.reason is not None) == (desk.state is A)
    assert desk.token >= DESKS[state].token
    assert desk.lost_at_ms is None or desk.state is not R


def test_whoever_signs_in_is_ready_only_when_a_person_says_so() -> None:
    assert AWAY.reason is AwayReason.SIGNED_IN
    assert READY.since_ms == PRESS_READY.at_ms


@pytest.mark.parametrize("reason", set(AwayReason) - set(CHOSEN_REASONS))
def test_what_happened_cannot_be_chosen_as_a_reason(reason: AwayReason) -> None:
    with pytest.raises(BadRequest):
        d.follow(READY, e.AwayPressed(at_ms=5, reason=reason))


@pytest.mark.parametrize("lapse", list(d.AWAY_AFTER))
def test_after_a_ring_that_came_to_nothing_the_adviser_is_away_until_ready_is_pressed(
    lapse: LapseReason,
) -> None:
    away = after(ended(lapse=lapse), desk=RINGING)
    assert (away.state, away.reason) == (A, d.AWAY_AFTER[lapse])
    for_ever = e.TimePassed(at_ms=10**9)
    assert after(for_ever, stands(Presence.READY, token=5), for_ever, desk=away) == away
    assert after(e.ReadyPressed(at_ms=10**9), desk=away).state is R


def test_a_caller_who_leaves_while_it_rings_leaves_the_adviser_ready() -> None:
    assert after(ended(lapse=LapseReason.CALLER_LEFT), desk=RINGING).state is R


def test_an_older_token_is_refused() -> None:
    later = after(ended(lapse=LapseReason.CALLER_LEFT), rang(40, token=8), desk=RINGING)
    for stale in (rang(token=5), began(token=5), ended(token=5)):
        with pytest.raises(StaleToken):
            d.follow(later, stale)


def test_the_next_ring_may_come_before_the_news_that_the_last_caller_left() -> None:
    second = after(rang(40, token=8, call=LATER_CALL), desk=RINGING)
    assert (second.state, second.call, second.since_ms) == (N, LATER_CALL, RINGING.since_ms)
    with pytest.raises(StaleToken):
        d.follow(second, ended(lapse=LapseReason.CALLER_LEFT))


def test_what_is_said_twice_happens_once() -> None:
    assert after(rang(), desk=RINGING) == RINGING
    assert after(began(), desk=TALKING) == TALKING
    assert after(ended(99), desk=WRAPPING) == WRAPPING


def test_a_ring_that_was_over_does_not_begin_again_when_its_news_comes_late() -> None:
    for over in (WRAPPING, after(FINISH, desk=WRAPPING)):
        with pytest.raises(StaleToken):
            d.follow(over, began())
        with pytest.raises(StaleToken):
            d.follow(over, rang())


def test_a_talk_whose_beginning_nobody_told_is_wrapped_up_all_the_same() -> None:
    assert after(ended(), desk=RINGING).state is W


def test_a_lapse_that_the_desk_was_not_told_of_is_taken_from_the_live_state() -> None:
    unreachable = stands(Presence.AWAY, token=9, reason=AwayReason.DESK_UNREACHABLE)
    away = after(unreachable, desk=READY)
    assert (away.state, away.reason, away.token) == (A, AwayReason.DESK_UNREACHABLE, 9)
    with pytest.raises(StaleToken):
        d.follow(away, rang(token=9))
    assert after(PRESS_READY, desk=away).token == 9


def test_the_end_of_a_ring_or_talk_is_seen_even_if_nobody_told_the_desk() -> None:
    declined = after(stands(Presence.AWAY, token=5, reason=AwayReason.DECLINED), desk=RINGING)
    assert (declined.state, declined.reason) == (A, AwayReason.DECLINED)
    wrapping = after(stands(Presence.WRAP_UP, token=5), desk=TALKING)
    assert (wrapping.state, wrapping.call) == (W, CALL)
    assert after(ended(99), desk=wrapping) == wrapping


def test_the_press_of_ready_carries_a_token_that_was_refused_here() -> None:
    refused_while_away = after(ended(token=9, lapse=LapseReason.DESK_UNREACHABLE), desk=AWAY)
    assert (refused_while_away.token, refused_while_away.reason) == (9, AwayReason.SIGNED_IN)


def test_a_desk_that_comes_back_is_ready_again_if_nothing_happened_since() -> None:
    lost = after(LOSE, desk=READY)
    assert (lost.state, lost.reason) == (A, AwayReason.LOST_CONNECTION)
    assert after(OPEN, desk=lost).state is R
    in_time = after(e.TimePassed(at_ms=LOSE.at_ms + d.GRACE_MS - 1), OPEN, desk=lost)
    assert in_time.state is R
    assert after(e.TimePassed(at_ms=LOSE.at_ms + d.GRACE_MS), desk=lost).state is X


def test_a_desk_that_comes_back_after_a_press_elsewhere_stays_as_pressed() -> None:
    assert after(LOSE, PRESS_LUNCH, OPEN, desk=READY).reason is AwayReason.LUNCH
    assert after(LOSE, PRESS_READY, OPEN, desk=AWAY).state is R
    assert after(LOSE, LOSE, OPEN, desk=AWAY).reason is AwayReason.SIGNED_IN


def test_a_talk_goes_on_while_only_the_desk_is_lost() -> None:
    lost = after(LOSE, e.TimePassed(at_ms=10**7), desk=TALKING)
    assert lost.state is T
    assert after(OPEN, desk=lost) == TALKING


def test_a_ring_waits_for_a_page_that_is_loaded_again() -> None:
    assert after(LOSE, OPEN, desk=RINGING) == RINGING
    left = after(LOSE, ended(lapse=LapseReason.CALLER_LEFT), desk=RINGING)
    assert (left.state, left.reason) == (A, AwayReason.LOST_CONNECTION)
    assert after(OPEN, desk=left).state is R


def test_a_ring_whose_node_is_gone_holds_nobody() -> None:
    end_ms = 10 + 20_000 + d.RING_OVERDUE_MS
    assert after(e.TimePassed(at_ms=end_ms - 1), desk=RINGING).state is N
    overdue = after(e.TimePassed(at_ms=end_ms), desk=RINGING)
    assert (overdue.state, overdue.reason) == (A, AwayReason.LOST_CONNECTION)
    assert after(began(end_ms + 1), desk=overdue).state is T


def test_wrap_up_ends_by_itself_once_an_outcome_is_chosen() -> None:
    up = e.TimePassed(at_ms=30 + ALLOWED_MS)
    assert after(up, desk=WRAPPING).state is W
    assert after(CHOOSE, up, desk=WRAPPING).state is R
    assert after(CHOOSE, replace(CHOOSE, chosen=False), up, desk=WRAPPING).state is W
    assert after(CHOOSE, MORE, up, desk=WRAPPING).state is W


def test_an_outcome_may_be_chosen_in_mid_talk() -> None:
    wrapping = after(CHOOSE, ended(), desk=TALKING)
    assert after(e.TimePassed(at_ms=30 + ALLOWED_MS), desk=wrapping).state is R
    other = e.OutcomeChosen(at_ms=26, call=LATER_CALL, chosen=True)
    assert not after(other, ended(), desk=TALKING).outcome_chosen


def test_nobody_is_made_ready_by_a_timer_whose_page_is_lost() -> None:
    up = e.TimePassed(at_ms=30 + ALLOWED_MS)
    lost = after(CHOOSE, e.SocketLost(at_ms=60_000), up, desk=WRAPPING)
    assert lost.state is W
    assert after(OPEN, up, desk=lost).state is R
    assert after(e.TimePassed(at_ms=60_000 + d.GRACE_MS), desk=lost).state is X


def test_whoever_finishes_goes_where_was_asked() -> None:
    assert after(replace(FINISH, away=AwayReason.BREAK), desk=WRAPPING).reason is AwayReason.BREAK
    with pytest.raises(OutOfOrder):
        d.follow(WRAPPING, replace(FINISH, call=LATER_CALL))


@pytest.mark.parametrize(
    ("stood", "comes_back"),
    [
        (recovered(Presence.READY), (R, None)),
        (recovered(Presence.RESERVED), (R, None)),
        (recovered(Presence.AWAY, reason=AwayReason.LUNCH), (A, AwayReason.LUNCH)),
        (recovered(Presence.AWAY), (A, AwayReason.LOST_CONNECTION)),
        (recovered(Presence.RINGING, call=CALL), (A, AwayReason.LOST_CONNECTION)),
        (recovered(Presence.WRAP_UP, call=CALL), (A, AwayReason.LOST_CONNECTION)),
        (recovered(Presence.TALKING, call=CALL), (T, None)),
        (recovered(Presence.OFFLINE), (A, AwayReason.SIGNED_IN)),
    ],
)
def test_a_desk_process_that_was_started_again_takes_up_what_stood(
    stood: e.Recovered, comes_back: tuple[Presence, AwayReason | None]
) -> None:
    desk = after(stood, OPEN)
    assert (desk.state, desk.reason) == comes_back


def test_a_talk_taken_up_after_a_restart_can_be_ended() -> None:
    desk = after(recovered(Presence.TALKING, call=CALL), OPEN, ended())
    assert (desk.state, desk.reason) == (A, AwayReason.LOST_CONNECTION)


def test_whoever_went_home_signs_in_anew_and_remembers_the_token() -> None:
    back = after(GO_HOME, SIGN_IN, OPEN, desk=TALKING)
    assert (back.state, back.reason, back.token) == (A, AwayReason.SIGNED_IN, 5)
