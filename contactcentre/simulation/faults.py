"""Faults as data: when, what, to whom, for how long; and how each is put in and taken away."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from types import MappingProxyType

from contactcentre.simulation.store.group import LAG_S
from contactcentre.simulation.store.server import Kept, Server
from contactcentre.simulation.world import World

ANYONE = "anyone"
STORE = "store"
EVERYTHING = "everything"
ENDS = ("centre", "store", "people")
WATCHDOG_S = 2.0


class Kind(StrEnum):
    """What is done to a target."""

    KILL = "kill"
    """A process dies, and is started again when the span is over."""
    STOP = "stop"
    """A process stands still for the span and then goes on, unaware."""
    HANG = "hang"
    """A process stands still; its parent kills it after two seconds and starts it again."""
    RESTART = "restart"
    """A process is told to drain, ends and is started again."""
    CUT = "cut"
    """Nothing passes between two ends, `one|other`."""
    CUT_ONE_WAY = "cut_one_way"
    """Nothing passes from one end to another, `one>other`."""
    LOSE = "lose"
    """A share of what is said between processes and store is lost, requests and answers alike."""
    SLOW = "slow"
    """Everything said takes longer, by the amount in ms."""
    FLUSH = "flush"
    """Everything in the store is deleted."""
    KILL_STORE = "kill_store"
    """The primary dies, and is back with all, some or nothing of what it had."""
    LOSE_STORE = "lose_store"
    """Every server of the store dies, and is back empty when the span is over."""
    HANG_STORE = "hang_store"
    """The primary stands still, and then does all that was asked of it meanwhile."""
    SLOW_STORE = "slow_store"
    """The primary takes longer for everything, by the amount in ms."""
    FAIL_OVER = "fail_over"
    """Replicas lag by the amount in ms for the span, and then one becomes the primary."""
    SPLIT_STORE = "split_store"
    """The primary and the other servers do not see one another; processes see both."""
    CLOCK = "clock"
    """A machine's clock, or the store's, is put forward or back by the amount in ms."""
    HERD = "herd"
    """Every page loses its sockets at the same moment."""
    RELOAD = "reload"
    """One person's page loses its sockets, as when it is loaded again."""
    LINE_LOST = "line_lost"
    """One person's line is dead for the span."""
    POISON = "poison"
    """A scenario's caller whose call breaks every adviser's browser in which it rings."""
    BREAK_DESKS = "break_desks"
    """Whatever rings in an adviser's browser breaks it, as after a bad change to the desk."""
    LEDGER_AWAY = "ledger_away"
    """The record cannot be reached or written for the span."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault."""

    at_s: float
    kind: Kind
    target: str
    span_s: float = 0.0
    amount: float = 0.0

    @property
    def words(self) -> str:
        """Return the fault in a few words."""
        more = f" {self.amount:g}" if self.amount else ""
        return f"{self.at_s:.2f} {self.kind} {self.target}{more} for {self.span_s:.2f}"


Undo = Callable[[], None]


def put_in(world: World, fault: Fault, chance: Random) -> Undo:
    """Put a fault in; return what takes it away."""
    return PUT_IN[fault.kind](world, fault, chance)


def _nothing() -> None:
    """Do nothing: what this fault has done mends itself."""


def _kill(world: World, fault: Fault, _: Random) -> Undo:
    world.kill(fault.target)
    return lambda: world.start(fault.target)


def _stop(world: World, fault: Fault, _: Random) -> Undo:
    life = world.lives[fault.target]
    life.stop()
    return life.go_on


def _hang(world: World, fault: Fault, _: Random) -> Undo:
    life = world.lives[fault.target]
    life.stop()

    def give_up() -> None:
        if not life.is_dead:
            world.kill(fault.target)
            world.later(fault.span_s - WATCHDOG_S, lambda: world.start(fault.target))

    world.later(WATCHDOG_S, give_up)
    return _nothing


def _restart(world: World, fault: Fault, _: Random) -> Undo:
    world.restart(fault.target, within_s=fault.span_s)
    return _nothing


def _cut(world: World, fault: Fault, _: Random) -> Undo:
    one, other = fault.target.split("|")
    network = world.network
    network.cut(one, other)
    network.cut(other, one)

    def join() -> None:
        network.join(one, other)
        network.join(other, one)

    return join


def _cut_one_way(world: World, fault: Fault, _: Random) -> Undo:
    one, other = fault.target.split(">")
    world.network.cut(one, other)
    return lambda: world.network.join(one, other)


def _lose(world: World, fault: Fault, _: Random) -> Undo:
    pairs = [("centre", "centre"), ("centre", "store"), ("store", "centre")]
    for pair in pairs:
        world.network.lose(*pair, fault.amount)

    def keep() -> None:
        for pair in pairs:
            world.network.lose(*pair, 0.0)

    return keep


def _slow(world: World, fault: Fault, _: Random) -> Undo:
    pairs = [(one, other) for one in ENDS for other in ENDS]
    for pair in pairs:
        world.network.slow(*pair, fault.amount / 1_000)

    def hurry() -> None:
        for pair in pairs:
            world.network.slow(*pair, 0.0)

    return hurry


def _flush(world: World, _fault: Fault, _: Random) -> Undo:
    world.store.flush()
    return _nothing


def _start(server: Server, kept: Kept) -> None:
    if not server.is_up:
        server.start(kept)


def _kill_store(world: World, _fault: Fault, chance: Random) -> Undo:
    server, kept = world.store.primary, chance.choice(list(Kept))
    server.kill()
    return lambda: _start(server, kept)


def _lose_store(world: World, _fault: Fault, _: Random) -> Undo:
    for server in world.store.servers:
        server.kill()

    def begin() -> None:
        for server in world.store.servers:
            _start(server, Kept.NOTHING)

    return begin


def _hang_store(world: World, _fault: Fault, _: Random) -> Undo:
    server = world.store.primary
    server.hang()
    return server.go_on


def _slow_store(world: World, fault: Fault, _: Random) -> Undo:
    server = world.store.primary
    server.slow_s = fault.amount / 1_000

    def hurry() -> None:
        server.slow_s = 0.0

    return hurry


def _fail_over(world: World, fault: Fault, _: Random) -> Undo:
    store = world.store
    for server in store.servers:
        store.lags_s[server] = fault.amount / 1_000

    def change() -> None:
        store.fail_over()
        for server in store.servers:
            store.lags_s[server] = LAG_S

    return change


def _split_store(world: World, _fault: Fault, _: Random) -> Undo:
    own = world.store.primary.names[-1]
    names = [one.names[-1] for one in world.store.servers]
    names += [one.names[-1] for one in world.store.sentinels]
    others = [name for name in names if name != own]
    for other in others:
        world.network.cut(own, other)
        world.network.cut(other, own)

    def join() -> None:
        for other in others:
            world.network.join(own, other)
            world.network.join(other, own)

    return join


def _clock(world: World, fault: Fault, _: Random) -> Undo:
    clock = (
        world.store.primary.clock if fault.target == STORE else world.ground.clocks[fault.target]
    )
    clock.step(int(fault.amount))
    return _nothing


def _herd(world: World, _fault: Fault, _: Random) -> Undo:
    for person in world.people_names():
        world.wires.break_of(person)
    return _nothing


def _person(world: World, fault: Fault, chance: Random) -> str | None:
    names = world.people_names()
    if fault.target == ANYONE:
        return chance.choice(names) if names else None
    return fault.target


def _reload(world: World, fault: Fault, chance: Random) -> Undo:
    person = _person(world, fault, chance)
    if person is not None:
        world.wires.break_of(person)
    return _nothing


def _line_lost(world: World, fault: Fault, chance: Random) -> Undo:
    person = _person(world, fault, chance)
    if person is None:
        return _nothing
    network = world.network
    network.cut(person, "centre")
    network.cut("centre", person)

    def join() -> None:
        network.join(person, "centre")
        network.join("centre", person)

    return join


def _poison(world: World, fault: Fault, _: Random) -> Undo:
    world.poison.add(fault.target)
    return lambda: world.poison.discard(fault.target)


def _break_desks(world: World, _fault: Fault, _: Random) -> Undo:
    world.breaks_desks = True

    def work() -> None:
        world.breaks_desks = False

    return work


def _ledger_away(world: World, _fault: Fault, _: Random) -> Undo:
    ledger = world.ground.ledger
    ledger.is_away = True

    def back() -> None:
        ledger.is_away = False

    return back


PUT_IN: Mapping[Kind, Callable[[World, Fault, Random], Undo]] = MappingProxyType(
    {
        Kind.KILL: _kill,
        Kind.STOP: _stop,
        Kind.HANG: _hang,
        Kind.RESTART: _restart,
        Kind.CUT: _cut,
        Kind.CUT_ONE_WAY: _cut_one_way,
        Kind.LOSE: _lose,
        Kind.SLOW: _slow,
        Kind.FLUSH: _flush,
        Kind.KILL_STORE: _kill_store,
        Kind.LOSE_STORE: _lose_store,
        Kind.HANG_STORE: _hang_store,
        Kind.SLOW_STORE: _slow_store,
        Kind.FAIL_OVER: _fail_over,
        Kind.SPLIT_STORE: _split_store,
        Kind.CLOCK: _clock,
        Kind.HERD: _herd,
        Kind.RELOAD: _reload,
        Kind.LINE_LOST: _line_lost,
        Kind.POISON: _poison,
        Kind.BREAK_DESKS: _break_desks,
        Kind.LEDGER_AWAY: _ledger_away,
    }
)
assert PUT_IN.keys() == set(Kind), "every kind can be put in"
