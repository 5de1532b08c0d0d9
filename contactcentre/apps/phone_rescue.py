"""Calls from telephones whose node is lost without their carrier's noticing it.

When a node dies, its sockets break, and the carrier asks by itself where the call goes on. When it
hangs, or its machine or network does, the sockets stay, and the caller hears nothing. Whatever node
is lost for longer than the carrier needs: one router has the carrier take the call off it.
"""

import asyncio

import structlog

from contactcentre.adapters.carrier_twilio.asked import sid_of
from contactcentre.adapters.carrier_twilio.rest import TwilioRest
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.adapters.telemetry.phone_metrics import count_pulled
from contactcentre.adapters.web.claims import Signatures
from contactcentre.apps.twilio_door import resume_url
from contactcentre.domain.errors import BadClaim, Outage, Refusal, StateUnavailable, UnknownName
from contactcentre.domain.ids import CallId, NodeId
from contactcentre.limits import PHONE_CALL_MAX_S
from contactcentre.ports.environment import Chance, Clock
from contactcentre.ports.state import LostCall
from contactcentre.wire.claims import PhonePass

log = structlog.get_logger()

LOOK_EVERY_MS = 500
PULLS_PER_LOOK_MAX = 20
"""The others follow with the next look: Twilio takes no herd."""


class PhoneRescue:
    """One router's rescue of calls from telephones at Twilio."""

    def __init__(
        self,
        *,
        state: RedisState,
        rest: TwilioRest,
        signatures: Signatures,
        public_url: str,
        clock: Clock,
        chance: Chance,
    ) -> None:
        self._state = state
        self._rest = rest
        self._signatures = signatures
        self._public_url = public_url
        self._clock = clock
        self._chance = chance
        self._seen: set[LostCall] = set()

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                await self.look()
            except StateUnavailable:
                self._seen.clear()
            await self._clock.sleep_ms(LOOK_EVERY_MS)

    async def look(self) -> None:
        """Pull every call that was lost in the last look already. Raises StateUnavailable."""
        lost = {one for one in await self._state.lost_calls() if sid_of(one.call) is not None}
        due, self._seen = lost & self._seen, lost
        pulled = [
            one
            for one in sorted(due, key=lambda call: call.call)[:PULLS_PER_LOOK_MAX]
            if await self._state.pull(one.call, epoch=one.epoch)
        ]
        async with asyncio.TaskGroup() as pulls:
            for one in pulled:
                pulls.create_task(self._pull(one), name="call pulled off a lost node")

    async def _pull(self, lost: LostCall) -> None:
        """Have Twilio ask where a call goes on; while that fails it is tried again later."""
        sid = sid_of(lost.call)
        assert sid is not None, "one of Twilio's"
        try:
            await self._rest.pull(sid, url=await self._resume_url(lost.call))
        except (Refusal, Outage) as error:
            count_pulled(error.code)
            log.warning("a call cannot be pulled off its lost node", call=lost.call, why=str(error))
        else:
            count_pulled("pulled")
            log.info("a call is pulled off its lost node", call=lost.call)

    async def _resume_url(self, call: CallId) -> str:
        """Return where Twilio asks. Raises UnknownName, BadClaim, StateUnavailable."""
        kept = await self._state.kept_claim(call)
        if kept is None:
            raise UnknownName("No claim to that call is kept.")
        claim = self._signatures.read_claim(kept)
        if claim.call != call:
            raise BadClaim("The claim that is kept is to another call.")
        given = PhonePass(
            use="resume",
            call=call,
            line=claim.line,
            language=claim.language,
            attempt=0,
            begun=True,
            node=NodeId("lost"),
            nonce=self._chance.nonce(),
            exp=self._clock.now_ms() // 1_000 + PHONE_CALL_MAX_S,
        )
        return resume_url(self._public_url, self._signatures.sign_pass(given))
