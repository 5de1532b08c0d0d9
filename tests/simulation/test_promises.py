"""Each way to break a scenario's promise is found in what people saw, and nothing else is."""

import pytest

from contactcentre.domain.callback import SLOT_MS
from contactcentre.domain.ids import SoundName
from contactcentre.domain.ivr.flow import QueueName
from contactcentre.drills import history as h
from contactcentre.simulation.promises import PROMISES, broken_promises
from contactcentre.simulation.seen import Seen
from contactcentre.simulation.stories import (
    AdviserAtWork,
    CallersWhoCome,
    Move,
    PromiseName,
    Story,
    TurnOfSwitch,
)
from tests.drills.saw import GENERAL, Saw

PAYING, SIGN_IN = "tax.paying.en", "tax.sign-in.en"


def adviser(name: str, **queues: int) -> AdviserAtWork:
    """Return an adviser who serves some queues at some levels."""
    return AdviserAtWork(name=name, queues={QueueName(one): at for one, at in queues.items()})


ADA, BRYN = adviser("ada", general=1), adviser("bryn", general=1)
SOMEBODY = CallersWhoCome(who="somebody", at_s=0)


@pytest.fixture
def saw() -> Saw:
    """Give a history in which nothing has happened."""
    return Saw()


def broken(saw: Saw, promise: PromiseName, *advisers: AdviserAtWork, **more: object) -> list[str]:
    """Return what breaks a promise."""
    return list(PROMISES[promise](seen(saw, *advisers, **more)))


def seen(saw: Saw, *advisers: AdviserAtWork, **more: object) -> Seen:
    """Return what was seen, of a story that begins at 0."""
    reserved = more.pop("reserved", ())
    story = Story.model_validate(
        {"advisers": advisers or (ADA, BRYN), "callers": [SOMEBODY], **more}
    )
    return Seen(
        story=story,
        history=saw.history,
        who=dict.fromkeys(saw.calls, SOMEBODY.who),
        began_ms=0,
        is_excused=lambda _call, _ring: False,
        reserved=reserved,  # type: ignore[arg-type]
    )


def claims(saw: Saw, call: str, at_ms: int, queue: str, enqueued_ms: int) -> None:
    """Let a caller's page be given another claim."""
    saw.note(h.ClaimSeen(at_ms=at_ms, call=call, queue=queue, enqueued_ms=enqueued_ms))


def rings(saw: Saw, call: str, adviser: str, at_ms: int, queue: str, *, token: int) -> None:
    """Let a caller ring from a queue."""
    saw.stands(adviser, "ringing", at_ms)
    saw.note(h.RingHeard(at_ms=at_ms, adviser=adviser, call=call, token=token, queue=queue))


def test_a_wait_that_counts_from_another_time_has_lost_its_rank(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    assert broken(saw, PromiseName.RANKS_KEPT) == ["nobody's call was touched after it had a place"]
    claims(saw, "a", 10, GENERAL, 1)
    assert broken(saw, PromiseName.RANKS_KEPT) == []
    claims(saw, "a", 20, GENERAL, 7)
    assert broken(saw, PromiseName.RANKS_KEPT) == ["a has waited since [1, 7]"]


@pytest.mark.parametrize(("first", "is_fair"), [("payer", True), ("general", False)])
def test_a_deadline_goes_before_a_call_without_one_at_whoever_takes_both(
    saw: Saw, first: str, *, is_fair: bool
) -> None:
    both = adviser("ada", general=1, paying=1)
    saw.comes("general", 0, place=1)
    saw.comes("payer", 1_000)
    claims(saw, "payer", 1_000, PAYING, 2)
    saw.note(h.StageHeard(at_ms=1_000, call="payer", state="waiting"))
    rings(saw, first, "ada", 90_000, PAYING if first == "payer" else GENERAL, token=1)
    saw.note(h.StageHeard(at_ms=90_000, call=first, state="ringing"))
    assert (broken(saw, PromiseName.FAIR_HEADS, both) == []) is is_fair


def test_nobody_is_rung_for_a_queue_of_others(saw: Saw) -> None:
    move = Move(at_s=20, adviser="ada", queues={QueueName("sign-in"): 1})
    saw.comes("a", 0, place=1)
    rings(saw, "a", "ada", 21_000, SIGN_IN, token=1)
    assert broken(saw, PromiseName.OWN_QUEUES, moves=[move]) == []
    rings(saw, "a", "ada", 22_000, GENERAL, token=2)
    assert broken(saw, PromiseName.OWN_QUEUES, moves=[move]) == []  # it was on its way
    rings(saw, "a", "ada", 24_000, GENERAL, token=3)
    assert len(broken(saw, PromiseName.OWN_QUEUES, moves=[move])) == 1
    assert len(broken(Saw(), PromiseName.OWN_QUEUES, moves=[move])) == 1


@pytest.mark.parametrize(("after_ms", "is_kept"), [(20_100, True), (19_000, False)])
def test_a_level_is_asked_no_earlier_than_its_time(
    saw: Saw, after_ms: int, *, is_kept: bool
) -> None:
    second = adviser("bryn", paying=2)
    saw.comes("a", 0)
    claims(saw, "a", 0, PAYING, 0)
    rings(saw, "a", "bryn", after_ms, PAYING, token=1)
    found = broken(saw, PromiseName.LEVELS_WIDEN, second)
    assert found[-2:] == ["nobody of level 1 was asked", "nobody of level 3 was asked"]
    assert (len(found) == 2) is is_kept


def test_no_lower_level_is_asked_while_a_better_one_is_ready(saw: Saw) -> None:
    first = adviser("ada", paying=1)
    second = adviser("bryn", paying=2)
    saw.stands("ada", "ready", 0)
    saw.comes("a", 0)
    claims(saw, "a", 0, PAYING, 0)
    rings(saw, "a", "bryn", 30_000, PAYING, token=1)
    found = broken(saw, PromiseName.LEVELS_WIDEN, first, second)
    assert found[0] == "bryn was rung while ada of level 1 was ready"


@pytest.mark.parametrize(("rung", "is_kept"), [("ada", True), ("bryn", False)])
def test_whoever_has_been_ready_for_longer_is_rung_first(
    saw: Saw, rung: str, *, is_kept: bool
) -> None:
    saw.stands("ada", "ready", 0)
    saw.stands("bryn", "ready", 5_000)
    saw.comes("a", 10_000, place=10_000)
    rings(saw, "a", rung, 10_100, GENERAL, token=1)
    assert (broken(saw, PromiseName.LONGEST_READY_FIRST) == []) is is_kept


@pytest.mark.parametrize(("rung", "is_kept"), [("bryn", True), ("ada", False)])
def test_whoever_has_worked_less_is_rung_first(saw: Saw, rung: str, *, is_kept: bool) -> None:
    saw.stands("ada", "talking", 0)
    saw.stands("ada", "ready", 60_000)
    saw.stands("bryn", "talking", 60_000)
    saw.stands("bryn", "ready", 70_000)
    saw.comes("a", 80_000, place=80_000)
    rings(saw, "a", rung, 80_100, GENERAL, token=1)
    assert (broken(saw, PromiseName.LEAST_OCCUPIED_FIRST) == []) is is_kept


@pytest.mark.parametrize(
    ("adviser", "at_ms", "found_count"),
    [("ada", 15_000, 0), ("bryn", 15_000, 2), ("bryn", 31_000, 1)],
)
def test_whose_talk_broke_gets_the_same_adviser_while_that_is_wished(
    saw: Saw, adviser: str, at_ms: int, found_count: int
) -> None:
    saw.comes("a", 0, place=1)
    saw.rings("a", "ada", 1_000, token=1)
    saw.talks("a", "ada", 2_000, token=1)
    saw.note(h.StageHeard(at_ms=10_000, call="a", state="waiting"))
    rings(saw, "a", adviser, at_ms, GENERAL, token=2)
    assert len(broken(saw, PromiseName.SAME_ADVISER_AGAIN)) == found_count


@pytest.mark.parametrize(("queue", "is_kept"), [(SIGN_IN, True), (GENERAL, False)])
def test_who_waits_in_a_diverted_queue_waits_on_in_the_other_one(
    saw: Saw, queue: str, *, is_kept: bool
) -> None:
    turn = TurnOfSwitch.model_validate(
        {"at_s": 10, "turn": "divert_all", "subject": "general", "value": "sign-in"}
    )
    saw.comes("a", 0, place=1)
    claims(saw, "a", 11_000, queue, 1)
    rings(saw, "a", "ada", 20_000, queue, token=1)
    assert (broken(saw, PromiseName.MOVED_TOGETHER, turns=[turn]) == []) is is_kept


@pytest.mark.parametrize(("enqueued_ms", "is_kept"), [(1, True), (30_000, False)])
def test_who_calls_again_waits_since_the_first_time(
    saw: Saw, enqueued_ms: int, *, is_kept: bool
) -> None:
    again = SOMEBODY.model_copy(update={"calls_again_after_s": 5.0})
    saw.comes("a", 0, place=1)
    saw.leaves("a", 10_000)
    saw.comes("b", 30_000, place=enqueued_ms)
    assert (broken(saw, PromiseName.PLACE_IS_KEPT, callers=[again]) == []) is is_kept


@pytest.mark.parametrize(("third_ms", "is_kept"), [(85_000, True), (30_000, False)])
def test_a_call_that_broke_two_desks_is_kept_from_others_for_a_minute(
    saw: Saw, third_ms: int, *, is_kept: bool
) -> None:
    saw.note(h.Broke(at_ms=0, what="poison somebody"))
    saw.comes("a", 0, place=1)
    saw.talks("a", "ada", 90_000, token=3)
    reserved = [(1_000, "a", 1), (20_000, "a", 2), (third_ms, "a", 3)]
    assert (broken(saw, PromiseName.SET_ASIDE, reserved=reserved) == []) is is_kept


def places(saw: Saw, *told: tuple[int, int, int | None]) -> None:
    saw.comes("a", 0, place=1)
    saw.note(
        *(h.PlaceHeard(at_ms=at, call="a", place=place, wait_ms=wait) for at, place, wait in told)
    )
    rings(saw, "a", "ada", 300_000, GENERAL, token=1)


@pytest.mark.parametrize(
    ("told", "is_kept"),
    [
        ([(0, 3, 360_000), (60_000, 2, 240_000)], True),
        ([(0, 2, 360_000), (60_000, 3, 240_000)], False),
        ([(0, 2, 60_000), (60_000, 1, 30_000)], False),
        ([(0, 2, None)], False),
    ],
)
def test_places_only_fall_and_waits_are_those_that_come(
    saw: Saw, told: list[tuple[int, int, int | None]], *, is_kept: bool
) -> None:
    places(saw, *told)
    assert (broken(saw, PromiseName.HONEST_WAITS) == []) is is_kept


def test_a_ring_in_vain_is_followed_by_another(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    rings(saw, "a", "ada", 1_000, GENERAL, token=1)
    assert len(broken(saw, PromiseName.RINGS_AGAIN)) == 1
    rings(saw, "a", "bryn", 22_000, GENERAL, token=2)
    saw.talks("a", "bryn", 23_000, token=2)
    assert broken(saw, PromiseName.RINGS_AGAIN) == []
    assert len(broken(Saw(), PromiseName.RINGS_AGAIN)) == 1


@pytest.mark.parametrize("when", ["in_turn", "later"])
@pytest.mark.parametrize(("early", "late"), [("back-a", "b"), ("b", "back-a")])
def test_nobody_who_came_later_is_rung_before_whoever_is_to_be_rung_back_by_then(
    saw: Saw, when: str, early: str, late: str
) -> None:
    some = SOMEBODY.model_copy(update={"rung_back": when})
    from_ms = SLOT_MS if when == "later" else 1_000
    saw.comes("a", 0, place=1)
    saw.comes("b", 2_000, place=2)
    saw.note(h.CallbackHeard(at_ms=1_000, call="a"))
    assert broken(saw, PromiseName.RUNG_BACK_IN_TURN, callers=[some]) == [
        "a was not rung back",
        "nobody waited behind a callback",
    ]
    rings(saw, early, "ada", from_ms + 10_000, GENERAL, token=1)
    rings(saw, late, "bryn", from_ms + 20_000, GENERAL, token=2)
    found = broken(saw, PromiseName.RUNG_BACK_IN_TURN, callers=[some])
    assert found == ([] if late == "b" else ["b was rung before a, who was to be rung back"])


def test_nobody_is_rung_back_before_the_time_that_was_chosen(saw: Saw) -> None:
    some = SOMEBODY.model_copy(update={"rung_back": "later"})
    saw.comes("a", 0, place=1)
    saw.note(h.CallbackHeard(at_ms=1_000, call="a"))
    rings(saw, "back-a", "ada", SLOT_MS - 1, GENERAL, token=1)
    [early, _] = broken(saw, PromiseName.RUNG_BACK_IN_TURN, callers=[some])
    assert early == f"a was rung back at {SLOT_MS - 1}, before {SLOT_MS}"


@pytest.fixture
def words() -> dict[SoundName, str]:
    """Give the words of one notice."""
    return {SoundName("notice"): "We are very busy."}


def test_what_somebody_finds_and_hears_is_what_the_story_says(
    saw: Saw, words: dict[SoundName, str]
) -> None:
    saw.comes("a", 0)
    saw.note(h.WordsHeard(at_ms=1, call="a", words="Hello. We are very busy."))
    saw.note(h.CallerGone(at_ms=9_000, call="a", why="over", said="closed"))
    finds = SOMEBODY.model_copy(update={"finds": "closed", "hears": "notice"})
    assert list(broken_promises(seen(saw, callers=[finds]), words)) == []
    never = SOMEBODY.model_copy(update={"never_hears": "notice"})
    found = list(broken_promises(seen(saw, callers=[never]), words))
    assert found == ["somebody a heard notice", "somebody: 0 of 1 were served"]
