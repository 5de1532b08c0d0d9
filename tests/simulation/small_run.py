"""A small run whose trace is printed, so that two processes can be compared."""

import asyncio
import sys

from contactcentre.domain.ids import CallId, RequestId
from contactcentre.simulation.store.server import Kept
from tests.adapters.state_redis.centre import ADA, BOB, NORTH, SOUTH, Centre
from tests.simulation.ground import Ground, fails, on_ground


async def small(ground: Ground) -> str:
    """Let some callers join and some advisers take them, while servers come and go."""
    simulation, state = ground.simulation, ground.state("south")
    centre = Centre(state)
    await centre.open()
    ground.network.lose("south", "north", 0.1)
    joining = [
        fails(centre.call(CallId(f"call-{number}"), node=(NORTH, SOUTH)[number % 2]))
        for number in range(40)
    ]
    simulation.note(await asyncio.gather(*joining))
    ground.north.kill()
    simulation.note(await ground.until_there(state), ground.group.primary.names)
    ground.north.start(Kept.NOTHING)
    ground.network.heal()
    await centre.open()
    for adviser in (ADA, BOB):
        await centre.ready(adviser)
        simulation.note(await state.match_advisers([adviser], request=RequestId(adviser)))
    simulation.note(await centre.order())
    await centre.lose_node()
    await asyncio.sleep(10)
    simulation.note(await centre.lost(), await centre.standing(), await state.generation())
    simulation.note([[*server.data.values] for server in ground.servers])
    return simulation.trace


if __name__ == "__main__":
    sys.stdout.write(on_ground(small))
