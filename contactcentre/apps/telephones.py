"""The ways by which callers on telephones reach a media node, put together."""

import time
from collections.abc import Sequence

from aiohttp import web

from contactcentre.adapters.carrier_twilio.signatures import TwilioSignatures
from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.adapters.media_aiortc.media import AiortcMedia
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.adapters.web.claims import Signatures
from contactcentre.adapters.web.routes import read_said, say
from contactcentre.apps.node_calls import NodePlace
from contactcentre.apps.node_core import NodeCore
from contactcentre.apps.phone_calls import PhoneCalls
from contactcentre.apps.twilio_door import STREAM_SUFFIX
from contactcentre.apps.twilio_legs import TwilioGround, TwilioLegs
from contactcentre.domain.ids import NodeId
from contactcentre.settings import Settings
from contactcentre.wire.phones import AskPhone, PhoneStands


def node_place(settings: Settings, internal_url: str) -> NodePlace:
    """Return where a node is, and how much it takes."""
    own = f"ws://{settings.host}:{settings.media_port}/leg"
    return NodePlace(
        node=NodeId(settings.node),
        site=settings.site,
        internal_url=internal_url,
        public_url=settings.media_public_url or own,
        legs_max=settings.legs_max,
    )


class Telephones:
    """What a node serves for callers on telephones; nothing, where no carrier is set up."""

    def __init__(
        self,
        settings: Settings,
        *,
        core: NodeCore,
        media: AiortcMedia,
        state: RedisState,
        signatures: Signatures,
    ) -> None:
        """Put it together. Raises BadRequest for settings that cannot be used."""
        self._calls = PhoneCalls(core.calls, core.admission, state, signatures)
        self._twilio: TwilioLegs | None = None
        account = settings.twilio_account()
        if account is not None:
            account_sid, auth_tokens = account
            self._twilio = TwilioLegs(
                TwilioGround(
                    account_sid=account_sid,
                    proofs=TwilioSignatures(auth_tokens),
                    stream_url=f"{node_place(settings, '').public_url}{STREAM_SUFFIX}",
                    phones=state,
                    calls=self._calls,
                    admission=core.admission,
                    signatures=signatures,
                    announce=media.announce,
                    withdraw=media.withdraw,
                    clock=MachineClock(),
                    time_s=time.monotonic,
                )
            )

    def carrier_routes(self) -> Sequence[web.RouteDef]:
        """Return what carriers open, beside the sockets of browsers."""
        if self._twilio is None:
            return []
        return [web.get(f"/leg{STREAM_SUFFIX}", self._twilio.handle)]

    def internal_routes(self) -> Sequence[web.RouteDef]:
        """Return what our own processes ask on behalf of carriers."""
        return [web.post("/phones/look", self._look), web.post("/phones/left", self._left)]

    async def _look(self, request: web.Request) -> web.Response:
        asked = await read_said(request, AskPhone)
        return say(PhoneStands(here=self._calls.look(asked.call)))

    async def _left(self, request: web.Request) -> web.Response:
        await self._calls.left((await read_said(request, AskPhone)).call)
        return web.Response(status=204)
