"""The part of Twilio that knows numbers and sends texts, as documented."""

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

import aiohttp
from aiohttp import web
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

ACCOUNT_PATH = "/2010-04-01/Accounts/{account}"
CALLER = "+441632960999"


@dataclass(slots=True)
class TextOffice:
    """What is asked about numbers and texts, and how it is answered."""

    proves: Callable[[str], bool]
    caller: str = CALLER
    """Where everybody rings from."""
    kinds: dict[str, str] = field(default_factory=dict)
    """What kind of line each number is; one that is not here is none."""
    sent: list[dict[str, str]] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)
    refusals: list[int] = field(default_factory=list)
    """Status codes with which the next texts are answered."""
    look_up_refusals: list[int] = field(default_factory=list)
    """Status codes with which the next look-ups are answered."""
    look_up_s: float = 0.0
    """How long a look-up takes."""
    loses_answers: bool = False
    """Texts are sent, and nobody is told."""
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def routes(self) -> Sequence[web.RouteDef]:
        """Return what may be asked."""
        return [
            web.get(f"{ACCOUNT_PATH}/Calls/{{call}}.json", self._call),
            web.post(f"{ACCOUNT_PATH}/Messages.json", self._text),
            web.get("/v2/PhoneNumbers/{number}", self._look_up),
        ]

    async def report(self, text: Mapping[str, str], status: str, *, token: str) -> int:
        """Say what has become of a text, signed; return how that was answered."""
        url = text["StatusCallback"]
        said = {
            "AccountSid": text["AccountSid"],
            "MessageSid": text["sid"],
            "MessageStatus": status,
            "SmsStatus": status,
            "To": text["To"],
        }
        headers = {"X-Twilio-Signature": RequestValidator(token).compute_signature(url, said)}
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=said, headers=headers) as response,
        ):
            return response.status

    async def _call(self, request: web.Request) -> web.Response:
        self._authenticate(request)
        said = {"sid": request.match_info["call"], "from": self.caller, "status": "in-progress"}
        return web.json_response(said)

    async def _look_up(self, request: web.Request) -> web.Response:
        self._authenticate(request)
        number = request.match_info["number"]
        self.looked_up.append(number)
        await asyncio.sleep(self.look_up_s)
        assert request.query["Fields"] == "line_type_intelligence"
        if self.look_up_refusals:
            status = self.look_up_refusals.pop(0)
            return web.json_response({"code": 60600, "message": "no"}, status=status)
        if number not in self.kinds:
            return web.json_response({"code": 20404, "message": "not found"}, status=404)
        kind = {"type": self.kinds[number], "carrier_name": "", "error_code": None}
        said = {"phone_number": number, "valid": True, "line_type_intelligence": kind}
        return web.json_response(said)

    async def _text(self, request: web.Request) -> web.Response:
        self._authenticate(request)
        if self.refusals:
            status = self.refusals.pop(0)
            return web.json_response({"code": status, "message": "no"}, status=status)
        said = {name: str(value) for name, value in (await request.post()).items()}
        sid = f"SM{next(self._numbers):032x}"
        self.sent.append({**said, "sid": sid, "AccountSid": request.match_info["account"]})
        if self.loses_answers:
            assert request.transport is not None
            request.transport.abort()
        answer = {"sid": sid, "status": "queued"}
        return web.json_response(answer, status=HTTPStatus.CREATED)

    def _authenticate(self, request: web.Request) -> None:
        if not self.proves(request.headers["Authorization"]):
            raise web.HTTPUnauthorized(
                text='{"code": 20003, "message": "Authenticate"}', content_type="application/json"
            )
