"""Three servers, their Sentinels and whoever uses them: what tests of faults stand on."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.domain.errors import StateUnavailable
from contactcentre.simulation.client import SimulatedClient
from contactcentre.simulation.loop import Simulation, run
from contactcentre.simulation.network import Network
from contactcentre.simulation.store.group import Group
from contactcentre.simulation.store.server import Server

SITES = ("north", "south", "witness")
STEP_S = 0.02


class Ground:
    """Two sites and a witness: a server and a Sentinel at each, the primary in the north."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.network = Network(simulation)
        self.north, self.south, self.witness = self.servers = [
            Server(simulation, site, f"store-{site}") for site in SITES
        ]
        self.group = Group(
            simulation,
            self.network,
            self.servers,
            sentinels=[(site, f"sentinel-{site}") for site in SITES],
            replicas_min=1,
        )

    def state(self, site: str = "north", name: str = "router") -> RedisState:
        """Return the live state as a process at a site has it."""
        return RedisState(self.client(site, name))

    def client(self, site: str, name: str) -> SimulatedClient:
        """Return a client of a process at a site."""
        names = (site, f"{site}-{name}")
        return SimulatedClient(self.simulation, self.network, self.group, *names)

    async def until(self, reached: Callable[[], bool], *, within_s: float = 20.0) -> float:
        """Return how long it has taken until something is so."""
        began_s = self.simulation.now_s
        async with asyncio.timeout(within_s):
            while not reached():  # noqa: ASYNC110 - it can only be asked
                await asyncio.sleep(STEP_S)
        return self.simulation.now_s - began_s

    async def until_there(self, state: RedisState, *, within_s: float = 20.0) -> float:
        """Return how long it has taken until a step succeeds."""
        began_s = self.simulation.now_s
        async with asyncio.timeout(within_s):
            while await fails(state.give_time()):  # noqa: ASYNC110 - it can only be asked
                await asyncio.sleep(STEP_S)
        return self.simulation.now_s - began_s

    def keys(self, server: Server) -> set[str]:
        """Return what a server has, whatever its role."""
        return {key.decode() for key in server.data.values}


async def fails(step: Coroutine[Any, Any, Any]) -> str:
    """Return how a step fails for want of the store, nothing if it does not."""
    try:
        await step
    except StateUnavailable as outage:
        return str(outage)
    return ""


def on_ground(
    play: Callable[[Ground], Coroutine[Any, Any, Any]],
    *,
    seed: int = 1,
    rounds_max: int = 500_000,
) -> Any:
    """Play something on a ground of its own and return what it gives."""

    async def begin(simulation: Simulation) -> Any:
        return await play(Ground(simulation))

    return run(begin, seed=seed, rounds_max=rounds_max)
