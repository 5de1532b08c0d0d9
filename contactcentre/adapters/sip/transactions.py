"""Requests and what is answered to them, each once, over a network that loses and repeats packets.

RFC 3261, section 17, with the state of RFC 6026 for an INVITE that was answered with success. Times
are those of the RFC.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from contactcentre.adapters.sip.messages import (
    MalformedMessage,
    Request,
    Response,
    Via,
    noted_via,
    read_message,
    read_via,
)
from contactcentre.adapters.sip.refused import refuse
from contactcentre.adapters.sip.remembered import Answered, Fading
from contactcentre.adapters.sip.ways import Way

T1_S, T2_S = 0.5, 4.0
LIFE_S = 64 * T1_S
ACKED_LIFE_S = 5.0
TRANSACTIONS_MAX = 50_000
COOKIE = "z9hG4bK"
Key = tuple[str, str, str]


def new_branch() -> str:
    """Return a name for a new transaction of ours."""
    return COOKIE + secrets.token_hex(8)


class Serving:
    """A request that came, and our side of its transaction."""

    __slots__ = (
        "_again",
        "_done",
        "_last",
        "_tag",
        "_wait_s",
        "acked",
        "cancelled",
        "forgotten",
        "is_acked",
        "is_answered",
        "key",
        "request",
        "way",
    )

    def __init__(
        self, request: Request, way: Way, key: Key, done: Callable[["Serving"], None]
    ) -> None:
        """Begin; `done` is told that the final response has gone, and of its ACK."""
        self.request = request
        self.key = key
        self.way = way
        self.is_answered = self.is_acked = False
        self.acked: Callable[[Request | None], None] = _nothing
        """Told the ACK of a success, or None if there was none in time."""
        self.cancelled: Callable[[], None] = _nobody
        """Told that whoever called has given up, before an answer."""
        self.forgotten: Callable[[], object] = _nobody
        """Told once a repeated request would be a new one."""
        self._done = done
        self._tag = ""
        self._last = b""
        self._wait_s = T1_S
        self._again: asyncio.TimerHandle | None = None

    def respond(
        self,
        code: int,
        *,
        tag: str = "",
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> None:
        """Send a response; after the first final one nothing more is sent."""
        if self.is_answered:
            return
        self._tag = tag or self._tag or secrets.token_hex(8)
        self._last = self.request.response(
            code, tag=self._tag, headers=headers, body=body
        ).to_bytes()
        self.way.send(self._last)
        if code < 200:  # noqa: PLR2004 - provisional
            return
        self.is_answered = True
        self.cancelled = _nobody
        # a success is repeated over every transport: what carries its ACK may not be this way
        if self.request.method == "INVITE" and (code < 300 or self.way.transport == "udp"):  # noqa: PLR2004 - success
            self._again = asyncio.get_running_loop().call_later(self._wait_s, self._repeat)
        self._done(self)

    def again(self) -> None:
        """Answer a repeated request as before."""
        if self._last:
            self.way.send(self._last)

    def ack(self, request: Request) -> None:
        """Take the ACK of a final response."""
        self.close()
        if self.is_answered and not self.is_acked:
            self.is_acked = True
            self._done(self)
        acked, self.acked = self.acked, _nothing
        acked(request)

    def close(self) -> None:
        """Say nothing again."""
        if self._again is not None:
            self._again.cancel()
            self._again = None

    @property
    def answered(self) -> Answered:
        """Return what was answered."""
        return Answered(self._last, self.way)

    def over(self) -> None:
        """Be forgotten; a success that nobody has acknowledged by now is said to be none."""
        self.close()
        self.forgotten()
        acked, self.acked = self.acked, _nothing
        acked(None)

    def _repeat(self) -> None:
        self.way.send(self._last)
        self._wait_s = min(2 * self._wait_s, T2_S)
        self._again = asyncio.get_running_loop().call_later(self._wait_s, self._repeat)


class Asking:
    """A request of ours that waits for its final response (sections 17.1.1 and 17.1.2)."""

    def __init__(self, request: Request, way: Way, counts: "Counts") -> None:
        self._counts = counts
        self.final: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self.provisional: Callable[[Response], None] = _no_news
        """Told what is answered before the final response."""
        self._request = request
        self._way = way
        self._data = request.to_bytes()
        self._wait_s = T1_S
        self._is_heard = False
        self._again: asyncio.TimerHandle | None = None

    def send(self) -> None:
        """Send it, and over UDP again until there is an answer."""
        self._counts.resent += self._again is not None
        self._way.send(self._data)
        if self._way.transport == "udp" and not self._is_heard:
            self._again = asyncio.get_running_loop().call_later(self._wait_s, self.send)
            longest = LIFE_S if self._request.method == "INVITE" else T2_S
            self._wait_s = min(2 * self._wait_s, longest)

    def came(self, response: Response) -> None:
        """Take a response."""
        if self._request.method == "INVITE" and response.code >= 300:  # noqa: PLR2004 - no success
            self._way.send(self._ack(response).to_bytes())
        if response.code >= 200 or self._request.method == "INVITE":  # noqa: PLR2004 - final
            self._is_heard = True
            self.close()
        if self.final.done():
            return
        if response.code >= 200:  # noqa: PLR2004 - final
            self.final.set_result(response)
        else:
            self.provisional(response)

    def is_for(self, response: Response) -> bool:
        """Say whether a response goes to us, and not by us to others (RFC 3261, 8.1.3.3)."""
        return len(response.every("via")) == len(self._request.every("via"))

    @property
    def key(self) -> tuple[str, str]:
        """Return what its responses are known by."""
        return read_via(self._request.every("via")[0]).branch, self._request.method

    @property
    def life_s(self) -> float:
        """Return how long a response may still be repeated once there is a final one (timer D)."""
        return LIFE_S if self._request.method == "INVITE" else ACKED_LIFE_S

    def close(self) -> None:
        """Send it no more."""
        if self._again is not None:
            self._again.cancel()
            self._again = None

    def _ack(self, response: Response) -> Request:
        """Return the ACK of a refusal, which belongs to the INVITE's own transaction."""
        kept = {"via", "from", "call-id", "route", "max-forwards"}
        headers = [one for one in self._request.headers if one[0] in kept]
        headers += [("to", response.first("to")), ("cseq", f"{self._request.cseq[0]} ACK")]
        return Request(method="ACK", uri=self._request.uri, headers=headers)


@dataclass(slots=True, kw_only=True)
class Counts:
    """What came and was none of our business."""

    malformed: int = 0
    repeated: int = 0
    """Requests that came again."""
    resent: int = 0
    """Requests of ours that were sent again, as nobody had answered them in time."""


class Transactions:
    """All that goes on now between us and our peers."""

    def __init__(
        self,
        *,
        request_came: Callable[[Serving], None],
        ack_came: Callable[[Request], None],
        success_came: Callable[[Response], None],
    ) -> None:
        self._request_came = request_came
        self._ack_came = ack_came
        self._success_came = success_came
        self._served: dict[Key, Serving] = {}
        self._answered: dict[Key, Answered] = {}
        """Requests that no ACK follows."""
        self._fading = Fading(LIFE_S, self._answered_over)
        self._unacked = Fading(LIFE_S, self._unacked_over)
        self._acked = Fading(ACKED_LIFE_S, self._over)
        self._done = self._answered_finally
        self._asked: dict[tuple[str, str], Asking] = {}
        self.counts = Counts()

    def received(self, data: bytes, way: Way) -> None:
        """Take what came; what is no message is counted, and refused if it can be told so."""
        try:
            message = read_message(data)
        except MalformedMessage:
            self.counts.malformed += 1
            refuse(data, way)
            return
        if isinstance(message, Response):
            self._response(message)
        else:
            self._request(message, way)

    def is_invited(self, invite: Request, via: Via) -> bool:
        """Say whether there is such an INVITE already. Raises ValueError."""
        return _key(invite, via) in self._served

    async def ask(self, request: Request, way: Way) -> Response | None:
        """Send a request and return its final response; None if none comes in time."""
        asking = self.begin(request, way)
        try:
            async with asyncio.timeout(LIFE_S):
                return await asking.final
        except TimeoutError:
            return None
        finally:
            self.over(asking)

    def begin(self, request: Request, way: Way) -> Asking:
        """Send a request, and again where it takes that; whoever asked says when it is over."""
        asking = Asking(request, way, self.counts)
        self._asked[asking.key] = asking
        asking.send()
        return asking

    def over(self, asking: Asking) -> None:
        """Wait no longer for a request; what is still answered to it is taken for a while."""
        asking.close()
        asyncio.get_running_loop().call_later(asking.life_s, self._asked.pop, asking.key, None)

    def close(self) -> None:
        """Let go of everything."""
        for serving in self._served.values():
            serving.close()
        for asking in self._asked.values():
            asking.close()
        for fading in (self._fading, self._unacked, self._acked):
            fading.close()
        self._served.clear()
        self._answered.clear()
        self._asked.clear()

    def _response(self, response: Response) -> None:
        via = read_via(response.every("via")[0])
        asking = self._asked.get((via.branch, response.cseq[1]))
        if asking is not None:
            if not asking.is_for(response):
                return
            is_repeated = asking.final.done()
            asking.came(response)
            if not is_repeated:
                return
        if response.cseq[1] == "INVITE" and 200 <= response.code < 300:  # noqa: PLR2004 - success
            self._success_came(response)

    def _request(self, request: Request, way: Way) -> None:
        via = read_via(request.every("via")[0])
        key = _key(request, via)
        if request.method == "ACK":
            self._ack(key, request)
            return
        known = self._answered.get(key) or self._served.get(key)
        if known is not None:
            self.counts.repeated += 1
            known.again()
            return
        way = _way_back(request, via, way)
        if len(self._served) + len(self._answered) >= TRANSACTIONS_MAX:
            refusal = request.response(503, headers=[("retry-after", "10")])
            way.send(refusal.to_bytes())
            return
        serving = Serving(request, way, key, self._done)
        self._served[key] = serving
        if request.method == "CANCEL":
            self._cancel(serving, (key[0], key[1], "INVITE"))
        else:
            self._request_came(serving)

    def _answered_finally(self, serving: Serving) -> None:
        """Remember an answer for as long as its request may come again, and no more than that."""
        if serving.request.method == "INVITE":
            (self._acked if serving.is_acked else self._unacked).keep(serving.key)
        else:
            self._served.pop(serving.key, None)
            self._answered[serving.key] = serving.answered
            self._fading.keep(serving.key)

    def _answered_over(self, key: Key) -> None:
        self._answered.pop(key, None)

    def _unacked_over(self, key: Key) -> None:
        serving = self._served.get(key)
        if serving is not None and not serving.is_acked:
            self._over(key)

    def _over(self, key: Key) -> None:
        serving = self._served.pop(key, None)
        if serving is not None:
            serving.over()

    def _ack(self, key: Key, request: Request) -> None:
        """Let an ACK stop what it answers: a refusal by its transaction, a success by its call."""
        known = self._served.get((key[0], key[1], "INVITE"))
        if known is not None:
            known.ack(request)
        else:
            self._ack_came(request)

    def _cancel(self, cancel: Serving, key: Key) -> None:
        invited = self._served.get(key)
        if invited is None:
            cancel.respond(481)
            return
        cancel.respond(200)
        if not invited.is_answered:
            invited.cancelled()
            invited.respond(487)


def _key(request: Request, via: Via) -> Key:
    """Return which transaction a request belongs to; one without our time's cookie by its call."""
    if via.branch.startswith(COOKIE) and via.branch != COOKIE:
        return via.branch, f"{via.host}:{via.port}", request.method
    number, _ = request.cseq
    return f"{request.call_id} {request.from_tag}", str(number), request.method


def _way_back(request: Request, via: Via, way: Way) -> Way:
    """Return where responses go, with where the request came from noted in it."""
    at = next(number for number, (name, _) in enumerate(request.headers) if name == "via")
    noted, port = noted_via(request.headers[at][1], via, way.peer)
    request.headers[at] = ("via", noted)
    return way.back_to(port)


def _nothing(_ack: Request | None) -> None:
    """Be told nothing."""


def _no_news(_response: Response) -> None:
    """Be told nothing."""


def _nobody() -> None:
    """Be told nothing."""
