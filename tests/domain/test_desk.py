"""One adviser's desk: each state with each event, and the stories that make up a day."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import pytest

from contactcentre.domain import desk as d
from contactcentre.domain import desk_events as e
from contactcentre.domain.desk_stand import AWAY_AFTER, Desk
from contactcentre.domain.errors import BadRequest, OutOfOrder, Refusal, StaleToken
from contactcentre.domain.events import LapseReason
from contactcentre.domain.presence import CHOSEN_REASONS, AwayReason, Presence
from tests.domain.desk_steps import (
    ALLOWED_MS,
    AWAY,
    CALL,
    CHOOSE,
    FINISH,
    GO_HOME,
    LATER_CALL,
    LOSE,
    MORE,
    NEW,
    OPEN,
    PRESS_LUNCH,
    PRESS_READY,
    READY,
    RINGING,
    SIGN_IN,
    TALKING,
    TICK,
    WRAPPING,
    A,
    N,
    R,
    T,
    W,
    X,
    after,
    began,
    ended,
    found,
    gone,
    moved,
    rang,
    recovered,
    stands,
)

DESKS = {
    Presence.OFFLINE: NEW,
    Presence.AWAY: AWAY,
    Presence.READY: READY,
    Presence.RINGING: RINGING,
    Presence.TALKING: TALKING,
    Presence.WRAP_UP: WRAPPING,
}

STATES = (X, A, R, N, T, W)
REFUSED = None

#                                       offline   away     ready  ringing  talking  wrap-up
TABLE: dict[e.DeskEvent, Sequence[Presence | None]] = {
    SIGN_IN: (A, A, R, N, T, W),
    recovered(Presence.READY): (A, R, R, REFUSED, REFUSED, W),
    recovered(Presence.TALKING, call=CALL, token=9): (T, T, T, REFUSED, REFUSED, T),
    recovered(Presence.RINGING, call=CALL, token=9): (N, N, N, REFUSED, REFUSED, N),
    OPEN: (REFUSED, A, R, N, T, W),
    LOSE: (X, A, A, N, T, W),
    PRESS_READY: (REFUSED, R, R, REFUSED, REFUSED, R),
    PRESS_LUNCH: (REFUSED, A, A, REFUSED, REFUSED, A),
    rang(token=9): (REFUSED, REFUSED, N, N, REFUSED, REFUSED),
    began(token=9): (REFUSED, T, T, T, T, T),
    moved(token=9): (REFUSED, T, T, T, T, T),
    moved(token=5): (REFUSED, T, T, T, T, REFUSED),
    found(talking=True): (REFUSED, A, R, T, T, W),
    found(talking=False): (REFUSED, A, R, N, T, W),
    ended(token=9): (REFUSED, A, R, N, T, W),
    ended(token=5): (REFUSED, A, R, W, W, W),
    ended(token=5, lapse=LapseReason.NO_ANSWER): (REFUSED, A, A, A, A, W),
    ended(token=5, lapse=LapseReason.CALLER_LEFT): (REFUSED, A, R, R, R, W),
    gone(token=5): (REFUSED, A, R, R, W, W),
    gone(token=9): (REFUSED, A, R, N, T, W),
    e.TalkLeft(at_ms=30, call=CALL): (REFUSED, REFUSED, REFUSED, REFUSED, W, REFUSED),
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


def outcome_of(desk: Desk, event: e.DeskEvent) -> Presence | None:
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


@pytest.mark.parametrize("reason", sorted({*AwayReason} - {*CHOSEN_REASONS}))
def test_what_happened_cannot_be_chosen_as_a_reason(reason: AwayReason) -> None:
    with pytest.raises(BadRequest):
        d.follow(READY, e.AwayPressed(at_ms=5, reason=reason))


@pytest.mark.parametrize("lapse", list(AWAY_AFTER))
def test_after_a_ring_that_came_to_nothing_the_adviser_is_away_until_ready_is_pressed(
    lapse: LapseReason,
) -> None:
    away = after(ended(lapse=lapse), desk=RINGING)
    assert (away.state, away.reason) == (A, AWAY_AFTER[lapse])
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


def test_a_ring_that_is_told_again_lasts_from_then_on() -> None:
    desk = after(rang(20_000), desk=RINGING)
    assert desk.ring_until_ms == 40_000


def test_a_ring_waits_for_a_page_that_is_loaded_again() -> None:
    assert after(LOSE, OPEN, desk=RINGING) == RINGING
    left = after(LOSE, ended(lapse=LapseReason.CALLER_LEFT), desk=RINGING)
    assert (left.state, left.reason) == (A, AwayReason.LOST_CONNECTION)
    assert after(OPEN, desk=left).state is R


def test_a_ring_whose_node_is_gone_holds_nobody() -> None:
    end_ms = 10 + 20_000 + d.RING_OVERDUE_MS
    assert after(e.TimePassed(at_ms=end_ms - 1), desk=RINGING).state is N
    overdue = after(e.TimePassed(at_ms=end_ms), desk=RINGING)
    assert (overdue.state, overdue.lapse) == (R, LapseReason.NODE_LOST)
    assert after(began(end_ms + 1), desk=overdue).state is T


def test_a_ring_ends_with_its_node_and_the_adviser_is_ready_again() -> None:
    for lost in (
        ended(lapse=LapseReason.NODE_LOST),
        gone(),
        stands(Presence.READY, token=5),
    ):
        free = after(lost, desk=RINGING)
        assert (free.state, free.lapse) == (R, LapseReason.NODE_LOST)


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


def test_whoever_went_home_signs_in_anew_and_remembers_the_token() -> None:
    back = after(GO_HOME, SIGN_IN, OPEN, desk=TALKING)
    assert (back.state, back.reason, back.token) == (A, AwayReason.SIGNED_IN, 5)
