"""The desk's types are made from the wire models; these say whether they are current."""

import json
from pathlib import Path
from typing import Any

from contactcentre import limits
from contactcentre.wire import schema
from contactcentre.wire.closing import Closing

MADE = Path(__file__).parents[2] / "agent_ui" / "src" / "wire" / "made.schema.json"


def test_the_desk_is_built_from_the_messages_as_they_are_now() -> None:
    assert MADE.read_text(encoding="utf-8") == schema.as_text(), (
        "run `npm run types` in agent_ui: its types are older than the messages"
    )


def test_every_message_of_a_socket_says_what_kind_it_is() -> None:
    defs: dict[str, Any] = schema.schema()["$defs"]
    for socket in ("DeskSays", "AdviserSays", "NodeSays"):
        for said in defs[socket]["oneOf"]:
            message = defs[said["$ref"].removeprefix("#/$defs/")]
            assert "kind" in message["required"]
            assert "const" in message["properties"]["kind"]


def test_a_field_that_is_called_title_is_not_taken_for_a_heading() -> None:
    assert "title" in schema.schema()["$defs"]["BoardQueue"]["properties"]


def test_the_bounds_and_close_codes_of_both_ends_are_the_same() -> None:
    said = json.loads(schema.as_text())
    assert said["x-limits"] == {name: getattr(limits, name) for name in schema.SHARED_LIMITS}
    assert said["x-closings"] == {closing.name: closing for closing in Closing}
