"""One adviser's desk when the call's node or a desk process is lost."""

from dataclasses import replace

import pytest

from contactcentre.domain import desk as d
from contactcentre.domain import desk_events as e
from contactcentre.domain.errors import OutOfOrder, StaleEpoch, StaleToken
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import Token
from contactcentre.domain.presence import AwayReason, Presence
from tests.domain.desk_steps import (
    ALLOWED_MS,
    AWAY,
    CALL,
    FINISH,
    FIRST,
    LATER_CALL,
    OPEN,
    PAYING,
    PRESS_LUNCH,
    PRESS_READY,
    READY,
    RINGING,
    SECOND,
    TALKING,
    A,
    N,
    R,
    T,
    W,
    after,
    began,
    ended,
    found,
    moved,
    rang,
    recovered,
)

# A talk whose node is lost


def test_a_talk_goes_on_at_another_node_and_its_time_as_well() -> None:
    there = after(moved(99), desk=TALKING)
    assert there == replace(TALKING, epoch=SECOND)
    assert after(began(100, epoch=SECOND), desk=there) == there


def test_a_node_that_was_lost_and_wakes_up_ends_nothing() -> None:
    there = after(moved(), desk=TALKING)
    for late in (ended(), began(), moved(epoch=FIRST), found(talking=True)):
        with pytest.raises(StaleEpoch):
            d.follow(there, late)
    assert after(ended(epoch=SECOND), desk=there).state is W


def test_a_lost_node_does_not_speak_of_the_next_reservation_either() -> None:
    second = after(moved(), ended(epoch=SECOND), FINISH, rang(70, token=8), desk=TALKING)
    assert (second.token, second.epoch) == (8, FIRST)
    with pytest.raises(StaleToken):
        d.follow(second, ended(epoch=SECOND))


def test_a_talk_that_was_ended_here_goes_on_nowhere() -> None:
    left = after(e.TalkLeft(at_ms=30, call=CALL), desk=TALKING)
    assert (left.state, left.call, left.over) == (W, CALL, 5)
    for late in (moved(), began(epoch=SECOND)):
        with pytest.raises(StaleToken):
            d.follow(left, late)
    assert after(ended(epoch=SECOND), desk=left) == left


def test_nobody_ends_another_call_than_is_meant() -> None:
    with pytest.raises(OutOfOrder):
        d.follow(TALKING, e.TalkLeft(at_ms=30, call=LATER_CALL))


def test_a_desk_that_never_heard_of_a_talk_takes_it_up_where_it_moved_to() -> None:
    there = after(moved(token=9), desk=READY)
    assert (there.state, there.queue, there.token) == (T, PAYING, 9)


# A desk process that does not know an adviser


@pytest.mark.parametrize(
    ("stood", "comes_back"),
    [
        (recovered(Presence.READY), (R, None)),
        (recovered(Presence.RESERVED), (R, None)),
        (recovered(Presence.AWAY, reason=AwayReason.LUNCH), (A, AwayReason.LUNCH)),
        (recovered(Presence.AWAY), (A, AwayReason.LOST_CONNECTION)),
        (recovered(Presence.AWAY, reason=AwayReason.LOST_CONNECTION), (R, None)),
        (
            recovered(Presence.AWAY, reason=AwayReason.LOST_CONNECTION, for_ms=d.GRACE_MS),
            (A, AwayReason.LOST_CONNECTION),
        ),
        (recovered(Presence.RINGING, call=CALL), (N, None)),
        (recovered(Presence.WRAP_UP, call=CALL), (W, None)),
        (recovered(Presence.WRAP_UP), (A, AwayReason.LOST_CONNECTION)),
        (recovered(Presence.TALKING, call=CALL), (T, None)),
        (recovered(Presence.OFFLINE), (A, AwayReason.SIGNED_IN)),
    ],
)
def test_a_desk_process_that_does_not_know_an_adviser_takes_up_what_stood(
    stood: e.Recovered, comes_back: tuple[Presence, AwayReason | None]
) -> None:
    desk = after(stood, OPEN)
    assert (desk.state, desk.reason) == comes_back


def test_what_was_taken_up_goes_on_since_it_began() -> None:
    talks = after(recovered(Presence.TALKING, call=CALL, for_ms=70_000))
    assert (talks.call, talks.token, talks.since_ms) == (CALL, 5, 1 - 70_000)
    wraps = after(recovered(Presence.WRAP_UP, call=CALL, for_ms=70_000))
    assert wraps.wrap_up is not None
    assert wraps.wrap_up.until_ms == 1 - 70_000 + ALLOWED_MS


def test_a_ring_that_was_taken_up_is_as_its_node_tells_it_again() -> None:
    rings = after(recovered(Presence.RINGING, call=CALL), OPEN)
    assert rings.queue is None
    told = after(found(talking=False), desk=rings)
    assert (told.queue, told.ring_until_ms) == (PAYING, 28 + 7_000)
    assert after(rang(), desk=rings).queue == PAYING
    talks = after(found(talking=True), desk=rings)
    assert (talks.state, talks.call, talks.queue) == (T, CALL, PAYING)


def test_a_talk_that_was_taken_up_is_wrapped_up_with_its_queue() -> None:
    talks = after(recovered(Presence.TALKING, call=CALL), OPEN, found(talking=True))
    wraps = after(ended(), desk=talks)
    assert (wraps.state, wraps.call, wraps.queue) == (W, CALL, PAYING)


def test_a_talk_taken_up_whose_node_never_told_can_be_wrapped_up_as_well() -> None:
    wraps = after(recovered(Presence.TALKING, call=CALL), OPEN, ended())
    assert (wraps.state, wraps.call, wraps.queue) == (W, CALL, None)


def test_what_could_not_be_read_at_first_is_taken_up_later() -> None:
    back = after(recovered(Presence.READY), desk=AWAY)
    assert (back.state, back.token) == (R, 5)
    lunch = after(recovered(Presence.AWAY, reason=AwayReason.LUNCH), desk=AWAY)
    assert lunch.reason is AwayReason.LUNCH


def test_what_a_person_has_pressed_meanwhile_stands() -> None:
    for pressed in (PRESS_READY, PRESS_LUNCH):
        desk = after(pressed, desk=AWAY)
        later = after(recovered(Presence.AWAY, reason=AwayReason.MEETING), desk=desk)
        assert later == replace(desk, token=Token(5))
        talks = after(recovered(Presence.TALKING, call=CALL), desk=desk)
        assert (talks.state, talks.call) == (T, CALL)


def test_a_desk_that_has_heard_of_newer_things_takes_up_nothing_old() -> None:
    away = after(ended(lapse=LapseReason.NO_ANSWER), desk=RINGING)
    for old in (recovered(Presence.READY), recovered(Presence.TALKING, call=CALL)):
        assert after(old, desk=away) == away
