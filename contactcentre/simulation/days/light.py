"""Calls without sound, pages and menus, and what everybody of a day shares.

A call's life is that of the domain: `contactcentre.domain.call` says which event may follow which.
Its caller is a few timers; its node and its adviser's desk say of it to the live state what real
ones say, over the same adapters.
"""

from asyncio import TimerHandle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from contactcentre.domain.call import Call
from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.events import Ending, LapseReason
from contactcentre.domain.ids import AdviserId, DeskId, NodeId, QueueId, Token
from contactcentre.simulation.days.judge import Judge
from contactcentre.simulation.days.tally import Tally
from contactcentre.simulation.lives import WORLD
from contactcentre.simulation.loop import Simulation
from contactcentre.simulation.network import Names, Network


@dataclass(slots=True, kw_only=True, eq=False)
class Caller:
    """Somebody who calls, perhaps more than once."""

    pool: str
    wants_adviser: bool
    is_urgent: bool
    """Needs extra support, and goes ahead of all others."""
    is_served: bool = False
    left_place_ms: int | None = None
    """Since when the caller waited in the call that was left unserved, and when it was left."""
    left_at_ms: int = 0

    @property
    def service_class(self) -> ServiceClass:
        """How urgent the caller's calls are."""
        return ServiceClass.P0 if self.is_urgent else ServiceClass.P2


@dataclass(slots=True, kw_only=True, eq=False)
class LightCall:
    """One call: what its node knows of it, and what its caller's page does."""

    caller: Caller
    call: Call
    node: "Holder"
    queue: QueueId
    service_class: ServiceClass
    has_chosen: bool = False
    """The caller is through with the menus and wants the queue."""
    joined_s: float | None = None
    """When the caller began to wait."""
    is_between: bool = False
    """Its node is lost, and the caller is not at another one yet."""
    put_off: Callable[[], None] | None = None
    """What the caller does as soon as there is a node again."""
    timer: TimerHandle | None = None
    """Until the caller leaves the queue."""


class Holder(Protocol):
    """The node that holds a call, as callers and desks speak to it."""

    @property
    def node(self) -> NodeId:
        """Its name."""

    @property
    def names(self) -> Names:
        """What it goes by on the network."""

    def queue(self, one: LightCall) -> None:
        """Let a caller who is through with the menus wait."""

    def end(self, one: LightCall, *, lost: bool = False) -> Ending:
        """Let a call be over, by its caller's or its flow's doing, or lost; return how."""

    def bridge(self, one: LightCall, adviser: AdviserId, token: Token) -> None:
        """Take an adviser's answer."""

    def lapse(self, one: LightCall, token: Token, why: LapseReason) -> None:
        """Let a ring come to nothing."""

    def stand(self, one: LightCall) -> None:
        """Note that the live state knows that a call waits, if it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """What a node tells a desk."""

    one: LightCall
    adviser: AdviserId
    desk: DeskId
    token: Token


class Crowd(Protocol):
    """The callers, as nodes speak to them."""

    def waits(self, one: LightCall) -> None:
        """Tell a caller that the call waits."""

    def talks(self, one: LightCall) -> None:
        """Tell a caller that an adviser is there."""

    def over(self, one: LightCall, ending: Ending) -> None:
        """Tell a caller that the call is over."""


class Desks(Protocol):
    """The desks, as nodes speak to them; what is said takes its way over the network."""

    def ring(self, source: Names, ring: Ring) -> None:
        """Let an adviser's desk ring; its node hears if it cannot."""

    def bridged(self, source: Names, adviser: AdviserId, token: Token) -> None:
        """Tell an adviser's page that the caller is there."""

    def over(
        self, source: Names, adviser: AdviserId, token: Token, *, sends_away: bool = False
    ) -> None:
        """Tell an adviser's page that a ring or a talk is over."""


class Scene:
    """What everybody of one simulated day shares."""

    def __init__(self, simulation: Simulation, network: Network) -> None:
        self.simulation = simulation
        self.network = network
        self.judge = Judge()
        self.tally = Tally()
        self.watchful_s: list[tuple[float, float]] = []
        """From when to when every node and desk says all that it holds with each beat."""
        self.crowd: Crowd
        self.desks: Desks

    @property
    def now_s(self) -> float:
        """The time since the simulation began, in seconds."""
        return self.simulation.now_s

    @property
    def is_watchful(self) -> bool:
        """Say whether beats say everything now."""
        now_s = self.simulation.now_s
        return any(from_s <= now_s < until_s for from_s, until_s in self.watchful_s)

    def later(self, delay_s: float, step: Callable[..., object], *args: object) -> TimerHandle:
        """Let a person do something after a while, whichever process lives then."""
        loop = self.simulation.loop
        return loop.call_later(max(0.0, delay_s), step, *args, context=WORLD)
