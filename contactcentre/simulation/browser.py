"""A simulated browser's way to the centre: what the drills' people use of aiohttp's session."""

import json
from collections.abc import AsyncIterator, Generator
from types import TracebackType
from typing import Any, Self

from aiohttp import WSMsgType

from contactcentre.simulation.lives import Answer, Request
from contactcentre.simulation.network import Names
from contactcentre.simulation.post import Post, host_of, path_of
from contactcentre.simulation.wires import End, Wires, Word

OK_BELOW = 400


class Response:
    """What was answered."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.status = answer.status

    @property
    def ok(self) -> bool:
        """Say whether it is no refusal."""
        return self.status < OK_BELOW

    async def read(self) -> bytes:
        """Return the body."""
        return self._answer.body

    async def json(self, *, content_type: str | None = None) -> Any:
        """Return what the body says."""
        del content_type
        return json.loads(self._answer.body)


class Socket:
    """An open socket."""

    def __init__(self, end: End) -> None:
        self._end = end

    @property
    def closed(self) -> bool:
        """Say whether it is closed."""
        return self._end.closed

    @property
    def close_code(self) -> int | None:
        """Return why it is closed."""
        return self._end.close_code

    async def send_str(self, text: str) -> None:
        """Say something. Raises ConnectionError once it is closed."""
        await self._end.send_str(text)

    async def send_json(self, said: object) -> None:
        """Say something. Raises ConnectionError once it is closed."""
        await self._end.send_str(json.dumps(said))

    async def close(self) -> None:
        """Close it."""
        await self._end.close()

    async def __aiter__(self) -> AsyncIterator[Word]:
        """Yield what is said until it is closed."""
        while (word := await self._end.receive()).type is WSMsgType.TEXT:
            yield word


class Opening:
    """A socket that is being opened: to be awaited, or entered."""

    def __init__(self, wires: Wires, names: Names, url: str, session: str) -> None:
        self._wires = wires
        self._names = names
        self._url = url
        self._session = session
        self._socket: Socket | None = None

    async def _open(self) -> Socket:
        host, path = host_of(self._url), path_of(self._url)
        self._socket = Socket(await self._wires.open(self._names, host, path, self._session))
        return self._socket

    def __await__(self) -> Generator[Any, None, Socket]:
        """Return the socket once it is open."""
        return self._open().__await__()

    async def __aenter__(self) -> Socket:
        """Return the socket once it is open."""
        return await self._open()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        if self._socket is not None:
            await self._socket.close()


class Asking:
    """A request that is entered for its response."""

    def __init__(self, browser: "Browser", host: str, request: Request) -> None:
        self._browser = browser
        self._host = host
        self._request = request

    async def __aenter__(self) -> Response:
        """Ask, and return the response. Raises ConnectionError."""
        return await self._browser.ask(self._host, self._request)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Do nothing: the response has been read."""


class Browser:
    """One browser: it has a name on the network, and keeps whom it is signed in as."""

    def __init__(self, post: Post, wires: Wires, names: Names) -> None:
        self._post = post
        self._wires = wires
        self._names = names
        self._session = ""

    async def __aenter__(self) -> Self:
        """Give the browser."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Do nothing: whoever opened a socket closes it."""

    def ws_connect(self, url: str, **limits: object) -> Opening:
        """Open a socket."""
        del limits
        return Opening(self._wires, self._names, url, self._session)

    def request(
        self, method: str, url: str, *, json: object = None, headers: object = None
    ) -> Asking:
        """Ask for something."""
        del headers
        return Asking(self, host_of(url), self._asked(method, url, json))

    def get(self, url: str) -> Asking:
        """Ask for something."""
        return Asking(self, host_of(url), self._asked("GET", url, None))

    async def ask(self, host: str, request: Request) -> Response:
        """Ask for something, and keep the session that is given."""
        answer = await self._post.ask(self._names, host, request)
        self._session = answer.session or self._session
        return Response(answer)

    def _asked(self, method: str, url: str, said: object) -> Request:
        body = b"" if said is None else json.dumps(said).encode()
        return Request(method=method, path=path_of(url), body=body, session=self._session)
