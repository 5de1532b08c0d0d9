"""The router process: any number of them match callers with advisers and rescue what is lost."""

import asyncio

from contactcentre.adapters.environment.machine import MachineChance, MachineClock
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.adapters.telemetry.monitors import violated
from contactcentre.adapters.web.peers import Peers
from contactcentre.apps.process import Process
from contactcentre.apps.reach import HttpNodes
from contactcentre.apps.rescue_findings import LoggedFindings
from contactcentre.journey.matching import Matcher
from contactcentre.journey.rescue import Watch
from contactcentre.settings import Settings


async def serve(settings: Settings, process: Process) -> None:
    """Match until the process drains; a reservation in hand is taken back by any other router."""
    # a router that is cut off with a former primary would lose the calls of everybody else there
    state = RedisState(
        settings.redis_url, timeout_ms=settings.redis_timeout_ms, needs_majority=True
    )
    clock, chance = MachineClock(), MachineChance()
    hurried = asyncio.Event()
    async with Peers(settings.cluster_key.get_secret_value()) as peers:
        matcher = Matcher(
            matching=state,
            queues=state,
            addresses=state,
            nodes=HttpNodes(peers),
            clock=clock,
            chance=chance,
            store_changed=hurried.set,
            violated=violated,
        )
        watch = Watch(
            rescue=state,
            queues=state,
            addresses=state,
            clock=clock,
            chance=chance,
            grace_ms=settings.orphan_grace_ms,
            findings=LoggedFindings(),
            hurried=hurried,
            resume=matcher.resume,
            begin_slowly=matcher.begin_slowly,
        )

        async def work() -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(matcher.run(), name="matching")
                group.create_task(watch.run(), name="rescue")

        process.check("state", state.ping)
        process.spawn(state.client.watch(), "sentinels")
        await process.run(work)
    await state.close()
