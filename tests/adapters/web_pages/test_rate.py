"""How often one address may start calls."""

import pytest

from contactcentre.adapters.web.pages.rate import RateLimit
from contactcentre.domain.errors import TooMany
from tests.adapters.web_pages.house import StillClock


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def rate(clock: StillClock) -> RateLimit:
    return RateLimit(clock, at_once_max=2, one_more_every_ms=1_000, addresses_max=3)


def exhaust(rate: RateLimit, address: str) -> None:
    rate.take(address)
    rate.take(address)
    with pytest.raises(TooMany):
        rate.take(address)


def test_one_address_may_ask_so_often_and_no_oftener(rate: RateLimit) -> None:
    exhaust(rate, "192.0.2.1")


def test_another_address_is_not_held_up(rate: RateLimit) -> None:
    exhaust(rate, "192.0.2.1")
    rate.take("192.0.2.2")


def test_after_a_while_one_more_is_allowed(rate: RateLimit, clock: StillClock) -> None:
    exhaust(rate, "192.0.2.1")
    clock.ms += 1_000
    rate.take("192.0.2.1")
    with pytest.raises(TooMany):
        rate.take("192.0.2.1")


def test_asking_again_and_again_does_not_make_the_wait_longer(
    rate: RateLimit, clock: StillClock
) -> None:
    exhaust(rate, "192.0.2.1")
    for _ in range(9):
        clock.ms += 100
        with pytest.raises(TooMany):
            rate.take("192.0.2.1")
    clock.ms += 100
    rate.take("192.0.2.1")


def test_a_long_silence_does_not_save_up_attempts(rate: RateLimit, clock: StillClock) -> None:
    rate.take("192.0.2.1")
    clock.ms += 3_600_000
    exhaust(rate, "192.0.2.1")


def test_one_household_cannot_be_many_by_changing_its_address(rate: RateLimit) -> None:
    rate.take("2001:db8:1:2::1")
    rate.take("2001:db8:1:2:ffff::9")
    with pytest.raises(TooMany):
        rate.take("2001:db8:1:2:a:b:c:d")
    rate.take("2001:db8:1:3::1")


def test_an_address_is_the_same_in_either_notation(rate: RateLimit) -> None:
    rate.take("192.0.2.1")
    rate.take("::ffff:192.0.2.1")
    with pytest.raises(TooMany):
        rate.take("192.0.2.1")


def test_what_is_no_address_is_counted_as_it_stands(rate: RateLimit) -> None:
    exhaust(rate, "unknown")


def test_memory_is_bounded_and_the_quietest_is_forgotten(rate: RateLimit) -> None:
    for last in range(1, 4):
        exhaust(rate, f"192.0.2.{last}")
    rate.take("192.0.2.4")
    with pytest.raises(TooMany):
        rate.take("192.0.2.3")
    rate.take("192.0.2.1")
