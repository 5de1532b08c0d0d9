"""A caller's telephone, and the call at Twilio behind it: it does what the centre's TwiML says."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urldefrag, urljoin
from xml.etree import ElementTree as ET

import aiohttp

from contactcentre.drills.twilio_overrides import WrongAnswer, overrides
from contactcentre.drills.twilio_stream import Ear, Stream

CALLER = "+441632960999"
REDIRECTS_MAX = 100
PARAMETER_MAX = 500
NEAR_HZ, SOMETHING_DB = 20, -50
BROKEN = (aiohttp.ClientError, OSError, TimeoutError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """What is set for a number in the console."""

    number: str
    voice_url: str
    """Where it is asked what to do, and behind `#` how (drills.twilio_overrides)."""
    fallback_url: str | None = None
    status_url: str | None = None
    caller: str = CALLER
    """Whose telephone it is."""


@dataclass(slots=True, kw_only=True)
class Asked:
    """One request that Twilio has sent, and what came of it."""

    url: str
    said: Mapping[str, str]
    status: int | None = None


@dataclass(slots=True, kw_only=True)
class _Order:
    """What the call is told over REST to do next."""

    url: str | None = None
    twiml: str | None = None
    is_end: bool = False


class AtCarrier(Protocol):
    """What a call has of its carrier."""

    pace: float
    """How long a second of a pause is."""
    tells_status: bool

    @property
    def session(self) -> aiohttp.ClientSession:
        """Return what requests go out by."""

    def stream(self, phone: "Phone", url: str, parameters: Mapping[str, str]) -> Stream:
        """Return a stream that is about to be opened."""

    async def post(self, phone: "Phone", url: str, more: Mapping[str, str]) -> str:
        """Send one signed request about a call; return the answer's body. Raises WrongAnswer."""


@dataclass(slots=True)
class Phone:
    """One caller's telephone, and the call at Twilio behind it."""

    carrier: "AtCarrier"
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
    told: Callable[[], None] = lambda: None
    """Told of a stream that has begun, and of the call's end."""
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
        return await self._until(lambda: abs(self.ear.strongest()[0] - hz) < NEAR_HZ, within_s)

    async def hears_something(self, *, within_s: float = 10.0) -> bool:
        """Wait until anything is heard."""
        return await self._until(lambda: self.ear.strongest()[1] > SOMETHING_DB, within_s)

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
            return await self._fetch(url, **more), url
        except (WrongAnswer, *BROKEN) as error:
            fallback = self.number.fallback_url
            if fallback is None or url == fallback:
                self.said.append("application error")
                return "<Response><Hangup/></Response>", url
            code = "11200" if isinstance(error, WrongAnswer) else "11205"
            said = {"ErrorCode": code, "ErrorUrl": urldefrag(url)[0]} | more
            return (await self._ask(fallback, **said))[0], fallback

    async def _fetch(self, url: str, **more: str) -> str:
        how = overrides(url)
        async with asyncio.timeout(how.total_s):
            for left in range(how.retries, -1, -1):
                try:
                    return await self.carrier.post(self, url, more)
                except (WrongAnswer, *BROKEN) as error:
                    if not left or not how.is_tried_again(error):
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
        too_long = [
            name for name in parameters if len(name) + len(parameters[name]) > PARAMETER_MAX
        ]
        assert not too_long, "a parameter of a stream is longer than Twilio takes"
        url = noun.get("url", "")
        assert "?" not in url, "the address of a stream has no query"
        stream = self.carrier.stream(self, url, parameters)
        stream.opened = self.told
        self.streams.append(stream)
        with suppress(*BROKEN):
            await stream.run(self.carrier.session)

    async def _end(self) -> None:
        """Say that the call is over, where somebody wants to know."""
        if self.number.status_url is not None and self.carrier.tells_status:
            with suppress(WrongAnswer, *BROKEN):
                await self.carrier.post(self, self.number.status_url, {})
        self.over.set()
        self.told()

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
