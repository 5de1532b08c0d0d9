"""One call with a phone as SIP has it: its dialog, its requests both ways, its session timer.

Everything that another node needs to go on with the dialog is in its `facts`.
"""

import json
import re
import secrets
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict, dataclass, replace
from ipaddress import ip_address

from contactcentre.adapters.sip.errand import Errand
from contactcentre.adapters.sip.messages import (
    MalformedMessage,
    Request,
    Response,
    address_of,
    params_of,
    read_uri,
)
from contactcentre.adapters.sip.session_timer import SessionTimer
from contactcentre.adapters.sip.transactions import Serving, Transactions, new_branch
from contactcentre.adapters.sip.ways import STREAMS, Way, Ways
from contactcentre.domain.errors import MalformedOffer
from contactcentre.ports.phones import Caller

ALLOWED = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK"
SDP = "application/sdp"
KEYS = "0123456789*#"
_RELAY, _BARE = "application/dtmf-relay", "application/dtmf"
_SIGNAL = re.compile(r"^\s*Signal\s*=\s*(\S+)\s*$", re.IGNORECASE | re.MULTILINE)
_PORT, _TLS_PORT = 5_060, 5_061
Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DialogFacts:
    """A dialog (RFC 3261, section 12) as any node can go on with it."""

    call_id: str
    local: str
    """Our end, with its tag, as it stands in the From of our requests."""
    remote: str
    target: str
    """The address of the phone itself (its Contact)."""
    routes: tuple[str, ...]
    local_seq: int
    remote_seq: int
    transport: str
    host: str
    """Where the signalling came from."""
    port: int
    session_s: int
    """How long the session lasts without being refreshed; 0 if it has no timer."""
    we_refresh: bool

    def to_text(self) -> str:
        """Return them as they are kept."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> "DialogFacts":
        """Return them as they were kept."""
        said = json.loads(text)
        return cls(**{**said, "routes": tuple(said["routes"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """What every dialog of a node shares."""

    transactions: Transactions
    ways: Ways
    host: str
    port: int
    tls_port: int
    spawn: Callable[[Coroutine[None, None, None], str], None]
    prove: Callable[[str, Response, Request], tuple[str, str] | None]
    """Gives what answers a challenge from an address to a request of ours, if anything does."""

    def via(self, transport: str) -> str:
        """Return the Via of a new request."""
        place = self.place(transport)
        return f"SIP/2.0/{transport.upper()} {place};branch={new_branch()};rport"

    def contact(self, transport: str, theirs: str) -> str:
        """Return where a phone reaches us within a call, as safe as its own address (`theirs`)."""
        place = self.place(transport)
        if transport == "tls" and theirs.lower().startswith("sips:"):
            return f"<sips:{place}>"
        suffix = f";transport={transport}" if transport in STREAMS else ""
        return f"<sip:{place}{suffix}>"

    def place(self, transport: str) -> str:
        """Return our address as it stands in headers."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.tls_port if transport == 'tls' else self.port}"


class Dialog:
    """One dialog that stands (RFC 3261, section 12.2)."""

    def __init__(self, ours: Ours, facts: DialogFacts, forget: Callable[["Dialog"], None]) -> None:
        self.facts = facts
        self.local_tag = params_of(facts.local).get("tag", "")
        self.remote_tag = params_of(facts.remote).get("tag", "")
        self.caller: Caller | None = None
        self.sdp = ""
        """What we have last said of our sound."""
        self.is_over = False
        self.early: Callable[[Serving], bool] = _is_not_early
        """Takes what comes before the call is answered, and says whether it was that."""
        self.errand: Errand | None = None
        """What the phone was asked to do."""
        self._ours = ours
        self._forget = forget
        self._timer = SessionTimer(refresh=self._refresh, lapse=self._lapse)
        self._offering: Serving | None = None
        self._last_ack: Request | None = None
        self._is_asking = False

    def begin(self) -> None:
        """Begin to count the session."""
        self._timer.begin(self.facts.session_s, we_refresh=self.facts.we_refresh)

    def end(self, *, was_lost: bool) -> None:
        """End it on our side, and say so to whoever has it."""
        if not self.is_over:
            caller = self.caller
            self.let_go()
            if caller is not None:
                caller.phone_ended(was_lost=was_lost)

    def let_go(self) -> None:
        """End it on our side without a word, and with no more hold on whoever had it."""
        self.is_over = True
        self._timer.let_go()
        self._offering = None
        self.caller, self.early = None, _is_not_early
        self._forget(self)

    def hang_up(self) -> None:
        """Say goodbye; the dialog is over whatever is answered."""
        if not self.is_over:
            self.let_go()
            self._ours.spawn(self._bye(), "sip bye")

    async def is_there(self) -> bool:
        """Ask the phone whether it is in the call; an answer that knows no such call says no."""
        if self.is_over:
            return False
        response = await self.ask("OPTIONS")
        if response is None or response.code in {408, 481}:
            self.end(was_lost=True)
        return not self.is_over

    async def offer(self, sdp: str) -> str | None:
        """Offer our sound anew and return the phone's; None if it does not take it."""
        self.sdp = sdp
        headers = [("contact", self.contact), ("allow", ALLOWED), ("supported", "timer")]
        headers += self._timer.asked()
        self._is_asking = True
        try:
            response = await self.ask("INVITE", headers=headers, sdp=sdp)
        finally:
            self._is_asking = False
        if response is None or response.code in {408, 481}:
            self.end(was_lost=True)
        if response is None or response.code >= 300:  # noqa: PLR2004 - no success
            return None
        self.acknowledge(response)
        self._heard_from(response)
        self._timer.heard(response, we_asked=True)
        return response.body.decode("utf-8", "replace")

    async def ask(self, method: str, *, headers: Headers = (), sdp: str = "") -> Response | None:
        """Send a request in the dialog and return its final response; None if there is none.

        Where the other side asks for a proof it is given, once.
        """
        request, response = await self._ask(method, headers=headers, sdp=sdp)
        if response is not None and response.code in {401, 407}:
            proof = self._ours.prove(self.facts.host, response, request)
            if proof is not None:
                _, response = await self._ask(method, headers=[*headers, proof], sdp=sdp)
        return response

    async def _ask(
        self, method: str, *, headers: Headers, sdp: str
    ) -> tuple[Request, Response | None]:
        self._know(local_seq=self.facts.local_seq + 1)
        request = self._request(method, self.facts.local_seq, headers=headers, sdp=sdp)
        return request, await self._ours.transactions.ask(request, self._way())

    def acknowledge(self, response: Response, *, headers: Headers = ()) -> None:
        """Acknowledge a success, by the routes of the dialog."""
        target = address_of(response.first("contact"))
        if target:
            self._know(target=target)
        self._last_ack = self._request("ACK", response.cseq[0], headers=headers)
        self._way().send(self._last_ack.to_bytes())

    # What the phone sends

    def came(self, serving: Serving) -> None:
        """Take a request in the dialog."""
        request = serving.request
        number, _ = request.cseq
        if number <= self.facts.remote_seq:
            serving.respond(500)
            return
        self._know(remote_seq=number)
        if self.early(serving):
            return
        match request.method:
            case "BYE":
                serving.respond(200)
                if self.errand is None or not self.errand.left():
                    self.end(was_lost=False)
            case "INVITE" | "UPDATE":
                self._offered(serving)
            case "INFO":
                self._info(serving)
            case "OPTIONS":
                serving.respond(200, headers=[("allow", ALLOWED), ("accept", SDP)])
            case "NOTIFY" if self.errand is not None:
                serving.respond(200 if self.errand.notified(request) else 481)
            case _:
                serving.respond(405, headers=[("allow", ALLOWED)])

    def acked(self, request: Request) -> None:
        """Take the ACK of a success of ours."""
        if self._offering is not None:
            self._offering.ack(request)

    def success_again(self, response: Response) -> None:
        """Repeat our ACK for a success that is repeated."""
        if self._last_ack is not None and self._last_ack.cseq[0] == response.cseq[0]:
            self._way().send(self._last_ack.to_bytes())

    def wait_for_ack(self, serving: Serving, acked: Callable[[Request | None], None]) -> None:
        """Have an INVITE's ACK told, which belongs to the dialog and to no transaction."""
        self._offering = serving
        serving.acked = acked

    def _offered(self, serving: Serving) -> None:
        """Answer a new offer, or the sign that the session goes on."""
        if self._is_asking:
            serving.respond(491)
            return
        refusal = self._timer.refuse(serving.request)
        if refusal is not None:
            serving.respond(422, headers=refusal)
            return
        is_invite = serving.request.method == "INVITE"
        offer = serving.request.body.decode("utf-8", "replace")
        try:
            sdp = self.answer_to(offer) if offer else self.sdp if is_invite else ""
        except MalformedOffer:
            serving.respond(488)
            return
        self._heard_from(serving.request)
        headers = [("contact", self.contact), ("allow", ALLOWED), ("supported", "timer")]
        headers += self._timer.heard(serving.request, we_asked=False)
        headers += [("content-type", SDP)] if sdp else []
        if is_invite:
            self.wait_for_ack(serving, self._offer_acked if not offer else _no_matter)
        serving.respond(200, headers=headers, body=sdp.encode())

    def answer_to(self, offer: str) -> str:
        """Return our answer to an offer. Raises MalformedOffer."""
        if self.caller is None:
            raise MalformedOffer("Nobody is there to hear that sound.")
        self.sdp = self.caller.phone_offered(offer)
        return self.sdp

    def _offer_acked(self, ack: Request | None) -> None:
        """Take the answer to an offer that the phone had asked us for."""
        if ack is not None and ack.body:
            self._answered(ack.body.decode("utf-8", "replace"))

    def _info(self, serving: Serving) -> None:
        """Take a key that came as a message."""
        request = serving.request
        kind = request.first("content-type").partition(";")[0].strip().lower()
        text = request.body.decode("utf-8", "replace")
        if not text:
            serving.respond(200)
            return
        found = _SIGNAL.search(text)
        if kind == _RELAY and found is not None:
            key = found[1]
        elif kind == _BARE:
            key = text.strip()
        else:
            serving.respond(415, headers=[("accept", f"{_RELAY}, {_BARE}")])
            return
        key = {"10": "*", "11": "#"}.get(key, key)
        serving.respond(200)
        if len(key) == 1 and key in KEYS and self.caller is not None:
            self.caller.phone_pressed(key)

    def _heard_from(self, message: Request | Response) -> None:
        """Note where the phone is now."""
        target = address_of(message.first("contact"))
        if target and target != self.facts.target:
            self._know(target=target)

    # What we send

    async def _bye(self) -> None:
        await self.ask("BYE")

    def _refresh(self) -> None:
        self._ours.spawn(self._offer_again(), "sip refresh")

    async def _offer_again(self) -> None:
        answer = await self.offer(self.sdp)
        if answer:
            self._answered(answer)

    def _answered(self, sdp: str) -> None:
        """Take an answer to an offer of ours; a call whose ends disagree on its sound is none."""
        try:
            if self.caller is not None:
                self.caller.phone_answered(sdp)
        except MalformedOffer:
            self._lapse()

    def _lapse(self) -> None:
        """End a session that nobody has refreshed, or whose sound cannot go on."""
        caller = self.caller
        self.hang_up()
        if caller is not None:
            caller.phone_ended(was_lost=True)

    def _request(
        self, method: str, number: int, *, headers: Headers = (), sdp: str = ""
    ) -> Request:
        facts = self.facts
        request = Request(method=method, uri=facts.target)
        request.headers = [
            ("via", self._ours.via(facts.transport)),
            *(("route", route) for route in facts.routes),
            ("max-forwards", "70"),
            ("from", facts.local),
            ("to", facts.remote),
            ("call-id", facts.call_id),
            ("cseq", f"{number} {method}"),
            *headers,
        ]
        if sdp:
            request.add("content-type", SDP)
            request.body = sdp.encode()
        return request

    def _way(self) -> Way:
        """Return the way to the first hop, if its address says it, and else to where it came from.

        No name is looked up here: what stands before us and names itself by one is where its own
        messages came from. A connection that stands goes before what addresses say.
        """
        facts, ways = self.facts, self._ours.ways
        came_from = (facts.host, facts.port)
        if facts.transport in STREAMS and ways.stands(facts.transport, came_from):
            return ways.to(facts.transport, came_from)
        hop = facts.routes[0] if facts.routes else facts.target
        try:
            uri = read_uri(address_of(hop) if facts.routes else hop)
            port = uri.port or (_TLS_PORT if facts.transport == "tls" else _PORT)
            peer = (str(ip_address(uri.host)), port)
        except (MalformedMessage, ValueError):
            peer = came_from
        if not facts.routes and peer[0] != facts.host and ip_address(peer[0]).is_private:
            peer = came_from  # a phone behind a network that changes its address
        return ways.to(facts.transport, peer)

    @property
    def contact(self) -> str:
        """Return where the phone reaches us within the call."""
        return self._ours.contact(self.facts.transport, self.facts.target)

    def _know(self, **news: int | str) -> None:
        self.facts = replace(self.facts, **news)  # type: ignore[arg-type]


def new_tag() -> str:
    """Return a tag for our end of a dialog."""
    return secrets.token_hex(8)


def _is_not_early(_serving: Serving) -> bool:
    """Take nothing."""
    return False


def _no_matter(_ack: Request | None) -> None:
    """Take an ACK that only ends the repeating."""
