"""A dialog that another node had, as this one goes on with it: by an offer of its own sound."""

from dataclasses import replace

from contactcentre.adapters.sip.dialog import Dialog, Ours
from contactcentre.adapters.sip.referral import Referral
from contactcentre.domain.errors import MalformedOffer
from contactcentre.domain.ids import CallId
from contactcentre.ports.phones import Caller

SEQ_LEAP = 100
"""The node that is gone may have asked so often since it last said so."""


class Adopted:
    """One such call (ports.phones.Phone)."""

    def __init__(self, dialog: Dialog, ours: Ours) -> None:
        dialog.facts = replace(dialog.facts, local_seq=dialog.facts.local_seq + SEQ_LEAP)
        self._dialog = dialog
        self._ours = ours

    def belongs_to(self, caller: Caller) -> None:
        """Tell this one what the phone does."""
        self._dialog.caller = caller

    @property
    def facts(self) -> str | None:
        """Return what another node needs to go on with the dialog."""
        return self._dialog.facts.to_text()

    def ring(self) -> None:
        """Let nothing ring: the phone is in the call already."""

    def announce(self, sdp: str) -> None:
        """Offer our sound: the phone is in the call already."""
        self._ours.spawn(self._offer(sdp), "sip adoption")

    def answer(self, sdp: str, *, call: CallId) -> None:  # noqa: ARG002 - the phone was told
        """Offer our sound; where the phone takes it, the call goes on."""
        self._ours.spawn(self._offer(sdp), "sip adoption")

    def refuse(self, code: int, *, retry_after_s: int | None = None) -> None:  # noqa: ARG002 - a call that stands is ended by a goodbye
        """End a call that cannot go on here."""
        self._dialog.hang_up()

    def hang_up(self) -> None:
        """End the call."""
        self._dialog.hang_up()

    def let_go(self) -> None:
        """Leave the dialog to another node."""
        self._dialog.let_go()

    async def refer(self, uri: str, *, by: str, within_s: float) -> int | None:
        """Ask the phone's side to call somebody in our place."""
        return await Referral(self._dialog).ask(uri, by=by, within_s=within_s)

    async def is_there(self) -> bool:
        """Ask the phone whether it is still in the call."""
        return await self._dialog.is_there()

    async def _offer(self, sdp: str) -> None:
        """Offer our sound and take the phone's answer; a phone that takes none has no call here."""
        self._dialog.begin()
        answer = await self._dialog.offer(sdp)
        caller = self._dialog.caller
        if caller is None or self._dialog.is_over:
            return
        try:
            caller.phone_answered(answer or "")
        except MalformedOffer:
            self._dialog.hang_up()
            caller.phone_ended(was_lost=True)
