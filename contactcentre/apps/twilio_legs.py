"""Sound of callers on telephones, as it comes to a media node from Twilio, one socket a caller.

The handshake is signed by Twilio; the stream's start carries the pass that our webhook gave, good
once and for that call alone. From then on the call is one like any other. A `stop` is a caller who
has hung up. A socket that is lost without one is a caller who comes back, here or elsewhere: Twilio
asks the public process where to.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

import structlog
from aiohttp import web

from contactcentre.adapters.carrier_twilio import stream as said
from contactcentre.adapters.carrier_twilio.answers import PASS_PARAMETER
from contactcentre.adapters.carrier_twilio.asked import call_of
from contactcentre.adapters.carrier_twilio.signatures import SIGNATURE_HEADER, TwilioSignatures
from contactcentre.adapters.media_aiortc.carriage import Terms
from contactcentre.adapters.telemetry.phone_metrics import count_twilio
from contactcentre.adapters.web.claims import Signatures, page_digest
from contactcentre.apps.admission import Admission
from contactcentre.apps.node_call import NodeCall
from contactcentre.apps.phone_calls import PhoneCalls
from contactcentre.apps.phone_opening import open_way
from contactcentre.apps.phone_page import PhonePage
from contactcentre.apps.stream_carriage import StreamCarriage
from contactcentre.apps.stream_socket import StreamSocket, started
from contactcentre.domain.epochs import NOT_ADMITTED
from contactcentre.domain.errors import (
    BadClaim,
    Outage,
    Refusal,
    StateUnavailable,
)
from contactcentre.domain.events import Channel
from contactcentre.limits import CLAIM_LIFE_S
from contactcentre.ports.environment import Clock
from contactcentre.ports.phone_claims import OpenedWay, PhoneClaims
from contactcentre.wire.claims import CallerClaim, PhonePass
from contactcentre.wire.closing import Closing
from contactcentre.wire.phones import Here

log = structlog.get_logger()

LAST_CLAIM_WITHIN_MS = 5_000
"""For so long after a caller has hung up the socket waits for the call's own end."""
PASSES_KEPT_MAX = 10_000
KEYS = frozenset("0123456789*#")


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioGround:
    """What the sockets stand on."""

    account_sid: str
    proofs: TwilioSignatures
    stream_url: str
    """This node's address as Twilio is told it."""
    phones: PhoneClaims
    calls: PhoneCalls
    admission: Admission
    signatures: Signatures
    announce: Callable[[Terms], str]
    withdraw: Callable[[str], None]
    clock: Clock
    time_s: Callable[[], float]


class Replayed(Exception):
    """A pass that was used before; what it says must not be counted as a caller who came."""


class TwilioLegs:
    """Takes the sockets that Twilio opens."""

    def __init__(self, ground: TwilioGround) -> None:
        self._ground = ground
        self._used: OrderedDict[str, None] = OrderedDict()
        """Passes that were used here: while the live state is away nobody else knows."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket to its end."""
        ground = self._ground
        signature = request.headers.get(SIGNATURE_HEADER)
        if not ground.proofs.proves(ground.stream_url, {}, signature):
            count_twilio("stream", BadClaim.code)
            log.warning("a socket in Twilio's name is refused")
            return web.Response(status=HTTPStatus.FORBIDDEN)
        socket = StreamSocket()
        answer = await socket.open(request)
        code, why = Closing.DONE, ""
        try:
            await self._serve(socket)
        except Replayed:
            code, why = Closing.REFUSED, "replayed"
        except (Refusal, Outage) as error:
            code, why = Closing.REFUSED, error.code
        if why:
            count_twilio("stream", why)
            log.warning("a stream is refused", why=why)
        await socket.close(code=code, why=why)
        return answer

    async def _serve(self, socket: StreamSocket) -> None:
        """Take a stream in. Raises Replayed, and what keeps the call from being taken in."""
        messages = socket.messages()
        start = await started(messages)
        given = self._pass_of(start)
        opened = await self._open(given)
        carriage = StreamCarriage(start.stream_sid, socket, clock=self._ground.time_s)
        stream = _Stream(self._ground, given, carriage)
        await stream.admit(self._claim(given, opened), attempt=max(given.attempt, opened.attempt))
        count_twilio("stream", "taken")
        await stream.live(messages)

    def _pass_of(self, start: said.Start) -> PhonePass:
        """Return the pass of the stream's call. Raises BadClaim."""
        facts, ground = start.start, self._ground
        given = ground.signatures.read_pass(facts.parameters.get(PASS_PARAMETER, ""))
        is_its_own = given.use == "open" and given.call == call_of(facts.call_sid)
        if not is_its_own or facts.account_sid != ground.account_sid:
            raise BadClaim("This pass is for another call.")
        return given

    async def _open(self, given: PhonePass) -> OpenedWay:
        """Use the pass up. Raises Replayed."""
        if given.nonce in self._used:
            raise Replayed
        self._used[given.nonce] = None
        while len(self._used) > PASSES_KEPT_MAX:
            self._used.popitem(last=False)
        ground = self._ground
        is_here = ground.calls.look(given.call) is not Here.UNKNOWN
        try:
            opened = await open_way(ground.phones, given, ground.clock, is_here=is_here)
        except StateUnavailable:
            log.warning("a call is taken in by its pass alone", call=given.call)
            return OpenedWay(attempt=given.attempt, claim=None)
        if opened is None:
            raise Replayed
        return opened

    def _claim(self, given: PhonePass, opened: OpenedWay) -> CallerClaim:
        """Return the claim that a node has kept last, or one to a call that begins."""
        ground = self._ground
        if opened.claim is not None:
            return ground.signatures.read_claim(opened.claim)
        return CallerClaim(
            call=given.call,
            line=given.line,
            language=given.language,
            epoch_count=NOT_ADMITTED.count,
            epoch_nonce=NOT_ADMITTED.nonce,
            page=page_digest(given.nonce),
            channel=Channel.TWILIO,
            exp=ground.clock.now_ms() // 1_000 + CLAIM_LIFE_S,
        )


class _Stream:
    """One stream, once it is known whose it is."""

    def __init__(self, ground: TwilioGround, given: PhonePass, carriage: StreamCarriage) -> None:
        self._ground = ground
        self._id = given.call
        self._carriage = carriage
        self._call: NodeCall | None = None
        self._closed = asyncio.Event()
        self._page = PhonePage(
            given.call,
            phones=ground.phones,
            signatures=ground.signatures,
            closed=self._close,
        )

    async def admit(self, claim: CallerClaim, *, attempt: int) -> None:
        """Take the caller in, or back. Raises as Admission does."""
        ground = self._ground
        word = ground.announce(self._carriage.terms)
        try:
            self._call = await ground.admission.admit(claim, word, self._page, attempt=attempt)
        finally:
            ground.withdraw(word)
        ground.calls.here(self._id)

    async def live(self, messages: AsyncIterator[said.Message]) -> None:
        """Let sound flow until the call is over, the caller has gone, or the socket is lost."""
        call = self._call
        assert call is not None, "admitted"
        keeping = asyncio.create_task(self._page.keep_claim(), name="claim of a telephone call")
        sending = self._carriage.until_over(is_last=lambda: self._page.closing is Closing.DONE)
        writing = asyncio.create_task(sending, name="sound to a telephone")
        reading = asyncio.create_task(self._read(call, messages), name="sound of a telephone")
        try:
            await asyncio.wait({writing, reading}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done() and self._page.closing is None and reading.result():
                await self._until_closed()  # its end goes into the claim
        finally:
            call.caller.browser_lost(self._page)
            self._carriage.end()
            for task in (keeping, writing, reading):
                task.cancel()
            await asyncio.wait({keeping, writing, reading})

    async def _read(self, call: NodeCall, messages: AsyncIterator[said.Message]) -> bool:
        """Take what Twilio says; return whether the caller has hung up."""
        async for message in messages:
            match message:
                case said.Sound():
                    self._carriage.sound_came(message)
                case said.Key(dtmf=key) if key.digit in KEYS:
                    call.caller.press(key.digit)
                case said.Mark(mark=mark):
                    self._carriage.mark_came(mark.name)
                case said.Stop():
                    return await self._stopped(call)
                case _:
                    pass
        return False

    async def _stopped(self, call: NodeCall) -> bool:
        """Say whether a stream that was stopped is a caller who has hung up, and end the call."""
        if self._page.closing is not None or await self._is_pulled(call):
            return False
        call.caller.hang_up()
        return True

    async def _is_pulled(self, call: NodeCall) -> bool:
        """Say whether the stream was stopped by us: a router takes the call off this node."""
        try:
            return await self._ground.phones.is_pulled(self._id, epoch=call.call.epoch)
        except StateUnavailable:
            return False

    async def _until_closed(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_CLAIM_WITHIN_MS / 1_000):
                await self._closed.wait()

    def _close(self, why: Closing) -> None:
        """Let the socket be closed: Twilio then asks the public process what is next."""
        if why in {Closing.STOPPING, Closing.ELSEWHERE}:
            self._ground.calls.sent_on(self._id)
        self._closed.set()
        self._carriage.end()
