"""Whole chats: real nodes, a real Redis, a real router; the test plays desk and pages."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contactcentre.adapters.spool_files.spool import FileSpool
from contactcentre.bench.peer import Peer
from contactcentre.domain.events import TextWritten
from contactcentre.domain.ids import CallId
from contactcentre.domain.presence import Presence
from contactcentre.limits import TEXTS_AT_ONCE_MAX
from contactcentre.wire.closing import Closing
from tests.apps.small_centre import PAYING, SECRET, LegPage, SmallCentre, small_centre
from tests.apps.text_page import CHATS, TextPage, chat, chat_claim, come_back, join

SEAT = "ada/c1"


@pytest.fixture
async def centre(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[SmallCentre]:
    """Give a centre of two nodes, which do not wait for records that nobody writes here."""
    monkeypatch.setattr("contactcentre.apps.node_core.HAND_OVER_BEATS", 0)
    more = {"CC_RING_MS": "4000", "CC_LEG_GRACE_MS": "5000", "CC_WISH_MS": "0"}
    async with small_centre(redis_url, tmp_path, nodes=2, **more) as one:
        yield one


async def both(centre: SmallCentre) -> tuple[TextPage, TextPage]:
    """Return a caller and an adviser who chat."""
    caller = await chat(centre, "chat-1")
    await centre.desk.report(SEAT, Presence.READY, CHATS)
    ring = await centre.ring()
    assert (ring.call, ring.adviser, ring.queue) == ("chat-1", SEAT, CHATS)
    return caller, await join(centre, ring)


async def test_what_is_written_arrives_once_and_in_order_on_both_sides(
    centre: SmallCentre,
) -> None:
    caller, adviser = await both(centre)
    await caller.write("caller-1", "<b>Where</b> is my refund?")
    await adviser.write("adviser-1", "I have a look.")
    await caller.write("caller-2", "Thank you")
    await caller.write("caller-2", "Thank you")
    await adviser.hear("written", text="caller-2")
    await adviser.say("hang_up")
    assert (await caller.hear("over"))["ending"] == "handled"
    written = [
        ("caller", "<b>Where</b> is my refund?"),
        ("adviser", "I have a look."),
        ("caller", "Thank you"),
    ]
    assert adviser.read == written
    assert caller.read == [*written, ("caller", "Thank you")], "a repeat is answered to its writer"


async def test_whoever_waits_may_write_already_and_the_adviser_reads_it(
    centre: SmallCentre,
) -> None:
    caller = await chat(centre, "chat-1")
    await caller.write("caller-1", "My question is long.")
    await centre.desk.report(SEAT, Presence.READY, CHATS)
    adviser = await join(centre, await centre.ring())
    assert adviser.read == [("caller", "My question is long.")]


async def test_a_lost_node_loses_no_text_and_no_order(centre: SmallCentre) -> None:
    caller, adviser = await both(centre)
    first = await caller.write("caller-1", "One")
    second = await adviser.write("adviser-1", "Two")
    back = await come_back(centre, caller.claim, node=1)
    assert back.read == [], "the other node knows of no text"
    async with asyncio.timeout(5):
        way = await centre.desk.moved.get()
    there = await TextPage.come(centre, way.node_url, ticket=way.ticket)
    await there.hear("bridged")
    again = await there.write("adviser-1", "Two", order=second["order"])
    assert await back.write("caller-1", "One", order=first["order"]) == first | {
        "at_ms": back.heard[-1]["at_ms"]
    }
    third = await back.write("caller-2", "Three")
    await there.hear("written", text="caller-2")
    assert first["order"] < second["order"] == again["order"] < third["order"]
    texts = {(one["order"], one["words"]) for one in there.heard if one["kind"] == "written"}
    assert [words for _, words in sorted(texts)] == ["One", "Two", "Three"]


async def test_no_page_can_make_up_an_order_for_what_it_writes_now(centre: SmallCentre) -> None:
    caller = await chat(centre, "chat-1")
    first = await caller.write("caller-1", "One")
    second = await caller.write("caller-2", "Two", order=first["order"] + 999_999_999)
    assert 0 < second["order"] - first["order"] < 10


async def test_a_text_is_shown_as_sent_only_once_it_is_on_the_disk(
    centre: SmallCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller, adviser = await both(centre)
    on_disk, may = FileSpool.on_disk, asyncio.Event()

    async def slow(spool: FileSpool) -> None:
        await may.wait()
        await on_disk(spool)

    monkeypatch.setattr(FileSpool, "on_disk", slow)
    await caller.say("write", text="caller-1", words="Hello", order=None)
    await caller.say("write", text="caller-1", words="Hello", order=None)
    for page in (caller, adviser):
        with pytest.raises(TimeoutError):
            await page.hear("written", within_s=0.2)
    may.set()
    await adviser.hear("written", text="caller-1")
    assert (await caller.hear("written", text="caller-1"))["words"] == "Hello"


async def test_a_page_that_is_loaded_again_reads_everything_and_the_older_tab_lets_go(
    centre: SmallCentre,
) -> None:
    caller, adviser = await both(centre)
    await caller.write("caller-1", "One")
    await adviser.write("adviser-1", "Two")
    back = await come_back(centre, caller.claim, node=0)
    assert back.read == [("caller", "One"), ("adviser", "Two")]
    assert await caller.hear_the_end() == Closing.REPLACED
    await adviser.say("typing", on=True)
    assert (await back.hear("typing"))["on"] is True


async def test_who_writes_too_fast_is_told_so_and_loses_nothing(centre: SmallCentre) -> None:
    caller = await chat(centre, "chat-1")
    for number in range(TEXTS_AT_ONCE_MAX + 1):
        await caller.say("write", text=f"caller-{number}", words="!", order=None)
    refused = await caller.hear("not_written")
    assert (refused["text"], refused["code"]) == (f"caller-{TEXTS_AT_ONCE_MAX}", "too-many")
    await asyncio.sleep(1.1)
    await caller.write(refused["text"], "!")


async def test_a_chat_whose_page_is_away_keeps_its_place_and_is_offered_to_nobody(
    centre: SmallCentre,
) -> None:
    early = await chat(centre, "early")
    await chat(centre, "late")
    claim = early.claim
    await early.vanish()
    await centre.desk.report(SEAT, Presence.READY, CHATS)
    assert (await centre.ring()).call == "late"
    await come_back(centre, claim, node=0)
    await centre.desk.report("ada/c2", Presence.READY, CHATS)
    assert (await centre.ring()).call == "early"


async def test_an_adviser_whose_page_is_gone_gives_the_chat_back_with_all_that_was_written(
    centre: SmallCentre,
) -> None:
    caller, adviser = await both(centre)
    await caller.write("caller-1", "One")
    await adviser.vanish()
    await caller.hear("stage", state="waiting")
    await centre.desk.report("bryn/c1", Presence.READY, CHATS)
    other = await join(centre, await centre.ring())
    assert other.read == [("caller", "One")]


async def test_a_chat_that_is_handed_back_goes_to_another_adviser_at_once_and_from_its_old_place(
    centre: SmallCentre,
) -> None:
    caller, adviser = await both(centre)
    await caller.write("caller-1", "One")
    await adviser.write("adviser-1", "Two")
    (before,) = await centre.state.look_calls([CallId("chat-1")])
    await chat(centre, "later")
    await adviser.say("hand_back")
    await adviser.hear("over")
    await caller.hear("stage", state="waiting")
    await centre.desk.report("bryn/c1", Presence.READY, CHATS)
    ring = await centre.ring()
    (after,) = await centre.state.look_calls([CallId("chat-1")])
    assert (ring.call, after.enqueued_ms) == ("chat-1", before.enqueued_ms)
    other = await join(centre, ring)
    assert other.read == [("caller", "One"), ("adviser", "Two")]


async def test_only_a_chat_is_handed_back(centre: SmallCentre) -> None:
    await centre.wait_in_queue("call-1")
    await centre.desk.report("ada", Presence.READY, PAYING)
    page = await centre.attach(await centre.ring())
    await page.say("hand_back")
    assert (await page.hear("refused"))["code"] == "bad-request"


async def test_a_chat_is_joined_with_text_and_a_call_with_sound(centre: SmallCentre) -> None:
    for claim, sdp in ((chat_claim(centre, "chat-1"), "v=0"), (centre.claim("call-1"), "text")):
        page = LegPage(await centre.session.ws_connect(centre.leg_url), Peer())
        await page.say("offer", claim=claim, secret=SECRET, sdp=sdp)
        assert (await page.hear("refused"))["code"] == "malformed-offer"
        await page.vanish()


async def test_every_text_is_an_event_of_the_record(
    centre: SmallCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[TextWritten] = []
    write = FileSpool.write

    def noted(spool: FileSpool, event: object, call: object) -> int:
        if isinstance(event, TextWritten):
            written.append(event)
        return write(spool, event, call)  # type: ignore[arg-type]

    monkeypatch.setattr(FileSpool, "write", noted)
    caller, adviser = await both(centre)
    await caller.write("caller-1", "One")
    await adviser.write("adviser-1", "Two")
    assert [(one.call, one.by, one.words) for one in written] == [
        (CallId("chat-1"), "caller", "One"),
        (CallId("chat-1"), "adviser", "Two"),
    ]
