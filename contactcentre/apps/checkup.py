"""What is seen of a whole centre in two looks, a while apart, and what is wrong with it.

A thing that is only on its way is in one of two looks. What is in both is a finding: a sentence
that says what is wrong and what to do about it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from contactcentre.adapters.ledger_postgres.census import LedgerLook, OpenCallbacks
from contactcentre.adapters.state_redis.census import EventsLook
from contactcentre.domain.conservation import Account, total
from contactcentre.domain.ids import CallId, DeskId, NodeId, QueueId
from contactcentre.domain.presence import Presence
from contactcentre.ports.phones import TrunkStanding
from contactcentre.ports.state import (
    CallStanding,
    DeskStanding,
    Generation,
    LostAdviser,
    LostCall,
    Overview,
)

BOUND = frozenset({Presence.RESERVED, Presence.RINGING, Presence.TALKING})
CLOSED = "closed"
IN_PROGRESS_MAX = 5_000
"""Of more calls than these the record and the live state are not compared one by one."""
NAMED_MAX = 5
"""So many of a kind are named in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateLook:
    """One look at the live state."""

    server: str
    generation: Generation
    desks: Sequence[DeskStanding]
    lost_calls: Sequence[LostCall]
    lost_advisers: Sequence[LostAdviser]
    overview: Overview
    events: EventsLook
    is_storm: bool
    """A router says that one adviser at a time is rung, as desks fail on it."""
    trunks: Mapping[str, Mapping[NodeId, TrunkStanding]]
    """How each trunk stands, as each node that asks it sees it."""
    held: frozenset[CallId]
    """The calls that nodes hold."""
    keepers: Mapping[NodeId, int]
    """The keepers of callbacks, each with its beat."""
    calls: Mapping[CallId, CallStanding]
    """How those stand, those in progress by the record, and those that advisers are bound to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at everything; None of what did not answer."""

    state: StateLook | None
    ledger: LedgerLook | None
    in_progress: Sequence[CallId]
    """Calls that have not ended, by the record; IN_PROGRESS_MAX at most."""
    outages: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkup:
    """Two looks, and the accounts of the record."""

    first: Look
    second: Look
    accounts: Sequence[Account] | None
    """None if the record is away."""
    widest_ms: Mapping[QueueId, int]
    """From which waiting time on a queue asks advisers of every level, where that is known."""

    @property
    def nodes_silent(self) -> Sequence[NodeId]:
        """Return the nodes whose beat has not changed."""
        if not (self.first.state and self.second.state):
            return ()
        before = {one.node: one.beat for one in self.first.state.overview.nodes}
        now = self.second.state.overview.nodes
        return [one.node for one in now if before.get(one.node) == one.beat]

    @property
    def desks_silent(self) -> Sequence[DeskId]:
        """Return the desk processes whose beat has not changed."""
        if not (self.first.state and self.second.state):
            return ()
        before = {one.desk: one.beat for one in self.first.state.desks}
        return [one.desk for one in self.second.state.desks if before.get(one.desk) == one.beat]


def findings(checkup: Checkup) -> Iterator[str]:
    """Yield what is wrong and what to do about it, the worst first."""
    yield from checkup.second.outages
    before, now = checkup.first.state, checkup.second.state
    if before and now:
        yield from _matching(before, now, checkup.widest_ms)
        yield from _processes(checkup, now)
        yield from _trunks(checkup, now)
        yield from _lost(before, now)
        yield from _advisers(before, now)
        yield from _events(before, now)
    if checkup.second.ledger and checkup.second.ledger.set_aside_count:
        count = checkup.second.ledger.set_aside_count
        yield f"{_count(count, 'event')} never to be written: look into the table set_aside."
    if before and now and checkup.first.ledger and checkup.second.ledger:
        yield from _rows(checkup, before, now)
        yield from _callbacks(checkup, before, now)
    yield from _accounts(checkup.accounts or ())


def _matching(before: StateLook, now: StateLook, widest_ms: Mapping[QueueId, int]) -> Iterator[str]:
    if before.generation.store != now.generation.store:
        yield "The live state has changed servers just now: ask again in a few seconds."
    elif not (before.generation.is_open or now.generation.is_open):
        yield (
            "Nobody is matched: no router has opened matching since the live state was started or "
            "emptied. Start one (contactcentre router); a running one needs 2.5 s."
        )
    if not now.generation.is_open:
        return
    if now.is_storm:
        yield (
            "The desks of several advisers failed as calls rang on them, so one adviser at a time "
            "is tried: find out what they have in common (a new version, a setting, a network). "
            "Callers keep their places; once rings go well again everybody is rung."
        )
        return  # that callers wait though advisers are ready comes of it
    stuck = {
        (one.queue, one.oldest_enqueued_ms)
        for one in before.overview.queues
        if before.overview.now_ms - (one.oldest_enqueued_ms or 0) >= widest_ms.get(one.queue, 0)
    }
    for one in now.overview.queues:
        if one.waiting_count and one.ready_count and (one.queue, one.oldest_enqueued_ms) in stuck:
            yield (
                f"In {one.queue} callers wait though advisers are ready: is a router running? "
                "Start one (contactcentre router)."
            )


def _processes(checkup: Checkup, now: StateLook) -> Iterator[str]:
    silent = set(checkup.nodes_silent)
    if all(one.node in silent for one in now.overview.nodes):
        yield "No media node is alive, so nobody can call: start one (contactcentre media)."
    for node in checkup.nodes_silent:
        yield (
            f"The media node {node} is silent. Its callers go to other nodes by themselves; start "
            "it again with its own data folder, where events of its calls may wait."
        )
    if all(one.desk in set(checkup.desks_silent) for one in now.desks):
        yield "No desk is alive, so no adviser can work: start one (contactcentre desk)."
    for desk in checkup.desks_silent:
        yield (
            f"The desk process {desk} is silent. Its advisers go to others by themselves; start it "
            "again if there are too few."
        )


def _trunks(checkup: Checkup, now: StateLook) -> Iterator[str]:
    alive = {one.node for one in now.overview.nodes} - set(checkup.nodes_silent)
    for trunk, seen in now.trunks.items():
        down = {node: one for node, one in seen.items() if not one.is_up and node in alive}
        if nodes := sorted(node for node, one in down.items() if one.is_misnamed):
            yield (
                f"The trunk {trunk} shows {_named(nodes, 'node')} somebody else's certificate, so "
                "none of our calls goes there: ask its carrier for the name in it, and write that "
                "into the file of trunks (tls_names). The node's log has the name that it saw."
            )
        if nodes := sorted(node for node, one in down.items() if not one.is_misnamed):
            yield (
                f"The trunk {trunk} does not answer {_named(nodes, 'node')}: ask its carrier, and "
                "see that a firewall lets SIP through both ways. Calls that come in are taken."
            )


def _lost(before: StateLook, now: StateLook) -> Iterator[str]:
    if calls := [one.call for one in now.lost_calls if one in set(before.lost_calls)]:
        yield (
            f"{_named(calls, 'call')} of a silent node: no other node has taken them up yet. Who "
            "does not come back within CC_ORPHAN_GRACE_MS is counted as lost. See that nodes run "
            "and that browsers reach them."
        )
    people = set(before.lost_advisers)
    if advisers := [one.adviser for one in now.lost_advisers if one in people]:
        yield (
            f"{_named(advisers, 'adviser')} of a silent desk process: not matched until they are "
            "at another one. See that desks run and that browsers reach them."
        )


def _advisers(before: StateLook, now: StateLook) -> Iterator[str]:
    known = set(before.overview.advisers)
    stuck = [
        adviser
        for adviser, standing in now.overview.advisers
        if standing.state in BOUND
        and (adviser, standing) in known
        and not _is_bound(now.calls.get(standing.call or CallId("")), adviser)
    ]
    if stuck:
        yield (
            f"{_named(stuck, 'adviser')} bound to a call that is over or with somebody else: let "
            "them reload the desk's page, and report this."
        )


def _is_bound(call: CallStanding | None, adviser: str) -> bool:
    """Say whether a call is bound to that adviser too."""
    return call is not None and call.state != CLOSED and call.adviser == adviser


def _events(before: StateLook, now: StateLook) -> Iterator[str]:
    if now.events.oldest is not None and now.events.oldest == before.events.oldest:
        yield (
            f"{_count(now.events.waiting_count, 'event')} not written to the record yet: see that "
            "a records process runs (contactcentre records) and that PostgreSQL takes writes."
        )
    if now.events.unread_count:
        yield (
            f"{_count(now.events.unread_count, 'event')} that nobody could read, kept under the "
            "key `unread` of the live state. Is a records process older than the nodes?"
        )


def _rows(checkup: Checkup, before: StateLook, now: StateLook) -> Iterator[str]:
    """Compare the record with the live state, by what is so in both looks."""
    rows = set(checkup.first.in_progress) & set(checkup.second.in_progress)
    if dead := sorted(one for one in rows if _is_dead(one, before) and _is_dead(one, now)):
        yield (
            f"{_named(dead, 'call')} in progress by the record, but not alive: a records process "
            "closes them after CC_ORPHAN_GRACE_MS. See that one runs (contactcentre records)."
        )
    if len(checkup.second.in_progress) == IN_PROGRESS_MAX:
        return
    either = set(checkup.first.in_progress) | set(checkup.second.in_progress)
    alive = {one for one in before.held & now.held if not _is_dead(one, now)}
    if missing := sorted(alive - either):
        yield (
            f"{_named(missing, 'call')} alive, but not in progress by the record: their nodes' "
            "events do not arrive. See that a records process runs (contactcentre records)."
        )


def _callbacks(checkup: Checkup, before: StateLook, now: StateLook) -> Iterator[str]:
    """Say whether callbacks are due that nobody keeps, by what is so in both looks."""
    assert checkup.first.ledger is not None, "asked only if the record was seen twice"
    assert checkup.second.ledger is not None, "asked only if the record was seen twice"
    alive = {one for one, beat in now.keepers.items() if before.keepers.get(one) != beat}

    def unkept(some: Sequence[OpenCallbacks]) -> dict[tuple[NodeId | None, CallId], int]:
        return {
            (one.keeper, one.oldest_due): one.due_count
            for one in some
            if one.oldest_due is not None and one.keeper not in alive
        }

    first = unkept(checkup.first.ledger.callbacks)
    second = unkept(checkup.second.ledger.callbacks)
    if count := sum(due_count for key, due_count in second.items() if key in first):
        yield (
            f"{_count(count, 'callback')} due that no process keeps, so that no adviser is rung "
            "for them: see that a records process runs (contactcentre records)."
        )


def _is_dead(call: CallId, look: StateLook) -> bool:
    standing = look.calls.get(call)
    return standing is None or standing.state == CLOSED


def _accounts(accounts: Sequence[Account]) -> Iterator[str]:
    everything = total(accounts)
    for name, account in (("all calls", everything), *((_name(one), one) for one in accounts)):
        if account.accounted_count < account.offered_count:
            yield (
                f"Of {name}, {account.offered_count} came in and {account.accounted_count} are "
                "accounted for: records are missing. Report this, and keep the nodes' data folders."
            )
        elif account.accounted_count > account.offered_count:
            yield (
                f"Of {name}, {account.accounted_count} are accounted for and only "
                f"{account.offered_count} were seen to come in: events of a node have not been "
                "read. Start every node again with its own data folder."
            )
    if everything.system_lost_count:
        yield (
            f"{_count(everything.system_lost_count, 'call')} lost by us "
            f"({everything.provisional_count} presumed so): it must never be. Report this."
        )


def _name(account: Account) -> str:
    return account.queue or "the calls that joined no queue"


def _named(names: Sequence[str], noun: str) -> str:
    """Return how many there are, with the first of them by name."""
    shown = ", ".join(names[:NAMED_MAX]) + (", …" if len(names) > NAMED_MAX else "")
    return f"{_count(len(names), noun)} ({shown})"


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
