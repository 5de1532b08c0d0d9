"""A trunk that takes our calls: its phones do what the test tells them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from contactcentre.adapters.embedded.server import free_port
from contactcentre.adapters.sip.dialog import SDP, new_tag
from contactcentre.adapters.sip.messages import Request, Response, address_of
from contactcentre.adapters.sip.outgoing import Outgoing
from contactcentre.adapters.sip.tls import TlsKeys
from contactcentre.adapters.sip.transactions import Serving, Transactions, new_branch
from contactcentre.adapters.sip.trunks import Outward
from contactcentre.adapters.sip.ways import Ways
from contactcentre.domain.dialling import DialFailure
from contactcentre.domain.errors import MalformedOffer
from contactcentre.domain.ids import PhoneNumber
from tests.adapters.sip.entrance import ANSWER, LOOPBACK, OFFER, Entrance

OUTSIDE = PhoneNumber("+441632960100")
OWN = PhoneNumber("+441632960001")
Script = Callable[["Rung"], None]


class Rung:
    """One phone that is rung."""

    def __init__(self, trunk: "Answering", serving: Serving) -> None:
        self.trunk = trunk
        self.serving = serving
        self.tag = new_tag()
        self.acked: list[Request | None] = []
        self.is_given_up = False
        self.seq = 0
        serving.acked = self.acked.append
        serving.cancelled = self._cancelled

    @property
    def invite(self) -> Request:
        """Return what it is rung by."""
        return self.serving.request

    def respond(
        self, code: int, *, sdp: str = "", headers: Sequence[tuple[str, str]] = (), tag: str = ""
    ) -> None:
        """Answer."""
        contact = ("contact", f"<sip:phone@{self.trunk.place}>")
        kind = [("content-type", SDP)] if sdp else []
        said = [contact, *kind, *headers]
        self.serving.respond(code, tag=tag or self.tag, headers=said, body=sdp.encode())

    def answer_besides(self, tag: str) -> None:
        """Let another phone of the same call answer as well."""
        other = self.invite.response(
            200,
            tag=tag,
            headers=[("contact", f"<sip:other@{self.trunk.place}>"), ("content-type", SDP)],
            body=ANSWER.encode(),
        )
        self.serving.way.send(other.to_bytes())

    async def ask(self, method: str, *, sdp: str = "") -> Response | None:
        """Ask something within the call."""
        invite, trunk = self.invite, self.trunk
        self.seq += 1
        request = Request(method=method, uri=address_of(invite.first("contact")))
        request.headers = [
            ("via", f"SIP/2.0/{trunk.transport.upper()} {trunk.place};branch={new_branch()};rport"),
            ("max-forwards", "70"),
            ("from", f"{invite.first('to')};tag={self.tag}"),
            ("to", invite.first("from")),
            ("call-id", invite.call_id),
            ("cseq", f"{self.seq} {method}"),
            ("contact", f"<sip:phone@{trunk.place}>"),
        ]
        if sdp:
            request.add("content-type", SDP)
            request.body = sdp.encode()
        return await trunk.transactions.ask(request, self.serving.way)

    def _cancelled(self) -> None:
        self.is_given_up = True


class Answering:
    """The trunk."""

    def __init__(self, transport: str = "udp", keys: TlsKeys | None = None) -> None:
        self.transport = transport
        self.port = 0
        self.script: Script = lambda rung: rung.respond(200, sdp=ANSWER)
        self.rung: list[Rung] = []
        self.knows_calls = True
        self.asked: list[Request] = []
        """What came within calls."""
        self.offered: Callable[[Request], str] = lambda _: ANSWER
        """Gives the answer to an offer within a call."""
        self.acks: list[Request] = []
        self.refuses: Callable[[Request], Sequence[tuple[str, str]] | None] = lambda _: None
        """Gives the challenge with which a request within a call is refused (407), if it is."""
        self.transactions = Transactions(
            request_came=self._came, ack_came=self._ack_came, success_came=lambda _: None
        )
        self._ways = Ways(self.transactions.received, keys)

    @property
    def place(self) -> str:
        """Return its address."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def outward(self) -> Outward:
        """Return how it is called."""
        return Outward.model_validate({"address": LOOPBACK, **self.settings})

    @property
    def settings(self) -> dict[str, object]:
        """Return what our file of trunks says of it."""
        return {"port": self.port, "transport": self.transport}

    async def open(self) -> None:
        """Listen."""
        self.port = free_port()
        if self.transport == "tls":
            self._ways.open_tls(LOOPBACK, self.port, may_come=lambda _: True)
        else:
            await self._ways.open(LOOPBACK, self.port)

    async def close(self) -> None:
        """Close."""
        self.transactions.close()
        await self._ways.close()

    def methods(self) -> list[str]:
        """Return what was asked within calls."""
        return [one.method for one in self.asked]

    def _ack_came(self, request: Request) -> None:
        self.acks.append(request)
        for rung in self.rung:
            if (rung.invite.call_id, rung.tag) == (request.call_id, request.to_tag):
                rung.serving.ack(request)

    def _came(self, serving: Serving) -> None:
        request = serving.request
        if request.method == "INVITE" and not request.to_tag:
            self.rung.append(Rung(self, serving))
            self.script(self.rung[-1])
            return
        if request.method == "OPTIONS" and not request.to_tag:
            serving.respond(200)  # whether it is there is asked all the time
            return
        self.asked.append(request)
        challenge = self.refuses(request)
        if challenge is not None:
            serving.respond(407, headers=challenge)
            return
        if not self.knows_calls:
            serving.respond(481)
            return
        sdp = self.offered(request) if request.method == "INVITE" else ""
        contact = [("contact", f"<sip:phone@{self.place}>")]
        serving.respond(200, headers=contact, body=sdp.encode())


@asynccontextmanager
async def answering() -> AsyncIterator[Answering]:
    """Give a trunk whose phones do as they are told."""
    one = Answering()
    await one.open()
    yield one
    await one.close()


class Dialling:
    """Has one call that we make (ports.phones.Called)."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.phone: Outgoing

    def phone_rings(self, early: str | None) -> None:
        """Note it."""
        self.told.append("rings" if early is None else f"rings {early[:3]}")

    def phone_failed(self, why: DialFailure) -> None:
        """Note it."""
        self.told.append(why.value)

    def phone_began(self) -> None:
        """Note it."""
        self.told.append("began")

    def phone_answered(self, answer: str) -> None:
        """Note it."""
        if "audio" not in answer:
            raise MalformedOffer("No sound.")
        self.told.append("answered")

    def phone_pressed(self, key: str) -> None:
        """Note it."""
        self.told.append(f"key {key}")

    def phone_offered(self, offer: str) -> str:
        """Note it."""
        self.told.append(f"offered {offer[:3]}")
        return ANSWER

    def phone_ended(self, *, was_lost: bool) -> None:
        """Note it."""
        self.told.append("lost" if was_lost else "ended")


async def dial(
    entrance: Entrance, trunk: Answering, *, ring_ms: int = 5_000, word_ms: int | None = None
) -> Dialling:
    """Begin to ring the outside number."""
    dialling = Dialling()
    dialling.phone = entrance.door.call(trunk.outward, OUTSIDE, shown=OWN, called=dialling)
    dialling.phone.begin(OFFER, ring_ms=ring_ms, word_ms=word_ms)
    await asyncio.sleep(0)
    return dialling
