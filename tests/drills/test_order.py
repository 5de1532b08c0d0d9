"""Who is served out of turn is found in what people saw, and nobody else is taken for one."""

import pytest

from contactcentre.drills import history as h
from contactcentre.drills.order import WISHED_MS, Place, order_violations
from contactcentre.drills.spans import Span
from tests.drills.saw import GENERAL, Saw, found


def test_a_caller_who_rings_before_one_in_front_is_out_of_order(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    saw.comes("b", 10, place=2)
    saw.is_served("b", "ada", 4_000, token=1)
    saw.is_served("a", "ada", 8_000, token=2)
    assert found(saw) == {"order_violations": 1}


def test_of_two_who_came_at_the_same_moment_the_lower_name_is_first(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    saw.comes("b", 10, place=1)
    saw.is_served("b", "ada", 4_000, token=1)
    saw.is_served("a", "ada", 8_000, token=2)
    assert found(saw) == {"order_violations": 1}


@pytest.mark.parametrize(("node", "passed_over"), [("ws://n/leg", 0), ("ws://s/leg", 1)])
def test_whom_no_other_place_of_the_centre_could_reach_was_not_passed_over(
    saw: Saw, node: str, passed_over: int
) -> None:
    saw.comes("ahead", 0, place=1)
    saw.note(h.ClaimSeen(at_ms=1, call="ahead", queue=GENERAL, enqueued_ms=1, node=node))
    saw.comes("behind", 10, place=2)
    saw.note(h.Broke(at_ms=1_000, what="cut-between", host="//n/"))
    saw.rings("behind", "ada", 9_000, token=1)
    saw.note(h.Healed(at_ms=30_000, what="lose-site"))
    assert len(list(order_violations(saw.history))) == passed_over


def test_who_has_gone_to_a_place_within_reach_may_not_be_passed_over_again(saw: Saw) -> None:
    saw.comes("ahead", 0, place=1)
    saw.note(h.ClaimSeen(at_ms=1, call="ahead", queue=GENERAL, enqueued_ms=1, node="ws://n/leg"))
    saw.comes("behind", 10, place=2)
    saw.note(h.Broke(at_ms=1_000, what="cut-between", host="//n/"))
    moved = h.ClaimSeen(at_ms=9_000, call="ahead", queue=GENERAL, enqueued_ms=1, node="ws://s/leg")
    saw.note(moved)
    saw.rings("behind", "ada", 15_000, token=1)
    saw.note(h.Healed(at_ms=30_000, what="lose-site"))
    assert len(list(order_violations(saw.history))) == 1


def test_a_ring_that_was_reserved_first_and_heard_second_is_in_order(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    saw.comes("b", 10, place=2)
    saw.rings("b", "bob", 4_000, token=2)
    saw.rings("a", "ada", 4_600, token=1)
    for call, adviser, token in (("a", "ada", 1), ("b", "bob", 2)):
        saw.talks(call, adviser, 5_000, token=token)
        saw.ends(call, adviser, 6_000, token=token)
    assert found(saw) == {}


@pytest.mark.parametrize(("joined_ms", "violations"), [(3_000, 1), (5_000, 0)])
def test_who_joins_while_a_ring_is_on_its_way_to_the_desk_was_passed_by_nobody(
    saw: Saw, joined_ms: int, violations: int
) -> None:
    saw.comes("b", 10, place=2)
    saw.comes("a", joined_ms, place=1)
    saw.note(h.StageHeard(at_ms=4_000, call="b", state="ringing"))
    saw.rings("b", "ada", 12_000, token=1)
    assert len(list(order_violations(saw.history))) == violations


@pytest.mark.parametrize(("lost_at_ms", "violations"), [(3_000, 0), (500, 1)])
def test_a_caller_who_has_only_just_come_back_may_be_passed_over(
    saw: Saw, lost_at_ms: int, violations: int
) -> None:
    saw.comes("a", 0, place=1)
    saw.comes("b", 10, place=2)
    back = h.ClaimSeen(at_ms=lost_at_ms + 100, call="a", queue=GENERAL, enqueued_ms=1)
    saw.note(h.CallerLegLost(at_ms=lost_at_ms, call="a"), back)
    saw.is_served("b", "ada", 4_000, token=1)
    saw.is_served("a", "ada", 8_000, token=2)
    assert found(saw).get("order_violations", 0) == violations


def test_a_caller_whose_leg_is_lost_waits_again_only_on_the_next_one(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    saw.comes("b", 10, place=2)
    saw.note(h.CallerLegLost(at_ms=500, call="a"))
    saw.is_served("b", "ada", 4_000, token=1)
    saw.note(h.ClaimSeen(at_ms=7_900, call="a", queue=GENERAL, enqueued_ms=1))
    saw.is_served("a", "ada", 8_000, token=2)
    assert found(saw) == {}


@pytest.mark.parametrize(("deaf_ms", "violations"), [(1_200, 0), (400, 1)])
def test_a_short_silence_is_no_absence(saw: Saw, deaf_ms: int, violations: int) -> None:
    saw.comes("a", 0, place=1)
    saw.comes("b", 10, place=2)
    saw.note(h.SoundGap(at_ms=3_000, call="a", began_ms=3_000 - deaf_ms))
    saw.is_served("b", "ada", 4_000, token=1)
    saw.is_served("a", "ada", 8_000, token=2)
    assert found(saw).get("order_violations", 0) == violations


@pytest.mark.parametrize(("next_at_ms", "violations"), [(6_000, 0), (7_000, 1)])
def test_while_something_is_broken_a_reservation_may_be_on_its_way_back(
    saw: Saw, next_at_ms: int, violations: int
) -> None:
    saw.comes("a", 0, place=1)
    saw.comes("b", 10, place=2)
    saw.note(h.Broke(at_ms=3_000, what="kill router-1"))
    saw.rings("b", "bob", 4_000, token=1)
    saw.is_served("a", "ada", next_at_ms, token=2)
    saw.talks("b", "bob", 9_500, token=1)
    saw.ends("b", "bob", 10_000, token=1)
    assert found(saw).get("order_violations", 0) == violations


def test_an_emptied_store_is_no_excuse(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    saw.comes("b", 10, place=2)
    saw.note(h.Broke(at_ms=3_000, what="flush redis"))
    saw.rings("b", "bob", 4_000, token=1)
    saw.is_served("a", "ada", 4_500, token=2)
    saw.talks("b", "bob", 9_500, token=1)
    saw.ends("b", "bob", 10_000, token=1)
    assert found(saw) == {"order_violations": 1}


def test_nobody_is_offered_again_to_an_adviser_who_did_not_take_the_call(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    saw.comes("b", 10, place=2)
    saw.rings("a", "ada", 1_000, token=1)
    saw.note(
        h.RingOver(at_ms=1_200, adviser="ada", call="a", token=1, lapse="declined"),
        h.StageHeard(at_ms=1_200, call="a", state="waiting"),
    )
    saw.is_served("b", "ada", 5_000, token=2)
    saw.is_served("a", "bob", 9_000, token=3)
    assert found(saw) == {}


@pytest.mark.parametrize(("later_ms", "violations"), [(1_000, 0), (WISHED_MS + 4_000, 1)])
def test_whose_talk_broke_waits_for_one_adviser_for_a_while_and_then_for_any(
    saw: Saw, later_ms: int, violations: int
) -> None:
    saw.comes("a", 0, place=1)
    saw.rings("a", "ada", 500, token=1)
    saw.talks("a", "ada", 600, token=1)
    saw.note(
        h.AdviserLegLost(at_ms=800, adviser="ada", call="a", token=1, heard_ms=700),
        h.StageHeard(at_ms=900, call="a", state="waiting"),
    )
    saw.comes("b", 1_000, place=2)
    saw.is_served("b", "bob", 4_000 + later_ms, token=2)
    saw.is_served("a", "cat", 60_000, token=3)
    assert found(saw).get("order_violations", 0) == violations


def test_queues_do_not_wait_for_one_another(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    saw.comes("b", 10)
    saw.note(
        h.ClaimSeen(at_ms=10, call="b", queue="tax.paying.en", enqueued_ms=2),
        h.StageHeard(at_ms=10, call="b", state="waiting"),
    )
    saw.is_served("b", "ada", 4_000, token=1)
    saw.is_served("a", "ada", 8_000, token=2)
    assert found(saw) == {}


PAYING = "tax.paying.en"


def test_who_has_been_passed_on_is_not_passed_over_in_the_queue_from_before(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    saw.comes("b", 10, place=2)
    saw.note(h.ClaimSeen(at_ms=20, call="a", queue=PAYING, enqueued_ms=1))
    saw.is_served("b", "ada", 4_000, token=1)
    saw.is_served("a", "ada", 8_000, token=2)
    assert found(saw) == {}


@pytest.mark.parametrize(("moved_ms", "violations"), [(20, 1), (2_000, 0)])
def test_who_has_been_passed_on_stands_in_the_new_queue_by_the_old_time(
    saw: Saw, moved_ms: int, violations: int
) -> None:
    saw.comes("a", 0, place=1)
    saw.comes("b", 10)
    saw.note(
        h.ClaimSeen(at_ms=10, call="b", queue=PAYING, enqueued_ms=2),
        h.StageHeard(at_ms=10, call="b", state="waiting"),
        h.ClaimSeen(at_ms=moved_ms, call="a", queue=PAYING, enqueued_ms=1),
    )
    saw.is_served("b", "ada", 4_000, token=1)
    saw.is_served("a", "ada", 8_000, token=2)
    assert found(saw).get("order_violations", 0) == violations


@pytest.mark.parametrize(("came_to", "violations"), [("tax.extra-support.en", 0), (GENERAL, 1)])
def test_whom_an_adviser_has_handed_to_a_queue_stands_there_with_the_class_from_before(
    saw: Saw, came_to: str, violations: int
) -> None:
    saw.comes("ahead", 0, place=5)
    saw.comes("handed", 10)
    saw.note(
        h.ClaimSeen(at_ms=10, call="handed", queue=came_to, enqueued_ms=10),
        h.StageHeard(at_ms=10, call="handed", state="waiting"),
    )
    saw.rings("handed", "bob", 20, token=1)
    saw.talks("handed", "bob", 30, token=1)
    saw.note(
        h.CallerHanded(at_ms=40, adviser="bob", call="handed", token=1),
        h.ClaimSeen(at_ms=50, call="handed", queue=GENERAL, enqueued_ms=10),
        h.StageHeard(at_ms=50, call="handed", state="waiting"),
        h.AdviserLegOver(at_ms=50, adviser="bob", call="handed", token=1),
    )
    saw.stands("bob", "ready", 60)
    saw.is_served("handed", "ada", 4_000, token=2)
    saw.is_served("ahead", "ada", 8_000, token=3)
    assert found(saw) == ({"order_violations": violations} if violations else {})


@pytest.mark.parametrize(("stood_until_ms", "violations"), [(20_000, 1), (8_000, 0)])
def test_a_callback_that_stood_in_front_may_not_be_passed_over(
    saw: Saw, stood_until_ms: int, violations: int
) -> None:
    callback = Place(
        call="back-a",
        queue=GENERAL,
        began_ms=5_000,
        enqueued_ms=1,
        waits=[Span(5_000, stood_until_ms)],
    )
    saw.comes("b", 2_000, place=2)
    saw.rings("b", "ada", 10_000, token=1)
    assert len(list(order_violations(saw.history, callbacks=[callback]))) == violations


def test_a_callback_may_not_pass_a_caller_who_stands_in_front(saw: Saw) -> None:
    callback = Place(call="back-b", queue=GENERAL, began_ms=5_000, enqueued_ms=2, waits=[])
    saw.comes("a", 0, place=1)
    saw.note(h.RingHeard(at_ms=10_000, adviser="ada", call="back-b", token=1, queue=GENERAL))
    assert len(list(order_violations(saw.history, callbacks=[callback]))) == 1
