"""What may be asked over HTTP: each route with its models and with who may ask.

No route can be written down without saying who may ask. A handler gets what was asked already
checked, and returns a model; what goes wrong it raises.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Generic, Protocol, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from contactcentre.domain.errors import BadRequest
from contactcentre.ports.accounts import Account
from contactcentre.wire.said import Said

Owner = TypeVar("Owner")
Taken = TypeVar("Taken", bound=BaseModel)
Given = TypeVar("Given", bound=BaseModel)

JSON = "application/json"


class Access(StrEnum):
    """Who may ask."""

    ANYONE = "anyone"
    SIGNED_IN = "signed_in"
    """Advisers and supervisors."""
    SUPERVISOR = "supervisor"
    LIVE = "live"
    """As SIGNED_IN, for a socket: a browser cannot read why one was not opened, so it is told on
    the socket."""


class Nothing(Said):
    """No body."""


class Gate(Protocol):
    """Lets in whoever may ask."""

    async def admit(self, request: web.Request, access: Access) -> Account | None:
        """Return who asks, if that must be known. Raises NotSignedIn, NotAllowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(Generic[Taken]):
    """A request that was let in."""

    request: web.Request
    said: Taken
    who: Account | None
    response: web.Response = field(default_factory=web.Response)
    """What the answer is put into; a handler may add a cookie to it."""

    @property
    def account(self) -> Account:
        """Return who is signed in, on a route for which somebody must be."""
        assert self.who is not None, "the route asks for somebody who is signed in"
        return self.who


Raw = Callable[[Owner, web.Request, Account | None], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Generic[Owner]):
    """One thing that may be asked."""

    method: str
    path: str
    access: Access
    takes: type[BaseModel]
    gives: type[BaseModel]
    handle: Raw[Owner]


class Routes(Generic[Owner]):
    """The routes of one kind of owner, written next to its methods by decorators."""

    def __init__(self) -> None:
        self.table: list[Route[Owner]] = []

    def speaks(
        self, method: str, path: str, *, access: Access, takes: type[Taken], gives: type[Given]
    ) -> Callable[
        [Callable[[Owner, Asked[Taken]], Awaitable[Given]]],
        Callable[[Owner, Asked[Taken]], Awaitable[Given]],
    ]:
        """Make a method answer a path in JSON."""

        def write_down(
            speak: Callable[[Owner, Asked[Taken]], Awaitable[Given]],
        ) -> Callable[[Owner, Asked[Taken]], Awaitable[Given]]:
            async def handle(
                owner: Owner, request: web.Request, who: Account | None
            ) -> web.StreamResponse:
                said = await read_said(request, takes)
                asked = Asked(request=request, said=said, who=who)
                return _fill(asked.response, await speak(owner, asked))

            self._add(method, path, access=access, takes=takes, gives=gives, handle=handle)
            return speak

        return write_down

    def serves(
        self, method: str, path: str, *, access: Access
    ) -> Callable[[Raw[Owner]], Raw[Owner]]:
        """Make a method answer a path by itself: a page, a file, a socket."""

        def write_down(handle: Raw[Owner]) -> Raw[Owner]:
            self._add(method, path, access=access, takes=Nothing, gives=Nothing, handle=handle)
            return handle

        return write_down

    def _add(
        self,
        method: str,
        path: str,
        *,
        access: Access,
        takes: type[BaseModel],
        gives: type[BaseModel],
        handle: Raw[Owner],
    ) -> None:
        taken = {(route.method, route.path) for route in self.table}
        assert (method, path) not in taken, f"{method} {path} is written down twice"
        self.table.append(
            Route(method=method, path=path, access=access, takes=takes, gives=gives, handle=handle)
        )

    def mount(self, app: web.Application, owner: Owner, gate: Gate) -> None:
        """Put the routes into an application, behind a gate."""
        for route in self.table:
            app.router.add_route(route.method, route.path, _behind(gate, owner, route))


def _behind(
    gate: Gate, owner: Owner, route: Route[Owner]
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        who = await gate.admit(request, route.access)
        return await route.handle(owner, request, who)

    return handle


async def read_said(request: web.Request, takes: type[Taken]) -> Taken:
    """Return what was said, if it can be understood."""
    body = await request.read() if request.can_read_body else b""
    if body and request.content_type != JSON:
        raise BadRequest("Say it as application/json.")
    try:
        return takes.model_validate_json(body or b"{}")
    except ValidationError as error:
        raise BadRequest(_sentence(error)) from error


def _sentence(error: ValidationError) -> str:
    """Return what is wrong and where, without repeating what was said."""
    wrong = (
        f"{'.'.join(str(step) for step in fault['loc']) or 'the body'}: {fault['msg']}"
        for fault in error.errors(include_url=False, include_input=False, include_context=False)
    )
    return f"That can't be understood: {'; '.join(wrong)}."


def say(given: BaseModel) -> web.Response:
    """Return an answer in JSON, which nobody on the way keeps."""
    return _fill(web.Response(), given)


def _fill(response: web.Response, given: BaseModel) -> web.Response:
    """Return the response with the answer in it; nothing is kept by anybody on the way."""
    response.headers["Cache-Control"] = "no-store"
    if isinstance(given, Nothing):
        response.set_status(HTTPStatus.NO_CONTENT)
        return response
    response.content_type = JSON
    response.body = given.model_dump_json().encode()
    return response
