"""How our processes speak to one another: JSON over HTTP under the cluster key.

One try under a deadline. Whoever asks knows whether asking again is harmless; this file does not.
"""

from types import TracebackType
from typing import Self, TypeVar

import aiohttp
from pydantic import BaseModel, ValidationError

from contactcentre.adapters.web.problems import REFUSALS
from contactcentre.domain.errors import PeerUnavailable
from contactcentre.limits import MESSAGE_MAX_BYTES
from contactcentre.wire.problems import Problem

CLUSTER_KEY_HEADER = "X-Cluster-Key"
CONNECTIONS_PER_PEER_MAX = 32
REFUSED_FROM = 400

Answer = TypeVar("Answer", bound=BaseModel)


class Peers:
    """The other processes of the centre, as this one reaches them while it is entered."""

    def __init__(self, cluster_key: str) -> None:
        self._cluster_key = cluster_key
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Make ready; nothing is connected before it is needed."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, limit_per_host=CONNECTIONS_PER_PEER_MAX),
            headers={CLUSTER_KEY_HEADER: self._cluster_key, "Content-Type": "application/json"},
            # a peer's cookies are not ours
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection."""
        assert self._session is not None, "entered"
        await self._session.close()

    async def post(self, base_url: str, path: str, body: BaseModel, *, deadline_ms: int) -> None:
        """Tell a peer something. Raises what the peer refuses, or PeerUnavailable."""
        await self._post(base_url, path, body, deadline_ms)

    async def lives(self, base_url: str, *, deadline_ms: int) -> bool:
        """Say whether a process answers at all that it lives."""
        assert self._session is not None, "entered"
        try:
            async with self._session.get(
                base_url.rstrip("/") + "/livez",
                timeout=aiohttp.ClientTimeout(total=deadline_ms / 1_000),
                allow_redirects=False,
            ) as response:
                return response.ok
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

    async def ask(
        self, base_url: str, path: str, body: BaseModel, *, gives: type[Answer], deadline_ms: int
    ) -> Answer:
        """Ask a peer something. Raises what the peer refuses, or PeerUnavailable."""
        answer = await self._post(base_url, path, body, deadline_ms)
        try:
            return gives.model_validate_json(answer)
        except ValidationError as error:
            raise PeerUnavailable(f"{base_url}{path}: an answer of another kind.") from error

    async def _post(self, base_url: str, path: str, body: BaseModel, deadline_ms: int) -> bytes:
        assert self._session is not None, "entered"
        try:
            async with self._session.post(
                base_url.rstrip("/") + path,
                data=body.model_dump_json().encode(),
                timeout=aiohttp.ClientTimeout(total=deadline_ms / 1_000),
                allow_redirects=False,
            ) as response:
                answer = await _read(response)
                if response.status >= REFUSED_FROM:
                    raise_refusal(answer)
                return answer
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise PeerUnavailable(f"{base_url}{path}: {type(error).__name__}") from error


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Return the body of an answer, of which no more is read than any of ours is long."""
    body = bytearray()
    async for part in response.content.iter_any():
        body += part
        if len(body) > MESSAGE_MAX_BYTES:
            raise PeerUnavailable("A peer answered more than any answer of ours.")
    return bytes(body)


def raise_refusal(body: bytes) -> None:
    """Raise what a peer refused as if it had been refused here."""
    try:
        problem = Problem.model_validate_json(body)
    except ValidationError as error:
        raise PeerUnavailable("A peer answered what is no problem of ours.") from error
    refusal = REFUSALS.get(problem.code)
    if refusal is None:
        raise PeerUnavailable(f"A peer could not do it: {problem.code}.")
    raise refusal(problem.detail)
