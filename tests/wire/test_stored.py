"""Stored events: what was once written stays readable, and nothing else is taken for it."""

import json
from pathlib import Path
from typing import get_args

import pytest

from contactcentre.domain.errors import BadRequest
from contactcentre.domain.events import CallEvent, PlaceTold
from contactcentre.wire.stored import SEQ_MAX, decode, encode

SAMPLES = Path(__file__).parent / "stored" / "v1"
KINDS = [kind.__name__ for kind in get_args(CallEvent)]


def sample(kind: str) -> bytes:
    return (SAMPLES / f"{kind}.json").read_bytes()


def test_every_kind_of_event_has_a_committed_sample() -> None:
    assert sorted(path.stem for path in SAMPLES.glob("*.json")) == sorted(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_stored_long_ago_is_still_read(kind: str) -> None:
    written = decode(sample(kind))
    assert type(written.event).__name__ == kind
    assert written.event.call == written.call.id


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_is_written_today_as_it_was_written_then(kind: str) -> None:
    assert json.loads(encode(decode(sample(kind)))) == json.loads(sample(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_a_stored_event_is_one_line(kind: str) -> None:
    assert b"\n" not in encode(decode(sample(kind)))


def test_a_wait_we_do_not_know_stays_unknown() -> None:
    body = json.loads(sample("PlaceTold"))
    body["event"]["wait_ms"] = None
    event = decode(json.dumps(body).encode()).event
    assert isinstance(event, PlaceTold)
    assert event.wait_ms is None


@pytest.mark.parametrize(
    "line",
    [b"", b"\xff\xfe", b"[]", b"null", b'"CallHeld"', b'{"v": 1}', b'{"v": 1, "kind": "CallHeld"}'],
)
def test_what_is_no_stored_event_is_refused(line: bytes) -> None:
    with pytest.raises(BadRequest):
        decode(line)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("v",), 2),
        (("v",), "1"),
        (("kind",), "CallTeleported"),
        (("kind",), "CallTakenOffHold"),
        (("seq",), 0),
        (("seq",), SEQ_MAX + 1),
        (("seq",), "7"),
        (("event", "place"), 2.5),
        (("event", "mood"), "calm"),
        (("call", "mood"), "calm"),
        (("call", "epoch", "mood"), "calm"),
        (("call", "state"), "asleep"),
        (("mood",), "calm"),
    ],
)
def test_a_stored_event_with_a_fact_we_do_not_know_is_refused(
    path: tuple[str, ...], value: object
) -> None:
    body = json.loads(sample("PlaceTold"))
    place = body
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(BadRequest):
        decode(json.dumps(body).encode())


def test_a_refusal_says_where_and_not_what_stood_there() -> None:
    line = sample("CallHeld").replace(b'"tax"', b'{"number": "+441632960123"}')
    with pytest.raises(BadRequest, match=r"call\.line: string_type") as refusal:
        decode(line)
    assert "960123" not in str(refusal.value)
