"""Whom a full queue passes on: those at its end, to where it is better, and never in a circle."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.events import OverflowWhy
from contactcentre.domain.ids import LineId, QueueId
from contactcentre.domain.ivr.flow import (
    OverflowRule,
    QueueDefinition,
    QueueName,
    ToQueue,
    queue_id,
)
from contactcentre.domain.languages import Language
from contactcentre.domain.overflow import Load, Onward, Overflowing, Waiter, kept_of

TAX, BINS = LineId("tax"), LineId("bins")
PAYING, GENERAL, SPARE = QueueName("paying"), QueueName("general"), QueueName("spare")
WHY = OverflowWhy


def rule(
    to: QueueName = GENERAL,
    *,
    line: LineId = TAX,
    waiting: int | None = None,
    per_adviser: int | None = None,
    waited_s: int | None = None,
) -> OverflowRule:
    return OverflowRule(
        to=ToQueue(line=line, queue=to),
        waiting_max=waiting,
        per_adviser_max=per_adviser,
        waited_ms=None if waited_s is None else 1_000 * waited_s,
    )


def queue(
    name: QueueName,
    overflow: OverflowRule | None = None,
    *,
    line: LineId = TAX,
    language: Language = Language.ENGLISH,
    service_class: ServiceClass = ServiceClass.P2,
) -> QueueDefinition:
    return QueueDefinition(
        id=queue_id(line, name, language),
        line=line,
        name=name,
        language=language,
        service_class=service_class,
        titles={},
        overflow=overflow,
    )


def load(waiting: int = 0, at_work: int = 5, *, oldest_s: int = 0) -> Load:
    return Load(waiting_count=waiting, at_work_count=at_work, oldest_ms=1_000 * oldest_s)


def asked(place: int, *, waited_s: int = 1, of: QueueName = PAYING) -> Waiter:
    return Waiter(
        queue=queue_id(TAX, of, Language.ENGLISH),
        service_class=ServiceClass.P2,
        place=place,
        waited_ms=1_000 * waited_s,
    )


class Centre:
    """Some queues, and how full they were when last looked."""

    def __init__(self, *queues: QueueDefinition) -> None:
        self.overflowing = Overflowing(queues)

    def see(self, paying: Load, general: Load | None = None, spare: Load | None = None) -> None:
        """Look at the queues."""
        named = {PAYING: paying, GENERAL: general or load(), SPARE: spare or load()}
        known = {queue_id(TAX, name, Language.ENGLISH): load for name, load in named.items()}
        self.overflowing.see({one: known[one] for one in self.overflowing.watched})

    def goes(
        self, waiter: Waiter, *, taking: Callable[[QueueDefinition], bool] = lambda _: True
    ) -> tuple[str, OverflowWhy] | None:
        """Say where a caller goes on waiting, and why."""
        onward: Onward | None = self.overflowing.onward(waiter, is_taking=taking)
        return None if onward is None else (onward.queue.name, onward.why)

    def stay(self, places: Sequence[int]) -> list[int]:
        """Return the places whose callers stay."""
        return [place for place in places if self.goes(asked(place)) is None]


def two(overflow: OverflowRule) -> Centre:
    return Centre(queue(PAYING, overflow), queue(GENERAL))


def test_those_who_joined_last_go_on_once_more_wait_than_the_queue_may_hold() -> None:
    centre = two(rule(waiting=10))
    centre.see(load(10))
    assert centre.stay(range(1, 11)) == [*range(1, 11)]
    centre.see(load(11))
    assert centre.stay(range(1, 12)) == [*range(1, 9)]
    assert centre.goes(asked(11)) == (GENERAL, WHY.WAITING)


def test_a_queue_at_its_bound_does_not_pass_every_other_caller_on() -> None:
    centre = two(rule(waiting=10))
    seen = []
    for waiting in (10, 11, 10, 9, 8, 9, 10, 11):
        centre.see(load(waiting))
        seen.append(bool(centre.overflowing.full))
    assert seen == [False, True, True, True, False, False, False, True]


def test_fewer_callers_may_wait_when_fewer_advisers_are_at_work() -> None:
    centre = two(rule(per_adviser=4))
    centre.see(load(20, at_work=5))
    assert centre.goes(asked(20)) is None
    centre.see(load(20, at_work=2), load(3, at_work=5))
    assert centre.goes(asked(20)) == (GENERAL, WHY.PER_ADVISER)
    assert centre.stay(range(1, 21)) == [*range(1, 7)]


def test_nobody_stays_in_a_queue_where_nobody_is_at_work() -> None:
    centre = two(rule(per_adviser=4))
    centre.see(load(1, at_work=0), load(30, at_work=1))
    assert centre.goes(asked(1)) == (GENERAL, WHY.PER_ADVISER)


def test_of_two_bounds_the_tighter_one_counts() -> None:
    centre = two(rule(waiting=10, per_adviser=4))
    centre.see(load(11, at_work=2))
    assert centre.goes(asked(11)) == (GENERAL, WHY.PER_ADVISER)
    centre.see(load(11, at_work=5))
    assert centre.goes(asked(11)) == (GENERAL, WHY.WAITING)


def test_whoever_has_waited_for_so_long_goes_on_from_any_place() -> None:
    centre = two(rule(waited_s=600))
    centre.see(load(5, oldest_s=600))
    assert centre.goes(asked(1, waited_s=599)) is None
    assert centre.goes(asked(1, waited_s=600)) == (GENERAL, WHY.WAITED)


def test_nobody_goes_to_where_somebody_has_waited_for_as_long() -> None:
    centre = two(rule(waited_s=600))
    centre.see(load(5), load(1, oldest_s=600))
    assert centre.goes(asked(1, waited_s=700)) is None


def test_nobody_goes_to_where_nobody_is_at_work() -> None:
    centre = two(rule(waiting=10, waited_s=600))
    centre.see(load(11), load(0, at_work=0))
    assert centre.goes(asked(11, waited_s=700)) is None


def test_nobody_goes_to_where_more_wait_for_each_adviser() -> None:
    centre = two(rule(waiting=10))
    centre.see(load(12, at_work=4), load(5, at_work=2))
    assert centre.goes(asked(12)) is None, "as many as here, with this caller"
    centre.see(load(12, at_work=4), load(4, at_work=2))
    assert centre.goes(asked(12)) == (GENERAL, WHY.WAITING)


def test_nobody_goes_to_a_queue_that_is_closed_or_diverted() -> None:
    centre = two(rule(waiting=10))
    centre.see(load(11))
    assert centre.goes(asked(11), taking=lambda there: there.name != GENERAL) is None


@pytest.mark.parametrize("is_full", [True, False])
def test_from_one_full_queue_a_caller_goes_past_another_full_one(*, is_full: bool) -> None:
    centre = Centre(
        queue(PAYING, rule(waiting=10)), queue(GENERAL, rule(SPARE, waiting=5)), queue(SPARE)
    )
    centre.see(load(11), load(6 if is_full else 5))
    assert centre.goes(asked(11)) == (SPARE if is_full else GENERAL, WHY.WAITING)


def test_a_circle_that_nobody_should_have_written_ends_all_the_same() -> None:
    centre = Centre(queue(PAYING, rule(waiting=1)), queue(GENERAL, rule(PAYING, waiting=1)))
    centre.see(load(9), load(9))
    assert centre.goes(asked(9)) is None
    assert centre.goes(asked(9, of=GENERAL)) is None


def test_extra_support_is_never_passed_on() -> None:
    centre = two(rule(waiting=10, waited_s=600))
    centre.see(load(11))
    waiter = asked(11, waited_s=700)
    assert centre.goes(replace(waiter, service_class=ServiceClass.P0)) is None
    assert centre.goes(waiter) is not None


def test_a_caller_keeps_the_language() -> None:
    welsh = [
        queue(PAYING, rule(waiting=10), language=Language.WELSH),
        queue(GENERAL, language=Language.WELSH),
    ]
    overflowing = Overflowing([queue(PAYING, rule(waiting=10)), queue(GENERAL), *welsh])
    overflowing.see({one.id: load(11) if one.overflow else load() for one in welsh})
    waiter = replace(asked(11), queue=QueueId("tax.paying.cy"))
    onward = overflowing.onward(waiter, is_taking=lambda _: True)
    assert onward is not None
    assert onward.queue.id == "tax.general.cy"


def test_a_queue_may_lead_to_another_line() -> None:
    there = queue(GENERAL, line=BINS)
    overflowing = Overflowing([queue(PAYING, rule(line=BINS, waiting=1)), queue(GENERAL), there])
    assert overflowing.watched == ("tax.paying.en", "bins.general.en")
    overflowing.see({QueueId("tax.paying.en"): load(2), there.id: load()})
    onward = overflowing.onward(asked(2), is_taking=lambda _: True)
    assert onward is not None
    assert onward.queue == there


def test_nobody_goes_anywhere_while_nobody_knows_how_full_it_is() -> None:
    centre = two(rule(waiting=10))
    centre.see(load(11))
    assert centre.goes(asked(11)) is not None
    centre.overflowing.see({})
    assert centre.goes(asked(11)) is None


def test_a_board_is_told_where_a_queue_leads_while_it_passes_anybody_on() -> None:
    centre = two(rule(waiting=10, waited_s=600))
    seen = []
    for paying in (load(), load(11), load(8), load(8, oldest_s=601)):
        centre.see(paying)
        seen.append(centre.overflowing.leads_to(QueueId("tax.paying.en"), is_taking=lambda _: True))
    assert seen == [None, "tax.general.en", None, "tax.general.en"]


@pytest.mark.parametrize(("most", "kept"), [(0, 0), (1, 1), (2, 1), (5, 4), (40, 32)])
def test_a_full_queue_keeps_most_of_what_it_may_hold(most: int, kept: int) -> None:
    assert kept_of(most) == kept
