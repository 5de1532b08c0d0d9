"""The router process: any number of them match callers with advisers and rescue what is lost."""

import asyncio
from contextlib import AsyncExitStack

from contactcentre.adapters.carrier_twilio.rest import TwilioRest
from contactcentre.adapters.environment.machine import MachineChance, MachineClock
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.adapters.telemetry.monitors import violated
from contactcentre.adapters.web.claims import Signatures
from contactcentre.adapters.web.peers import Peers
from contactcentre.apps.phone_rescue import PhoneRescue
from contactcentre.apps.process import Process
from contactcentre.apps.reach import HttpNodes, PeerWay
from contactcentre.apps.rescue_findings import LoggedFindings
from contactcentre.apps.storm_watch import StormWatch
from contactcentre.apps.twilio_door import public_address
from contactcentre.domain.storm import StormBreaker
from contactcentre.journey.matching import Matcher
from contactcentre.journey.rescue import Watch
from contactcentre.ports.environment import Chance, Clock
from contactcentre.ports.monitors import Violated
from contactcentre.settings import Settings


async def serve(settings: Settings, process: Process) -> None:
    """Match until the process drains; a reservation in hand is taken back by any other router."""
    # a router that is cut off with a former primary would lose the calls of everybody else there
    state = RedisState(
        settings.redis_url, timeout_ms=settings.redis_timeout_ms, needs_majority=True
    )
    async with Peers(settings.cluster_key.get_secret_value()) as peers:
        router = Router(
            state=state,
            peers=peers,
            clock=MachineClock(),
            chance=MachineChance(),
            grace_ms=settings.orphan_grace_ms,
            wish_ms=settings.wish_ms,
            breaker=StormBreaker(
                advisers_min=settings.storm_advisers, window_ms=settings.storm_window_ms
            ),
            violated=violated,
        )
        process.spawn(state.client.watch(), "sentinels")
        process.check("state", state.ping)
        async with AsyncExitStack() as stack:
            rescue = await _phone_rescue(settings, state, stack)
            if rescue is not None:
                process.spawn(rescue.run(), "rescue of telephone calls")
            await process.run(router.work)
    await state.close()


async def _phone_rescue(
    settings: Settings, state: RedisState, stack: AsyncExitStack
) -> PhoneRescue | None:
    """Return what rescues calls at Twilio; None where none come from there. Raises BadRequest."""
    account = settings.twilio_account()
    if account is None:
        return None
    account_sid, auth_tokens = account
    clock, chance = MachineClock(), MachineChance()
    rest = await stack.enter_async_context(
        TwilioRest(
            account_sid=account_sid,
            auth_token=auth_tokens[0],
            api_url=settings.twilio_api_url,
            clock=clock,
            chance=chance,
        )
    )
    signing, keys = settings.signing_ring()
    return PhoneRescue(
        state=state,
        rest=rest,
        signatures=Signatures(keys, signing, clock),
        public_url=public_address(settings),
        clock=clock,
        chance=chance,
    )


class Router:
    """One router: it matches, and watches over what may be lost."""

    def __init__(
        self,
        *,
        state: RedisState,
        peers: PeerWay,
        clock: Clock,
        chance: Chance,
        grace_ms: int,
        wish_ms: int,
        breaker: StormBreaker,
        violated: Violated,
    ) -> None:
        hurried = asyncio.Event()
        self._matcher = Matcher(
            matching=state,
            queues=state,
            addresses=state,
            nodes=HttpNodes(peers),
            clock=clock,
            chance=chance,
            brake=StormWatch(state, clock, breaker),
            store_changed=hurried.set,
            violated=violated,
            wish_ms=wish_ms,
        )
        self._watch = Watch(
            rescue=state,
            queues=state,
            addresses=state,
            clock=clock,
            chance=chance,
            grace_ms=grace_ms,
            findings=LoggedFindings(),
            hurried=hurried,
            suspend=self._matcher.suspend,
            resume=self._matcher.resume,
            begin_slowly=self._matcher.begin_slowly,
        )

    async def work(self) -> None:
        """Match and watch for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._matcher.run(), name="matching")
            group.create_task(self._watch.run(), name="rescue")
