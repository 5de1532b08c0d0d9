"""The JSON Schema of what browsers and our processes say to one another.

`python -m contactcentre.wire.schema` prints it. The types of the desk are made from it, so that a
message is described once, in Python. Bounds and close codes that both ends must agree on travel
with it under `x-limits` and `x-closings`.
"""

import json
import sys
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from contactcentre import limits
from contactcentre.wire import callbacks, desk, legs, rooms
from contactcentre.wire.closing import Closing
from contactcentre.wire.problems import Problem

SAID: Mapping[str, Any] = {
    "DeskSays": desk.DeskSays,
    "AdviserSays": legs.AdviserSays,
    "SupervisorSays": legs.SupervisorSays,
    "NodeSays": legs.NodeSays,
    "SignIn": desk.SignIn,
    "Me": desk.Me,
    "SetPresence": desk.SetPresence,
    "TryPhone": desk.TryPhone,
    "PhoneTried": desk.PhoneTried,
    "FinishWrapUp": desk.FinishWrapUp,
    "WriteOutcome": desk.WriteOutcome,
    "OutcomeWritten": desk.OutcomeWritten,
    "DoCallback": desk.DoCallback,
    "CallbackHeard": desk.CallbackHeard,
    "CallbackWay": callbacks.CallbackWay,
    "TransferTargets": rooms.TransferTargets,
    "Board": desk.Board,
    "Talks": rooms.Talks,
    "WayToTalk": rooms.WayToTalk,
    "TurnSwitch": desk.TurnSwitch,
    "SwitchesNow": desk.SwitchesNow,
    "Problem": Problem,
}
"""What a browser of ours says or hears, by its name in the types."""

SHARED_LIMITS = (
    "SOCKET_BEAT_EVERY_MS",
    "SOCKET_LOST_AFTER_MS",
    "RING_MS",
    "TICKET_LIFE_S",
    "NOTES_MAX_CHARS",
    "WHY_MAX_CHARS",
    "TEXT_MAX_CHARS",
)


class EveryFieldIsThere(GenerateJsonSchema):
    """Says of each field that it is there, since what we write never leaves a default out.

    Otherwise `kind` would come out optional, and no reader could tell one message from another.
    """

    def field_is_required(self, field: Any, total: bool) -> bool:  # noqa: ARG002, FBT001 - pydantic's own signature
        """Say that the field is always there."""
        return True


def schema() -> dict[str, Any]:
    """Return the one schema, each message a definition of its own."""
    mode: Literal["serialization"] = "serialization"
    adapters = [(name, mode, TypeAdapter(said)) for name, said in SAID.items()]
    made, rest = TypeAdapter.json_schemas(adapters, schema_generator=EveryFieldIsThere)
    defs: dict[str, Any] = dict(rest.get("$defs", {}))
    for name, _mode, _adapter in adapters:
        defs.setdefault(name, made[name, mode])
    return {
        "title": "Wire",
        "type": "object",
        "$defs": {name: _untitled(defs[name]) for name in sorted(defs)},
        "x-limits": {name: getattr(limits, name) for name in SHARED_LIMITS},
        "x-closings": {closing.name: closing.value for closing in Closing},
    }


def _untitled(part: Any) -> Any:
    """Return a part of the schema without titles, which would each become a type's name."""
    if isinstance(part, dict):
        return {
            key: _untitled(value)
            for key, value in part.items()
            if not (key == "title" and isinstance(value, str))
        }
    return [_untitled(one) for one in part] if isinstance(part, list) else part


def as_text() -> str:
    """Return the schema as it stands in the desk's source."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(as_text())
