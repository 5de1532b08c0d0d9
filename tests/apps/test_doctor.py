"""What the doctor says of a centre, with each thing wrong that may be."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner

from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.adapters.ledger_postgres.ledger import PostgresLedger
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.adapters.media_aiortc import opus
from contactcentre.adapters.state_redis.blackboard import Blackboard
from contactcentre.adapters.state_redis.events import RedisEventStream
from contactcentre.apps.checkup import Checkup, Look, findings
from contactcentre.apps.doctor import examine
from contactcentre.apps.doctor_page import as_json, as_page
from contactcentre.apps.ground import fresh_keys, keep_stores
from contactcentre.cli import app
from contactcentre.domain import events as e
from contactcentre.domain.call import Call, arrive, follow
from contactcentre.domain.ids import AdviserId, CallId, NodeId
from contactcentre.domain.presence import Presence
from contactcentre.limits import BEAT_EVERY_MS, NODE_SUSPECT_AFTER_MS
from contactcentre.ports.records import WrittenEvent
from contactcentre.ports.state import CallReport
from contactcentre.settings import Settings, read_settings
from tests.apps.played_floor import Floor, played_floor, waiting
from tests.domain.happenings import ARRIVED, happening

NOWHERE = {
    "CC_REDIS_URL": "redis://127.0.0.1:1/0",
    "CC_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
}
DISK = NodeId("north-1")
PROMISE = (
    "INSERT INTO callbacks (id, call, line, queue, language, service_class, enqueued_ms, number, "
    "booked_at_ms, slot_ms) VALUES ('back-c1', 'c1', 'tax', 'tax.paying.en', 'en-GB', 'P1', "
    "1800000000000, '+441632960001', 1800000060000, 1800000000000)"
)


def settings_of(redis_url: str, database_url: str) -> Settings:
    """Return how the doctor is told of the stores."""
    return read_settings(
        {**fresh_keys(), "CC_REDIS_URL": redis_url, "CC_DATABASE_URL": database_url}
    )


async def doctor(settings: Settings) -> tuple[str, list[str]]:
    """Return the doctor's page and what is wrong."""
    checkup = await examine(settings, since_hours=24)
    found = list(findings(checkup))
    return as_page(checkup, found, since_hours=24), found


class Written:
    """The record as the records process has written it."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool
        self._seq = 0

    async def call(self, name: str, *kinds: type[e.Event], seen: bool = True) -> Call:
        """Write a call down that came in a minute ago; or all but that it came in."""
        at_ms = MachineClock().now_ms() - 60_000
        arrived = replace(ARRIVED, call=CallId(name), at_ms=at_ms, epoch=waiting(name).epoch)
        call = arrive(arrived)
        steps: list[tuple[e.CallEvent, Call]] = [(arrived, call)]
        for kind in kinds:
            event = happening(kind, call, at_ms)
            call = follow(call, event)
            steps.append((event, call))
        await PostgresLedger(self._pool).write_events(self._written(steps[0 if seen else 1 :]))
        return call

    def _written(self, steps: Sequence[tuple[e.CallEvent, Call]]) -> list[WrittenEvent]:
        written = []
        for event, call in steps:
            self._seq += 1
            written.append(WrittenEvent(node=DISK, seq=self._seq, event=event, call=call))
        return written


@pytest.fixture
async def written(database_url: str) -> AsyncIterator[Written]:
    """Give a record with three calls that ended as they should."""
    async with PostgresPool(database_url) as pool:
        record = Written(pool)
        await record.call("c-menu", e.CallEnded)
        await record.call("c-gone", e.CallQueued, e.CallEnded)
        await record.call("c-done", e.CallQueued, e.CallRang, e.CallBridged, e.CallEnded)
        yield record


@pytest.fixture
async def floor(redis_url: str) -> AsyncIterator[Floor]:
    """Give a centre on which all is well: two nodes, a desk, a router."""
    async with played_floor(redis_url) as played:
        played.desk.advisers["ada"] = Presence.AWAY
        yield played


async def test_a_node_that_is_strained_is_shown_as_one(
    floor: Floor, redis_url: str, database_url: str
) -> None:
    floor.nodes[0].strained = True
    page, found = await doctor(settings_of(redis_url, database_url))
    assert found == []
    row = "media         node-1 strained (its sound is late, or nearly so), 0 of 10 legs"
    assert row in page.splitlines()


async def test_a_centre_on_which_all_is_well(
    floor: Floor, written: Written, redis_url: str, database_url: str
) -> None:
    await written.call("c1", e.CallQueued)
    floor.nodes[0].calls = [waiting("c1")]
    page, found = await doctor(settings_of(redis_url, database_url))
    assert found == []
    said = page.splitlines()
    assert said[0].startswith("live state    127.0.0.1:")
    assert "matching is open" in said[0]
    assert said[1].startswith("record        127.0.0.1:")
    assert "media         node-1 alive, 1 of 10 legs" in said
    assert "desk          desk-1 alive" in said
    assert "lost          0 calls, 0 advisers" in said
    assert any(line.startswith("queue         tax.paying.en: 1 waiting, the ") for line in said)
    assert "in progress   1 calls by the record, 1 held by nodes" in said
    assert "callbacks     none open" in said
    assert (
        "all            4 = 4: 1 handled + 1 abandoned + 0 deflected + 0 to be rung back + "
        "1 left in menu + 0 closed + 0 lost by us + 1 in progress: holds" in said
    )
    assert any(line.startswith("tax.paying.en  3 = 3: ") for line in said)
    assert said[-1] == "Nothing is wrong."


async def test_a_storm_is_told_and_that_callers_wait_comes_of_it(
    floor: Floor, written: Written, redis_url: str, database_url: str
) -> None:
    await written.call("c1", e.CallQueued)
    floor.nodes[0].calls = [waiting("c1")]
    await floor.state.tell_storm()
    _, found = await doctor(settings_of(redis_url, database_url))
    (storm,) = found
    assert storm.startswith("The desks of several advisers failed as calls rang on them")


def test_the_doctor_works_while_both_stores_are_away_and_says_what_to_do() -> None:
    said = CliRunner().invoke(app, ["doctor", "--json"], env=NOWHERE)
    facts = json.loads(said.stdout)
    assert (said.exit_code, facts["well"], facts["state"], facts["ledger"]) == (
        1,
        False,
        None,
        None,
    )
    state, ledger = facts["findings"]
    assert "Start Redis, or put CC_REDIS_URL right." in state
    assert "Start PostgreSQL, or put CC_DATABASE_URL right." in ledger


def test_the_stores_of_up_are_found_in_its_folder(tmp_path: Path) -> None:
    keep_stores(tmp_path, NOWHERE)
    assert (tmp_path / "stores.json").stat().st_mode & 0o777 == 0o600, "for the owner alone"
    said = CliRunner().invoke(app, ["doctor", "--data", str(tmp_path)])
    assert said.exit_code == 1
    assert "127.0.0.1:1" in said.stdout, "where they were"


@pytest.mark.usefixtures("written")
async def test_the_record_is_looked_at_also_while_the_live_state_is_away(database_url: str) -> None:
    page, found = await doctor(settings_of(NOWHERE["CC_REDIS_URL"], database_url))
    assert len(found) == 1
    assert found[0].startswith("The live state does not answer")
    assert "3 = 3" in page


@pytest.mark.usefixtures("floor")
async def test_the_live_state_is_looked_at_also_while_the_record_is_away(redis_url: str) -> None:
    page, found = await doctor(settings_of(redis_url, NOWHERE["CC_DATABASE_URL"]))
    assert len(found) == 1
    assert found[0].startswith("The record does not answer")
    assert "matching is open" in page


@pytest.mark.usefixtures("written")
async def test_an_empty_live_state_lacks_a_router_a_node_and_a_desk(
    redis_url: str, database_url: str
) -> None:
    page, found = await doctor(settings_of(redis_url, database_url))
    assert "matching is NOT open" in page
    assert [sentence.partition(":")[0] for sentence in found] == [
        "Nobody is matched",
        "No media node is alive, so nobody can call",
        "No desk is alive, so no adviser can work",
    ]


async def test_silent_processes_and_who_is_lost_with_them_are_named(
    floor: Floor, redis_url: str, database_url: str
) -> None:
    floor.nodes[0].calls = [waiting("c1")]
    await _beats()
    floor.nodes[0].is_silent = floor.desk.is_silent = True
    await asyncio.sleep(NODE_SUSPECT_AFTER_MS / 1_000 + 2)
    _, found = await doctor(settings_of(redis_url, database_url))
    assert any(one.startswith("The media node node-1 is silent.") for one in found)
    assert any(one.startswith("The desk process desk-1 is silent.") for one in found)
    assert any(one.startswith("1 call (c1) of a silent node") for one in found)
    assert any(one.startswith("1 adviser (ada) of a silent desk process") for one in found)


async def test_callers_who_wait_though_an_adviser_is_ready_lack_a_router(
    redis_url: str, database_url: str
) -> None:
    async with played_floor(redis_url, routers=0) as floor:
        floor.nodes[0].calls = [waiting("c1")]
        floor.desk.advisers["ada"] = Presence.READY
        await _beats()
        _, found = await doctor(settings_of(redis_url, database_url))
    assert found[0].startswith("In tax.paying.en callers wait though advisers are ready")


async def test_an_adviser_bound_to_a_call_that_is_over_is_named(
    redis_url: str, database_url: str
) -> None:
    async with played_floor(redis_url, routers=0) as floor:
        await _beats()
        keys = floor.state.keys
        await floor.state.client.ask("SADD", keys.advisers, "bob")
        facts = ("state", "talking", "reason", "", "call", "c9", "token", "5", "since_ms", "1")
        await floor.state.client.ask("HSET", keys.adviser(AdviserId("bob")), *facts)
        _, found = await doctor(settings_of(redis_url, database_url))
    assert any(one.startswith("1 adviser (bob) bound to a call that is over") for one in found)


@pytest.mark.usefixtures("floor", "written")
async def test_events_that_nobody_writes_down_are_told_of(
    redis_url: str, database_url: str
) -> None:
    board = Blackboard(redis_url)
    event = replace(ARRIVED, call=CallId("c1"))
    lost = WrittenEvent(node=DISK, seq=99, event=event, call=arrive(event))
    await RedisEventStream(board).send([lost])
    await board.client.ask("LPUSH", board.keys.unread, "what nobody can read")
    await board.close()
    page, found = await doctor(settings_of(redis_url, database_url))
    assert "events        1 on their way to the record, 1 unreadable" in page
    assert [one.partition(":")[0].partition(",")[0] for one in found] == [
        "1 event not written to the record yet",
        "1 event that nobody could read",
    ]


async def test_calls_that_the_record_and_the_live_state_do_not_both_know_are_named(
    floor: Floor, written: Written, redis_url: str, database_url: str
) -> None:
    await written.call("c-dead", e.CallQueued)
    floor.nodes[0].calls = [waiting("c-new"), _in_menu("c-menu-2")]
    await _beats()
    _, found = await doctor(settings_of(redis_url, database_url))
    assert len(found) == 2
    assert found[0].startswith("1 call (c-dead) in progress by the record, but not alive")
    assert found[1].startswith("2 calls (c-menu-2, c-new) alive, but not in progress by the record")


@pytest.mark.usefixtures("floor", "written")
async def test_a_row_that_is_missing_breaks_the_law_of_conservation(
    redis_url: str, database_url: str
) -> None:
    await _execute(database_url, "DELETE FROM calls WHERE id = 'c-done'")
    page, found = await doctor(settings_of(redis_url, database_url))
    assert found[0].startswith("Of all calls, 3 came in and 2 are accounted for")
    assert found[1].startswith("Of tax.paying.en, 2 came in and 1 are accounted for")
    assert "3 ≠ 2" in page
    assert "does NOT hold" in page


@pytest.mark.usefixtures("floor")
async def test_a_call_whose_arrival_lies_on_a_lost_disk_is_told_of(
    written: Written, redis_url: str, database_url: str
) -> None:
    await written.call("c-half", e.CallQueued, e.CallEnded, seen=False)
    _, found = await doctor(settings_of(redis_url, database_url))
    assert found[0].startswith("Of all calls, 4 are accounted for and only 3 were seen to come in")


@pytest.mark.usefixtures("floor", "written")
async def test_a_call_that_we_lost_is_told_of(redis_url: str, database_url: str) -> None:
    lose = "UPDATE calls SET ending = 'system_lost', provisional = true WHERE id = 'c-gone'"
    await _execute(database_url, lose)
    _, found = await doctor(settings_of(redis_url, database_url))
    assert found == ["1 call lost by us (1 presumed so): it must never be. Report this."]


@pytest.mark.usefixtures("floor")
async def test_a_callback_that_no_process_keeps_is_told_of(
    written: Written, redis_url: str, database_url: str
) -> None:
    await written.call("c1", e.CallQueued, e.CallEnded)
    await _execute(database_url, PROMISE)
    settings = settings_of(redis_url, database_url)
    page, found = await doctor(settings)
    assert "callbacks     1 open, 0 of them kept; the first waits since 2027-01-15 08:00 UTC" in (
        page.splitlines()
    )
    assert len(found) == 1
    assert found[0].startswith("1 callback due that no process keeps")
    await _execute(database_url, "UPDATE callbacks SET due_ms = 9000000000000")
    _, found = await doctor(settings)
    assert found == [], "nobody keeps it before it is due"


@pytest.mark.usefixtures("floor")
async def test_what_can_never_be_written_is_told_of(redis_url: str, database_url: str) -> None:
    aside = "INSERT INTO set_aside (node, seq, why, stored) VALUES ('n', 1, 'no row holds it', '')"
    await _execute(database_url, aside)
    _, found = await doctor(settings_of(redis_url, database_url))
    assert found == ["1 event never to be written: look into the table set_aside."]


def _in_menu(call: str) -> CallReport:
    return replace(waiting(call), queue=None, enqueued_ms=None, state="in_menu")


async def _beats() -> None:
    """Wait until everybody has reported."""
    await asyncio.sleep(BEAT_EVERY_MS / 1_000 + 0.2)


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


def test_the_doctor_says_whether_this_machine_has_opus(monkeypatch: pytest.MonkeyPatch) -> None:
    away = Look(state=None, ledger=None, in_progress=(), outages=())
    checkup = Checkup(first=away, second=away, accounts=None, widest_ms={})
    assert "Opus          libopus 1." in as_page(checkup, [], since_hours=24)
    assert json.loads(as_json(checkup, [], since_hours=24))["libopus"].startswith("libopus 1.")
    monkeypatch.setattr(opus, "_library", lambda: None)
    assert "no libopus on this machine" in as_page(checkup, [], since_hours=24)
    assert json.loads(as_json(checkup, [], since_hours=24))["libopus"] is None
