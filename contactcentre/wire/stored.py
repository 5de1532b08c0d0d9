"""How an event is stored: on a node's disk, on the stream and for ever.

An event once written is never edited and stays readable: a change of its form is a new version
beside the old one, never in its place. What is not exactly of a version we know is refused, so
that a reader older than its writer drops no fact in silence.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Generic, Literal, TypeVar, get_args

from pydantic import BaseModel, Field, ValidationError
from pydantic_core import from_json

from contactcentre.domain.call import Call
from contactcentre.domain.errors import BadRequest
from contactcentre.domain.events import CallEvent
from contactcentre.domain.ids import NodeId
from contactcentre.ports.records import WrittenEvent
from contactcentre.wire.said import Said

VERSION: Literal[1] = 1
SEQ_MAX = 2**53 - 1
"""Numbers stay exact wherever they pass as floating point (JSON, Lua)."""

Happened = TypeVar("Happened")


class Stored(Said, Generic[Happened]):
    """One event of one call, with the call as it stood after it."""

    v: Literal[1]
    kind: str
    """The class of the event in domain/events.py."""
    node: NodeId
    seq: int = Field(ge=1, le=SEQ_MAX)
    oldest_seq: int = Field(ge=1, le=SEQ_MAX)
    event: Happened
    call: Call


FORMS: Mapping[str, type[Stored[Any]]] = MappingProxyType(
    # The type is only known at run time.
    {kind.__name__: Stored[kind] for kind in get_args(CallEvent)}  # type: ignore[valid-type]
)
"""How each kind of event is stored."""


class _Head(BaseModel):
    """What must be known of a stored event before the rest of it can be read."""

    v: int
    kind: str


def encode(written: WrittenEvent) -> bytes:
    """Return an event as it is stored: one line of JSON."""
    kind = type(written.event).__name__
    stored = FORMS[kind](
        v=VERSION,
        kind=kind,
        node=written.node,
        seq=written.seq,
        oldest_seq=written.oldest_seq,
        event=written.event,
        call=written.call,
    )
    return stored.model_dump_json().encode()


def decode(line: bytes) -> WrittenEvent:
    """Return the event that was stored so. Raises BadRequest for what is not ours."""
    try:
        head = _Head.model_validate(from_json(line), strict=True)
    except (ValueError, ValidationError) as error:
        raise BadRequest("This is not a stored event.") from error
    form = FORMS.get(head.kind)
    if head.v != VERSION or form is None:
        raise BadRequest(f"No stored event of version {head.v} is a {head.kind!r} here.")
    try:
        stored = form.model_validate_json(line, strict=True)
    except ValidationError as error:
        raise BadRequest(f"This is not a stored {head.kind}: {_what(error)}.") from error
    return WrittenEvent(
        node=stored.node,
        seq=stored.seq,
        event=stored.event,
        call=stored.call,
        oldest_seq=stored.oldest_seq,
    )


def _what(error: ValidationError) -> str:
    """Return where a stored event is wrong, without a word of what stands there."""
    return "; ".join(
        f"{'.'.join(map(str, one['loc']))}: {one['type']}"
        for one in error.errors(include_input=False, include_url=False, include_context=False)
    )
