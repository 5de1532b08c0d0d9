"""What we ask of Twilio over its REST interface, under a deadline, with a breaker in front."""

from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from contactcentre.domain.breaker import Breaker
from contactcentre.domain.errors import CallClosed, CarrierUnavailable
from contactcentre.ports.environment import Chance, Clock

DEADLINE_S = 3.0
TRIES_MAX = 2
AGAIN_AFTER_MS = 200
FAILURES_MAX = 5
OPEN_MS = 10_000
NOT_IN_PROGRESS, NOT_FOUND = 21220, 20404
"""Twilio's codes for a call that is over."""
OURS = range(400, 500)
"""Status codes by which it says that what we asked is wrong: to ask again is no use."""
TOO_MANY = 429
TEXT_VALID_S = 600
"""A link that comes later than this is of no use to who has asked for it in a call."""
T = TypeVar("T")


class TextRefused(Exception):
    """A text was certainly not sent."""


FAILURES = (TwilioException, aiohttp.ClientError, TimeoutError, OSError)


class _Http:
    """What the library's client sends its requests by: its own uses parts of aiohttp that go."""

    is_async = True

    def __init__(self) -> None:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=DEADLINE_S))

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        **_more: object,
    ) -> Response:
        """Send a request and return the answer."""
        sent = dict(headers or {})
        if auth is not None:
            sent["Authorization"] = f"Basic {b64encode(':'.join(auth).encode()).decode()}"
        async with self._session.request(
            method.upper(), url, params=params, data=data, headers=sent, allow_redirects=False
        ) as answer:
            return Response(answer.status, await answer.text(), answer.headers)


class TwilioRest:
    """The account's calls, as we change them; usable while it is entered."""

    def __init__(
        self, *, account_sid: str, auth_token: str, api_url: str, clock: Clock, chance: Chance
    ) -> None:
        self._account = (account_sid, auth_token)
        self._api_url = api_url
        self._clock = clock
        self._chance = chance
        self._breaker = Breaker(failures_max=FAILURES_MAX, open_ms=OPEN_MS)
        self._http: Any = None
        self._client: Any = None

    async def __aenter__(self) -> Self:
        """Make ready; nothing is connected before it is needed."""
        self._http = _Http()
        self._client = Client(*self._account, http_client=self._http)
        self._client.api.base_url = self._api_url
        self._client.lookups.base_url = self._api_url.replace("//api.", "//lookups.", 1)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection."""
        await self._http.close()

    async def pull(self, call_sid: str, *, url: str) -> None:
        """Take a call off whatever is done with it, and let Twilio ask at a URL what is next.

        Raises CallClosed if it is over, CarrierUnavailable.
        """
        await self._ask(lambda: self._client.calls(call_sid).update_async(url=url, method="POST"))

    async def caller(self, call_sid: str) -> str:
        """Return the number that a call comes from. Raises CallClosed, CarrierUnavailable."""
        call = await self._ask(lambda: self._client.calls(call_sid).fetch_async())
        return str(call._from)  # noqa: SLF001 - so the library calls it

    async def kind_of_line(self, number: str) -> str:
        """Return what a number is in Twilio's words, as in `mobile` or `landline`; "" if unknown.

        Raises CallClosed for what is no number, CarrierUnavailable.
        """
        wanted = self._client.lookups.v2.phone_numbers(number)
        found = await self._ask(lambda: wanted.fetch_async(fields="line_type_intelligence"))
        return str((found.line_type_intelligence or {}).get("type") or "")

    async def text(self, *, to: str, body: str, sender: str, status_url: str) -> None:
        """Send a text, once: nobody gets two because an answer was lost.

        Raises TextRefused, and CarrierUnavailable where nobody knows whether it was sent.
        """
        is_service = sender.startswith("MG")
        if not self._breaker.may_try(at_ms=self._clock.monotonic_ms()):
            raise TextRefused("Twilio has failed again and again, and is left alone.")
        try:
            await self._client.messages.create_async(
                to=to,
                body=body,
                status_callback=status_url,
                validity_period=TEXT_VALID_S,
                **({"messaging_service_sid": sender} if is_service else {"from_": sender}),
            )
        except TwilioRestException as error:
            self._note(error)
            if error.status in OURS:
                raise TextRefused(f"Twilio refuses: {error.status} {error.code}") from error
            raise CarrierUnavailable(f"Twilio: {error.status}") from error
        except FAILURES as error:
            self._breaker.failed(at_ms=self._clock.monotonic_ms())
            raise CarrierUnavailable(f"Twilio: {type(error).__name__}") from error
        self._breaker.succeeded()

    async def _ask(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask, and ask once more where that may help."""
        for left in range(TRIES_MAX - 1, -1, -1):
            if not self._breaker.may_try(at_ms=self._clock.monotonic_ms()):
                raise CarrierUnavailable("Twilio has failed again and again, and is left alone.")
            try:
                answer = await ask()
            except TwilioRestException as error:
                self._note(error)
                if error.code in {NOT_IN_PROGRESS, NOT_FOUND}:
                    raise CallClosed("Twilio says that this call is over.") from error
                if not left or error.status in OURS:
                    raise CarrierUnavailable(f"Twilio refuses: {error.status}") from error
            except FAILURES as error:
                self._breaker.failed(at_ms=self._clock.monotonic_ms())
                if not left:
                    raise CarrierUnavailable(f"Twilio: {type(error).__name__}") from error
            else:
                self._breaker.succeeded()
                return answer
            await self._clock.sleep_ms(AGAIN_AFTER_MS + self._chance.jitter(AGAIN_AFTER_MS))
        raise AssertionError("a last try")

    def _note(self, error: TwilioRestException) -> None:
        """Tell the breaker of an answer: one that refuses what we ask is no failure of Twilio's."""
        if error.status in OURS and error.status != TOO_MANY:
            self._breaker.succeeded()
        else:
            self._breaker.failed(at_ms=self._clock.monotonic_ms())
