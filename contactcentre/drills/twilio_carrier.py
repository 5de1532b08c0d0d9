"""A small real server that behaves as Twilio documents, for the centre to be tried against.

It places calls: asks the number's address what to do, signed, with a time limit, retries, and the
fallback address where the first fails; does what the TwiML says; opens media streams; says how
calls stand; and serves the part of the REST API that changes a live call.
"""

import itertools
from base64 import b64encode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Self
from urllib.parse import urldefrag

import aiohttp
from aiohttp import web
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from contactcentre.drills.twilio_overrides import BAD, WrongAnswer, overrides
from contactcentre.drills.twilio_phone import Asked, Number, Phone
from contactcentre.drills.twilio_stream import Stream

ACCOUNT = "AC" + "a" * 32
TOKEN = "an auth token of no account"  # noqa: S105 - of no account
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A request with its signature."""

    url: str
    said: Mapping[str, str]
    signature: str


class Carrier:
    """The account at Twilio. Used as a context manager it listens on loopback."""

    def __init__(
        self,
        *,
        tokens: Sequence[str] = (TOKEN,),
        host: str = LOOPBACK,
    ) -> None:
        self._host = host
        self.doors: Mapping[str, Sequence[str]] = {}
        """Where a name leads to: the addresses behind it, each with its port, tried in turn."""
        self.tokens = list(tokens)
        """The first signs; REST takes any."""
        self.pace = 1.0
        """How long a second of a pause is."""
        self.tells_status = True
        self.phones: dict[str, Phone] = {}
        self.updates: list[dict[str, str]] = []
        self.fails: int = 0
        """So many REST requests are answered with an error."""
        self.url = ""
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
        app.add_routes(self.routes())
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, 0)
        await site.start()
        assert site._server is not None  # noqa: SLF001 - where else is the port?
        self.url = f"http://{self._host}:{site._server.sockets[0].getsockname()[1]}"  # type: ignore[attr-defined]  # noqa: SLF001 - likewise
        return self

    def routes(self) -> Sequence[web.RouteDef]:
        """Return what may be asked over REST."""
        path = "/2010-04-01/Accounts/{account}/Calls/{call}.json"
        return [web.post(path, self._update)]

    def proves(self, header: str) -> bool:
        """Say whether a request comes from whoever knows a token."""
        return header in map(_basic, self.tokens)

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
            "Caller": phone.number.caller,
            "Direction": "inbound",
            "From": phone.number.caller,
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
        name = next((one for one in self.doors if signed.url.startswith(one)), None)
        behind = self.doors.get(name or "", ())
        how = overrides(url)
        limits = aiohttp.ClientTimeout(
            total=how.total_s, sock_connect=how.connect_s, sock_read=how.read_s
        )
        *others, last = [door + signed.url[len(name or "") :] for door in behind] or [signed.url]
        for door in others:
            with suppress(aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
                return await self._post(door, signed, asked, limits)
        return await self._post(last, signed, asked, limits)

    async def _post(
        self, url: str, signed: Signed, asked: Asked, limits: aiohttp.ClientTimeout
    ) -> str:
        """Send it to one address; return the answer's body."""
        async with self.session.post(
            url,
            data=signed.said,
            headers={"X-Twilio-Signature": signed.signature, "User-Agent": "TwilioProxy/1.1"},
            timeout=limits,
        ) as response:
            asked.status = response.status
            body = await response.text()
            if response.status >= BAD:
                raise WrongAnswer(response.status)
            return body

    async def _update(self, request: web.Request) -> web.Response:
        """Change a live call."""
        if not self.proves(request.headers["Authorization"]):
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
