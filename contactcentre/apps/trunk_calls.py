"""Callers who ring from a trunk: each becomes a call of this node as one from a page does.

A phone has no page. In its place stands its dialog: what a page would be told of an answer or an
end is said to the phone in SIP, and what it cannot show is let go. Whether the caller is there is
the dialog's word as well, for a phone may be silent and still be listened to.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping

import structlog
from pydantic import BaseModel

from contactcentre.adapters.media_aiortc.media import AiortcMedia
from contactcentre.adapters.media_aiortc.phone_leg import PhoneLeg
from contactcentre.adapters.media_aiortc.phone_ports import PhonePorts
from contactcentre.adapters.web.claims import page_digest
from contactcentre.apps.admission import Admission
from contactcentre.apps.node_call import NodeCall
from contactcentre.apps.node_calls import NodeCalls
from contactcentre.domain.epochs import NOT_ADMITTED
from contactcentre.domain.errors import MalformedOffer, Outage, Refusal
from contactcentre.domain.ids import CallId, LineId
from contactcentre.domain.ivr.flow import Line, line_called
from contactcentre.limits import CLAIM_LIFE_S
from contactcentre.ports.environment import Chance, Clock
from contactcentre.ports.phones import Phone, Ringing
from contactcentre.wire.claims import CallerClaim
from contactcentre.wire.closing import Closing
from contactcentre.wire.legs import Answer

log = structlog.get_logger()

RETRY_AFTER_S = 5
ADMITTING_MAX = 200
"""So many calls may be on their way in at once."""
LOOK_EVERY_MS = 5_000
ASK_EVERY_LOOKS = 3
"""A phone from which nothing is heard is asked every 15 s whether it is there."""
OFFERED_LAW = "PCMA"
OFFERED_KEYS = 101
NOT_ACCEPTABLE, BUSY = 488, 503


class TrunkCalls:
    """The calls of this node's trunks (ports.phones.Switchboard)."""

    def __init__(
        self,
        *,
        calls: NodeCalls,
        admission: Admission,
        media: AiortcMedia,
        ports: PhonePorts,
        address: str,
        lines: Mapping[LineId, Line],
        clock: Clock,
        chance: Chance,
        spawn: Callable[[Coroutine[None, None, None], str], None],
    ) -> None:
        self.calls = calls
        self.admission = admission
        self.media = media
        self.ports = ports
        self.address = address
        self.clock = clock
        self.chance = chance
        self._lines = lines
        self._spawn = spawn
        self._admitting = 0

    @property
    def retry_after_s(self) -> int | None:
        """Return when to try again; None while calls are taken."""
        is_full = self.calls.draining or self.calls.is_full or not self.media.is_ticking
        return RETRY_AFTER_S if is_full or self._admitting >= ADMITTING_MAX else None

    def takes(self, called: str) -> bool:
        """Say whether a called number is a line's."""
        return line_called(self._lines, called) is not None

    def rings(self, ringing: Ringing, phone: Phone) -> "TrunkCaller":
        """Take a call in."""
        line = line_called(self._lines, ringing.called)
        assert line is not None, "no call rings whose number is nobody's"
        caller = TrunkCaller(self, ringing, phone, line)
        self._spawn(self._come_in(caller), "trunk call")
        return caller

    async def _come_in(self, caller: "TrunkCaller") -> None:
        self._admitting += 1
        try:
            await caller.come_in()
        finally:
            self._admitting -= 1
        await caller.keep_watch()


class TrunkCaller:
    """One caller on a phone: the dialog's owner (ports.phones.Caller), and the call's page."""

    def __init__(self, trunk: TrunkCalls, ringing: Ringing, phone: Phone, line: Line) -> None:
        self._trunk = trunk
        self._ringing = ringing
        self._phone = phone
        self._line = line
        self._leg: PhoneLeg | None = None
        self._call: NodeCall | None = None
        self._over = asyncio.Event()

    async def come_in(self) -> None:
        """Become a call of this node, or be refused."""
        self._phone.ring()
        try:
            self._leg = self._new_leg()
            word = self._trunk.media.announce(self._leg.terms())
            try:
                self._call = await self._trunk.admission.admit(self._claim(), word, self)
            finally:
                self._trunk.media.withdraw(word)
        except (Refusal, Outage) as problem:
            self._refuse(problem)
            return
        log.info("a call has come from a trunk", call=self._call.call.id, trunk=self._ringing.trunk)
        if self._over.is_set():
            self._call.caller.hang_up()

    async def keep_watch(self) -> None:
        """Ask a phone from which nothing is heard whether it is there, until the call is over."""
        looks = received_count = 0
        while self._call is not None and not await self._is_over_within(LOOK_EVERY_MS):
            if self._trunk.calls.get(self._call.call.id) is not self._call:
                self._phone.hang_up()  # a call that a mistake of ours has ended says no goodbye
                return
            quality = self._trunk.media.quality(self._call.caller.leg)
            if quality is None or quality.received_count != received_count:
                looks, received_count = 0, 0 if quality is None else quality.received_count
                continue
            looks += 1
            if looks % ASK_EVERY_LOOKS == 1 and not await self._phone.is_there():
                log.info("a phone is not there any more", call=self._call.call.id)

    # In the place of a page (apps.adviser_part.Browser)

    def send(self, said: BaseModel) -> None:
        """Say the answer to the phone; what else a page shows has no place there."""
        if isinstance(said, Answer):
            self._phone.answer(said.sdp)

    def close(self, why: Closing) -> None:
        """End the call on the phone, unless it goes on elsewhere."""
        self._over.set()
        if why is Closing.REPLACED:
            self._phone.let_go()
        else:
            self._phone.hang_up()

    # What the phone does (ports.phones.Caller)

    def phone_began(self) -> None:
        """Let sound flow."""
        if self._leg is not None:
            self._leg.begin()

    def phone_answered(self, answer: str) -> None:
        """Send sound to where the phone answers that it is. Raises MalformedOffer."""
        if self._leg is not None:
            self._leg.answered(answer)

    def phone_pressed(self, key: str) -> None:
        """Pass a key on."""
        if self._call is not None:
            self._call.caller.press(key)

    def phone_offered(self, offer: str) -> str:
        """Return our answer to a new offer. Raises MalformedOffer."""
        if self._leg is None:
            raise MalformedOffer("This call has no sound yet.")
        return self._leg.offered(offer)

    def phone_ended(self) -> None:
        """Let the call end: the caller has hung up."""
        self._over.set()
        if self._call is not None:
            self._call.caller.hang_up()

    # Within

    def _new_leg(self) -> PhoneLeg:
        """Return the leg that the phone offers, or asks us to offer. Raises MalformedOffer."""
        trunk, believed = self._trunk, [self._ringing.host]
        if self._ringing.offer is None:
            return PhoneLeg.to_offer(
                address=trunk.address,
                ports=trunk.ports,
                law=OFFERED_LAW,
                keys_payload_type=OFFERED_KEYS,
                believed=believed,
            )
        return PhoneLeg.of_offer(
            self._ringing.offer, address=trunk.address, ports=trunk.ports, believed=believed
        )

    def _claim(self) -> CallerClaim:
        """Return the claim of a new call, which no page has and none can prove to have."""
        chance = self._trunk.chance
        return CallerClaim(
            call=CallId(chance.nonce()),
            line=self._line.id,
            language=self._line.flow.languages[0],
            epoch_count=NOT_ADMITTED.count,
            epoch_nonce=NOT_ADMITTED.nonce,
            page=page_digest(chance.nonce() + chance.nonce()),
            trunk=self._ringing.trunk,
            exp=self._trunk.clock.now_ms() // 1_000 + CLAIM_LIFE_S,
        )

    def _refuse(self, problem: Refusal | Outage) -> None:
        """Turn the phone away in the words of its own network."""
        log.info("a call from a trunk was refused", why=problem.code, trunk=self._ringing.trunk)
        self._over.set()
        match problem:
            case MalformedOffer():
                self._phone.refuse(NOT_ACCEPTABLE)
            case _:
                self._phone.refuse(BUSY, retry_after_s=RETRY_AFTER_S)

    async def _is_over_within(self, span_ms: int) -> bool:
        try:
            async with asyncio.timeout(span_ms / 1_000):
                await self._over.wait()
        except TimeoutError:
            return False
        return True
