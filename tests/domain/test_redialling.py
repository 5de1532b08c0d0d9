"""Calling again: whose place is kept, and for how long."""

from dataclasses import replace

import pytest

from contactcentre.domain import events as e
from contactcentre.domain.call import Call, CallState, arrive, follow
from contactcentre.domain.ids import CallId
from contactcentre.domain.redialling import LAST_WORD_MAX_MS, KeptPlace, is_kept, place_left
from contactcentre.limits import REDIAL_ORIGINAL_MAX_MS
from tests.domain.happenings import ARRIVED, AT_MS, CAME_MS, happening

BEFORE = KeptPlace(earlier=CallId("c0"), enqueued_ms=CAME_MS - 300_000)
KEEP_MS = 600_000
WAITS = (e.CallQueued,)
RINGS = (*WAITS, e.CallRang)
TALKS = (*RINGS, e.CallBridged)


def walked(*kinds: type[e.Event]) -> Call:
    """Return a call to which these things have happened."""
    call = arrive(ARRIVED)
    for kind in kinds:
        call = follow(call, happening(kind, call, AT_MS))
    return call


@pytest.mark.parametrize("kinds", [WAITS, RINGS], ids=["waiting", "ringing"])
@pytest.mark.parametrize("more", [(), (e.CallEnded,)], ids=["as it stood", "as it ended"])
def test_whoever_leaves_the_queue_has_waited_since_joining_it(
    kinds: tuple[type[e.Event], ...], more: tuple[type[e.Event], ...]
) -> None:
    assert place_left(walked(*kinds, *more), kept=None) == AT_MS


@pytest.mark.parametrize(
    "kinds",
    [TALKS, (*TALKS, e.CallHeld), (*TALKS, e.TalkBroken), (*TALKS, e.CallEnded)],
    ids=["talking", "on hold", "cut off", "ended"],
)
def test_whoever_has_talked_with_an_adviser_leaves_no_place(
    kinds: tuple[type[e.Event], ...],
) -> None:
    assert place_left(walked(*kinds), kept=BEFORE) is None


def test_whoever_took_the_online_service_leaves_no_place() -> None:
    assert place_left(walked(e.CallDeflected), kept=BEFORE) is None


def test_whoever_leaves_the_menus_leaves_the_place_from_before_if_there_was_one() -> None:
    for call in (None, walked(), walked(e.CallEnded)):
        assert place_left(call, kept=BEFORE) == BEFORE.enqueued_ms
        assert place_left(call, kept=None) is None


def test_a_caller_whom_we_have_lost_leaves_the_place_as_well() -> None:
    lost = replace(walked(*WAITS), state=CallState.ENDED, ending=e.Ending.SYSTEM_LOST)
    assert place_left(lost, kept=None) == AT_MS


@pytest.mark.parametrize(
    ("waited_ms", "away_ms", "keep_ms", "kept"),
    [
        (60_000, 1_000, KEEP_MS, True),
        (60_000, KEEP_MS + LAST_WORD_MAX_MS, KEEP_MS, True),
        (60_000, KEEP_MS + LAST_WORD_MAX_MS + 1, KEEP_MS, False),
        (60_000, 1_000, 0, False),
        (REDIAL_ORIGINAL_MAX_MS - 1_000, 1_000, KEEP_MS, True),
        (REDIAL_ORIGINAL_MAX_MS, 1_000, KEEP_MS, False),
    ],
)
def test_a_place_is_kept_for_a_while_and_for_no_wait_that_began_too_long_ago(
    waited_ms: int, away_ms: int, keep_ms: int, *, kept: bool
) -> None:
    now_ms = AT_MS + waited_ms + away_ms
    left_ms = AT_MS + waited_ms
    assert kept is is_kept(enqueued_ms=AT_MS, last_word_ms=left_ms, now_ms=now_ms, keep_ms=keep_ms)
