"""What has failed again and again is left alone for a while."""

from contactcentre.domain.breaker import Breaker


def tripped() -> Breaker:
    """Return one that has just opened."""
    breaker = Breaker(failures_max=2, open_ms=1_000)
    for at_ms in (10, 20):
        assert breaker.may_try(at_ms=at_ms)
        breaker.failed(at_ms=at_ms)
    return breaker


def test_failures_in_a_row_open_it_and_one_try_may_close_it() -> None:
    breaker = tripped()
    assert not breaker.may_try(at_ms=1_019)
    assert breaker.may_try(at_ms=1_020)
    assert not breaker.may_try(at_ms=1_021), "one at a time"
    breaker.succeeded()
    assert breaker.may_try(at_ms=1_022)


def test_a_try_that_fails_keeps_it_open_from_then() -> None:
    breaker = tripped()
    assert breaker.may_try(at_ms=1_100)
    breaker.failed(at_ms=1_200)
    assert not breaker.may_try(at_ms=2_199)
    assert breaker.may_try(at_ms=2_200)


def test_failures_with_a_success_between_them_do_not_open_it() -> None:
    breaker = Breaker(failures_max=2, open_ms=1_000)
    for at_ms in range(10):
        breaker.failed(at_ms=at_ms)
        breaker.succeeded()
    assert breaker.may_try(at_ms=10)
