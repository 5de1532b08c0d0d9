"""Payment steps: while a caller gives a card number, a payment page has nothing recorded.

The page asks for the number once it has been answered here, and not before: where the call's node
cannot be reached, that is an outage for the page and no leave to go on.
"""

from hmac import compare_digest
from typing import Protocol

from aiohttp import web

from contactcentre.adapters.web.routes import read_said, say
from contactcentre.domain.consulting import asked_about
from contactcentre.domain.errors import (
    NotAllowed,
    OutOfOrder,
    PeerUnavailable,
    StateUnavailable,
    UnknownName,
)
from contactcentre.domain.ids import AdviserId, CallId
from contactcentre.domain.presence import Presence
from contactcentre.journey.supervision import Supervision
from contactcentre.ports.environment import Clock
from contactcentre.ports.state import CallQueues
from contactcentre.wire.recording import (
    PaymentStep,
    PaymentStepNow,
    RecordingStands,
    RecordingStep,
)

PATH = "/api/payment-steps"
SCHEME = "Bearer "
WITHIN_MS = 5_000
"""So long a call that is on its way to another node is looked for."""
LOOK_EVERY_MS = 250


class StepWay(Protocol):
    """The way to media nodes."""

    async def step(self, node_url: str, step: RecordingStep) -> RecordingStands:
        """Let a step begin or end. Raises PeerUnavailable and what the node refuses."""


class PaymentSteps:
    """Tells the node of an adviser's talk that nobody may record what comes, until it is over."""

    def __init__(
        self,
        *,
        key: str,
        queues: CallQueues,
        supervision: Supervision,
        nodes: StepWay,
        clock: Clock,
    ) -> None:
        self._authorization = f"{SCHEME}{key}".encode()
        self._queues = queues
        self._supervision = supervision
        self._nodes = nodes
        self._clock = clock

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a payment page. Raises NotAllowed, BadRequest and what `step` does."""
        said = request.headers.get("Authorization", "").encode()
        if not compare_digest(said, self._authorization):
            raise NotAllowed("Say 'Authorization: Bearer …' with the key of CC_PAYMENT_KEY.")
        return say(await self.step(await read_said(request, PaymentStep)))

    async def step(self, asked: PaymentStep) -> PaymentStepNow:
        """Let a step begin or end; return how the recording stands by then.

        Raises OutOfOrder if the adviser has no talk, and StateUnavailable or PeerUnavailable if it
        is not known how the recording stands.
        """
        call = self._talk_of(asked.adviser)
        until_ms = self._clock.monotonic_ms() + WITHIN_MS
        while True:
            try:
                stands = await self._tell(call, on=asked.on)
            except (PeerUnavailable, StateUnavailable, UnknownName) as error:
                if self._clock.monotonic_ms() >= until_ms:
                    raise PeerUnavailable(f"nobody has {call}: {error}") from error
                await self._clock.sleep_ms(LOOK_EVERY_MS)
            else:
                return PaymentStepNow(call=call, recorded=stands.recorded, left_ms=stands.left_ms)

    def _talk_of(self, adviser: AdviserId) -> CallId:
        """Return the call that an adviser talks in. Raises OutOfOrder, StateUnavailable."""
        overview = self._supervision.overview
        if overview is None:
            raise StateUnavailable("there is no overview")
        standing = dict(overview.advisers).get(adviser)
        if standing is None or standing.call is None or standing.state is not Presence.TALKING:
            raise OutOfOrder("That adviser talks with nobody, or has only just begun to.")
        return asked_about(standing.call)

    async def _tell(self, call: CallId, *, on: bool) -> RecordingStands:
        """Tell a call's node. Raises what `step` on the way there does, and StateUnavailable."""
        overview = self._supervision.overview
        nodes = {} if overview is None else {node.node: node for node in overview.nodes}
        for standing in await self._queues.look_calls([call]):
            if standing.node is not None and standing.node in nodes:
                step = RecordingStep(call=call, on=on)
                return await self._nodes.step(nodes[standing.node].internal_url, step)
        raise UnknownName("No node has that call.")
