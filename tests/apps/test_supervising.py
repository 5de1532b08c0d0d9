"""A supervisor in a talk, on a real node with a real Redis; the test plays the record."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.adapters.state_redis.events import RedisEventInbox
from contactcentre.bench.peer import Peer
from contactcentre.domain.events import CallEvent, CallSupervised
from contactcentre.domain.ids import AdviserId, CallId, NodeId
from contactcentre.domain.presence import Presence
from contactcentre.wire.claims import SupervisorTicket
from tests.apps.small_centre import PAYING, LegPage, SmallCentre, small_centre

CALLER_HZ, ADVISER_HZ, SUPERVISOR_HZ = 440.0, 1_000.0, 1_600.0
CALL = "call-1"


@pytest.fixture
async def centre(redis_url: str, tmp_path: Path) -> AsyncIterator[SmallCentre]:
    """Give a running centre."""
    async with small_centre(redis_url, tmp_path) as one:
        yield one


@asynccontextmanager
async def record(centre: SmallCentre) -> AsyncIterator[list[CallEvent]]:
    """Give what becomes durable, as a records process writes it."""
    inbox = RedisEventInbox(centre.state, reader="records-1", count_unread=lambda: None)
    events: list[CallEvent] = []

    async def keep() -> None:
        while True:
            found = await inbox.take(count_max=100, wait_ms=200)
            events.extend(written.event for _, written in found)
            last = {written.node: written.seq for _, written in found}
            await inbox.acknowledge([id_ for id_, _ in found], durable=[*last.items()])

    keeping = asyncio.create_task(keep())
    try:
        yield events
    finally:
        keeping.cancel()


async def talk(centre: SmallCentre) -> tuple[LegPage, LegPage]:
    """Return caller and adviser who talk and hum."""
    caller = await centre.wait_in_queue(CALL)
    await centre.desk.report("ada", Presence.READY, PAYING)
    _, adviser = await centre.answer_ring()
    await adviser.hear("bridged")
    caller.peer.tone(CALLER_HZ)
    adviser.peer.tone(ADVISER_HZ)
    return caller, adviser


async def supervise(centre: SmallCentre, *, node: str = "node-1") -> LegPage:
    """Let a supervisor's page come with a ticket."""
    ticket = centre.signatures.sign_supervisor_ticket(
        SupervisorTicket(
            call=CallId(CALL),
            supervisor=AdviserId("sam"),
            node=NodeId(node),
            exp=MachineClock().now_ms() // 1_000 + 60,
        )
    )
    page = await LegPage.open(centre.session, centre.leg_url, kind="supervise", ticket=ticket)
    centre.close_later(page)
    return page


def told(events: list[CallEvent]) -> list[str]:
    """Return what the record says of supervisors."""
    return [
        "leave" if event.mode is None else event.mode
        for event in events
        if isinstance(event, CallSupervised)
    ]


async def is_told(events: list[CallEvent], *modes: str) -> bool:
    """Wait until the record says exactly this of supervisors; say whether it came to that."""
    for _ in range(100):
        if told(events) == [*modes]:
            return True
        await asyncio.sleep(0.05)
    return False


async def hears_only(listener: LegPage, speaker: LegPage, hz: float, *silent: LegPage) -> bool:
    """Let one person alone hum, and say whether that is heard."""
    for one in silent:
        one.peer.tone(None)
    speaker.peer.tone(hz)
    return await listener.peer.hears(hz)


async def test_a_supervisor_listens_whispers_and_joins_and_all_of_it_is_written_down_first(
    centre: SmallCentre,
) -> None:
    async with record(centre) as events:
        caller, ada = await talk(centre)
        sam = await supervise(centre)
        await sam.hear("supervising", mode="listen")
        assert told(events) == ["listen"]
        await ada.hear("supervised", modes=["listen"])
        # both pages beat meanwhile
        ends = asyncio.create_task(caller.hear("over", within_s=60, ending="handled"))
        alone = asyncio.create_task(ada.hear("supervised", within_s=60, modes=[]))
        assert await hears_only(sam, caller, CALLER_HZ, ada)
        assert await hears_only(sam, ada, ADVISER_HZ, caller)
        sam.peer.tone(SUPERVISOR_HZ)
        ada.peer.tone(None)
        assert await ada.peer.hears_nothing()
        await sam.say("supervise_as", mode="whisper")
        await sam.hear("supervising", mode="whisper")
        assert told(events) == ["listen", "whisper"]
        assert await ada.peer.hears(SUPERVISOR_HZ)
        assert await caller.peer.hears_nothing()
        await sam.say("supervise_as", mode="join")
        await sam.hear("supervising", mode="join")
        assert await caller.peer.hears(SUPERVISOR_HZ)
        legs = (await sam.hear("legs"))["legs"]
        assert [leg["role"] for leg in legs] == ["caller", "adviser"]
        assert all(1 <= leg["quality"]["mos"] <= 4.5 for leg in legs)
        await sam.vanish()
        await alone
        assert await hears_only(caller, ada, ADVISER_HZ), "the talk goes on"
        await ada.say("hang_up")
        await ends
        assert await is_told(events, "listen", "whisper", "join", "leave")


async def test_nobody_listens_while_the_record_is_away(centre: SmallCentre) -> None:
    _, ada = await talk(centre)
    sam = await supervise(centre)
    refused = await sam.hear("refused", within_s=8)
    assert refused["code"] == "not-written-down"
    assert not await sam.peer.hears(CALLER_HZ, within_s=0.3)
    assert all(said["kind"] != "supervised" or not said["modes"] for said in ada.heard)


async def test_a_talk_that_ends_lets_its_supervisor_go(centre: SmallCentre) -> None:
    async with record(centre) as events:
        _, ada = await talk(centre)
        sam = await supervise(centre)
        await sam.hear("supervising")
        await ada.say("transfer", queue="tax.general.en")
        await sam.hear("over")
        assert await is_told(events, "listen", "leave")


async def test_an_advisers_ticket_opens_no_supervisors_place_and_another_nodes_none_at_all(
    centre: SmallCentre,
) -> None:
    await centre.wait_in_queue(CALL)
    await centre.desk.report("ada", Presence.READY, PAYING)
    ring = await centre.ring()
    for ticket in (ring.ticket, centre.claim("call-2")):
        page = LegPage(await centre.session.ws_connect(centre.leg_url), Peer())
        await page.say("supervise", ticket=ticket, sdp="v=0")
        assert (await page.hear("refused"))["code"] == "bad-claim"
        await page.vanish()
