"""What the doctor finds in two looks, where it needs no store to see it."""

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from contactcentre.adapters.state_redis.census import EventsLook
from contactcentre.apps.checkup import Checkup, Look, StateLook, findings
from contactcentre.apps.doctor_page import as_json, as_page
from contactcentre.domain.ids import NodeId, QueueId
from contactcentre.ports.phones import TrunkStanding
from contactcentre.ports.state import Generation, NodeStanding, Overview, QueueStanding

PAYING = QueueId("tax.paying.en")
Seen = Mapping[str, Mapping[NodeId, TrunkStanding]]
NOW_MS = 1_700_000_000_000


def look(*, waited_ms: int = 0, trunks: Seen | None = None, beat: int = 0) -> Look:
    """Return a centre where a caller waits and an adviser of some level is ready."""
    queue = QueueStanding(
        queue=PAYING, waiting_count=1, oldest_enqueued_ms=NOW_MS - waited_ms, ready_count=1
    )
    nodes = [
        NodeStanding(
            node=NodeId(one), site="north", beat=beat, internal_url="", public_url="",
            draining=False, legs_count=0, legs_max=10,
        )
        for one in ("north-1", "south-1")
    ]  # fmt: skip
    state = StateLook(
        server="127.0.0.1:1",
        generation=Generation(store="a:b", opened="a:b"),
        desks=(),
        lost_calls=(),
        lost_advisers=(),
        overview=Overview(now_ms=NOW_MS, queues=(queue,), advisers=(), nodes=nodes),
        events=EventsLook(waiting_count=0, oldest=None, unread_count=0),
        is_storm=False,
        held=frozenset(),
        trunks=trunks or {},
        keepers={},
        calls={},
    )
    return Look(state=state, ledger=None, in_progress=(), outages=())


@pytest.mark.parametrize(("waited_ms", "is_told"), [(59_000, False), (61_000, True)])
def test_a_queue_that_waits_for_its_next_level_lacks_no_router(
    waited_ms: int, *, is_told: bool
) -> None:
    seen = look(waited_ms=waited_ms)
    checkup = Checkup(first=seen, second=seen, accounts=None, widest_ms={PAYING: 60_000})
    told = [one for one in findings(checkup) if "callers wait though advisers are ready" in one]
    assert bool(told) is is_told


def test_a_trunk_that_does_not_answer_a_living_node_is_told_of() -> None:
    up, down = (TrunkStanding(is_up=is_up, since_ms=NOW_MS) for is_up in (True, False))
    seen = {"carrier": {NodeId("north-1"): down, NodeId("south-1"): up, NodeId("gone"): down}}
    first, second = look(trunks=seen), look(trunks=seen, beat=1)
    checkup = Checkup(first=first, second=second, accounts=None, widest_ms={})
    told = [one for one in findings(checkup) if "trunk" in one]
    assert len(told) == 1
    assert "The trunk carrier does not answer 1 node (north-1)" in told[0]
    misnamed = replace(down, is_misnamed=True)
    seen = {"carrier": {NodeId("north-1"): misnamed, NodeId("south-1"): up}}
    other = look(trunks=seen), look(trunks=seen, beat=1)
    checkup_of_other = Checkup(first=other[0], second=other[1], accounts=None, widest_ms={})
    (said,) = (one for one in findings(checkup_of_other) if "trunk" in one)
    assert "The trunk carrier shows 1 node (north-1) somebody else's certificate" in said
    page = as_page(checkup, told, since_hours=24)
    assert "carrier answers south-1 since 2023-11-14 22:13 UTC; does not answer gone" in page
    trunks = json.loads(as_json(checkup, told, since_hours=24))["state"]["trunks"]
    assert {"trunk": "carrier", "node": "south-1", "up": True, "since_ms": NOW_MS} in trunks
