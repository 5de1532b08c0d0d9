"""What we ask of Twilio over its REST interface, under a deadline, with a breaker in front."""

from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Self

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

    async def _ask(self, ask: Callable[[], Awaitable[object]]) -> None:
        """Ask, and ask once more where that may help."""
        for left in range(TRIES_MAX - 1, -1, -1):
            if not self._breaker.may_try(at_ms=self._clock.monotonic_ms()):
                raise CarrierUnavailable("Twilio has failed again and again, and is left alone.")
            try:
                await ask()
            except TwilioRestException as error:
                if error.code in {NOT_IN_PROGRESS, NOT_FOUND}:
                    self._breaker.succeeded()
                    raise CallClosed("Twilio says that this call is over.") from error
                self._breaker.failed(at_ms=self._clock.monotonic_ms())
                if not left or error.status in OURS:
                    raise CarrierUnavailable(f"Twilio refuses: {error.status}") from error
            except (TwilioException, aiohttp.ClientError, TimeoutError, OSError) as error:
                self._breaker.failed(at_ms=self._clock.monotonic_ms())
                if not left:
                    raise CarrierUnavailable(f"Twilio: {type(error).__name__}") from error
            else:
                self._breaker.succeeded()
                return
            await self._clock.sleep_ms(AGAIN_AFTER_MS + self._chance.jitter(AGAIN_AFTER_MS))
