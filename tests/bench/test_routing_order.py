"""What the routing bench calls out of order, and what it does not."""

import random
from dataclasses import replace

from contactcentre.bench.routing_order import Wait, count_out_of_order
from contactcentre.domain.ids import CallId, QueueId, Token


def wait(
    call: str,
    score: int,
    token: int | None,
    *,
    queue: str = "tax",
    waits_from_s: float = 0,
    matched_from_s: float = 1,
) -> Wait:
    """Return a wait; where a test does not say, the call came long before anybody was matched."""
    return Wait(
        call=CallId(call),
        queue=QueueId(queue),
        score=score,
        waits_from_s=waits_from_s,
        matched_from_s=matched_from_s,
        token=None if token is None else Token(token),
    )


def test_calls_served_by_their_scores_are_in_order() -> None:
    assert count_out_of_order([wait("b", 2, 8), wait("a", 1, 7), wait("c", 3, None)]) == 0


def test_whoever_was_served_ahead_of_a_better_one_is_counted() -> None:
    assert count_out_of_order([wait("a", 1, 9), wait("b", 2, 7), wait("c", 3, 8)]) == 2


def test_whoever_was_served_ahead_of_a_better_one_that_still_waits_is_counted() -> None:
    assert count_out_of_order([wait("a", 1, None), wait("b", 2, 7)]) == 1


def test_equal_scores_are_served_in_the_order_of_their_ids() -> None:
    assert count_out_of_order([wait("a", 1, 7), wait("b", 1, 8)]) == 0
    assert count_out_of_order([wait("a", 1, 8), wait("b", 1, 7)]) == 1


def test_whoever_may_not_have_waited_yet_was_not_passed_over() -> None:
    served = wait("b", 2, 7, matched_from_s=1.0)
    assert count_out_of_order([wait("a", 1, 8, waits_from_s=1.1), served]) == 0
    assert count_out_of_order([wait("a", 1, 8, waits_from_s=1.0), served]) == 1


def test_each_queue_has_an_order_of_its_own() -> None:
    assert count_out_of_order([wait("a", 1, 8), wait("b", 2, 7, queue="fines")]) == 0


def test_the_count_is_that_of_comparing_every_call_with_every_other() -> None:
    dice = random.Random(7)  # noqa: S311 - no secret
    for _ in range(50):
        waits = [
            replace(
                wait(f"c{n}", dice.randrange(9), dice.choice([None, n])),
                waits_from_s=dice.randrange(9),
                matched_from_s=dice.randrange(9),
            )
            for n in range(1, 25)
        ]
        passed_over = sum(
            any(
                other.rank < one.rank
                and other.waits_from_s <= one.matched_from_s
                and (other.token is None or other.token > one.token)
                for other in waits
            )
            for one in waits
            if one.token is not None
        )
        assert count_out_of_order(waits) == passed_over
