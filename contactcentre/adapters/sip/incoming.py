"""A call that rings in: from its INVITE to the dialog that it becomes, or to its refusal."""

import re
from collections.abc import Callable

from contactcentre.adapters.sip.dialog import (
    ALLOWED,
    SDP,
    Dialog,
    DialogFacts,
    Ours,
    new_tag,
)
from contactcentre.adapters.sip.messages import Request, address_of
from contactcentre.adapters.sip.referral import Referral
from contactcentre.adapters.sip.reliable import RELIABLE, Reliable
from contactcentre.adapters.sip.session_timer import agreed
from contactcentre.adapters.sip.transactions import Serving
from contactcentre.domain.errors import MalformedOffer
from contactcentre.domain.ids import CallId
from contactcentre.ports.phones import Caller

UNAVAILABLE, UNHEARD = 480, 504
RINGING, PROGRESS = 180, 183
_SESSION = re.compile(r"[0-9a-f]{32}")
_NO_SESSION = "0" * 32


class Incoming:
    """One call (ports.phones.Phone)."""

    def __init__(
        self,
        serving: Serving,
        ours: Ours,
        *,
        stands: Callable[[Dialog], None],
        forget: Callable[[Dialog], None],
    ) -> None:
        self._serving = serving
        self._ours = ours
        self._tag = new_tag()
        self._stands = stands
        self._forget = forget
        self._dialog: Dialog | None = None
        """There before the answer as well, where anything is said before it."""
        self._caller: Caller | None = None
        self._is_acked = False
        self._is_over = False
        self._has_hung_up = False
        self._reliable = Reliable(serving, unheard=self._unheard)
        self._timer: list[tuple[str, str]] = []
        serving.cancelled = self._ended

    def belongs_to(self, caller: Caller) -> None:
        """Tell this one what the phone does."""
        self._caller = caller
        if self._dialog is not None:
            self._dialog.caller = caller
        if self._is_over:
            caller.phone_ended(was_lost=False)

    @property
    def facts(self) -> str | None:
        """Return what another node needs to go on with the dialog, once it is answered."""
        if self._dialog is None or not self._is_answered:
            return None
        return self._dialog.facts.to_text()

    def ring(self) -> None:
        """Let the phone hear that it rings.

        Where it would have to be told of our sound with that, as it has offered none, it hears the
        answer alone.
        """
        if not self._needs("require") or self._serving.request.body:
            self._say(RINGING, b"")

    def announce(self, sdp: str) -> None:
        """Let our sound be heard before the call is answered."""
        if not (self._serving.is_answered or self._is_over):
            self._early_dialog().sdp = sdp
            self._say(PROGRESS, sdp.encode())

    def answer(self, sdp: str, *, call: CallId) -> None:
        """Answer with our sound; the dialog stands from here on."""
        if not (self._serving.is_answered or self._is_over):
            self._reliable.answer(lambda: self._answer(sdp, call))

    def refuse(self, code: int, *, retry_after_s: int | None = None) -> None:
        """Turn the call away."""
        self._end()
        self._caller = None
        later = [] if retry_after_s is None else [("retry-after", str(retry_after_s))]
        self._serving.respond(code, tag=self._tag, headers=later)

    def hang_up(self) -> None:
        """End the call; before its answer is acknowledged nobody may say goodbye."""
        if self._is_over:
            return
        if self._dialog is None or not self._is_answered:
            self.refuse(UNAVAILABLE)
        elif self._is_acked:
            self._dialog.hang_up()
        else:
            self._has_hung_up = True

    def let_go(self) -> None:
        """Leave the dialog to another node; a call that has no answer yet has none to leave."""
        if self._dialog is None or not self._is_answered:
            self.hang_up()
        else:
            self._dialog.let_go()

    async def refer(self, uri: str, *, by: str, within_s: float) -> int | None:
        """Ask the phone's side to call somebody in our place."""
        if self._dialog is None or not self._is_answered:
            return None
        return await Referral(self._dialog).ask(uri, by=by, within_s=within_s)

    async def is_there(self) -> bool:
        """Ask the phone whether it is still in the call; one that waits for it has to say so."""
        if self._dialog is None or not self._is_answered:
            return not self._is_over
        return await self._dialog.is_there()

    # Before the answer

    def _say(self, code: int, sdp: bytes) -> None:
        """Say how far the call has come, in a way that the phone has to acknowledge if it can."""
        headers = [("contact", self._contact), ("allow", ALLOWED)]
        headers += [("content-type", SDP)] if sdp else []
        can = self._needs("require") or self._needs("supported")
        if can and self._serving.request.body:
            self._early_dialog()
            self._reliable.respond(code, tag=self._tag, headers=headers, body=sdp)
        else:
            self._serving.respond(code, tag=self._tag, headers=headers, body=sdp)

    def _needs(self, header: str) -> bool:
        named = self._serving.request.every(header)
        return RELIABLE in [one.lower() for one in named]

    def _early_dialog(self) -> Dialog:
        """Return the dialog, which may be there before its answer (RFC 3261, section 12.1)."""
        if self._dialog is None:
            session_s, we_refresh, self._timer = agreed(self._serving.request)
            facts = self._facts(session_s, we_refresh=we_refresh)
            self._dialog = Dialog(self._ours, facts, self._forget)
            self._dialog.caller, self._dialog.early = self._caller, self._early
            self._stands(self._dialog)
        return self._dialog

    def _early(self, serving: Serving) -> bool:
        """Take a request that is about what comes before the answer, and say whether it was."""
        request = serving.request
        assert self._dialog is not None, "what comes in a dialog has one"
        if request.method == "PRACK":
            self._pracked(serving, self._dialog)
            return True
        if self._is_answered:
            return False
        if request.method == "BYE":
            serving.respond(200)
            self._serving.respond(487, tag=self._tag)
            self._ended()
            return True
        if request.method in {"INVITE", "UPDATE"} and not self._dialog.sdp:
            serving.respond(500, headers=[("retry-after", "1")])
            return True
        return False

    def _pracked(self, serving: Serving, dialog: Dialog) -> None:
        """Take the acknowledgement of something said before the answer, and an offer with it."""
        if not self._reliable.said(serving.request):
            serving.respond(481)
            return
        offer = serving.request.body.decode("utf-8", "replace")
        try:
            sdp = dialog.answer_to(offer) if offer and dialog.sdp else ""
        except MalformedOffer:
            serving.respond(488)
        else:
            headers = [("content-type", SDP)] if sdp else []
            serving.respond(200, headers=headers, body=sdp.encode())
        self._reliable.heard()

    def _unheard(self) -> None:
        """Give a call up whose phone does not acknowledge what it is told."""
        self._serving.respond(UNHEARD, tag=self._tag)
        self._ended()

    # The answer

    @property
    def _is_answered(self) -> bool:
        """Say whether the call was answered, and not refused."""
        return self._serving.is_answered and not self._is_over

    def _answer(self, sdp: str, call: CallId) -> None:
        dialog = self._early_dialog()
        dialog.sdp = sdp
        dialog.wait_for_ack(self._serving, self._acked)
        self._serving.respond(
            200,
            tag=self._tag,
            headers=[
                ("contact", self._contact),
                ("allow", ALLOWED),
                ("supported", "timer"),
                *self._timer,
                self._name(call),
                ("content-type", SDP),
            ],
            body=sdp.encode(),
        )

    @property
    def _contact(self) -> str:
        """Return where the phone reaches us."""
        theirs = address_of(self._serving.request.first("contact"))
        return self._ours.contact(self._serving.way.transport, theirs)

    def _acked(self, ack: Request | None) -> None:
        """Let the call begin, now that the phone knows that it is answered."""
        assert self._dialog is not None
        self._is_acked = True
        caller, self._caller = self._caller, None  # from here on the dialog tells it
        if self._dialog.is_over or caller is None:
            return
        if ack is None or self._has_hung_up:
            self._dialog.hang_up()
            self._ended(caller)
            return
        self._dialog.begin()
        if not self._serving.request.body:
            try:
                caller.phone_answered(ack.body.decode("utf-8", "replace"))
            except MalformedOffer:
                self._dialog.hang_up()
                self._ended(caller)
                return
        caller.phone_began()

    def _name(self, call: CallId) -> tuple[str, str]:
        """Return what names the call on both sides (RFC 7989)."""
        theirs = self._serving.request.first("session-id").partition(";")[0].strip().lower()
        remote = theirs if _SESSION.fullmatch(theirs) else _NO_SESSION
        return "session-id", f"{call};remote={remote}"

    def _ended(self, caller: Caller | None = None) -> None:
        """Say that the call has come to nothing."""
        if not self._is_over:
            caller, self._caller = caller or self._caller, None
            self._end()
            if caller is not None:
                caller.phone_ended(was_lost=False)

    def _end(self) -> None:
        """Let go of it on our side."""
        self._is_over = True
        self._reliable.stop()
        if self._dialog is not None:
            self._dialog.let_go()

    def _facts(self, session_s: int, *, we_refresh: bool) -> DialogFacts:
        request = self._serving.request
        host, port = self._serving.way.peer
        return DialogFacts(
            call_id=request.call_id,
            local=f"{request.first('to')};tag={self._tag}",
            remote=request.first("from"),
            target=address_of(request.first("contact")),
            routes=tuple(request.every("record-route")),
            local_seq=0,
            remote_seq=request.cseq[0],
            transport=self._serving.way.transport,
            host=host,
            port=port,
            session_s=session_s,
            we_refresh=we_refresh,
        )
