"""How many offers a router has on their way."""

from contactcentre.domain.window import OFFERS_FIRST, OFFERS_MAX, OFFERS_MIN, SOON_MS, Window
from contactcentre.limits import TAKE_UP_MS


def after(took_ms: int, *, offers_count: int, window: Window | None = None) -> Window:
    """Return a window that has seen so many offers of one kind."""
    window = window or Window()
    for _ in range(offers_count):
        window.note(took_ms)
    return window


def test_what_goes_quickly_may_be_more_and_never_more_than_the_bound() -> None:
    assert after(SOON_MS, offers_count=OFFERS_FIRST + 1).size == OFFERS_FIRST + 1
    assert after(0, offers_count=10_000).size == OFFERS_MAX


def test_a_round_of_slow_offers_halves_it_and_a_few_are_always_allowed() -> None:
    assert after(SOON_MS + 1, offers_count=OFFERS_FIRST).size == OFFERS_FIRST // 2
    assert after(TAKE_UP_MS, offers_count=10_000).size == OFFERS_MIN


def test_it_grows_again_from_the_fewest() -> None:
    window = after(TAKE_UP_MS, offers_count=10_000)
    assert after(0, offers_count=10_000, window=window).size == OFFERS_MAX


def nodes_take_up(per_s: int, *, routers_count: int) -> int:
    """Return how long offers take, in ms, once nodes that take up so many a second are rushed."""
    windows = [Window() for _ in range(routers_count)]
    took_ms = 0
    for _ in range(1_000):
        took_ms = sum(window.size for window in windows) * 1_000 // per_s
        for window in windows:
            window.note(took_ms)
    return took_ms


def test_nodes_that_are_slow_are_not_sent_so_many_that_they_lapse() -> None:
    for per_s in (20, 80, 320):
        assert nodes_take_up(per_s, routers_count=4) < TAKE_UP_MS
