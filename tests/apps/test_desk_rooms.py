"""What a desk process tells of where callers may be handed and of the talks that go on."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.adapters.web.claims import Signatures
from contactcentre.domain.ids import AdviserId, CallId
from contactcentre.domain.languages import Language
from contactcentre.domain.presence import Presence
from contactcentre.ports.state import CallReport
from contactcentre.wire import rooms
from tests.apps.desk_centre import ADA, SUE, Browser, DeskCentre, desk_centre, talks
from tests.apps.desk_node import FIRST, GENERAL

CALL = CallId("call-1")
WAY = f"/api/talks/{CALL}/way"


OUTSIDE = """
own = ["+441632960001"]
allowed = ["+441632960"]
[numbers.trees]
number = "+441632960100"
titles = { en-GB = "Trees", cy = "Coed" }
"""


@pytest.fixture
async def centre(redis_url: str, database_url: str, tmp_path: Path) -> AsyncIterator[DeskCentre]:
    """Give a running desk process."""
    (tmp_path / "numbers.toml").write_text(OUTSIDE)
    numbers = str(tmp_path / "numbers.toml")
    async with desk_centre(redis_url, database_url, CC_OUTSIDE_NUMBERS=numbers) as one:
        yield one


async def test_an_adviser_is_told_of_every_queue_for_calls_and_of_everybody_else(
    centre: DeskCentre,
) -> None:
    async with centre.ready() as (browser, _):
        await asyncio.sleep(1.1)
        told = await browser.tell("GET", "/api/transfers", None, rooms.TransferTargets)
        queues = {target.queue: target for target in told.targets}
        assert "tax.chat.en" not in queues
        general = queues[GENERAL]
        assert general.titles[Language.ENGLISH] == "General tax questions (English)"
        assert (general.is_open, general.waiting_count, general.ready_count) == (True, 0, 1)
        assert told.colleagues == [], "nobody asks oneself"
        assert [(one.outside, one.titles[Language.WELSH]) for one in told.outside] == [
            ("trees", "Coed")
        ]


async def test_a_supervisor_finds_a_talk_and_gets_a_way_to_it_that_nobody_else_gets(
    centre: DeskCentre,
) -> None:
    async with centre.ready() as (browser, page), centre.browser() as supervisor:
        ring = await talks(centre.node, page)
        report = CallReport(
            call=CALL,
            queue=GENERAL,
            head_start_ms=0,
            enqueued_ms=1,
            epoch=FIRST,
            state="talking",
            adviser=ADA.id,
            token=ring.token,
        )
        await centre.node.report(centre.state, report)
        await centre.standing(Presence.TALKING)
        await supervisor.sign_in(SUE)
        await asyncio.sleep(1.1)
        assert (await browser.refused("GET", "/api/talks")).code == "not-allowed"
        assert (await browser.refused("POST", WAY)).code == "not-allowed"
        for sought in ("", "?adviser=AD"):
            found = await supervisor.tell("GET", f"/api/talks{sought}", None, rooms.Talks)
            (talk,) = found.talks
            assert (found.count, talk.call, talk.adviser) == (1, CALL, ADA.id)
            assert talk.queue == "Cwestiynau treth cyffredinol (English)"
        nobody = await supervisor.tell("GET", "/api/talks?adviser=bryn", None, rooms.Talks)
        assert (nobody.count, nobody.talks) == (0, [])
        await follow(centre, supervisor)


async def follow(centre: DeskCentre, supervisor: Browser) -> None:
    """Take the way to the talk, and to one that is over."""
    way = await supervisor.tell("POST", WAY, None, rooms.WayToTalk)
    assert way.node_url == centre.node.leg_url
    signing, ring = centre.settings.signing_ring()
    ticket = Signatures(ring, signing, MachineClock()).read_supervisor_ticket(way.ticket)
    assert (ticket.call, ticket.supervisor, ticket.node) == (
        CALL,
        AdviserId("sue"),
        centre.node.name,
    )
    gone = await supervisor.refused("POST", "/api/talks/call-9/way")
    assert gone.code == "call-closed"
