"""Which faults a seed puts in, drawn by chance and stacked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from types import MappingProxyType

from contactcentre.simulation.faults import (
    ANYONE,
    EVERYTHING,
    STORE,
    WATCHDOG_S,
    Fault,
    Kind,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What there is to break."""

    media: Sequence[str]
    routers: Sequence[str]
    desks: Sequence[str]
    records: Sequence[str]
    publics: Sequence[str]
    sites: Sequence[str]

    @property
    def processes(self) -> Sequence[str]:
        """Return every process; media nodes and desks, which hold people, more often."""
        held = [*self.media, *self.desks]
        return [*held, *held, *self.routers, *self.records, *self.publics]


WEIGHTS: Mapping[Kind, int] = MappingProxyType(
    {
        Kind.KILL: 5,
        Kind.STOP: 4,
        Kind.HANG: 2,
        Kind.RESTART: 2,
        Kind.CUT: 3,
        Kind.CUT_ONE_WAY: 3,
        Kind.LOSE: 2,
        Kind.SLOW: 1,
        Kind.FLUSH: 2,
        Kind.KILL_STORE: 2,
        Kind.LOSE_STORE: 1,
        Kind.HANG_STORE: 2,
        Kind.SLOW_STORE: 1,
        Kind.FAIL_OVER: 2,
        Kind.SPLIT_STORE: 2,
        Kind.CLOCK: 2,
        Kind.HERD: 1,
        Kind.RELOAD: 3,
        Kind.LINE_LOST: 3,
        Kind.LEDGER_AWAY: 1,
    }
)
"""How often each kind comes, among all."""


def plan(
    chance: Random, places: Places, *, count: int, first_s: float, last_s: float
) -> list[Fault]:
    """Return random faults, stacked, the earliest first."""
    kinds = chance.choices(list(WEIGHTS), list(WEIGHTS.values()), k=count)
    moments = sorted(chance.uniform(first_s, last_s) for _ in kinds)
    return [_fault(chance, places, kind, at_s) for kind, at_s in zip(kinds, moments, strict=True)]


SPANS_S = (0.8, 1.5, 3.0, 5.0, 8.0)
RESTART_WITHIN_S = 8.0
AMOUNTS: Mapping[Kind, Sequence[float]] = MappingProxyType(
    {
        Kind.LOSE: (0.05, 0.2, 0.5),
        Kind.SLOW: (30.0, 100.0, 300.0),
        Kind.SLOW_STORE: (50.0, 200.0, 600.0),
        Kind.FAIL_OVER: (0.0, 300.0, 3_000.0),
        Kind.CLOCK: (-3_600_000.0, -4_000.0, 4_000.0, 3_600_000.0),
    }
)
OF_STORE = frozenset(kind for kind in Kind if "store" in kind) | {Kind.FLUSH, Kind.FAIL_OVER}


def _fault(chance: Random, places: Places, kind: Kind, at_s: float) -> Fault:
    """Return a fault of a kind."""
    span_s = round(chance.choice(SPANS_S) * chance.uniform(0.8, 1.2), 2)
    if kind is Kind.HANG:
        span_s = max(span_s, WATCHDOG_S + SPANS_S[0])
    return Fault(
        at_s=round(at_s, 2),
        kind=kind,
        target=_target(chance, places, kind),
        span_s=RESTART_WITHIN_S if kind is Kind.RESTART else span_s,
        amount=chance.choice(AMOUNTS[kind]) if kind in AMOUNTS else 0.0,
    )


def _target(  # noqa: PLR0911 - one case a kind
    chance: Random, places: Places, kind: Kind
) -> str:
    """Return what a fault of a kind is put into."""
    if kind in OF_STORE:
        return STORE
    match kind:
        case Kind.KILL | Kind.STOP | Kind.HANG:
            return chance.choice(places.processes)
        case Kind.RESTART:
            return chance.choice([*places.media, *places.desks])
        case Kind.CUT | Kind.CUT_ONE_WAY:
            return _pair(chance, places, "|" if kind is Kind.CUT else ">")
        case Kind.RELOAD | Kind.LINE_LOST:
            return ANYONE
        case Kind.CLOCK:
            return chance.choice([*places.processes, STORE, STORE])
        case _:
            return EVERYTHING


def _pair(chance: Random, places: Places, between: str) -> str:
    """Return two ends between which something is cut."""
    held = [*places.media, *places.desks]
    ends = [
        *held,
        *places.routers,
        *places.records,
        *places.sites,
        "people",
        "store",
        "store",
        "record",
    ]
    one, other = chance.sample(ends, 2)
    while one == other:
        other = chance.choice(ends)
    return f"{one}{between}{other}"
