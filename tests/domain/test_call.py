"""A call: what may follow what, and what a call remembers of it."""

import random
from dataclasses import replace
from itertools import product
from typing import get_args

import pytest

from contactcentre.domain import events as e
from contactcentre.domain.call import (
    FOLLOWS,
    VERSIONS_PER_EPOCH,
    Call,
    CallState,
    Talk,
    arrive,
    come_back,
    ending_of,
    follow,
    make,
    take_over,
)
from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import OutOfOrder, StaleEpoch
from contactcentre.domain.ids import AdviserId, NodeId, QueueId, Token
from contactcentre.domain.languages import Language
from tests.domain.happenings import ADA, ARRIVED, AT_MS, CAME_MS, HAPPENINGS, MADE, TOKEN, happening

KINDS: tuple[type[e.Event], ...] = get_args(e.CallEvent)
EVERYTHING = list(product(CallState, KINDS))
ARRIVAL = arrive(ARRIVED)
S = CallState


def walked(*kinds: type[e.Event], step_ms: int = 1_000) -> Call:
    """Return a call to which these things have happened, one a step."""
    call = ARRIVAL
    for number, kind in enumerate(kinds, 1):
        call = follow(call, happening(kind, call, CAME_MS + number * step_ms))
    return call


QUEUED = (e.CallQueued,)
TALKED = (e.CallQueued, e.CallRang, e.CallBridged)


@pytest.mark.parametrize(("state", "kind"), EVERYTHING)
def test_what_is_in_the_table_follows_and_nothing_else(
    state: CallState, kind: type[e.Event]
) -> None:
    call = replace(ARRIVAL, state=state)
    if kind in FOLLOWS[state]:
        after = follow(call, HAPPENINGS[kind])
        assert after.state is FOLLOWS[state][kind]
        assert after.version == call.version + 1
    else:
        with pytest.raises(OutOfOrder, match=f"{kind.__name__} may not follow"):
            follow(call, HAPPENINGS[kind])


@pytest.mark.parametrize(("state", "kind"), EVERYTHING)
def test_no_event_changes_whose_call_it_is(state: CallState, kind: type[e.Event]) -> None:
    call = replace(ARRIVAL, state=state)
    if kind not in FOLLOWS[state]:
        return
    after = follow(call, HAPPENINGS[kind])
    for fact in ("id", "line", "node", "epoch", "arrived_at_ms"):
        assert getattr(after, fact) == getattr(call, fact)


def test_a_call_can_end_from_everywhere_and_nothing_follows_its_end() -> None:
    for state in CallState:
        assert (e.CallEnded in FOLLOWS[state]) == (state is not CallState.ENDED)
    assert FOLLOWS[CallState.ENDED] == {}


def test_every_state_can_be_reached() -> None:
    reached = {CallState.IN_MENU}
    while (more := {after for state in reached for after in FOLLOWS[state].values()}) - reached:
        reached |= more
    assert reached == set(CallState)


def test_a_call_begins_as_it_arrived() -> None:
    assert ARRIVAL.state is CallState.IN_MENU
    assert ARRIVAL.arrived_at_ms == CAME_MS
    assert ARRIVAL.language is Language.ENGLISH
    assert ARRIVAL.enqueued_ms is None


def test_a_call_that_we_have_made_begins_as_a_talk_and_ends_as_handled() -> None:
    call = make(MADE)
    assert (call.state, call.adviser, call.token) == (S.TALKING, ADA, TOKEN)
    assert (call.queue, call.enqueued_ms) == (MADE.queue, MADE.enqueued_ms)
    assert (call.arrived_at_ms, call.bridged_at_ms) == (MADE.at_ms, MADE.at_ms)
    assert call.version == MADE.epoch.count * VERSIONS_PER_EPOCH
    assert ending_of(call) is e.Ending.HANDLED
    assert follow(call, HAPPENINGS[e.TalkBroken]).state is S.WAITING


def test_a_newer_legs_record_is_later_than_any_of_an_older_leg() -> None:
    newer = arrive(replace(ARRIVED, epoch=LegEpoch(3, "aa")))
    assert newer.version - ARRIVAL.version == VERSIONS_PER_EPOCH
    assert newer.version > walked(*TALKED, e.CallEnded).version


@pytest.mark.parametrize("kinds", [(), QUEUED, TALKED])
def test_a_call_that_a_newer_leg_takes_up_is_as_it_was(kinds: tuple[type[e.Event], ...]) -> None:
    call = walked(*kinds)
    epoch, south = LegEpoch(3, "bb"), NodeId("south-1")
    back = come_back(call, epoch=epoch, node=south)
    assert back == replace(call, epoch=epoch, node=south, version=3 * VERSIONS_PER_EPOCH)


def test_the_higher_of_two_legs_that_came_back_at_once_is_written_later() -> None:
    call = come_back(walked(*QUEUED), epoch=LegEpoch(3, "aa"), node=NodeId("north-2"))
    higher = come_back(call, epoch=LegEpoch(3, "bb"), node=NodeId("south-1"))
    assert higher.version == call.version + 1


@pytest.mark.parametrize("epoch", [LegEpoch(2, "aa"), LegEpoch(1, "zz"), LegEpoch(2, "a")])
def test_an_older_leg_takes_nothing_up(epoch: LegEpoch) -> None:
    with pytest.raises(StaleEpoch):
        come_back(ARRIVAL, epoch=epoch, node=NodeId("south-1"))


HERE, EPOCH = NodeId("south-1"), LegEpoch(9, "zz")


def taken(call: Call, *, talk: Talk | None = None, token: int = 0) -> Call:
    """Return a call as another node takes it up."""
    return take_over(call, at_ms=AT_MS, epoch=EPOCH, node=HERE, talk=talk, token=Token(token))


def test_a_call_of_a_lost_node_goes_on_in_the_menu_or_waits_where_it_waited() -> None:
    for call in (ARRIVAL, walked(*QUEUED)):
        after = taken(call)
        assert (after.state, after.enqueued_ms) == (call.state, call.enqueued_ms)
        assert (after.node, after.epoch) == (HERE, EPOCH)


def test_a_ring_ends_with_its_node_and_the_caller_waits_again() -> None:
    rung = walked(*QUEUED, e.CallRang)
    after = taken(rung)
    assert (after.state, after.adviser, after.enqueued_ms) == (S.WAITING, None, rung.enqueued_ms)
    assert after.token == rung.token


@pytest.mark.parametrize("hold", [(), (e.CallHeld,)])
def test_a_talk_goes_on_as_it_was(hold: tuple[type[e.Event], ...]) -> None:
    talk = walked(*TALKED, *hold)
    after = taken(talk, talk=Talk(adviser=ADA, token=talk.token))
    assert (after.state, after.adviser, after.token) == (talk.state, ADA, talk.token)
    assert (after.held_at_ms, after.bridged_at_ms) == (talk.held_at_ms, talk.bridged_at_ms)


def test_a_talk_that_the_claim_had_not_heard_of_goes_on_too() -> None:
    bryn = Talk(adviser=AdviserId("bryn"), token=Token(99))
    after = taken(walked(*QUEUED), talk=bryn, token=99)
    assert (after.state, after.adviser, after.token) == (S.TALKING, "bryn", 99)
    assert after.bridged_at_ms == AT_MS


def test_a_talk_that_nobody_knows_of_any_more_is_over_and_the_caller_waits_again() -> None:
    after = taken(walked(*TALKED, e.CallHeld), token=99)
    assert (after.state, after.adviser, after.held_at_ms) == (S.WAITING, None, None)
    assert after.token == 99


def test_an_older_leg_takes_no_call_over() -> None:
    with pytest.raises(StaleEpoch):
        take_over(ARRIVAL, at_ms=0, epoch=LegEpoch(1, "z"), node=HERE, talk=None, token=Token(0))


def test_the_language_that_was_chosen_is_kept() -> None:
    assert walked(e.LanguageChosen).language is Language.WELSH


@pytest.mark.parametrize("kind", [e.StepReached, e.PlaceTold])
def test_what_was_only_said_changes_nothing_but_the_version(kind: type[e.Event]) -> None:
    call = walked(*QUEUED) if kind is e.PlaceTold else ARRIVAL
    assert follow(call, HAPPENINGS[kind]) == replace(call, version=call.version + 1)


def test_a_queued_call_knows_its_queue_class_and_time() -> None:
    call = walked(*QUEUED)
    assert call.queue == QueueId("tax.paying.en")
    assert call.service_class is ServiceClass.P2
    assert call.enqueued_ms == CAME_MS + 1_000


@pytest.mark.parametrize(
    "back",
    [
        (e.CallRang, e.ReservationLapsed),
        (e.CallRang, e.CallBridged, e.TalkBroken),
        (e.CallRang, e.CallBridged, e.CallTransferred),
        (e.CallRang, e.CallBridged, e.CallHeld, e.CallTransferred),
    ],
)
def test_whoever_comes_back_has_waited_since_the_first_time(
    back: tuple[type[e.Event], ...],
) -> None:
    call = walked(*QUEUED, *back)
    assert call.state is CallState.WAITING
    assert call.enqueued_ms == CAME_MS + 1_000
    assert call.adviser is None
    assert call.token == TOKEN


def test_every_ring_is_counted_with_its_adviser_and_token() -> None:
    call = walked(*QUEUED, e.CallRang, e.ReservationLapsed, e.CallRang)
    assert (call.rang_count, call.adviser, call.token) == (2, ADA, TOKEN)


def test_the_adviser_who_answers_is_the_one_who_talks() -> None:
    call = walked(*QUEUED, e.CallRang)
    bryn = AdviserId("bryn")
    answered = e.CallBridged(call=call.id, at_ms=AT_MS, adviser=bryn, token=Token(8))
    call = follow(call, answered)
    assert (call.adviser, call.token, call.bridged_at_ms) == (bryn, 8, AT_MS)


def test_the_first_talk_is_the_one_that_counts_as_answered() -> None:
    once = walked(*TALKED)
    again = walked(*TALKED, e.TalkBroken, e.CallRang, e.CallBridged)
    assert again.bridged_at_ms == once.bridged_at_ms


def test_holds_are_added_up() -> None:
    hold = (e.CallHeld, e.CallTakenOffHold)
    call = walked(*TALKED, *hold, *hold, step_ms=500)
    assert (call.held_at_ms, call.held_ms) == (None, 1_000)


@pytest.mark.parametrize("kind", [e.TalkBroken, e.CallTransferred, e.CallEnded])
def test_a_hold_that_ends_with_the_talk_is_added_up_too(kind: type[e.Event]) -> None:
    call = walked(*TALKED, e.CallHeld, kind)
    assert (call.held_at_ms, call.held_ms) == (None, 1_000)


def test_an_ended_call_knows_how_when_by_whom_and_who_talked_last() -> None:
    call = walked(*TALKED, e.CallEnded)
    assert (call.ending, call.ended_by) == (e.Ending.HANDLED, e.HungUpBy.CALLER)
    assert call.ended_at_ms == CAME_MS + 4_000
    assert call.adviser == ADA


@pytest.mark.parametrize(
    ("kinds", "ending"),
    [
        ((), e.Ending.LEFT_IN_MENU),
        ((e.LanguageChosen, e.StepReached), e.Ending.LEFT_IN_MENU),
        ((e.CallDeflected,), e.Ending.DEFLECTED),
        ((e.CallDeflected, e.CallQueued), e.Ending.ABANDONED),
        (QUEUED, e.Ending.ABANDONED),
        ((*QUEUED, e.CallRang), e.Ending.ABANDONED),
        (TALKED, e.Ending.HANDLED),
        ((*TALKED, e.CallHeld), e.Ending.HANDLED),
        ((*TALKED, e.TalkBroken), e.Ending.HANDLED),
        ((*TALKED, e.CallTransferred), e.Ending.HANDLED),
    ],
)
def test_how_a_call_ends_is_the_furthest_it_came(
    kinds: tuple[type[e.Event], ...], ending: e.Ending
) -> None:
    assert ending_of(walked(*kinds)) is ending


@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_the_wait_never_moves_and_versions_rise(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - no secret
    call = ARRIVAL
    for step in range(200):
        kinds = sorted(FOLLOWS[call.state], key=lambda kind: kind.__name__)
        kind = dice.choice(kinds)
        if kind is e.CallEnded:
            continue
        after = follow(call, happening(kind, call, CAME_MS + step))
        assert after.version == call.version + 1
        assert call.enqueued_ms in {None, after.enqueued_ms}
        assert after.rang_count >= call.rang_count
        assert after.held_ms >= call.held_ms
        call = after
