"""When a site sends its callers to another one."""

import pytest

from contactcentre.domain.sites import SiteStanding
from contactcentre.limits import BEAT_EVERY_MS, EVACUATE_AFTER_MS


def seen(until_ms: int, *, is_heard: bool = False, sees_majority: bool = False) -> SiteStanding:
    """Return a site that stood so from 0 on, looked at with every beat."""
    site = SiteStanding()
    for at_ms in range(0, until_ms + 1, BEAT_EVERY_MS):
        site.see(is_heard=is_heard, sees_majority=sees_majority, at_ms=at_ms)
    return site


def test_a_site_that_is_cut_off_is_left_after_eight_seconds_and_not_before() -> None:
    site = seen(EVACUATE_AFTER_MS)
    assert not site.is_left(at_ms=EVACUATE_AFTER_MS - 1)
    assert site.is_left(at_ms=EVACUATE_AFTER_MS)


def test_a_site_that_nobody_has_looked_at_is_not_left() -> None:
    assert not SiteStanding().is_left(at_ms=10 * EVACUATE_AFTER_MS)


@pytest.mark.parametrize(
    ("is_heard", "sees_majority"), [(True, False), (True, True), (False, True)]
)
def test_whoever_is_heard_or_sees_that_nobody_can_write_stays(
    *, is_heard: bool, sees_majority: bool
) -> None:
    site = seen(5 * EVACUATE_AFTER_MS, is_heard=is_heard, sees_majority=sees_majority)
    assert not site.is_left(at_ms=5 * EVACUATE_AFTER_MS)


def test_one_word_that_is_heard_begins_the_time_anew() -> None:
    site = seen(EVACUATE_AFTER_MS - 1)
    site.see(is_heard=True, sees_majority=True, at_ms=EVACUATE_AFTER_MS)
    site.see(is_heard=False, sees_majority=False, at_ms=EVACUATE_AFTER_MS + 1)
    assert not site.is_left(at_ms=2 * EVACUATE_AFTER_MS)
    assert site.is_left(at_ms=2 * EVACUATE_AFTER_MS + 1)
