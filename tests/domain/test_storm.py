"""A storm is seen when adviser after adviser is lost to rings, slowed down, and over by itself."""

from itertools import cycle, islice, pairwise

from contactcentre.domain.ids import AdviserId
from contactcentre.domain.storm import (
    CLOSES_AFTER_COUNT,
    CLOSES_AFTER_MS,
    TRY_FIRST_MS,
    TRY_LAST_MS,
    StormBreaker,
)

WINDOW_MS = 30_000
SOON_MS = 100


class Rings:
    """Rings that end one after the other, each at another adviser."""

    def __init__(self, *, advisers_min: int = 5) -> None:
        self.breaker = StormBreaker(advisers_min=advisers_min, window_ms=WINDOW_MS)
        self.at_ms = 1_000_000
        self._count = 0

    def end(self, *, failed: bool, after_ms: int = SOON_MS, adviser: str | None = None) -> None:
        """Let one ring end."""
        self._count += 1
        self.at_ms += after_ms
        who = AdviserId(adviser or f"adviser-{self._count}")
        self.breaker.note(who, is_failed=failed, at_ms=self.at_ms)

    def fail(self, count: int, *, after_ms: int = SOON_MS) -> None:
        """Let so many rings fail."""
        for _ in range(count):
            self.end(failed=True, after_ms=after_ms)

    @property
    def is_open(self) -> bool:
        """Say whether there is a storm now."""
        return self.breaker.is_open(at_ms=self.at_ms)

    def tries_within(self, span_ms: int, *, failed: bool) -> list[int]:
        """Return when somebody is tried within a time, if each try ends so and at once."""
        began_ms, tries = self.at_ms, []
        while self.is_open and self.at_ms - began_ms < span_ms:
            if self.breaker.allows(at_ms=self.at_ms):
                self.breaker.tried(at_ms=self.at_ms)
                tries.append(self.at_ms - began_ms)
                self.end(failed=failed, after_ms=0)
            self.at_ms += SOON_MS
        return tries


def test_the_desks_of_five_advisers_that_fail_one_after_the_other_are_a_storm() -> None:
    rings = Rings()
    rings.fail(4)
    assert not rings.is_open
    assert rings.breaker.allows(at_ms=rings.at_ms)
    rings.fail(1)
    assert rings.is_open
    assert not rings.breaker.allows(at_ms=rings.at_ms)


def test_one_desk_that_fails_again_and_again_is_no_storm() -> None:
    rings = Rings()
    for _ in range(50):
        rings.end(failed=True, adviser="ada")
    assert not rings.is_open


def test_desks_that_fail_now_and_then_are_no_storm() -> None:
    rings = Rings()
    rings.fail(50, after_ms=WINDOW_MS // 3)
    assert not rings.is_open


def test_desks_that_fail_among_many_that_work_are_no_storm() -> None:
    rings = Rings()
    for failed in islice(cycle((True, False, False)), 90):
        rings.end(failed=failed)
    assert not rings.is_open


def test_half_of_the_rings_are_enough() -> None:
    rings = Rings()
    for failed in islice(cycle((False, True)), 10):
        rings.end(failed=failed)
    assert rings.is_open


def test_a_centre_that_asks_for_no_breaker_has_none() -> None:
    rings = Rings(advisers_min=0)
    rings.fail(500)
    assert not rings.is_open
    assert rings.breaker.allows(at_ms=rings.at_ms)


def test_in_a_storm_tries_that_fail_become_rarer_so_that_advisers_are_left_after_it() -> None:
    rings = Rings()
    rings.fail(5)
    tries = rings.tries_within(10 * 60_000, failed=True)
    gaps = [later - earlier for earlier, later in pairwise(tries)]
    assert tries[0] == TRY_FIRST_MS
    assert gaps[:4] == [2 * TRY_FIRST_MS, 4 * TRY_FIRST_MS, 8 * TRY_FIRST_MS, 16 * TRY_FIRST_MS]
    assert set(gaps[4:]) == {TRY_LAST_MS}
    assert len(tries) == 23, "of hundreds that would have been lost"
    assert rings.is_open, "it is still a storm"


def test_nobody_else_is_tried_before_it_is_known_how_the_last_try_has_ended() -> None:
    rings = Rings()
    rings.fail(5)
    rings.at_ms += TRY_FIRST_MS
    for failed in (True, False):
        rings.breaker.tried(at_ms=rings.at_ms)
        assert not rings.breaker.allows(at_ms=rings.at_ms + TRY_LAST_MS - 1)
        rings.end(failed=failed, after_ms=TRY_LAST_MS - 1)
        assert rings.breaker.allows(at_ms=rings.at_ms)


def test_a_try_of_which_nothing_is_heard_holds_the_next_one_up_for_half_a_minute_at_most() -> None:
    rings = Rings()
    rings.fail(5)
    rings.breaker.tried(at_ms=rings.at_ms)
    assert rings.breaker.allows(at_ms=rings.at_ms + TRY_LAST_MS)


def test_rings_that_were_under_way_as_it_opened_make_tries_no_rarer() -> None:
    rings = Rings()
    rings.fail(5)
    opened_ms = rings.at_ms
    rings.fail(5, after_ms=10)
    assert rings.breaker.allows(at_ms=opened_ms + TRY_FIRST_MS)


def test_a_few_rings_in_a_row_that_go_well_end_the_storm() -> None:
    rings = Rings()
    rings.fail(5)
    assert len(rings.tries_within(60_000, failed=False)) == CLOSES_AFTER_COUNT
    assert not rings.is_open
    assert rings.breaker.allows(at_ms=rings.at_ms)


def test_one_failure_between_them_begins_the_count_anew() -> None:
    rings = Rings()
    rings.fail(5)
    for failed in (False, False, True, False, False):
        rings.end(failed=failed)
    assert rings.is_open
    rings.end(failed=False)
    assert not rings.is_open


def test_a_storm_is_over_when_nothing_has_failed_for_a_while() -> None:
    rings = Rings()
    rings.fail(5)
    rings.at_ms += CLOSES_AFTER_MS - 1
    assert rings.is_open
    rings.at_ms += 1
    assert not rings.is_open


def test_what_made_the_last_storm_does_not_make_the_next_one() -> None:
    rings = Rings()
    rings.fail(5)
    for _ in range(CLOSES_AFTER_COUNT):
        rings.end(failed=False)
    rings.fail(4)
    assert not rings.is_open
    rings.fail(1)
    assert rings.is_open
