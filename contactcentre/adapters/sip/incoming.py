"""A call that rings in: from its INVITE to the dialog that it becomes, or to its refusal."""

from collections.abc import Callable

from contactcentre.adapters.sip.dialog import ALLOWED, SDP, Dialog, DialogFacts, Ours, new_tag
from contactcentre.adapters.sip.messages import Request, address_of
from contactcentre.adapters.sip.referral import Referral
from contactcentre.adapters.sip.session_timer import agreed
from contactcentre.adapters.sip.transactions import Serving
from contactcentre.domain.errors import MalformedOffer
from contactcentre.ports.phones import Caller

UNAVAILABLE = 480


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
        self._caller: Caller | None = None
        self._is_acked = False
        self._is_over = False
        self._has_hung_up = False
        serving.cancelled = self._ended

    def belongs_to(self, caller: Caller) -> None:
        """Tell this one what the phone does."""
        self._caller = caller
        if self._dialog is not None:
            self._dialog.caller = caller
        if self._is_over:
            caller.phone_ended()

    @property
    def facts(self) -> str | None:
        """Return what another node needs to go on with the dialog, once it stands."""
        return None if self._dialog is None else self._dialog.facts.to_text()

    def ring(self) -> None:
        """Let the phone hear that it rings; one that wants to acknowledge that hears the answer."""
        if "100rel" not in [one.lower() for one in self._serving.request.every("require")]:
            contact = self._ours.contact(self._serving.way.transport)
            self._serving.respond(180, tag=self._tag, headers=[("contact", contact)])

    def answer(self, sdp: str) -> None:
        """Answer with our sound; the dialog stands from here on."""
        if self._serving.is_answered or self._is_over:
            return
        request = self._serving.request
        session_s, we_refresh, timer = agreed(request)
        dialog = self._dialog = Dialog(
            self._ours, self._facts(session_s, we_refresh=we_refresh), self._forget
        )
        dialog.caller, dialog.sdp = self._caller, sdp
        self._stands(dialog)
        dialog.wait_for_ack(self._serving, self._acked)
        contact = self._ours.contact(self._serving.way.transport)
        self._serving.respond(
            200,
            tag=self._tag,
            headers=[
                ("contact", contact),
                ("allow", ALLOWED),
                ("supported", "timer"),
                *timer,
                ("content-type", SDP),
            ],
            body=sdp.encode(),
        )

    def refuse(self, code: int, *, retry_after_s: int | None = None) -> None:
        """Turn the call away."""
        self._is_over = True
        later = [] if retry_after_s is None else [("retry-after", str(retry_after_s))]
        self._serving.respond(code, tag=self._tag, headers=later)

    def hang_up(self) -> None:
        """End the call; before its answer is acknowledged nobody may say goodbye."""
        if self._dialog is None:
            self.refuse(UNAVAILABLE)
        elif self._is_acked:
            self._dialog.hang_up()
        else:
            self._has_hung_up = True

    def let_go(self) -> None:
        """Leave the dialog to another node."""
        if self._dialog is not None:
            self._dialog.let_go()

    async def refer(self, uri: str, *, by: str, within_s: float) -> int | None:
        """Ask the phone's side to call somebody in our place."""
        if self._dialog is None:
            return None
        return await Referral(self._dialog).ask(uri, by=by, within_s=within_s)

    async def is_there(self) -> bool:
        """Ask the phone whether it is still in the call."""
        return self._dialog is not None and await self._dialog.is_there()

    def _acked(self, ack: Request | None) -> None:
        """Let the call begin, now that the phone knows that it is answered."""
        assert self._dialog is not None
        self._is_acked = True
        if self._dialog.is_over or self._caller is None:
            return
        if ack is None or self._has_hung_up:
            self._dialog.hang_up()
            self._ended()
            return
        self._dialog.begin()
        if not self._serving.request.body:
            try:
                self._caller.phone_answered(ack.body.decode("utf-8", "replace"))
            except MalformedOffer:
                self._dialog.hang_up()
                self._ended()
                return
        self._caller.phone_began()

    def _ended(self) -> None:
        """Say that the call has come to nothing."""
        if not self._is_over:
            self._is_over = True
            if self._caller is not None:
                self._caller.phone_ended()

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
