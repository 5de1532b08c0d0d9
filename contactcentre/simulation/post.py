"""Requests between simulated processes, and from people: tried once, under a deadline of the asker.

What is lost on its way there or back is never answered, and what arrives late is done all the same.
"""

import asyncio
from asyncio import Future
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import TypeVar

from pydantic import BaseModel

from contactcentre.adapters.web.peers import raise_refusal
from contactcentre.adapters.web.problems import problem_of
from contactcentre.domain.errors import Outage, PeerUnavailable, Refusal
from contactcentre.simulation.lives import Answer, Life, Request
from contactcentre.simulation.network import Names, Network

Said = TypeVar("Said", bound=BaseModel)


class Post:
    """Carries requests to whichever process lives under a name."""

    def __init__(
        self, network: Network, lives: Mapping[str, Life], *, fronts: Mapping[str, Sequence[str]]
    ) -> None:
        """Take the life that each process is in, or was in last, and who stands behind a name.

        Such a name finds a process that listens and can be reached, as a balancer does that asks
        each of them how it is.
        """
        self.network = network
        self.lives = lives
        self._fronts = fronts

    async def ask(self, source: Names, host: str, request: Request) -> Answer:
        """Return what a process answers; never, if anything is lost on the way.

        Raises ConnectionError if nobody listens there.
        """
        loop = asyncio.get_running_loop()
        answered: Future[Answer] = loop.create_future()
        host = self._found(source, host)
        target = self.lives[host].names

        def settle(answer: Answer | None) -> None:
            if answered.done():
                return
            if answer is None:
                answered.set_exception(ConnectionError(f"{host} does not listen"))
            else:
                answered.set_result(answer)

        def send_back(answer: Answer | None) -> None:
            self.network.send(target, source, lambda: settle(answer))

        def arrive() -> None:
            life = self.lives[host]
            if life.is_listening:
                life.spawn(_served(life, request, send_back), "request")
            else:
                send_back(None)

        self.network.send(source, target, arrive)
        return await answered

    def _found(self, source: Names, host: str) -> str:
        """Return the process that a name leads to."""
        behind = self._fronts.get(host)
        if behind is None:
            return host
        lives = [self.lives[name] for name in behind]
        able = (life.name for life in lives if life.goes and self._reaches(source, life))
        return next(able, behind[0])

    def _reaches(self, source: Names, life: Life) -> bool:
        network = self.network
        is_cut = network.is_cut(source, life.names) or network.is_cut(life.names, source)
        return life.is_listening and not is_cut


async def _served(life: Life, request: Request, send_back: Callable[[Answer | None], None]) -> None:
    """Let a process serve a request, and send back whatever comes of it."""
    assert life.serve is not None, "whoever listens serves"
    try:
        answer = await life.serve(request)
    except (Refusal, Outage) as error:
        problem = problem_of(error)
        answer = Answer(status=problem.status, body=problem.model_dump_json().encode())
    send_back(answer)


class PostPeers:
    """The other processes of the centre, as one of them reaches them."""

    def __init__(self, post: Post, own: Life) -> None:
        self._post = post
        self._own = own

    async def post(self, base_url: str, path: str, body: BaseModel, *, deadline_ms: int) -> None:
        """Tell a peer something. Raises what the peer refuses, or PeerUnavailable."""
        await self._ask(base_url, path, body, deadline_ms)

    async def ask(
        self, base_url: str, path: str, body: BaseModel, *, gives: type[Said], deadline_ms: int
    ) -> Said:
        """Ask a peer something. Raises what the peer refuses, or PeerUnavailable."""
        return gives.model_validate_json(await self._ask(base_url, path, body, deadline_ms))

    async def _ask(self, base_url: str, path: str, body: BaseModel, deadline_ms: int) -> bytes:
        request = Request(method="POST", path=path, body=body.model_dump_json().encode())
        try:
            async with asyncio.timeout(deadline_ms / 1_000):
                answer = await self._post.ask(self._own.names, host_of(base_url), request)
        except (ConnectionError, TimeoutError) as error:
            raise PeerUnavailable(f"{base_url}{path}: {type(error).__name__}") from error
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise_refusal(answer.body)
        return answer.body


def host_of(url: str) -> str:
    """Return the process that a URL names."""
    return url.split("/")[2]


def path_of(url: str) -> str:
    """Return the path of a URL."""
    return "/" + "/".join(url.split("/")[3:])
