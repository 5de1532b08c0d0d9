"""A caller whose node was lost together with the live state waits for what is kept of the call."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from contactcentre.adapters.embedded.valkey import Valkey
from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.apps.phone_opening import open_way
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.ids import CallId, LineId, NodeId
from contactcentre.domain.languages import Language
from contactcentre.wire.claims import PhonePass

CALL = CallId("twilio-CA" + "1" * 32)
AWAY_S = 1.2
AT_ONCE_S = 1.0
DEADLINE_S = 5.0


def opening(*, attempt: int) -> PhonePass:
    """Return a pass that opens the stream of a call."""
    return PhonePass(
        use="open",
        call=CALL,
        line=LineId("tax"),
        language=Language.ENGLISH,
        attempt=attempt,
        node=NodeId("lost"),
        nonce="n",
        exp=int(time.time()) + 60,
    )


@asynccontextmanager
async def away(valkey: Valkey, redis_url: str) -> AsyncIterator[RedisState]:
    """Give a live state that knows the call's claim and stands still."""
    state = RedisState(redis_url)
    await state.keep_claim(CALL, epoch=LegEpoch(1, "a"), claim="the claim")
    valkey.program.process.send_signal(signal.SIGSTOP)
    try:
        yield state
    finally:
        valkey.program.process.send_signal(signal.SIGCONT)
        await state.close()


async def test_a_call_that_had_begun_has_its_claim_as_soon_as_the_live_state_is_back(
    valkey: Valkey, redis_url: str
) -> None:
    async with away(valkey, redis_url) as state, asyncio.timeout(DEADLINE_S):
        given = opening(attempt=1)
        waiting = asyncio.create_task(open_way(state, given, MachineClock(), is_here=False))
        await asyncio.sleep(AWAY_S)
        valkey.program.process.send_signal(signal.SIGCONT)
        opened = await waiting
    assert opened is not None
    assert opened.claim == "the claim"


@pytest.mark.parametrize(("attempt", "is_here"), [(0, False), (1, True)], ids=["new", "here"])
async def test_a_new_call_and_one_that_is_here_wait_for_nothing(
    valkey: Valkey, redis_url: str, *, attempt: int, is_here: bool
) -> None:
    async with away(valkey, redis_url) as state:
        began_s = time.monotonic()
        with pytest.raises(StateUnavailable):
            await open_way(state, opening(attempt=attempt), MachineClock(), is_here=is_here)
        assert time.monotonic() - began_s < AT_ONCE_S
