"""The router process: any number of them match waiting calls with ready advisers."""

from contactcentre.adapters.environment.machine import MachineChance, MachineClock
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.adapters.web.peers import Peers
from contactcentre.apps.process import Process
from contactcentre.apps.reach import HttpNodes
from contactcentre.journey.matching import Matcher
from contactcentre.settings import Settings


async def serve(settings: Settings, process: Process) -> None:
    """Match until the process drains; a reservation in hand is taken back by any other router."""
    state = RedisState(settings.redis_url, timeout_ms=settings.redis_timeout_ms)
    async with Peers(settings.cluster_key.get_secret_value()) as peers:
        matcher = Matcher(
            matching=state,
            queues=state,
            addresses=state,
            nodes=HttpNodes(peers),
            clock=MachineClock(),
            chance=MachineChance(),
        )
        process.check("state", state.ping)
        await process.run(matcher.run)
    await state.close()
