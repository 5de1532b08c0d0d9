"""What the doctor says, as a page for a person and as one line of JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import orjson

from contactcentre.adapters.ledger_postgres.census import OpenCallbacks
from contactcentre.adapters.media_aiortc import opus
from contactcentre.apps.checkup import Checkup, StateLook
from contactcentre.domain.conservation import Account, total
from contactcentre.domain.ids import NodeId
from contactcentre.ports.phones import TrunkStanding
from contactcentre.ports.state import NodeStanding

WIDTH = 14
"""Of the column of names."""
NO_OPUS = (
    "no libopus on this machine: its nodes take calls in G.711 only. Install the package libopus0, "
    "or PyAV from its wheel."
)


def as_page(checkup: Checkup, found: Sequence[str], *, since_hours: int) -> str:
    """Return one page."""
    return "\n".join(_lines(checkup, found, since_hours))


def _lines(checkup: Checkup, found: Sequence[str], since_hours: int) -> Iterator[str]:
    state, ledger = checkup.second.state, checkup.second.ledger
    yield _row("live state", _state(state) if state else "does not answer")
    yield _row("record", f"{ledger.server} answers and takes writes" if ledger else "away")
    if state:
        yield from _processes(checkup, state)
        yield from _waits(state)
    if ledger:
        yield _row("set aside", f"{ledger.set_aside_count} events that can never be written")
        alive = f", {len(state.held)} held by nodes" if state else ""
        yield _row("in progress", f"{len(checkup.second.in_progress)} calls by the record{alive}")
        yield _row("callbacks", _callbacks(ledger.callbacks))
    yield _row("Opus", f"{opus.version()} is on this machine" if opus.is_here() else NO_OPUS)
    if checkup.accounts is not None:
        yield ""
        yield f"Calls that came in within {since_hours} h, and what became of them"
        yield from _accounts(checkup.accounts)
    yield ""
    if not found:
        yield "Nothing is wrong."
    for number, sentence in enumerate(found, start=1):
        yield f"{number}. {sentence}"


def _row(name: str, said: str) -> str:
    return f"{name:<{WIDTH}}{said}"


def _callbacks(some: Sequence[OpenCallbacks]) -> str:
    """Return how many callbacks are open, and since when the first of those callers waits."""
    if not some:
        return "none open"
    since = datetime.fromtimestamp(min(one.oldest_enqueued_ms for one in some) / 1_000, UTC)
    kept = sum(one.open_count for one in some if one.keeper is not None)
    count = sum(one.open_count for one in some)
    return f"{count} open, {kept} of them kept; the first waits since {since:%Y-%m-%d %H:%M} UTC"


def _state(state: StateLook) -> str:
    is_open = "matching is open" if state.generation.is_open else "matching is NOT open"
    return f"{state.server} answers, {is_open} (store {state.generation.store[:8]})"


def _processes(checkup: Checkup, state: StateLook) -> Iterator[str]:
    silent = {*checkup.nodes_silent, *checkup.desks_silent}
    for node in state.overview.nodes:
        word = "silent" if node.node in silent else _word(node)
        yield _row("media", f"{node.node} {word}, {node.legs_count} of {node.legs_max} legs")
    for trunk, seen in sorted(state.trunks.items()):
        yield _row("trunk", f"{trunk} {_trunk(seen)}")
    for desk in state.desks:
        yield _row("desk", f"{desk.desk} {'silent' if desk.desk in silent else 'alive'}")
    yield _row("lost", f"{len(state.lost_calls)} calls, {len(state.lost_advisers)} advisers")


def _word(node: NodeStanding) -> str:
    """Return how a node that lives stands."""
    if node.draining:
        return "draining"
    return "strained (its sound is late, or nearly so)" if node.strained else "alive"


def _trunk(seen: Mapping[NodeId, TrunkStanding]) -> str:
    """Return how a trunk stands, by those who say the same together."""
    said = []
    for is_up in (True, False):
        alike = {node: one for node, one in seen.items() if one.is_up is is_up}
        if alike:
            since_ms = max(one.since_ms for one in alike.values())
            since = datetime.fromtimestamp(since_ms / 1_000, UTC)
            word = "answers" if is_up else "does not answer"
            said.append(f"{word} {', '.join(sorted(alike))} since {since:%Y-%m-%d %H:%M} UTC")
    return "; ".join(said)


def _waits(state: StateLook) -> Iterator[str]:
    now_ms = state.overview.now_ms
    for queue in state.overview.queues:
        if queue.waiting_count or queue.ready_count:
            since_ms = queue.oldest_enqueued_ms
            longest = (
                "" if since_ms is None else f", the first for {(now_ms - since_ms) // 1_000} s"
            )
            said = f"{queue.waiting_count} waiting{longest}, {queue.ready_count} advisers ready"
            yield _row("queue", f"{queue.queue}: {said}")
    events = state.events
    said = f"{events.waiting_count} on their way to the record, {events.unread_count} unreadable"
    yield _row("events", said)


def _accounts(accounts: Sequence[Account]) -> Iterator[str]:
    named = [(one.queue or "in no queue", one) for one in accounts]
    width = max(WIDTH, *(len(name) + 2 for name, _ in (*named, ("all", None))))
    for name, account in (("all", total(accounts)), *named):
        parts = (
            f"{account.handled_count} handled + {account.abandoned_count} abandoned + "
            f"{account.deflected_count} deflected + {account.callback_count} to be rung back + "
            f"{account.left_in_menu_count} left in menu + {account.closed_count} closed + "
            f"{account.system_lost_count} lost by us + {account.in_progress_count} in progress"
        )
        if account.overflowed_count:
            parts += f" + {account.overflowed_count} overflowed"
        if account.transferred_count:
            parts += f" + {account.transferred_count} transferred"
        sign, word = ("=", "holds") if account.holds else ("≠", "does NOT hold")
        sides = f"{account.offered_count} {sign} {account.accounted_count}"
        yield f"{name:<{width}}{sides}: {parts}: {word}"


def as_json(checkup: Checkup, found: Sequence[str], *, since_hours: int) -> str:
    """Return one line of JSON."""
    state, accounts = checkup.second.state, checkup.accounts
    said = {
        "well": not found,
        "libopus": opus.version(),
        "findings": found,
        "state": _state_facts(checkup, state) if state else None,
        "ledger": _ledger_facts(checkup),
        "since_hours": since_hours,
        "total": None if accounts is None else _account_facts(total(accounts)),
        "queues": None if accounts is None else [_account_facts(one) for one in accounts],
    }
    return orjson.dumps(said).decode()


def _ledger_facts(checkup: Checkup) -> dict[str, Any] | None:
    ledger = checkup.second.ledger
    if ledger is None:
        return None
    return {**asdict(ledger), "in_progress_count": len(checkup.second.in_progress)}


def _state_facts(checkup: Checkup, state: StateLook) -> dict[str, Any]:
    silent = {*checkup.nodes_silent, *checkup.desks_silent}
    return {
        "server": state.server,
        "store": state.generation.store,
        "matching_open": state.generation.is_open,
        "nodes": [
            {
                "node": one.node,
                "alive": one.node not in silent,
                "draining": one.draining,
                "strained": one.strained,
                "legs_count": one.legs_count,
                "legs_max": one.legs_max,
            }
            for one in state.overview.nodes
        ],
        "trunks": [
            {"trunk": trunk, "node": node, "up": one.is_up, "since_ms": one.since_ms}
            for trunk, seen in sorted(state.trunks.items())
            for node, one in seen.items()
        ],
        "desks": [{"desk": one.desk, "alive": one.desk not in silent} for one in state.desks],
        "lost_calls_count": len(state.lost_calls),
        "lost_advisers_count": len(state.lost_advisers),
        "queues": [asdict(one) for one in state.overview.queues],
        "events": asdict(state.events),
        "calls_held_count": len(state.held),
    }


def _account_facts(account: Account) -> dict[str, Any]:
    sides = {"accounted_count": account.accounted_count, "holds": account.holds}
    return {**asdict(account), **sides}
