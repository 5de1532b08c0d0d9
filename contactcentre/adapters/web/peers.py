"""How our processes speak to one another: JSON over HTTP under the cluster key.

One try under a deadline. Whoever asks knows whether asking again is harmless; this file does not.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from pydantic import BaseModel, ValidationError

from contactcentre.adapters.web.problems import REFUSALS
from contactcentre.domain.errors import PeerUnavailable
from contactcentre.limits import MESSAGE_MAX_BYTES
from contactcentre.wire.problems import Problem

CLUSTER_KEY_HEADER = "X-Cluster-Key"
CONNECTIONS_PER_PEER_MAX = 32
REFUSED_FROM = 400


class Peers:
    """The other processes of the centre, as this one reaches them; made by `open_peers`."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def post(self, base_url: str, path: str, body: BaseModel, *, deadline_ms: int) -> None:
        """Tell a peer something. Raises what the peer refuses, or PeerUnavailable."""
        try:
            async with self._session.post(
                base_url.rstrip("/") + path,
                data=body.model_dump_json().encode(),
                timeout=aiohttp.ClientTimeout(total=deadline_ms / 1_000),
                allow_redirects=False,
            ) as response:
                if response.status >= REFUSED_FROM:
                    _raise_refusal(await response.content.read(MESSAGE_MAX_BYTES))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise PeerUnavailable(f"{base_url}{path}: {type(error).__name__}") from error


def _raise_refusal(body: bytes) -> None:
    """Raise what a peer refused as if it had been refused here."""
    try:
        problem = Problem.model_validate_json(body)
    except ValidationError as error:
        raise PeerUnavailable(
            "A peer answered with something that is no problem of ours."
        ) from error
    refusal = REFUSALS.get(problem.code)
    if refusal is None:
        raise PeerUnavailable(f"A peer could not do it: {problem.code}.")
    raise refusal(problem.detail)


@asynccontextmanager
async def open_peers(cluster_key: str) -> AsyncIterator[Peers]:
    """Give a way to speak to the other processes for as long as it is open."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, limit_per_host=CONNECTIONS_PER_PEER_MAX),
        headers={CLUSTER_KEY_HEADER: cluster_key, "Content-Type": "application/json"},
        # a peer's cookies are not ours
        cookie_jar=aiohttp.DummyCookieJar(),
    ) as session:
        yield Peers(session)
