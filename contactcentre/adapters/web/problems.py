"""How refusals and outages are said over HTTP: the only place that knows status codes.

A refusal's own sentence is for the asker. An outage's is not: it may name machines, so the asker
hears the sentence that stands here and the log keeps the other.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from contactcentre.domain import errors as e
from contactcentre.wire.problems import Problem

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Saying:
    """How one kind of refusal or outage is said."""

    status: HTTPStatus
    title: str
    detail: str | None = None
    """What the asker is told instead of the error's own words."""


AWAY = HTTPStatus.SERVICE_UNAVAILABLE

SAYINGS: Mapping[type[e.Refusal | e.Outage], Saying] = MappingProxyType(
    {
        e.Refusal: Saying(HTTPStatus.BAD_REQUEST, "That can't be done"),
        e.UnknownName: Saying(HTTPStatus.NOT_FOUND, "There is nothing of that name"),
        e.BadRequest: Saying(HTTPStatus.BAD_REQUEST, "That can't be understood"),
        e.MalformedOffer: Saying(HTTPStatus.BAD_REQUEST, "No sound connection can be made"),
        e.BrokenFlow: Saying(HTTPStatus.UNPROCESSABLE_ENTITY, "The flow can't be used"),
        e.BadClaim: Saying(HTTPStatus.FORBIDDEN, "The claim is not good"),
        e.NotSignedIn: Saying(HTTPStatus.UNAUTHORIZED, "Nobody is signed in"),
        e.NotAllowed: Saying(HTTPStatus.FORBIDDEN, "Not allowed"),
        e.TooMany: Saying(HTTPStatus.TOO_MANY_REQUESTS, "Too many attempts"),
        e.LinesBusy: Saying(HTTPStatus.TOO_MANY_REQUESTS, "No line is free"),
        e.NumberNotAllowed: Saying(HTTPStatus.FORBIDDEN, "That number may not be rung"),
        e.OutOfOrder: Saying(HTTPStatus.CONFLICT, "That can't follow now"),
        e.CallerIsYours: Saying(HTTPStatus.CONFLICT, "The caller is with you"),
        e.NodeFull: Saying(AWAY, "This node takes no further calls"),
        e.ChatClosed: Saying(HTTPStatus.CONFLICT, "Nobody answers chats now"),
        e.QueueClosed: Saying(HTTPStatus.CONFLICT, "Nobody answers that queue now"),
        e.StaleToken: Saying(HTTPStatus.CONFLICT, "A newer reservation stands"),
        e.StaleEpoch: Saying(HTTPStatus.CONFLICT, "Another leg has taken the call"),
        e.CallClosed: Saying(HTTPStatus.GONE, "The call has ended"),
        e.Outage: Saying(AWAY, "Out of reach", "Something we need is out of reach. Try again."),
        e.StateUnavailable: Saying(
            AWAY, "The queues are out of reach", "The queues can't be reached. Try again shortly."
        ),
        e.StoreChanged: Saying(
            AWAY, "Live state has just changed", "Live state has just come back. Try again shortly."
        ),
        e.LedgerUnavailable: Saying(
            AWAY, "The records are out of reach", "The records can't be reached. Try again shortly."
        ),
        e.SwitchNotTurned: Saying(
            AWAY,
            "The switch was not turned",
            "The records can't be reached, so the switch was not turned. Try again shortly.",
        ),
        e.NotWrittenDown: Saying(
            AWAY,
            "It can't be written down who listens",
            "The records can't be reached, so nobody may listen. Try again shortly.",
        ),
        e.MediaUnavailable: Saying(
            AWAY, "Sound is out of reach", "Sound can't be carried here. Try again shortly."
        ),
        e.PeerUnavailable: Saying(
            AWAY, "A part of the centre is out of reach", "A part of the centre did not answer."
        ),
        e.PeerBroke: Saying(
            AWAY, "A part of the centre has broken down", "A part of the centre did not answer."
        ),
        e.CarrierUnavailable: Saying(
            AWAY, "The telephone network is out of reach", "The telephone network did not answer."
        ),
        e.SpoolFull: Saying(AWAY, "No room for records", "This node takes no further calls."),
    }
)


def _kinds(root: type[e.Refusal | e.Outage]) -> Iterator[type[e.Refusal | e.Outage]]:
    yield root
    for kind in root.__subclasses__():
        yield from _kinds(kind)


REFUSALS: Mapping[str, type[e.Refusal]] = MappingProxyType(
    {kind.code: kind for kind in _kinds(e.Refusal) if issubclass(kind, e.Refusal)}
)
"""Which class a code stands for, so that a refusal can travel from one process to another."""

assert SAYINGS.keys() == {*_kinds(e.Refusal), *_kinds(e.Outage)}, "every kind has its saying"


def words_for(error: e.Refusal | e.Outage) -> str:
    """Return the sentence that the asker may read."""
    return SAYINGS[type(error)].detail or str(error)


def problem_of(error: e.Refusal | e.Outage) -> Problem:
    """Return a refusal or an outage as it is said over HTTP."""
    saying = SAYINGS[type(error)]
    return Problem(
        title=saying.title, status=saying.status, code=error.code, detail=words_for(error)
    )


def respond(problem: Problem) -> web.Response:
    """Return a problem as a response."""
    return web.Response(
        status=problem.status,
        body=problem.model_dump_json().encode(),
        content_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store"},
    )


@web.middleware
async def say_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever a handler raises into a problem; a bug is logged and told without its words."""
    try:
        return await handler(request)
    except e.Refusal as refusal:
        return respond(problem_of(refusal))
    except e.Outage as outage:
        log.warning(
            "a request met an outage", code=outage.code, path=_path(request), why=str(outage)
        )
        return respond(problem_of(outage))
    except web.HTTPException as raised:
        if raised.status < HTTPStatus.BAD_REQUEST:
            raise
        return respond(_of_http(raised))
    except Exception:
        log.exception("a request met a mistake of ours", path=_path(request))
        return respond(
            Problem(
                title="Our mistake",
                status=HTTPStatus.INTERNAL_SERVER_ERROR,
                code="mistake",
                detail="Something went wrong here. It has been written down. Try again.",
            )
        )


def _of_http(raised: web.HTTPException) -> Problem:
    """Return what the server library itself refuses: no such path, wrong method, too long."""
    code = e.UnknownName.code if raised.status == HTTPStatus.NOT_FOUND else e.BadRequest.code
    return Problem(title=raised.reason, status=raised.status, code=code, detail=f"{raised.reason}.")


def _path(request: web.Request) -> str:
    """Return which route was asked for, without the names in it."""
    resource = request.match_info.route.resource
    return "unknown" if resource is None else resource.canonical
