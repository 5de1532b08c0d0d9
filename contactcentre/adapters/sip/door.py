"""The door for telephone calls: who may come in, what is asked of us, and how much of it at once.

Whoever is not one of our trunks is told so in one word and kept in no memory. A flood from a trunk
is turned away with the time to try again, before it costs more than reading it.
"""

import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

import structlog

from contactcentre.adapters.sip.adopted import Adopted
from contactcentre.adapters.sip.dialog import ALLOWED, SDP, Dialog, DialogFacts, Ours
from contactcentre.adapters.sip.inbox import Inbox
from contactcentre.adapters.sip.incoming import Incoming
from contactcentre.adapters.sip.messages import (
    MalformedMessage,
    Request,
    Response,
    read_message,
)
from contactcentre.adapters.sip.numbers import called_numbers, caller_number, diverting_number
from contactcentre.adapters.sip.outgoing import Outgoing
from contactcentre.adapters.sip.tls import TlsKeys
from contactcentre.adapters.sip.transactions import Serving, Transactions
from contactcentre.adapters.sip.trunks import Outward, Trunks
from contactcentre.adapters.sip.turned_away import TurnedAway, is_of_no_call
from contactcentre.adapters.sip.ways import Way, Ways
from contactcentre.domain.ids import PhoneNumber
from contactcentre.ports.phones import Called, Ringing, Switchboard

log = structlog.get_logger()

RETRY_AFTER_S = 5
"""Whoever comes in a flood is asked to wait for so long."""
STRANGERS_PER_S = 20
"""So many who are no trunk are answered at all."""
WITH_HEADROOM = "with-headroom"
"""Whom an edge asks for that would rather not send calls to a node that is strained."""
UNDERSTOOD = frozenset({"timer", "100rel"})
"""Extensions that a request may require."""
SCHEMES = frozenset({"sip", "sips", "tel"})
OTHER_METHODS = frozenset({"MESSAGE", "NOTIFY", "PUBLISH", "REFER", "SUBSCRIBE"})
"""Known here, and not taken outside of a call; what is not even known is not implemented."""
ANY_SDP = frozenset({SDP, "application/*", "*/*"})
Count = Callable[[str], None]
DialogKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorPlace:
    """Where the door is."""

    host: str
    """The address that it listens on."""
    port: int
    tls_port: int | None = None
    """The port for what is encrypted, if there is any."""
    address: str
    """Our address, as trunks reach it."""
    calls_per_s: int
    """So many new calls are taken a second, and no more."""


class Bucket:
    """So many a second, saved up for one second at most."""

    def __init__(self, per_s: float) -> None:
        self._per_s = per_s
        self._full = per_s
        self._at = time.monotonic()

    @property
    def is_empty(self) -> bool:
        """Say whether there is none to take now."""
        now = time.monotonic()
        self._full = min(self._per_s, self._full + (now - self._at) * self._per_s)
        self._at = now
        return self._full < 1

    def take(self) -> bool:
        """Take one, and say whether there was one."""
        if self.is_empty:
            return False
        self._full -= 1
        return True


class Door:
    """All calls between one node and its trunks."""

    def __init__(
        self,
        place: DoorPlace,
        trunks: Trunks,
        switchboard: Switchboard,
        *,
        spawn: Callable[[Coroutine[None, None, None], str], None],
        count: Count,
        keys: TlsKeys | None = None,
    ) -> None:
        self._place = place
        self._trunks = trunks
        self._switchboard = switchboard
        self._count = count
        self._inbox = Inbox(self._read, may_drop=is_of_no_call, dropped=lambda: count("dropped"))
        self._ways = Ways(self.received, keys, named=trunks.names_at)
        self._transactions = Transactions(
            request_came=self._request_came, ack_came=self._ack_came, success_came=self._success
        )
        self.ours = Ours(
            transactions=self._transactions,
            ways=self._ways,
            host=place.address,
            port=place.port,
            tls_port=place.tls_port or 0,
            spawn=spawn,
            prove=trunks.prove,
        )
        self._dialogs: dict[DialogKey, Dialog] = {}
        self._invited: dict[tuple[str, str, int], None] = {}
        self._outgoing: dict[tuple[str, str], Outgoing] = {}
        self._turned_away = TurnedAway(self._transactions.is_invited)
        self._calls = Bucket(place.calls_per_s)
        self._strangers = Bucket(STRANGERS_PER_S)

    async def open(self) -> None:
        """Listen. Raises OSError."""
        await self._ways.open(self._place.host, self._place.port)
        if self._place.tls_port is not None:
            self._ways.open_tls(self._place.host, self._place.tls_port, may_come=self._may_come)

    async def close(self) -> None:
        """Hear and say nothing more; calls are ended or left by whoever has them."""
        self._inbox.close()
        self._transactions.close()
        await self._ways.close()

    @property
    def repeated_count(self) -> int:
        """Return how many requests came again, as their answer was late or lost."""
        return self._transactions.counts.repeated

    def received(self, data: bytes, way: Way) -> None:
        """Take what came; a mistake of ours costs one message and no more."""
        trunk = self._trunks.of(way.peer[0])
        if trunk is None:
            self._turn_away(data, way, "unknown-trunk")
            return
        if way.transport != "tls" and self._trunks.needs_tls(trunk):
            self._turn_away(data, way, "unencrypted")
            return
        self._inbox.came(data, way)

    def _is_too_much(self, data: bytes, way: Way) -> bool:
        """Turn a call away that cannot be taken now, before it is read."""
        if self._calls.is_empty:
            outcome, retry_after_s = "flood", RETRY_AFTER_S
        elif self._inbox.is_behind:
            outcome, retry_after_s = "behind", RETRY_AFTER_S
        elif (full_for_s := self._switchboard.retry_after_s) is not None:
            outcome, retry_after_s = "full", full_for_s
        else:
            return self._turned_away.is_over(data)
        if self._turned_away.turn_away(data, way, retry_after_s):
            self._count(outcome)
            return True
        return self._turned_away.is_over(data)

    def _read(self, data: bytes, way: Way) -> None:
        """Take what a trunk has sent, in its turn."""
        before = self._transactions.counts.malformed
        try:
            if not self._is_too_much(data, way):
                self._transactions.received(data, way)
        except Exception:
            log.exception("a message could not be dealt with")
            self._count("mistake")
        if self._transactions.counts.malformed > before:
            self._count("malformed")

    def adopt(self, facts: str) -> Adopted:
        """Go on with the dialog of another node, or of this one's former run."""
        dialog = Dialog(self.ours, DialogFacts.from_text(facts), self.forget)
        self.stands(dialog)
        return Adopted(dialog, self.ours)

    def call(
        self, trunk: Outward, number: PhoneNumber, *, shown: PhoneNumber, called: Called
    ) -> Outgoing:
        """Return a call to a number over a trunk, which begins when it is told to."""
        outgoing = Outgoing(
            self.ours,
            trunk,
            number=number,
            shown=shown,
            called=called,
            stands=self.stands,
            forget=self.forget,
            over=self._over,
        )
        self._outgoing[outgoing.call_id, outgoing.tag] = outgoing
        return outgoing

    def _over(self, outgoing: Outgoing) -> None:
        """Forget a call of ours: nothing more is answered to its INVITE."""
        self._outgoing.pop((outgoing.call_id, outgoing.tag), None)

    def stands(self, dialog: Dialog) -> None:
        """Let what comes for a dialog reach it."""
        self._dialogs[_key(dialog)] = dialog

    def forget(self, dialog: Dialog) -> None:
        """Forget a dialog; what comes for it finds no call any more."""
        self._dialogs.pop(_key(dialog), None)

    def _may_come(self, host: str) -> bool:
        """Say whether an address may show its certificate."""
        is_known = self._trunks.of(host) is not None
        if not is_known:
            self._count("unknown-trunk")
        return is_known

    def _turn_away(self, data: bytes, way: Way, why: str) -> None:
        """Answer a stranger, or somebody who speaks in the open and should not; sometimes."""
        self._count(why)
        if not self._strangers.take():
            return
        try:
            message = read_message(data)
        except MalformedMessage:
            return
        if isinstance(message, Request) and message.method != "ACK":
            way.send(message.response(403, tag="stranger").to_bytes())

    def _request_came(self, serving: Serving) -> None:
        """Take a new request of a trunk."""
        request = serving.request
        if request.to_tag:
            self._within(serving)
        elif request.uri.partition(":")[0].lower() not in SCHEMES:
            serving.respond(416)
        elif request.method == "INVITE":
            self._invite(serving)
        elif request.method == "OPTIONS":
            self._options(serving)
        elif request.method == "REGISTER":
            self._count("registration")
            serving.respond(403)
        else:
            is_known = request.method in {*OTHER_METHODS, *ALLOWED.split(", ")}
            serving.respond(405 if is_known else 501, headers=[("allow", ALLOWED)])

    def _within(self, serving: Serving) -> None:
        """Take a request in a dialog."""
        request = serving.request
        dialog = self._dialogs.get((request.call_id, request.to_tag, request.from_tag))
        if dialog is None:
            serving.respond(481)
        else:
            dialog.came(serving)

    def _options(self, serving: Serving) -> None:
        """Say whether calls are taken, for whoever chooses among nodes.

        Who asks for `with-headroom` chooses among those first that are not strained either.
        """
        if self._lacks(serving):
            return
        board = self._switchboard
        retry_after_s = board.retry_after_s
        if serving.request.uri.startswith(f"sip:{WITH_HEADROOM}@") and board.is_strained:
            retry_after_s = retry_after_s or RETRY_AFTER_S
        headers = [("allow", ALLOWED), ("accept", SDP), ("supported", "timer, 100rel")]
        if retry_after_s is None:
            serving.respond(200, headers=headers)
        else:
            serving.respond(503, headers=[*headers, ("retry-after", str(retry_after_s))])

    def _invite(self, serving: Serving) -> None:
        """Take a call, or refuse it."""
        request = serving.request
        trunk = self._trunks.of(serving.way.peer[0])
        assert trunk is not None, "strangers do not come this far"
        if not self._calls.take():
            self._refuse(serving, "flood", 503, ("retry-after", str(RETRY_AFTER_S)))
        elif not self._trunks.proves(trunk, request):
            is_forged = bool(request.first("authorization"))
            self._refuse(serving, "forged" if is_forged else "asked", 401, self._trunks.challenge())
        elif self._retry_after_s(serving) or self._lacks(serving):
            return
        elif request.body and _kind(request.first("content-type")) != SDP:
            self._refuse(serving, "body", 415, ("accept", SDP))
        elif (kinds := _kinds(request.every("accept"))) and ANY_SDP.isdisjoint(kinds):
            self._refuse(serving, "body", 406, ("accept", SDP))
        else:
            self._ring(serving, trunk)

    def _lacks(self, serving: Serving) -> bool:
        """Refuse a request that requires what we have not, and say whether it does."""
        required = serving.request.every("require")
        needed = [one for one in required if one.lower() not in UNDERSTOOD]
        if needed:
            self._refuse(serving, "extension", 420, ("unsupported", ", ".join(needed)))
        return bool(needed)

    def _retry_after_s(self, serving: Serving) -> bool:
        """Refuse a call while none is taken, and say whether that is so."""
        retry_after_s = self._switchboard.retry_after_s
        if retry_after_s is not None:
            self._refuse(serving, "full", 503, ("retry-after", str(retry_after_s)))
        return retry_after_s is not None

    def _refuse(self, serving: Serving, outcome: str, code: int, header: tuple[str, str]) -> None:
        self._count(outcome)
        serving.respond(code, headers=[header])

    def _ring(self, serving: Serving, trunk: str) -> None:
        """Let a call ring, if its number leads anywhere and it is not here already."""
        request, country = serving.request, self._trunks.country(trunk)
        merged = (request.call_id, request.from_tag, request.cseq[0])
        if merged in self._invited:
            serving.respond(482)  # the same call by another way (RFC 3261, section 8.2.2.2)
            return
        numbers = called_numbers(request, country)
        called = next((one for one in numbers if self._switchboard.takes(one)), None)
        if called is None:
            self._refuse(serving, "unknown-number", 404, ("allow", ALLOWED))
            return
        serving.respond(100)
        self._count("taken")
        self._invited[merged] = None
        incoming = Incoming(serving, self.ours, stands=self.stands, forget=self.forget)
        ringing = Ringing(
            trunk=trunk,
            called=called,
            caller=caller_number(request, country),
            diverted=diverting_number(request, country),
            offer=request.body.decode("utf-8", "replace") or None,
            host=serving.way.peer[0],
            is_early=self._trunks.is_early(trunk),
        )
        incoming.belongs_to(self._switchboard.rings(ringing, incoming))
        serving.forgotten = lambda: self._invited.pop(merged, None)

    def _ack_came(self, request: Request) -> None:
        dialog = self._dialogs.get((request.call_id, request.to_tag, request.from_tag))
        if dialog is not None:
            dialog.acked(request)

    def _success(self, response: Response) -> None:
        """Acknowledge a success again, or one more that a call of ours has had."""
        dialog = self._dialogs.get((response.call_id, response.from_tag, response.to_tag))
        outgoing = self._outgoing.get((response.call_id, response.from_tag))
        if dialog is not None:
            dialog.success_again(response)
        elif outgoing is not None:
            outgoing.success_again(response)


def _kinds(accepted: list[str]) -> set[str]:
    """Return the media types that are accepted; an Accept that names none says nothing here."""
    return {_kind(one) for one in accepted} - {""}


def _kind(value: str) -> str:
    """Return the media type that a Content-Type or Accept names."""
    return value.partition(";")[0].strip().lower()


def _key(dialog: Dialog) -> DialogKey:
    return dialog.facts.call_id, dialog.local_tag, dialog.remote_tag
