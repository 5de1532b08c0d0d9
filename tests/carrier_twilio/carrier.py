"""A small real server that behaves as Twilio documents, for the centre to be tested against.

It places calls: asks the number's address what to do, signed, with a time limit, retries, and the
fallback address where the first fails; does what the TwiML says; opens media streams; says how
calls stand; and serves the part of the REST API that changes a live call.
"""

import asyncio
import itertools
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urldefrag, urljoin
from xml.etree import ElementTree as ET

import aiohttp
from aiohttp import web
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from tests.carrier_twilio.stream import Ear, Stream
from tests.carrier_twilio.text_office import TextOffice

ACCOUNT = "AC" + "a" * 32
TOKEN = "an auth token of the tests"  # noqa: S105 - of no account
TIMEOUT_S = 15.0
REDIRECTS_MAX = 100
BROKEN = (aiohttp.ClientError, OSError, TimeoutError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """What is set for a number in the console."""

    number: str
    voice_url: str
    fallback_url: str | None = None
    status_url: str | None = None
    retries: int = 0
    """`#rc=` of the address: so often it is asked again before the fallback is."""


@dataclass(slots=True, kw_only=True)
class Asked:
    """One request that Twilio has sent, and what came of it."""

    url: str
    said: Mapping[str, str]
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A request with its signature."""

    url: str
    said: Mapping[str, str]
    signature: str


class WrongAnswer(Exception):
    """An address that gave no TwiML."""


@dataclass(slots=True, kw_only=True)
class _Order:
    """What the call is told over REST to do next."""

    url: str | None = None
    twiml: str | None = None
    is_end: bool = False


@dataclass(slots=True)
class Phone:
    """One caller's telephone, and the call at Twilio behind it."""

    carrier: "Carrier"
    number: Number
    sid: str
    ear: Ear = field(default_factory=Ear)
    status: str = "ringing"
    said: list[str] = field(default_factory=list)
    """What Twilio's own voice said, and `reject`."""
    streams: list[Stream] = field(default_factory=list)
    resume_url: str | None = None
    """Where it is asked what to do once the stream has ended."""
    asked: list[Asked] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    _order: _Order | None = None
    _running: asyncio.Task[None] | None = None

    @property
    def stream(self) -> Stream:
        """Return the stream that was opened last."""
        return self.streams[-1]

    def tone(self, hz: float | None) -> None:
        """Hum from now on."""
        self.ear.hums_hz = hz

    async def press(self, key: str) -> None:
        """Press a key."""
        await self.stream.press(key)

    async def hears(self, hz: float, *, within_s: float = 10.0) -> bool:
        """Wait until a tone is what is heard; say whether it came to that."""
        return await self._until(lambda: abs(self.ear.strongest()[0] - hz) < 20, within_s)

    async def hears_something(self, *, within_s: float = 10.0) -> bool:
        """Wait until anything is heard."""
        return await self._until(lambda: self.ear.strongest()[1] > -50, within_s)

    async def in_stream(self, count: int = 1, *, within_s: float = 10.0) -> None:
        """Wait until the call's so many-th stream has begun."""
        began = await self._until(
            lambda: len(self.streams) >= count and self.streams[count - 1].began.is_set(), within_s
        )
        assert began, (self.status, self.said, self.asked)

    async def hang_up(self) -> None:
        """Hang up: the stream stops, and Twilio says that the call is over."""
        if self.status != "completed":
            self.status = "completed"
            if self.streams:
                with suppress(*BROKEN):
                    await self.stream.stop()
            await self._cancel()
            await self._end()

    async def vanish(self) -> None:
        """Hang up without the stream's hearing of it: its network is gone."""
        self.status = "completed"
        await self._cancel()
        if self.streams:
            self.stream.cut()
        await self._end()

    async def order(self, said: Mapping[str, str]) -> None:
        """Do what a REST request says from now on, whatever is being done."""
        if self.streams:
            with suppress(*BROKEN):
                await self.stream.stop()
        self._order = _Order(
            url=said.get("Url"), twiml=said.get("Twiml"), is_end=said.get("Status") == "completed"
        )
        if self._running is not None:
            self._running.cancel()

    def begin(self) -> None:
        """Let it ring."""
        self._running = asyncio.create_task(self._live(), name=f"call {self.sid}")

    async def _live(self) -> None:
        """Ask what to do and do it, to the call's end."""
        twiml: str | None = None
        url: str | None = self.number.voice_url
        while True:
            try:
                if twiml is None and url is not None:
                    twiml, url = await self._ask(url)
                await self._do(twiml or "<Response/>", base=url or self.number.voice_url)
                break
            except asyncio.CancelledError:
                if self._order is None:
                    raise
                order, self._order = self._order, None
                if order.is_end:
                    break
                twiml, url = order.twiml, order.url
        if self.status != "completed":
            self.status = "completed"
            await self._end()

    async def _ask(self, url: str, **more: str) -> tuple[str, str]:
        """Return the TwiML of an address, or of the fallback where that fails."""
        try:
            return await self._fetch(url, retries=self.number.retries, **more), url
        except (WrongAnswer, *BROKEN) as error:
            fallback = self.number.fallback_url
            if fallback is None or url == fallback:
                self.said.append("application error")
                return "<Response><Hangup/></Response>", url
            code = "11200" if isinstance(error, WrongAnswer) else "11205"
            said = {"ErrorCode": code, "ErrorUrl": urldefrag(url)[0]} | more
            return (await self._ask(fallback, **said))[0], fallback

    async def _fetch(self, url: str, *, retries: int, **more: str) -> str:
        for left in range(retries, -1, -1):
            try:
                return await self.carrier.post(self, url, more)
            except (WrongAnswer, *BROKEN):
                if not left:
                    raise
        raise AssertionError("a last try")

    async def _do(self, twiml: str, *, base: str) -> None:
        """Do what a document says, verb after verb."""
        for _ in range(REDIRECTS_MAX):
            following = await self._verbs(ET.fromstring(twiml))  # noqa: S314 - our own
            if following is None:
                return
            twiml, base = await self._ask(urljoin(base, following))
        raise AssertionError("redirected for ever", self.asked)

    async def _verbs(self, document: ET.Element) -> str | None:
        """Do each verb; return the address of the document that follows, None at the end."""
        for verb in document:
            if verb.tag != "Reject" and self.status == "ringing":
                self.status = "in-progress"
            match verb.tag:
                case "Say":
                    self.said.append(verb.text or "")
                case "Pause":
                    await asyncio.sleep(float(verb.get("length", "1")) * self.carrier.pace)
                case "Redirect":
                    return verb.text
                case "Reject":
                    self.said.append("reject")
                    return None
                case "Hangup":
                    return None
                case "Connect":
                    self.resume_url = verb.get("action")
                    await self._connect(verb)
                    return self.resume_url
                case _:
                    raise AssertionError(verb.tag)
        return None

    async def _connect(self, verb: ET.Element) -> None:
        (noun,) = verb
        assert noun.tag == "Stream", noun.tag
        parameters = {one.get("name", ""): one.get("value", "") for one in noun}
        too_long = [name for name in parameters if len(name) + len(parameters[name]) > 500]
        assert not too_long, "a parameter of a stream is longer than Twilio takes"
        url = noun.get("url", "")
        assert "?" not in url, "the address of a stream has no query"
        stream = self.carrier.stream(self, url, parameters)
        self.streams.append(stream)
        with suppress(*BROKEN):
            await stream.run(self.carrier.session)

    async def _end(self) -> None:
        """Say that the call is over, where somebody wants to know."""
        if self.number.status_url is not None and self.carrier.tells_status:
            with suppress(WrongAnswer, *BROKEN):
                await self.carrier.post(self, self.number.status_url, {})
        self.over.set()

    async def _cancel(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})

    async def _until(self, is_so: Callable[[], bool], within_s: float) -> bool:
        loop = asyncio.get_running_loop()
        ends = loop.time() + within_s
        while not is_so():
            if loop.time() > ends:
                return False
            await asyncio.sleep(0.02)
        return True


class Carrier:
    """The account at Twilio. Used as a context manager it listens on loopback."""

    def __init__(self, *, tokens: Sequence[str] = (TOKEN,), timeout_s: float = TIMEOUT_S) -> None:
        self.tokens = list(tokens)
        """The first signs; REST takes any."""
        self.pace = 1.0
        """How long a second of a pause is."""
        self.tells_status = True
        self.timeout_s = timeout_s
        self.phones: dict[str, Phone] = {}
        self.updates: list[dict[str, str]] = []
        self.fails: int = 0
        """So many REST requests are answered with an error."""
        self.url = ""
        self.texts = TextOffice(lambda header: header in map(_basic, self.tokens))
        self._numbers = itertools.count(1)
        self._session: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """Return what requests go out by."""
        assert self._session is not None, "entered"
        return self._session

    async def __aenter__(self) -> Self:
        """Listen for REST requests."""
        self._session = aiohttp.ClientSession()
        app = web.Application()
        path = "/2010-04-01/Accounts/{account}/Calls/{call}.json"
        app.add_routes([web.post(path, self._update), *self.texts.routes()])
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        assert site._server is not None  # noqa: SLF001 - where else is the port?
        self.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"  # type: ignore[attr-defined]  # noqa: SLF001 - likewise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close what listens."""
        await self.hang_up()
        assert self._runner is not None, "entered"
        await self._runner.cleanup()
        await self.session.close()

    async def hang_up(self) -> None:
        """Hang up every telephone."""
        for phone in self.phones.values():
            await phone.hang_up()

    def call(self, number: Number) -> Phone:
        """Let somebody ring a number."""
        phone = Phone(self, number, f"CA{next(self._numbers):032x}")
        self.phones[phone.sid] = phone
        phone.begin()
        return phone

    def stream(self, phone: Phone, url: str, parameters: Mapping[str, str]) -> Stream:
        """Return a stream that is about to be opened."""
        return Stream(
            url=url,
            call_sid=phone.sid,
            account_sid=ACCOUNT,
            auth_token=self.tokens[0],
            number=next(self._numbers),
            parameters=parameters,
            ear=phone.ear,
        )

    def signed(self, phone: Phone, url: str, more: Mapping[str, str]) -> Signed:
        """Return a request about a call, as it is signed."""
        address = urldefrag(url)[0]  # what stands behind # is for Twilio alone
        said = {
            "AccountSid": ACCOUNT,
            "ApiVersion": "2010-04-01",
            "CallSid": phone.sid,
            "CallStatus": phone.status,
            "Called": phone.number.number,
            "Caller": self.texts.caller,
            "Direction": "inbound",
            "From": self.texts.caller,
            "To": phone.number.number,
            **more,
        }
        signature = RequestValidator(self.tokens[0]).compute_signature(address, said)
        return Signed(url=address, said=said, signature=signature)

    async def post(self, phone: Phone, url: str, more: Mapping[str, str]) -> str:
        """Send one signed request about a call; return the answer's body."""
        signed = self.signed(phone, url, more)
        asked = Asked(url=signed.url, said=signed.said)
        phone.asked.append(asked)
        async with self.session.post(
            signed.url,
            data=signed.said,
            headers={"X-Twilio-Signature": signed.signature, "User-Agent": "TwilioProxy/1.1"},
            timeout=aiohttp.ClientTimeout(total=self.timeout_s),
        ) as response:
            asked.status = response.status
            body = await response.text()
            if response.status >= 400:
                raise WrongAnswer(response.status)
            return body

    async def _update(self, request: web.Request) -> web.Response:
        """Change a live call."""
        if request.headers["Authorization"] not in map(_basic, self.tokens):
            return web.json_response({"code": 20003, "message": "Authenticate"}, status=401)
        said = {name: str(value) for name, value in (await request.post()).items()}
        self.updates.append({"CallSid": request.match_info["call"], **said})
        if self.fails:
            self.fails -= 1
            return web.json_response({"code": 20500, "message": "no"}, status=500)
        phone = self.phones.get(request.match_info["call"])
        if phone is None:
            return web.json_response({"code": 20404, "message": "not found"}, status=404)
        if phone.status != "in-progress":
            refused = {"code": 21220, "message": "Call is not in-progress. Cannot redirect."}
            return web.json_response(refused, status=400)
        await phone.order(said)
        return web.json_response({"sid": phone.sid, "status": phone.status})


def _basic(token: str) -> str:
    """Return how the account proves itself over REST."""
    return f"Basic {b64encode(f'{ACCOUNT}:{token}'.encode()).decode()}"
