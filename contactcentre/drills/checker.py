"""Says which promises were broken, from what the callers and advisers saw, and from the record.

lost               a caller who was cut off, refused, or never served although present
duplicated         one caller who talks with two advisers at once or rings at two; one adviser
                   who talks with one caller and is rung for, or talks with, another
order_violations   see drills.order
not_linearizable   an adviser, or a call, whose reservations no order of single steps explains: see
                   drills.reservations
deaf_talks         a talk in which one end did not hear the other for `DEAF_AFTER_MS`
outside_deaf       see drills.outside_talks
talks_broken       a talk after which the caller had to wait again, though nobody had hung up
stuck_advisers     an adviser who was not ready `STUCK_AFTER_MS` after the last call, or was not
                   rung in a last round with a caller for each adviser
records_missing    a caller without an ended row in the record, once a node has taken the call
records_wrong      a row with another ending than what its caller saw, or a caller who was left to
                   an outside number and does not stand so once
records_gaps       a node of whose events some are not in the record and later ones are: they were
                   confirmed to it, and then lost
records_doubled    a second end in the events of one call, or a row that is nobody's; after a cut of
                   the node that has the call at last, as one that was cut off may have ended a talk
                   and could tell nobody
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise

from contactcentre.domain.ids import AdviserId
from contactcentre.domain.seats import is_chat_seat
from contactcentre.drills import history as h
from contactcentre.drills.history import AdviserCallFact, AdviserFact, CallerFact, History
from contactcentre.drills.order import Excused, Place, order_violations
from contactcentre.drills.outside_talks import outside_deaf, wrongly_sent
from contactcentre.drills.reservations import not_linearizable
from contactcentre.drills.spans import (
    TALKS,
    Part,
    Stalls,
    holds_of,
    longest_without,
    parts_of,
    voices_of,
)

TALKS_OVERLAP_MS = 1_000
RINGS_OVERLAP_MS = 1_500
"""Two sockets tell of one moment at two times; and a node that is lost says nothing of it."""
STUCK_AFTER_MS = 10_000
DEAF_AFTER_MS = 3_000
HANDED_WITHIN_MS = 3_000
"""So soon a caller whom the adviser hands on waits, if that is why."""
CLOSE_CALL_MS = 1_000
"""Who hung up within this of the answer may stand in the record as served or not."""
CLOSED = "call-closed"
"""What a node says to a page that comes back to a call that has ended."""
CLOSED_ENDING = "closed"
ENDED, HANDLED, ABANDONED, LEFT_IN_MENU = "ended", "handled", "abandoned", "left_in_menu"
CALLBACK = "callback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What the record says of one call."""

    call: str
    state: str
    ending: str | None
    provisional: bool
    ends_count: int
    """How many ends its events have."""
    own_ends_count: int
    """How many of them are of the node that has the call in the end."""
    sent_count: int = 0
    """How often its events say that the caller was left to an outside number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was broken, each with its sentences."""

    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    order_violations: list[str] = field(default_factory=list)
    not_linearizable: list[str] = field(default_factory=list)
    deaf_talks: list[str] = field(default_factory=list)
    talks_broken: list[str] = field(default_factory=list)
    outside_deaf: list[str] = field(default_factory=list)
    stuck_advisers: list[str] = field(default_factory=list)
    records_missing: list[str] = field(default_factory=list)
    records_wrong: list[str] = field(default_factory=list)
    records_gaps: list[str] = field(default_factory=list)
    records_doubled: list[str] = field(default_factory=list)


def check(
    history: History,
    rows: Sequence[Row],
    *,
    started: int,
    gaps: Sequence[str] = (),
    is_excused: Excused = lambda _call, _ring: False,
    told_closed: Collection[str] = (),
    callbacks: Sequence[Place] = (),
) -> Findings:
    """Return everything that was broken; `started` is how many people began to call.

    `gaps` are sentences of what is missing among the events; `is_excused` is as in `drills.order`;
    `callbacks` are where callbacks stood; `told_closed` are the calls of whom nothing else could
    become than that they are told that the line is closed.
    """
    calls = _calls_of(history)
    order = order_violations(history, is_excused=is_excused, callbacks=callbacks)
    advisers = history.by_adviser()
    served = {fact.call: fact.at_ms for fact in history.of(h.Bridged)}
    heard = {fact.call for fact in history.of(h.CallerVoiceHeard) if fact.on}
    left_count = sum(1 for fact in history.of(h.CallerHungUp) if not fact.call)  # before a claim
    ended_by_adviser = _hang_ups_of(history)
    parts = [part for name, facts in advisers.items() for part in parts_of(name, facts)]
    by_call = {row.call: row for row in rows}
    findings = Findings(
        lost=[
            *(["somebody got no claim"] * (started - len(calls) - left_count)),
            *_lost(calls, {*ended_by_adviser, *told_closed}),
        ],
        duplicated=list(_duplicated(parts)),
        order_violations=list(order),
        not_linearizable=list(not_linearizable(history)),
        deaf_talks=list(_deaf(history, calls, advisers, parts)),
        talks_broken=list(_broken(history, calls, ended_by_adviser)),
        outside_deaf=list(outside_deaf(history)),
        records_wrong=list(wrongly_sent(history, {row.call: row.sent_count for row in rows})),
        stuck_advisers=list(_stuck(history, advisers)),
        records_gaps=list(gaps),
        records_doubled=list(_doubled(history, calls, rows)),
    )
    for call, facts in calls.items():
        endings = _endings(facts, served.get(call), is_heard=call in heard)
        was_let_in = _has(facts, h.ClaimSeen)
        expected = {CLOSED_ENDING} if call in told_closed else endings
        _compare(findings, call, by_call.get(call), endings=expected, must_be_there=was_let_in)
    return findings


def _calls_of(history: History) -> Mapping[str, Sequence[CallerFact]]:
    """Return what each caller saw; who never got a claim is counted by how many began to call."""
    late = {fact.call for fact in history.of(h.DialledLate)}
    known = history.by_call().items()
    return {call: facts for call, facts in known if call and call not in late}


def _compare(
    findings: Findings, call: str, row: Row | None, *, endings: Collection[str], must_be_there: bool
) -> None:
    """Note how a call's row in the record differs from what its caller saw."""
    if row is None or row.state != ENDED:
        how = "no row" if row is None else f"a row that says {row.state}"
        if row is not None or must_be_there:
            findings.records_missing.append(f"{call} has {how}")
    elif row.ending not in endings:
        findings.records_wrong.append(f"{call} stands as {row.ending} in the record")


# Callers


def _lost(
    calls: Mapping[str, Sequence[CallerFact]], ended_by_adviser: Collection[str]
) -> Iterator[str]:
    for call, facts in calls.items():
        gone = next((fact for fact in facts if isinstance(fact, h.CallerGone)), None)
        wanted = any(isinstance(fact, h.CallerHungUp) for fact in facts)
        if gone is None:
            if not wanted:
                yield f"{call} was never served (last {_last_stage(facts)})"
        elif gone.why == "refused" and gone.said == CLOSED and call in ended_by_adviser:
            continue  # its node was lost while it said goodbye
        elif gone.said in {CALLBACK, CLOSED} and _has(facts, h.CallbackAsked):
            continue  # that the promise is kept is proved where it is known who rings whom
        elif gone.why == "refused" and not wanted:
            yield f"{call} was refused ({gone.said})"
        elif gone.why == "over" and call not in ended_by_adviser:
            yield f"{call} was cut off ({gone.said}, last {_last_stage(facts)})"


def _has(facts: Sequence[CallerFact], kind: type[CallerFact]) -> bool:
    return any(isinstance(fact, kind) for fact in facts)


def _last_stage(facts: Sequence[CallerFact]) -> str:
    """Return where a caller was before the end."""
    states = [one.state for one in facts if isinstance(one, h.StageHeard) and one.state != ENDED]
    return states[-1] if states else "nowhere"


def _has_talked(facts: Sequence[CallerFact]) -> bool:
    return any(isinstance(fact, h.StageHeard) and fact.state in TALKS for fact in facts)


def _hang_ups_of(history: History) -> Mapping[str, int]:
    """Return when an adviser first ended each call."""
    ended: dict[str, int] = {}
    for fact in history.of(h.AdviserHungUp):
        ended.setdefault(fact.call, fact.at_ms)
    return ended


def _broken(
    history: History, calls: Mapping[str, Sequence[CallerFact]], ended: Mapping[str, int]
) -> Iterator[str]:
    """Yield whoever was in a talk that nobody ended."""
    handed: dict[str, list[int]] = {}
    for fact in history.of(h.CallerHanded):
        handed.setdefault(fact.call, []).append(fact.at_ms)
    for call, facts in calls.items():
        if _is_broken(facts, ended.get(call), handed.get(call, ())):
            yield call


def _is_broken(facts: Sequence[CallerFact], hung_up_ms: int | None, handed: Sequence[int]) -> bool:
    """Say whether a caller had to wait again after a talk that its adviser had not ended."""
    stages = [fact for fact in facts if isinstance(fact, h.StageHeard)]
    return any(
        before.state in TALKS
        and after.state not in TALKS | {ENDED}
        and (hung_up_ms is None or after.at_ms < hung_up_ms)
        and not any(0 <= after.at_ms - at_ms < HANDED_WITHIN_MS for at_ms in handed)
        for before, after in pairwise(stages)
    )


# Advisers


def _duplicated(parts: Sequence[Part]) -> Iterator[str]:
    for one, other in combinations(parts, 2):
        overlap_ms = one.span.overlap_ms(other.span)
        both_talk = one.kind == other.kind == "talk"
        if one.adviser == other.adviser:
            is_double = one.call != other.call and "talk" in {one.kind, other.kind}
            limit_ms = TALKS_OVERLAP_MS
        else:
            is_double = one.call == other.call
            limit_ms = TALKS_OVERLAP_MS if both_talk else RINGS_OVERLAP_MS
        if is_double and overlap_ms > limit_ms:
            yield (
                f"{one.kind} of {one.call} at {one.adviser} and {other.kind} of {other.call} "
                f"at {other.adviser} at once for {overlap_ms} ms"
            )


def _deaf(
    history: History,
    calls: Mapping[str, Sequence[CallerFact]],
    advisers: Mapping[str, Sequence[AdviserFact]],
    parts: Sequence[Part],
) -> Iterator[str]:
    """Yield each talk in which an end did not hear the other, while both had their legs."""
    stalls = Stalls(history)
    for part in parts:
        if part.kind != "talk" or part.call not in calls:
            continue
        own = [
            fact
            for fact in advisers[part.adviser]
            if isinstance(fact, AdviserCallFact) and fact.token == part.token
        ]
        for who, facts in (("caller", calls[part.call]), ("adviser", own)):
            heard = [*voices_of(facts), *holds_of(own)]
            deaf_ms = longest_without(part.span, heard) - stalls.within(part.span)
            if deaf_ms > DEAF_AFTER_MS:
                yield f"the {who} of {part.call} at {part.adviser} heard nobody for {deaf_ms} ms"


def _stuck(history: History, advisers: Mapping[str, Sequence[AdviserFact]]) -> Iterator[str]:
    over = next(history.of(h.AllOver), None)
    last_round = next(history.of(h.LastRound), None)
    for name, facts in advisers.items():
        if over is not None:
            until_ms = over.at_ms + STUCK_AFTER_MS
            if last_round is not None:
                until_ms = min(until_ms, last_round.at_ms)
            states = [
                fact.state
                for fact in facts
                if isinstance(fact, h.PresenceHeard) and fact.at_ms <= until_ms
            ]
            if states[-1:] != ["ready"]:
                yield f"{name} is {''.join(states[-1:]) or 'unheard of'} after the last call"
                continue
        if last_round is None or is_chat_seat(AdviserId(name)):
            continue  # whoever is called has no chats at that time
        if not any(
            isinstance(fact, h.RingHeard) and fact.at_ms >= last_round.at_ms for fact in facts
        ):
            yield f"{name} is ready and is not rung in the last round"


# The record


def _endings(facts: Sequence[CallerFact], served_ms: int | None, *, is_heard: bool) -> set[str]:
    """Return what the record may say of a caller's end.

    An adviser may have answered on a leg that the caller had left, where neither heard the other.
    """
    hung_up = next((fact.at_ms for fact in facts if isinstance(fact, h.CallerHungUp)), None)
    if served_ms is not None and hung_up is not None and abs(served_ms - hung_up) < CLOSE_CALL_MS:
        return {HANDLED, ABANDONED}
    if served_ms is not None and not is_heard and not _has_talked(facts):
        return {HANDLED, ABANDONED} | ({CALLBACK} if _has(facts, h.CallbackHeard) else set())
    if served_ms is not None or _has_talked(facts):
        return {HANDLED}
    if _has(facts, h.CallbackHeard):
        return {CALLBACK}
    joined = [fact.at_ms for fact in facts if isinstance(fact, h.ClaimSeen) and fact.queue]
    left = {ABANDONED} if joined else {LEFT_IN_MENU}
    if joined and hung_up is not None and abs(joined[0] - hung_up) < CLOSE_CALL_MS:
        left = {ABANDONED, LEFT_IN_MENU}
    return left | {CALLBACK} if _has(facts, h.CallbackAsked) else left


def _doubled(
    history: History, calls: Mapping[str, Sequence[CallerFact]], rows: Sequence[Row]
) -> Iterator[str]:
    was_cut = any(broke.host for broke in history.of(h.Broke))
    # a telephone that was not answered does not know what its call is called
    unanswered_left = sum(1 for _ in history.of(h.DialUnanswered))
    for row in rows:
        if row.call not in calls:
            unanswered_left -= 1
            if unanswered_left < 0:
                yield f"{row.call} is in the record and is nobody's"
        elif (ends_count := row.own_ends_count if was_cut else row.ends_count) > 1:
            yield f"{row.call} has ended {ends_count} times"
    for call, count in Counter(row.call for row in rows).items():
        if count > 1:
            yield f"{call} has {count} rows"
