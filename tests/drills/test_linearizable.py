"""The search for an order of steps finds one where there is one, and only there."""

from collections.abc import Sequence
from itertools import chain, combinations, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactcentre.drills import linearizable
from contactcentre.drills.linearizable import Operation, first_unexplained
from contactcentre.drills.reservations import Action, Slot, follow

Operations = Sequence[Operation[Action]]


def op(
    kind: str, token: int, span: tuple[int, int | None], other: str = "ada"
) -> Operation[Action]:
    """Return something that happens to a slot."""
    return Operation(action=Action(kind, token, other), began_ms=span[0], ended_ms=span[1])


def is_explained(operations: Operations) -> bool:
    """Say whether the search finds an order."""
    return first_unexplained(operations, Slot(), follow) is None


def is_explained_by_trying_all(operations: Operations) -> bool:
    """Say whether one order of all orders, with or without what need not happen, is allowed."""
    must = [one for one in operations if one.ended_ms is not None]
    may = [one for one in operations if one.ended_ms is None]
    subsets = chain.from_iterable(combinations(may, count) for count in range(len(may) + 1))
    return any(_allows(order) for some in subsets for order in permutations([*must, *some]))


def _allows(order: Operations) -> bool:
    slot = Slot()
    for at, one in enumerate(order):
        later = order[at + 1 :]
        if any(two.ended_ms is not None and two.ended_ms < one.began_ms for two in later):
            return False
        after = follow(slot, one.action)
        if after is None:
            return False
        slot = after
    return True


spans = st.tuples(st.integers(0, 9), st.none() | st.integers(0, 4)).map(
    lambda span: (span[0], None if span[1] is None else span[0] + span[1])
)
ops = st.builds(
    op,
    st.sampled_from(["take", "take", "answer", "drop"]),
    st.integers(1, 3),
    spans,
    st.sampled_from(["ada", "ada", "bob"]),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(ops, max_size=6))
def test_the_search_says_what_trying_every_order_says(operations: Operations) -> None:
    assert is_explained(operations) == is_explained_by_trying_all(operations)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_what_did_happen_one_at_a_time_is_explained_however_long_it_took(
    data: st.DataObject,
) -> None:
    slot, operations = Slot(), list[Operation[Action]]()
    for at in range(data.draw(st.integers(1, 40))):
        allowed = [
            (action, after)
            for kind in ("take", "answer", "drop")
            for token in (slot.token, slot.token + 1)
            for other in ("ada", "bob")
            if (after := follow(slot, action := Action(kind, token, other))) is not None
        ]
        action, slot = data.draw(st.sampled_from(allowed))
        early, late = data.draw(st.tuples(st.integers(0, 40), st.integers(0, 40)))
        span = 10 * at - early, 10 * at + late
        operations.append(Operation(action=action, began_ms=span[0], ended_ms=span[1]))
    assert is_explained(data.draw(st.permutations(operations)))


def test_a_slot_that_is_taken_twice_without_a_drop_is_not_explained() -> None:
    taken = [op("take", 1, (0, 5)), op("take", 2, (3, 9), "bob")]
    assert not is_explained(taken)
    assert is_explained([*taken, op("drop", 1, (4, None))])


def test_an_answer_is_not_explained_once_another_has_been_heard_of() -> None:
    history = [op("take", 1, (0, 1)), op("drop", 1, (0, None)), op("take", 2, (2, 4), "bob")]
    assert is_explained([*history, op("answer", 1, (3, 9))])
    assert not is_explained([*history, op("answer", 1, (5, 9))])


def test_the_first_step_that_cannot_be_is_named_with_how_it_stood() -> None:
    stale = op("answer", 1, (5, 9))
    history = [op("take", 1, (0, 1)), op("drop", 1, (1, 2)), op("take", 2, (2, 4), "bob"), stale]
    found = first_unexplained(history, Slot(), follow)
    assert found is not None
    assert found.operation is stale
    assert set(found.states) == {Slot(2, "bob", is_held=True)}


def test_a_slot_at_which_too_much_happens_at_once_is_not_passed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(linearizable, "CONFIGURATIONS_MAX", 10)
    crowd = [op("take", token, (0, 9)) for token in range(1, 20)]
    found = first_unexplained(crowd, Slot(), lambda _slot, _action: Slot())
    assert found is not None
    assert not found.states
