"""Telephones that call in over SIP: the calling side, as far as a bench and tests need one."""

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from contactcentre.adapters.embedded.server import free_port
from contactcentre.adapters.sip.dialog import SDP
from contactcentre.adapters.sip.messages import (
    MalformedMessage,
    Request,
    Response,
    address_of,
    read_message,
    read_uri,
)
from contactcentre.adapters.sip.tls import TlsKeys
from contactcentre.adapters.sip.transactions import Serving, Transactions, new_branch
from contactcentre.adapters.sip.ways import Way, Ways

PROVISIONAL = b"SIP/2.0 1"
Headers = Sequence[tuple[str, str]]


class Exchange:
    """One telephone exchange with any number of phones on one port."""

    def __init__(
        self, *, host: str = "127.0.0.1", transport: str = "udp", keys: TlsKeys | None = None
    ) -> None:
        self.host = host
        self.transport = transport
        self.port = 0
        self.transactions = Transactions(
            request_came=self._came, ack_came=self._ack_came, success_came=self._success
        )
        self.ways = Ways(self._received, keys)
        self._calls: dict[str, PhoneCall] = {}
        self.stranger: Callable[[Serving], None] = lambda serving: serving.respond(481)
        """Takes what is of no call that is known here."""

    async def open(self) -> None:
        """Listen on a port of the system's choice."""
        self.port = free_port(self.host)
        if self.transport == "tls":
            self.ways.open_tls(self.host, self.port, may_come=lambda _: True)
        else:
            await self.ways.open(self.host, self.port)

    async def close(self) -> None:
        """Close."""
        self.transactions.close()
        await self.ways.close()

    @property
    def repeated_count(self) -> int:
        """Return how many requests to us came again."""
        return self.transactions.counts.repeated

    def phone(
        self, there: tuple[str, int], number: str, *, caller: str = "anonymous"
    ) -> "PhoneCall":
        """Return a phone that is about to call a number."""
        call = PhoneCall(self, there, number, caller=caller)
        self._calls[call.call_id] = call
        return call

    def rung(self, serving: Serving) -> "PhoneCall":
        """Return a phone that is rung, and is about to answer."""
        request = serving.request
        called = read_uri(request.uri).user
        uri = read_uri(address_of(request.first("contact")))
        call = PhoneCall(self, (uri.host, uri.port or self.port), called, caller=called)
        call.call_id, call.to = request.call_id, request.first("from")
        call.requests.append(request)
        call.offering = serving
        self._calls[call.call_id] = call
        return call

    def forget(self, call: "PhoneCall") -> None:
        """Let go of a call that is over."""
        self._calls.pop(call.call_id, None)

    def _received(self, data: bytes, way: Way) -> None:
        """Take what came; that a call is tried matters to whoever would try elsewhere."""
        if data.startswith(PROVISIONAL):
            with suppress(MalformedMessage):
                call = self._calls.get(read_message(data).call_id)
                if call is not None:
                    call.tried()
        self.transactions.received(data, way)

    def _came(self, serving: Serving) -> None:
        call = self._calls.get(serving.request.call_id)
        if call is None:
            self.stranger(serving)
        else:
            call.came(serving)

    def _ack_came(self, request: Request) -> None:
        call = self._calls.get(request.call_id)
        if call is not None and call.offering is not None:
            call.offering.ack(request)

    def _success(self, response: Response) -> None:
        call = self._calls.get(response.call_id)
        if call is not None:
            call.ack(response)
            call.answered_again(response)


@dataclass
class PhoneCall:
    """One call of one phone."""

    exchange: Exchange
    there: tuple[str, int]
    number: str
    caller: str = "anonymous"
    call_id: str = field(default_factory=lambda: secrets.token_hex(12))
    tag: str = field(default_factory=lambda: secrets.token_hex(6))
    sdp: str = ""
    """What this side says of its sound, whenever it is asked."""
    headers: Headers = ()
    """What every request of it carries as well."""
    seq: int = 0
    to: str = ""
    target: str = ""
    routes: Sequence[str] = ()
    requests: list[Request] = field(default_factory=list)
    """What the other side has asked."""
    is_over: bool = False
    answers: bool = True
    """Whether it answers what it is asked."""
    offering: Serving | None = None
    heard: Callable[[str], None] = lambda _sdp: None
    """Told what the other side says of its sound, at each answer or offer."""
    tried: Callable[[], None] = lambda: None
    """Told that the other side has the INVITE, and an answer may take a while."""
    ended: Callable[[], None] = lambda: None
    """Told that the other side has hung up."""
    answered_again: Callable[[Response], None] = lambda _response: None
    """Told an answer that comes again, or after nobody waits for it any more."""

    def __post_init__(self) -> None:
        """Aim at the number."""
        self.to = f"<sip:{self.number}@{self.there[0]}>"
        self.target = f"sip:{self.number}@{self.there[0]}:{self.there[1]}"

    def answer(self) -> None:
        """Answer the call that this one is rung by."""
        assert self.offering is not None, "it is rung"
        self._follow(self.offering)

    async def invite(self, headers: Headers = ()) -> Response | None:
        """Call, or offer anew within the call; a success is acknowledged."""
        request = self.request("INVITE", headers=headers, sdp=self.sdp)
        response = await self.ask(request)
        if response is not None and response.code < 300:  # noqa: PLR2004 - success
            self.stands(response)
            self.ack(response)
            self.heard(response.body.decode())
        return response

    def stands(self, response: Response) -> None:
        """Take note of how an answer says that the other side is reached."""
        self.to = response.first("to")
        if not self.routes:
            self.routes = response.every("record-route")[::-1]
        self._aim(response)

    async def ask(self, request: Request) -> Response | None:
        """Send a request and return its final response."""
        return await self.exchange.transactions.ask(request, self.way())

    async def bye(self) -> Response | None:
        """Hang up."""
        self.is_over = True
        response = await self.ask(self.request("BYE"))
        self.exchange.forget(self)
        return response

    def ack(self, response: Response) -> None:
        """Acknowledge a success."""
        request = self.request("ACK", number=response.cseq[0])
        self.way().send(request.to_bytes())

    def cancel(self, invite: Request) -> Request:
        """Return the request that takes an INVITE back."""
        kept = [one for one in invite.headers if one[0] not in {"cseq", "content-type"}]
        headers = [*kept, ("cseq", f"{invite.cseq[0]} CANCEL")]
        return Request(method="CANCEL", uri=invite.uri, headers=headers)

    def request(
        self, method: str, *, headers: Headers = (), sdp: str = "", number: int | None = None
    ) -> Request:
        """Return a request of this call."""
        if number is None:
            self.seq += 1
            number = self.seq
        exchange = self.exchange
        place = f"{exchange.host}:{exchange.port}"
        transport = exchange.transport
        request = Request(method=method, uri=self.target)
        request.headers = [
            ("via", f"SIP/2.0/{transport.upper()} {place};branch={new_branch()};rport"),
            *(("route", route) for route in self.routes),
            ("max-forwards", "70"),
            ("from", f"<sip:{self.caller}@{exchange.host}>;tag={self.tag}"),
            ("to", self.to),
            ("call-id", self.call_id),
            ("cseq", f"{number} {method}"),
            ("contact", f"<sip:{self.caller}@{place};transport={transport}>"),
            *self.headers,
            *headers,
        ]
        if sdp:
            request.add("content-type", SDP)
            request.body = sdp.encode()
        return request

    def way(self) -> Way:
        """Return the way to the other side."""
        return self.exchange.ways.to(self.exchange.transport, self.there)

    def came(self, serving: Serving) -> None:
        """Take a request of the other side."""
        request = serving.request
        self.requests.append(request)
        if not self.answers:
            return
        if request.method == "BYE":
            self.is_over = True
            self.ended()
        elif self.is_over:
            serving.respond(481)
            return
        if request.method == "INVITE":
            self._follow(serving)
        else:
            serving.respond(200)

    def _follow(self, serving: Serving) -> None:
        """Take an offer, and answer it with the sound of this side."""
        request = serving.request
        self._aim(request)
        self.heard(request.body.decode())
        self.offering = serving
        place = f"{self.exchange.host}:{self.exchange.port}"
        headers = [("contact", f"<sip:{self.caller}@{place}>"), ("content-type", SDP)]
        serving.respond(200, tag=self.tag, headers=headers, body=self.sdp.encode())

    def _aim(self, message: Request | Response) -> None:
        """Aim at where the other side says that it is, directly if nobody stands between."""
        target = address_of(message.first("contact"))
        if target:
            self.target = target
            if not self.routes:
                uri = read_uri(target)
                self.there = (uri.host, uri.port or self.there[1])
