"""How long an offer may take, and how long its reservation stands."""

import pytest

from contactcentre.domain.ids import NodeId
from contactcentre.domain.take_up import KEPT_MS, TakeUp
from contactcentre.limits import OFFER_MOST_MS, OFFER_WITHIN_MS, TAKE_UP_MS

NEAR, FAR = NodeId("near"), NodeId("far")


def seen(*, state_ms: int = 2, near_ms: int = 5, far_ms: int = 5) -> TakeUp:
    """Return what a router knows whose lines took so long."""
    take_up = TakeUp()
    take_up.looked(state_ms)
    take_up.offered(NEAR, near_ms, at_ms=0)
    take_up.offered(FAR, far_ms, at_ms=0)
    return take_up


@pytest.mark.parametrize("take_up", [TakeUp(), seen()])
def test_where_every_line_is_fast_both_have_what_they_always_have(take_up: TakeUp) -> None:
    assert take_up.offer_within_ms(FAR) == OFFER_WITHIN_MS
    assert take_up.within_ms(at_ms=0) == TAKE_UP_MS


def test_an_offer_over_a_slow_line_may_need_a_new_connection_and_lose_a_packet() -> None:
    take_up = seen(far_ms=400)
    assert take_up.offer_within_ms(FAR) > 2 * 400 + 1_000
    assert take_up.offer_within_ms(NEAR) == OFFER_WITHIN_MS


@pytest.mark.parametrize("take_up", [seen(far_ms=400), seen(state_ms=400)])
def test_no_reservation_goes_back_while_its_offer_may_be_on_its_way(take_up: TakeUp) -> None:
    assert take_up.within_ms(at_ms=0) - TAKE_UP_MS == OFFER_MOST_MS - OFFER_WITHIN_MS


def test_a_line_that_is_fast_again_is_believed_within_a_few_offers() -> None:
    take_up = seen(far_ms=400)
    for _ in range(5):
        take_up.offered(FAR, 5, at_ms=0)
    assert take_up.within_ms(at_ms=0) == TAKE_UP_MS


def test_a_node_that_is_not_offered_anything_any_more_holds_nothing_up_for_long() -> None:
    take_up = seen(far_ms=400)
    assert take_up.within_ms(at_ms=KEPT_MS) > TAKE_UP_MS
    assert take_up.within_ms(at_ms=KEPT_MS + 1) == TAKE_UP_MS
