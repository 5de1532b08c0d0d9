"""One caller on a phone: the owner of its dialog, and to its call what a page is to others.

A phone has no page. In its place stands its dialog: what a page would be told of an answer or an
end is said to the phone in SIP, and what it cannot show is let go. Whether the caller is there is
the dialog's word as well, for a phone may be silent and still be listened to.
"""

import asyncio
from collections.abc import Callable

import structlog
from pydantic import BaseModel

from contactcentre.adapters.media_aiortc.media import AiortcMedia
from contactcentre.adapters.media_aiortc.phone_leg import PhoneLeg
from contactcentre.apps.admission import Admission
from contactcentre.apps.node_call import NodeCall
from contactcentre.apps.node_calls import NodeCalls
from contactcentre.apps.phone_silence import LOOK_EVERY_MS, PhoneSilence
from contactcentre.domain.call import CallState
from contactcentre.domain.errors import MalformedOffer, Outage, Refusal
from contactcentre.domain.ids import CallId
from contactcentre.ports.phones import Phone
from contactcentre.wire.claims import CallerClaim
from contactcentre.wire.closing import Closing
from contactcentre.wire.legs import Answer, ClaimChanged, Stage
from contactcentre.wire.said import Said

log = structlog.get_logger()

RETRY_AFTER_S = 5
NOT_ACCEPTABLE, BUSY = 488, 503
EARLY_MAX_S = 50
"""Networks cut a call off that is heard for a minute and not answered."""
ASKS_NOTHING = frozenset({CallState.IN_MENU, CallState.ENDED})
"""What is said then without a key to press may be heard before the call is answered."""


class KeptCall(Said):
    """What another node needs to go on with a telephone call."""

    claim: str
    dialog: str
    law: str
    """The word for the codec, which is most often a law."""
    keys_payload_type: int | None
    host: str
    """Where the phone's signalling comes from."""


class TrunkCaller:
    """One caller (ports.phones.Caller, apps.adviser_part.Browser)."""

    def __init__(
        self,
        phone: Phone,
        claim: CallerClaim,
        *,
        host: str,
        number: str | None,
        is_early: bool,
        new_leg: Callable[[], PhoneLeg],
        media: AiortcMedia,
        admission: Admission,
        calls: NodeCalls,
        changed: Callable[[CallId], None],
    ) -> None:
        """Begin; `changed` is told of what another node would need to know."""
        self._phone = phone
        self._claim = claim
        self._host = host
        self.number = number
        """Where the caller rings from, if the network shows it; for no log and no store."""
        self._new_leg = new_leg
        self._media = media
        self._admission = admission
        self._calls = calls
        self._changed = changed
        self._signed = ""
        self._leg: PhoneLeg | None = None
        self._call: NodeCall | None = None
        self._over = asyncio.Event()
        self._is_early = is_early
        self._unanswered: str | None = None
        """Our sound, while the call is heard and not answered."""
        self._at_last: asyncio.TimerHandle | None = None

    @property
    def call_id(self) -> CallId:
        """Return which call it is."""
        return self._claim.call

    @property
    def trunk_and_phone(self) -> tuple[str, Phone] | None:
        """Return which trunk the caller rings from, and the phone."""
        return None if self._claim.trunk is None else (self._claim.trunk, self._phone)

    @property
    def kept(self) -> KeptCall | None:
        """Return what another node needs to go on; None while there is no call, or no more."""
        facts = self._phone.facts
        if self._leg is None or facts is None or not self._signed or self._over.is_set():
            return None
        return KeptCall(
            claim=self._signed,
            dialog=facts,
            law=self._leg.codec,
            keys_payload_type=self._leg.keys_payload_type,
            host=self._host,
        )

    async def come_in(self) -> None:
        """Become a call of this node, or be refused."""
        self._phone.ring()
        try:
            self._leg = self._new_leg()
            word = self._media.announce(self._leg.terms())
            try:
                self._call = await self._admission.admit(self._claim, word, self)
            finally:
                self._media.withdraw(word)
        except (Refusal, Outage) as problem:
            self._refuse(problem)
            return
        log.info("a call has come from a trunk", call=self.call_id, trunk=self._claim.trunk)
        if self._over.is_set():
            self._call.caller.hang_up()

    def becomes(self, leg: PhoneLeg, call: NodeCall) -> None:
        """Be the caller of a call that begins as a talk: we rang, and the phone has answered."""
        self._leg, self._call = leg, call
        if self._over.is_set():
            call.caller.hang_up()

    async def keep_watch(self) -> None:
        """Ask a phone from which nothing is heard whether it is there, until the call is over."""
        silence = PhoneSilence()
        try:
            await self._watch(silence)
        finally:
            self._call = self._leg = None

    async def _watch(self, silence: PhoneSilence) -> None:
        while self._call is not None and not await self._is_over_within(LOOK_EVERY_MS):
            if self._calls.get(self.call_id) is not self._call:
                self._phone.hang_up()  # a call that a mistake of ours has ended says no goodbye
                return
            quality = self._media.quality(self._call.caller.leg)
            if silence.is_to_be_asked(quality) and not await self._phone.is_there():
                log.info("a phone is not there any more", call=self.call_id)

    # In the place of a page

    def send(self, said: BaseModel) -> None:
        """Say the answer to the phone, and keep the claim; what else a page shows is let go."""
        if isinstance(said, Answer):
            self._be_heard(said.sdp)
        elif isinstance(said, ClaimChanged):
            self._signed = said.claim
            self._changed(self.call_id)
        elif isinstance(said, Stage) and (said.keys or said.state not in ASKS_NOTHING):
            self._answer()

    def hurry(self, *, on: bool) -> None:
        """Do nothing: a phone that is silent is asked whether it is there (`keep_watch`)."""

    def close(self, why: Closing) -> None:
        """End the call on the phone, unless it goes on elsewhere."""
        self._over.set()
        if self._at_last is not None:
            self._at_last.cancel()
        if why is Closing.REPLACED:
            self._phone.let_go()
        else:
            self._phone.hang_up()

    # What the phone does

    def phone_began(self) -> None:
        """Let sound flow."""
        self._changed(self.call_id)
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

    def phone_ended(self, *, was_lost: bool) -> None:  # noqa: ARG002 - nobody comes back to it
        """Let the call end: the caller has hung up."""
        self._over.set()
        if self._call is not None:
            self._call.caller.hang_up()

    # Within

    def _be_heard(self, sdp: str) -> None:
        """Answer the call, or let it be heard until it has to be answered."""
        if not self._is_early:
            self._phone.answer(sdp, call=self.call_id)
            return
        self._unanswered = sdp
        self._phone.announce(sdp)
        self._at_last = asyncio.get_running_loop().call_later(EARLY_MAX_S, self._answer)
        self.phone_began()

    def _answer(self) -> None:
        """Answer a call that was only heard until now: something is asked of the caller."""
        sdp, self._unanswered = self._unanswered, None
        if sdp is not None:
            self._phone.answer(sdp, call=self.call_id)

    def _refuse(self, problem: Refusal | Outage) -> None:
        """Turn the phone away in the words of its own network."""
        log.info("a call from a trunk was refused", why=problem.code, trunk=self._claim.trunk)
        self._over.set()
        if isinstance(problem, MalformedOffer):
            self._phone.refuse(NOT_ACCEPTABLE)
        else:
            self._phone.refuse(BUSY, retry_after_s=RETRY_AFTER_S)

    async def _is_over_within(self, span_ms: int) -> bool:
        try:
            async with asyncio.timeout(span_ms / 1_000):
                await self._over.wait()
        except TimeoutError:
            return False
        return True
