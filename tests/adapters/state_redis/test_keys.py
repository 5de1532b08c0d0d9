"""The table in keys.py is true: every key that is written stands in it, with type and lifetime."""

import re

import pytest

from contactcentre.adapters.state_redis import keys
from contactcentre.adapters.state_redis.events import RedisEventInbox, RedisEventStream
from contactcentre.adapters.state_redis.keys import Keys
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import AdviserId, CallId, DeskId, StepName, Token
from contactcentre.domain.ivr.switches import Switches
from contactcentre.domain.presence import Presence
from contactcentre.ports.phones import TrunkStanding
from contactcentre.ports.rings import RingEnded
from tests.adapters.state_redis.centre import (
    BOB,
    EARLY,
    LATE,
    NORTH,
    PAYING,
    SOUTH,
    Centre,
    said,
)
from tests.adapters.state_redis.test_events import written

ROWS = re.findall(r"^\| (\w+)(:<\w+>)? +\| (\w+) +\|", str(keys.__doc__), re.MULTILINE)
TYPE_OF = {name + ":" * bool(more): kind for name, more, kind in ROWS if kind != "type"}
FOR_EVER = {"token", "enqueued", "events", "unread", "opened", "switches"}
"""The last numbers given, what is on its way or waits for a person, and what stands."""
WHILE_IN_USE = {
    *("queue:", "queues", "reservations", "wishes", "ready", "ready_in:"),
    *("advisers", "nodes", "desks", "lost", "lost_advisers", "dialogs:"),
}
"""Gone by themselves once nothing is in them."""


async def _use_everything(centre: Centre) -> None:
    """Let happen what leaves every kind of key behind."""
    state = centre.state
    for call in (EARLY, LATE, CallId("third")):
        await centre.call(call)
    await centre.ready()
    await centre.ready(BOB)
    held = await centre.talk()
    await centre.end(held.call)
    held = await centre.reserve(BOB)
    await centre.give_back(held, LapseReason.CALLER_LEFT)
    await centre.node_says(said(LATE))
    await centre.reserve(BOB)
    await centre.desk_beats()
    await RedisEventStream(state).send([written(1)])
    await state.client.ask("XADD", state.keys.events, "*", "event", "nonsense")
    inbox = RedisEventInbox(state, reader="records-1", count_unread=lambda: None)
    await inbox.take(count_max=9, wait_ms=10)
    await inbox.acknowledge([], durable=[(NORTH, 1)])
    await state.keep_switches(Switches(number=1, lines={}))
    await state.keep_dialogs(NORTH, {EARLY: "sealed"}, [])
    await state.keep_trunks(NORTH, {"north": TrunkStanding(is_up=True, since_ms=1)})
    await state.pass_place(earlier=CallId("left"), page="page", call=CallId("again"))
    await centre.ready(AdviserId("ann"))
    await centre.break_off(await centre.talk(AdviserId("ann")))
    await centre.ready(AdviserId("kim"))
    await centre.node_says(said(CallId("south's")), node=SOUTH)
    await state.lose_calls(SOUTH, beat=1)
    await state.keep_claim(CallId("south's"), epoch=said(CallId("south's")).epoch, claim="claim")
    assert await state.pull(CallId("south's"), epoch=said(CallId("south's")).epoch)
    await centre.desk_says(AdviserId("lou"), Presence.READY, desk=DeskId("desk-2"))
    await centre.desk_beats(DeskId("desk-2"))
    await state.lose_advisers(DeskId("desk-2"), beat=1)
    await state.loads([PAYING])
    await state.note_ring(RingEnded(token=Token(1), adviser=BOB, is_failed=False))
    await state.tell_storm()
    await state.take_text(EARLY, StepName("pay"), number="n", number_max=1, minute_max=1)


async def test_every_key_that_is_written_is_in_the_table_with_its_type_and_lifetime(
    centre: Centre,
) -> None:
    await _use_everything(centre)
    client, namespace = centre.state.client, centre.state.keys.namespace
    found = [key.decode() for key in await client.ask("KEYS", f"{namespace}:*")]
    seen = set()
    for key in found:
        name, colon, _ = key.removeprefix(f"{namespace}:").partition(":")
        seen.add(name + colon)
        assert (await client.ask("TYPE", key)).decode() == TYPE_OF[name + colon]
        lasts = name + colon in FOR_EVER | WHILE_IN_USE
        assert (await client.ask("TTL", key) == -1) == lasts, key
    assert seen == TYPE_OF.keys() - {"wake"}


async def test_all_sets_and_orders_are_gone_when_nobody_is_in_them(centre: Centre) -> None:
    await centre.call()
    await centre.ready()
    await centre.talk()
    await centre.end()
    assert await centre.queues_waiting() == []
    client, all_keys = centre.state.client, centre.state.keys
    for key in (all_keys.queues, all_keys.ready, all_keys.reservations):
        assert await client.ask("EXISTS", key) == 0


@pytest.mark.parametrize("name", ["", "two words", "line\nbreak", ":colon"])
def test_a_name_that_could_be_taken_for_two_makes_no_key(name: str) -> None:
    with pytest.raises(AssertionError, match="no part of a key"):
        Keys("cc").call(CallId(name))
