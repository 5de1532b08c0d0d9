"""What callers and advisers see and hear when a process, a page, a store or the network is lost.

Each test hits one part of a running centre, whose parents and `up` start it again; the next test
begins once the centre is whole.
"""

import asyncio
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

import pytest
from playwright.async_api import expect

from contactcentre.drills.record_rows import read_record, read_settled_record
from contactcentre.limits import SOCKET_LOST_AFTER_MS
from tests.browser.centre import Centre, running_centre
from tests.browser.conftest import CALLER_HZ, Stage, hear_each_other, talk
from tests.browser.desk_phone import NUMBER, PHONE_HZ, DeskPhone
from tests.browser.faults import (
    child_of,
    kill,
    node_of,
    record_of,
    stop,
    store_of,
    tell_to_end,
    whole,
)
from tests.browser.people import NODE_URL, Caller

NODES = 3
KILLED_MS = 5_000
STOPPED_MS = 8_000
"""From the fault until a caller hears the platform again, at most."""
OFFLINE_S = 20
RING_MS = 15_000
UNHEARD_S = 3
RECORDED_WITHIN_S = 30.0


@pytest.fixture(scope="module")
def phone(tmp_path_factory: pytest.TempPathFactory) -> DeskPhone:
    """Return an adviser's phone that is not there yet."""
    return DeskPhone.in_folder(tmp_path_factory.mktemp("phone"))


@pytest.fixture(scope="module")
def centre(phone: DeskPhone) -> Iterator[Centre]:
    """Start a centre of this module's own, in which things may be broken."""
    with running_centre({"CC_RING_MS": str(RING_MS), **phone.settings()}, nodes=NODES) as started:
        yield started


@pytest.fixture(autouse=True)
async def whole_centre(centre: Centre) -> None:
    """Begin with every process there."""
    await whole(centre, nodes=NODES)


async def is_back(caller: Caller, state: str, *, within_ms: int) -> None:
    """Wait until a caller whose line was lost is connected again, and in that state."""
    up = caller.page.locator("#up")
    await expect(up).to_have_attribute("data-state", state, timeout=within_ms)


async def loads_again(caller: Caller) -> None:
    """Load the caller's page again and go back to the call."""
    caller.page.once("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
    await caller.page.reload()
    await caller.page.locator("#go-back").click()


KEEP_SAID = """
window.said = [];
new MutationObserver((changes) => {
  for (const { target } of changes) {
    const words = target.textContent;
    if (target.id === "polite" && words) window.said.push(words);
  }
}).observe(document.body, { subtree: true, childList: true });
"""


async def test_a_talk_goes_on_without_a_click_when_its_node_is_killed(
    stage: Stage, centre: Centre
) -> None:
    caller, ada = await talk(stage)
    await caller.page.evaluate(KEEP_SAID)
    kill(await node_of(caller, centre))
    await caller.is_in("reconnecting")
    await is_back(caller, "talking", within_ms=KILLED_MS)
    await expect(ada.page.get_by_text("You and the caller are back together.")).to_be_visible()
    await hear_each_other(caller, ada)
    said = await caller.page.evaluate("window.said")
    assert len([words for words in said if words.startswith("We lost the line")]) == 1
    await ada.ends_the_call()
    await expect(caller.page.locator("#over")).to_contain_text("Thank you for calling.")


async def test_a_talk_on_an_advisers_phone_goes_on_when_its_node_is_killed(
    stage: Stage, centre: Centre, phone: DeskPhone
) -> None:
    async with phone.is_there():
        ada = await stage.adviser_signs_in("ada", width=390, dark=True)
        await ada.page.get_by_role("button", name=re.compile("^(Sound|Microphone)")).click()
        await ada.page.get_by_role("menuitemradio", name="On a phone…").click()
        await ada.page.get_by_label("Number").fill("+449012345678")
        await ada.button("Use this phone").click()
        await expect(ada.page.get_by_role("alert")).to_contain_text("may not be rung")
        await ada.page.get_by_label("Number").fill(NUMBER)
        await ada.see_no_fault()
        await ada.button("Use this phone").click()
        await expect(ada.button(f"Sound: {NUMBER}")).to_be_visible()
        await ada.gets_ready()
        caller = await stage.caller_calls()
        await caller.press("3", "3")
        await ada.answers()
        await caller.hears(PHONE_HZ)
        await ada.see_no_fault()
        kill(await node_of(caller, centre))
        await caller.is_in("reconnecting")
        await is_back(caller, "talking", within_ms=KILLED_MS)
        await caller.hears(PHONE_HZ)
        await expect(ada.page.get_by_text("You and the caller are back together.")).to_be_visible()
        await ada.ends_the_call()
    assert phone.heard_hz()[-1] == pytest.approx(CALLER_HZ, abs=20)


async def test_a_talk_goes_on_without_a_click_when_its_node_hangs(
    stage: Stage, centre: Centre
) -> None:
    caller, ada = await talk(stage)
    await caller.page.evaluate(KEEP_SAID)
    stop(await node_of(caller, centre))
    await caller.page.wait_for_function(
        "() => window.said.some((words) => words.startsWith('We lost the line'))"
    )
    await is_back(caller, "talking", within_ms=STOPPED_MS)
    await hear_each_other(caller, ada)
    await caller.hangs_up()
    await ada.is_("wrap_up")


async def test_a_talk_goes_on_without_a_click_when_its_node_is_told_to_stop(
    stage: Stage, centre: Centre
) -> None:
    caller, ada = await talk(stage)
    left = await caller.page.evaluate(NODE_URL)
    tell_to_end(await node_of(caller, centre))
    await caller.page.wait_for_function(f"left => {NODE_URL} !== left", arg=left)
    await is_back(caller, "talking", within_ms=KILLED_MS)
    await hear_each_other(caller, ada)
    await ada.ends_the_call()


async def test_callers_keep_their_places_when_a_node_is_killed_while_they_wait(
    stage: Stage, centre: Centre
) -> None:
    early, late = await stage.caller_calls(), await stage.caller_calls()
    await early.waits("3", "3")
    await late.waits("3", "3")
    await expect(late.state).to_contain_text("2nd in the queue")
    kill(await node_of(early, centre))
    await early.is_in("reconnecting")
    await expect(early.state).to_contain_text("next in the queue")
    await is_back(early, "waiting", within_ms=KILLED_MS)
    ada = await stage.adviser_signs_in("ada")
    await ada.gets_ready()
    await ada.answers()
    await early.is_in("talking")
    await hear_each_other(early, ada)
    await late.is_in("waiting")
    await expect(late.state).to_contain_text("next in the queue")


async def test_a_caller_in_a_menu_hears_the_same_menu_again_when_the_node_is_killed(
    stage: Stage, centre: Centre
) -> None:
    caller = await stage.caller_calls()
    choices = caller.page.locator("#choices-list")
    first = await choices.inner_text()
    await caller.press("3")
    await expect(choices).not_to_have_text(first, use_inner_text=True)
    offered = await choices.inner_text()
    kill(await node_of(caller, centre))
    await caller.is_in("reconnecting")
    await is_back(caller, "in_menu", within_ms=KILLED_MS)
    await expect(choices).to_have_text(offered, use_inner_text=True)
    await caller.waits("3")


async def test_a_caller_is_rung_for_again_when_the_node_is_killed_while_it_rings(
    stage: Stage, centre: Centre
) -> None:
    ada = await stage.adviser_signs_in("ada")
    await ada.gets_ready()
    caller = await stage.caller_calls()
    await caller.press("3", "3")
    await ada.is_rung()
    await caller.is_in("ringing")
    kill(await node_of(caller, centre))
    await caller.is_in("reconnecting")
    await caller.is_in("ringing")
    await ada.answers()
    await caller.is_in("talking")
    await hear_each_other(caller, ada)


async def test_a_caller_who_gives_up_on_a_node_that_hangs_is_counted_as_who_left_the_queue(
    stage: Stage, centre: Centre
) -> None:
    known = await known_calls(centre)
    caller = await stage.caller_calls()
    await caller.waits("3", "3")
    stop(await node_of(caller, centre))
    await caller.hangs_up()
    assert await end_of_new_call(centre, known) == ("abandoned", 1)


async def known_calls(centre: Centre) -> set[str]:
    """Return the calls that stand in the record."""
    return {row.call for row in (await read_record(record_of(centre))).rows}


async def end_of_new_call(centre: Centre, known: AbstractSet[str]) -> tuple[str | None, int]:
    """Return how the one new call of the record has ended, for good, and how many ends it has."""
    [new] = await known_calls(centre) - known
    record = await read_settled_record(record_of(centre), [new], within_s=RECORDED_WITHIN_S)
    [row] = [row for row in record.rows if row.call == new]
    assert not row.provisional
    return row.ending, row.ends_count


async def test_a_desk_that_is_loaded_again_in_a_talk_goes_on_with_it(stage: Stage) -> None:
    caller, ada = await talk(stage)
    ada.page.once("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
    await ada.page.reload()
    await ada.is_("talking")
    await hear_each_other(caller, ada)
    await ada.ends_the_call()
    await expect(caller.page.locator("#over")).to_be_visible()


async def test_a_page_that_is_loaded_again_goes_back_to_the_menu_and_to_its_place(
    stage: Stage,
) -> None:
    caller, later = await stage.caller_calls(), await stage.caller_calls()
    await loads_again(caller)
    await caller.is_in("in_menu")
    await caller.waits("3", "3")
    await later.waits("3", "3")
    await loads_again(caller)
    await caller.is_in("waiting")
    await expect(caller.state).to_contain_text("next in the queue")
    await expect(later.state).to_contain_text("2nd in the queue")


async def test_a_page_that_is_loaded_again_goes_back_to_its_ring_and_its_talk(
    stage: Stage,
) -> None:
    ada = await stage.adviser_signs_in("ada")
    await ada.gets_ready()
    caller = await stage.caller_calls()
    await caller.press("3", "3")
    await ada.is_rung()
    await loads_again(caller)
    await caller.is_in("ringing")
    await ada.answers()
    await caller.is_in("talking")
    await loads_again(caller)
    await caller.is_in("talking")
    await hear_each_other(caller, ada)


async def test_of_two_tabs_with_one_call_the_later_one_has_it_and_the_earlier_says_so(
    stage: Stage,
) -> None:
    first = await stage.caller_calls()
    await first.waits("3", "3")
    async with first.page.context.expect_page() as opened:
        await first.page.evaluate("void window.open(location.href)")
    second = Caller(await opened.value)
    await second.page.locator("#go-back").click()
    await second.is_in("waiting")
    elsewhere = "Your call goes on in another tab"
    await expect(first.page.locator("#over")).to_contain_text(elsewhere)
    await asyncio.sleep(UNHEARD_S)
    await second.is_in("waiting")
    await expect(second.state).to_contain_text("next in the queue")
    await first.page.locator("#bring").click()
    await first.is_in("waiting")
    await expect(second.page.locator("#over")).to_contain_text(elsewhere)


async def test_nobody_hears_that_the_desk_was_lost_in_a_talk(stage: Stage, centre: Centre) -> None:
    caller, ada = await talk(stage)
    kill(child_of(centre, "desk"))
    await hear_each_other(caller, ada)
    await whole(centre, nodes=NODES)
    await hear_each_other(caller, ada)
    await caller.is_in("talking")
    await ada.is_("talking")
    await ada.ends_the_call()
    await ada.finishes()
    await ada.is_("ready")


async def test_a_ring_can_be_answered_after_the_desk_was_lost(stage: Stage, centre: Centre) -> None:
    ada = await stage.adviser_signs_in("ada")
    await ada.gets_ready()
    caller = await stage.caller_calls()
    await caller.press("3", "3")
    await ada.is_rung()
    kill(child_of(centre, "desk"))
    await whole(centre, nodes=NODES)
    await ada.answers()
    await caller.is_in("talking")
    await hear_each_other(caller, ada)


async def test_nobody_hears_that_the_records_were_lost_and_the_call_ends_in_it_once(
    stage: Stage, centre: Centre
) -> None:
    known = await known_calls(centre)
    caller, ada = await talk(stage)
    kill(child_of(centre, "records"))
    await hear_each_other(caller, ada)
    await caller.hangs_up()
    await ada.is_("wrap_up")
    assert await end_of_new_call(centre, known) == ("handled", 1)


async def test_a_caller_who_was_offline_for_twenty_seconds_is_back_in_the_old_place(
    stage: Stage,
) -> None:
    caller, later = await stage.caller_calls(), await stage.caller_calls()
    await caller.waits("3", "3")
    await later.waits("3", "3")
    network = await caller.page.context.new_cdp_session(caller.page)
    await network.send("Network.emulateNetworkConditions", CUT)
    await expect(caller.page.locator("#lost")).to_contain_text("You keep your place")
    await asyncio.sleep(OFFLINE_S - SOCKET_LOST_AFTER_MS / 1_000)
    await expect(caller.page.locator("#lost")).to_contain_text("connected to the internet")
    await network.send("Network.emulateNetworkConditions", WHOLE)
    await is_back(caller, "waiting", within_ms=KILLED_MS)
    await expect(caller.state).to_contain_text("next in the queue")
    await expect(later.state).to_contain_text("2nd in the queue")


CUT = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
"""The browser's own way of being offline: requests fail, sockets go silent, none can be opened."""
WHOLE = CUT | {"offline": False}


async def test_a_ring_can_be_answered_while_the_live_state_is_lost(
    stage: Stage, centre: Centre
) -> None:
    ada = await stage.adviser_signs_in("ada")
    await ada.gets_ready()
    caller = await stage.caller_calls()
    await caller.press("3", "3")
    await ada.is_rung()
    kill(store_of(centre))
    await ada.answers()
    await caller.is_in("talking")
    await hear_each_other(caller, ada)
    await whole(centre, nodes=NODES)
    await ada.ends_the_call()
    await ada.finishes()
    await ada.is_("ready")
    after = await stage.caller_calls()
    await after.press("3", "3")
    await ada.answers()
    await after.is_in("talking")
