"""A call that we make: from its INVITE to the dialog that it becomes, or to its end.

The calling side of RFC 3261, sections 9 and 13. Several phones may answer one call (a fork): the
first one has it, and every other one is told goodbye.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from types import MappingProxyType

import structlog

from contactcentre.adapters.sip.dialog import SDP, Dialog, DialogFacts, Headers, Ours, new_tag
from contactcentre.adapters.sip.messages import Request, Response, address_of
from contactcentre.adapters.sip.session_timer import accepted, longer, wanted
from contactcentre.adapters.sip.transactions import LIFE_S, Asking
from contactcentre.adapters.sip.trunks import Outward
from contactcentre.adapters.sip.ways import Way
from contactcentre.domain.dialling import DialFailure
from contactcentre.domain.errors import MalformedOffer
from contactcentre.domain.ids import PhoneNumber
from contactcentre.ports.phones import Called

log = structlog.get_logger()

TRIES_MAX = 4
"""A call may be asked for a proof, perhaps once more as that was too old, and for a longer session.
"""
FORKS_MAX = 8
"""So many answers beside the first are told goodbye."""
UNDERSTOOD = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO"
"""No UPDATE: before the answer there is no dialog here that it could be in."""
FAILURES: Mapping[int, DialFailure] = MappingProxyType(
    {
        401: DialFailure.REFUSED,
        403: DialFailure.REFUSED,
        404: DialFailure.NO_SUCH_NUMBER,
        407: DialFailure.REFUSED,
        408: DialFailure.NO_ANSWER,
        410: DialFailure.NO_SUCH_NUMBER,
        415: DialFailure.NO_SOUND,
        480: DialFailure.NO_ANSWER,
        484: DialFailure.NO_SUCH_NUMBER,
        486: DialFailure.BUSY,
        487: DialFailure.NO_ANSWER,
        488: DialFailure.NO_SOUND,
        600: DialFailure.BUSY,
        603: DialFailure.DECLINED,
        604: DialFailure.NO_SUCH_NUMBER,
        606: DialFailure.NO_SOUND,
        607: DialFailure.DECLINED,
    }
)
"""What a refusal means; any other 5xx is the trunk's own trouble, and the rest is our call's."""


def failure_of(code: int) -> DialFailure:
    """Return what a refusal means."""
    is_trunks = 500 <= code < 600  # noqa: PLR2004 - failures of a server
    return FAILURES.get(code, DialFailure.UNREACHABLE if is_trunks else DialFailure.REFUSED)


class Outgoing:
    """One call."""

    def __init__(
        self,
        ours: Ours,
        trunk: Outward,
        *,
        number: PhoneNumber,
        shown: PhoneNumber,
        called: Called,
        stands: Callable[[Dialog], None],
        forget: Callable[[Dialog], None],
        over: Callable[["Outgoing"], None],
    ) -> None:
        self.call_id = secrets.token_hex(16)
        self.tag = new_tag()
        self._ours = ours
        self._trunk = trunk
        self._uri = trunk.uri(number)
        self._from = f"<sip:{shown}@{trunk.domain or ours.place(trunk.transport)}>;tag={self.tag}"
        self._called = called
        self._stands = stands
        self._forget = forget
        self._over = over
        self._seq = 0
        self._sdp = ""
        self._early = ""
        self._request: Request
        self._asking: Asking | None = None
        self._bound: asyncio.Timeout | None = None
        self._is_heard = False
        """The trunk has the call, and so can be told to give it up."""
        self._has_answered = False
        """The trunk has said anything at all."""
        self._is_given_up = False
        self._is_decided = False
        self._dialog: Dialog | None = None
        self._others: dict[str, Dialog] = {}
        """Phones that answered as well, or too late, by their tags."""

    def begin(self, sdp: str, *, ring_ms: int, word_ms: int | None = None) -> None:
        """Call, with our sound; whoever has not answered in time is rung no longer.

        A trunk that has not said a word after `word_ms` counts as out of reach.
        """
        self._sdp = sdp
        if word_ms is not None:
            asyncio.get_running_loop().call_later(word_ms / 1_000, self._no_word)
        self._ours.spawn(self._conduct(ring_ms), "sip call")

    def hang_up(self) -> None:
        """End the call, whatever it has come to; nothing more is told."""
        if self._dialog is not None:
            self._dialog.hang_up()
        else:
            self._give_up()

    def let_go(self) -> None:
        """Leave the dialog to another node."""
        if self._dialog is not None:
            self._dialog.let_go()

    @property
    def facts(self) -> str | None:
        """Return what another node needs to go on with the dialog, once it stands."""
        return None if self._dialog is None else self._dialog.facts.to_text()

    async def is_there(self) -> bool:
        """Ask the phone whether it is still in the call."""
        return self._dialog is not None and await self._dialog.is_there()

    def success_again(self, response: Response) -> None:
        """Take a success that is of no dialog of ours: one more phone has answered, or too late."""
        if not self._is_decided:
            return  # the first one is about to be taken, and comes again
        known = self._others.get(response.to_tag)
        if known is not None:
            known.success_again(response)
        elif len(self._others) < FORKS_MAX:
            self._turn_away(response)

    # From the first INVITE to the last response

    async def _conduct(self, ring_ms: int) -> None:
        """Call, and take what comes of it; whoever waits for that hears of a mistake as well."""
        try:
            await self._carry_out(ring_ms)
        except Exception:
            log.exception("a call of ours could not be carried out")
            if self._dialog is not None:
                self._dialog.hang_up()
            if not self._is_given_up:
                has_stood = self._dialog is not None
                why = DialFailure.REFUSED if has_stood else DialFailure.UNREACHABLE
                self._called.phone_failed(why)

    async def _carry_out(self, ring_ms: int) -> None:
        ringing = asyncio.get_running_loop().call_later(ring_ms / 1_000, self._no_answer)
        try:
            response = await self._final()
        finally:
            ringing.cancel()
            self._is_decided = True
            asyncio.get_running_loop().call_later(LIFE_S, self._over, self)
        if self._is_given_up:
            if response is not None and response.code < 300:  # noqa: PLR2004 - success
                self._turn_away(response)
        elif response is None:
            self._called.phone_failed(DialFailure.UNREACHABLE)
        elif response.code < 300:  # noqa: PLR2004 - success
            self._answered(response)
        else:
            self._called.phone_failed(failure_of(response.code))

    async def _final(self) -> Response | None:
        """Return the last response; in between the trunk may ask for a proof."""
        session, proof = wanted(), None
        response: Response | None = None
        for _ in range(TRIES_MAX):
            self._seq += 1
            self._request = self._invite([*session, *([] if proof is None else [proof])])
            response = await self._ask(self._request)
            if response is None or self._is_given_up:
                return response
            again = longer(response) if response.code == 422 else None  # noqa: PLR2004 - RFC 4028
            said = self._ours.prove(self._trunk.peer[0], response, self._request)
            if again is not None:
                session = again
            elif said is not None and self._may_prove(proof, response):
                proof = said
            else:
                return response
        return response

    @staticmethod
    def _may_prove(before: tuple[str, str] | None, response: Response) -> bool:
        """Say whether a proof may help: the same password is no better a second time."""
        if before is None:
            return True
        asked = response.first("www-authenticate") or response.first("proxy-authenticate")
        is_other = before[0] != ("authorization" if response.code == 401 else "proxy-authorization")  # noqa: PLR2004 - the two
        return is_other or "stale=true" in asked.lower().replace(" ", "").replace('"', "")

    async def _ask(self, request: Request) -> Response | None:
        """Ask once, and wait as long as it rings; not at all if it was given up before."""
        if self._is_given_up:
            return None
        self._is_heard = False
        asking = self._asking = self._ours.transactions.begin(request, self._way())
        asking.provisional = self._rings
        try:
            async with asyncio.timeout(LIFE_S) as self._bound:
                response = await asking.final
                self._has_answered = True
                return response
        except TimeoutError:
            return None
        finally:
            self._bound = None
            self._ours.transactions.over(asking)

    def _rings(self, response: Response) -> None:
        """Take an answer that is not the last."""
        self._has_answered = True
        if self._is_given_up:
            if not self._is_heard:
                self._cancel()
            return
        self._is_heard = True
        if self._bound is not None and not self._bound.expired():
            self._bound.reschedule(None)  # from here on it is the ringing that ends
        if response.code == 100:  # noqa: PLR2004 - trying
            return
        kind = response.first("content-type").partition(";")[0].strip().lower()
        early = response.body.decode("utf-8", "replace") if kind == SDP else ""
        self._early = early or self._early
        self._called.phone_rings(early or None)

    def _no_answer(self) -> None:
        """Ring no longer."""
        if not self._is_given_up and not self._is_decided:
            why = DialFailure.NO_ANSWER if self._is_heard else DialFailure.UNREACHABLE
            self._give_up()
            self._called.phone_failed(why)

    def _no_word(self) -> None:
        """Leave a trunk that is silent."""
        if not self._has_answered:
            self._no_answer()

    def _give_up(self) -> None:
        """Want no answer any more; before the trunk has said a word it cannot be told so.

        Nor is it asked again: it might hear that only once the number is rung by another trunk.
        What it still answers is taken.
        """
        if not self._is_given_up and not self._is_decided:
            self._is_given_up = True
            if self._is_heard:
                self._cancel()
            elif self._asking is not None:
                self._asking.close()

    def _cancel(self) -> None:
        self._is_heard = True
        if self._bound is None or self._bound.expired():
            return
        self._bound.reschedule(asyncio.get_running_loop().time() + LIFE_S)
        kept = {"via", "route", "max-forwards", "from", "to", "call-id"}
        headers = [one for one in self._request.headers if one[0] in kept]
        headers.append(("cseq", f"{self._seq} CANCEL"))
        cancel = Request(method="CANCEL", uri=self._uri, headers=headers)
        self._ours.spawn(self._tell(cancel), "sip cancel")

    async def _tell(self, request: Request) -> None:
        await self._ours.transactions.ask(request, self._way())

    # What comes of it

    def _answered(self, response: Response) -> None:
        """Let the call begin."""
        dialog = self._dialog = self._dialog_of(response)
        dialog.caller, dialog.sdp = self._called, self._sdp
        self._stands(dialog)
        self._acknowledge(dialog, response)
        dialog.begin()
        try:
            self._called.phone_answered(response.body.decode("utf-8", "replace") or self._early)
        except MalformedOffer:
            dialog.hang_up()
            self._called.phone_failed(DialFailure.NO_SOUND)
            return
        self._called.phone_began()

    def _turn_away(self, response: Response) -> None:
        """Say goodbye to a phone that has answered in vain."""
        dialog = self._others[response.to_tag] = self._dialog_of(response)
        self._acknowledge(dialog, response)
        dialog.hang_up()

    def _acknowledge(self, dialog: Dialog, response: Response) -> None:
        """Acknowledge, with the proof that the call had (section 22.1)."""
        proofs = {"authorization", "proxy-authorization"}
        headers = [one for one in self._request.headers if one[0] in proofs]
        dialog.acknowledge(response, headers=headers)

    def _dialog_of(self, response: Response) -> Dialog:
        session_s, we_refresh = accepted(response)
        host, port = self._trunk.peer
        facts = DialogFacts(
            call_id=self.call_id,
            local=self._from,
            remote=response.first("to"),
            target=address_of(response.first("contact")) or self._uri,
            routes=tuple(response.every("record-route")[::-1]),
            local_seq=self._seq,
            remote_seq=-1,
            transport=self._trunk.transport,
            host=host,
            port=port,
            session_s=session_s,
            we_refresh=we_refresh,
        )
        return Dialog(self._ours, facts, self._forget)

    def _invite(self, headers: Headers) -> Request:
        request = Request(method="INVITE", uri=self._uri)
        request.headers = [
            ("via", self._ours.via(self._trunk.transport)),
            ("max-forwards", "70"),
            ("from", self._from),
            ("to", f"<{self._uri}>"),
            ("call-id", self.call_id),
            ("cseq", f"{self._seq} INVITE"),
            ("contact", self._ours.contact(self._trunk.transport, self._uri)),
            ("allow", UNDERSTOOD),
            ("p-asserted-identity", self._from.partition(";")[0]),
            *headers,
            ("content-type", SDP),
        ]
        request.body = self._sdp.encode()
        return request

    def _way(self) -> Way:
        return self._ours.ways.to(self._trunk.transport, self._trunk.peer)
