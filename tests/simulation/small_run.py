"""A small run whose trace is printed, so that two processes can be compared."""

import asyncio
import sys

from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.domain.ids import CallId, RequestId
from contactcentre.simulation.client import SimulatedClient
from contactcentre.simulation.loop import Simulation, run
from contactcentre.simulation.network import Network
from contactcentre.simulation.store.group import Group
from contactcentre.simulation.store.server import Server
from tests.adapters.state_redis.centre import ADA, BOB, NORTH, SOUTH, Centre


async def small(simulation: Simulation) -> str:
    """Let some callers join and some advisers take them; return the trace."""
    network = Network(simulation)
    group = Group(simulation, network, [Server(simulation, "north", "store")])
    state = RedisState(SimulatedClient(simulation, network, group, "south", "router"))
    centre = Centre(state)
    await centre.open()
    calls = [CallId(f"call-{number}") for number in range(20)]
    async with asyncio.TaskGroup() as joining:
        for number, call in enumerate(calls):
            joining.create_task(centre.call(call, node=(NORTH, SOUTH)[number % 2]))
    for adviser in (ADA, BOB):
        await centre.ready(adviser)
        simulation.note(await state.match_adviser(adviser, request=RequestId(adviser)))
    simulation.note(await centre.order())
    await centre.lose_node()
    simulation.note(await centre.lost(), await state.queues_waiting())
    simulation.note([*group.primary.data.values], await centre.standing())
    return simulation.trace


if __name__ == "__main__":
    sys.stdout.write(run(small, seed=1))
