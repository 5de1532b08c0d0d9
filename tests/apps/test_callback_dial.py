"""A node rings the caller of a callback for the adviser who has taken it; all of it is real."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contactcentre.bench.phone import PhonePeer
from contactcentre.domain.callback import Attempt
from contactcentre.domain.presence import Presence
from tests.adapters.sip.answering import OUTSIDE, OWN
from tests.adapters.sip.entrance import until
from tests.apps.rung_back import ADVISER_HZ, CALL, CALLER_HZ, RungBack, rung_back, settings
from tests.apps.test_consult import GENERAL, becomes
from tests.apps.test_recorded_talk import KEY, S, hums, parts
from tests.apps.test_trunk_rescue import LOST, other_node, settings_of_the_lost, until_there
from tests.recorded_flows import recorded_flows


@pytest.fixture
async def centre(redis_url: str, tmp_path: Path) -> AsyncIterator[RungBack]:
    """Give a centre with one callback in it."""
    async with rung_back(redis_url, tmp_path) as one:
        yield one


async def test_the_adviser_hears_it_ring_and_then_the_caller_and_both_talk_as_in_any_call(
    centre: RungBack,
) -> None:
    ring = await centre.takes()
    assert not centre.trunk.rung, "nobody is dialled before the adviser's sound is there"
    page = await centre.dials(ring)
    await page.hear("caller_rung", state="dialling")
    rung = await centre.rung()
    assert OUTSIDE in rung.invite.uri
    assert OWN in rung.invite.first("from"), "the line's own number is shown"
    await page.hear("caller_rung", state="ringing", is_heard=False)
    centre.sound.answered(rung.invite.body.decode())
    centre.sound.hum(CALLER_HZ)
    rung.respond(183, sdp=centre.sound.sdp())
    await page.hear("caller_rung", state="ringing", is_heard=True)
    assert await page.peer.hears(CALLER_HZ), "what the network sends is heard"
    centre.answer(rung)
    await page.hear("bridged")
    assert await page.peer.hears(CALLER_HZ)
    assert await centre.sound.hears(ADVISER_HZ)
    async with asyncio.timeout(5):
        moved = await centre.centre.desk.moved.get()
    assert (moved.call, moved.token, moved.node) == (CALL, ring.token, "node-1")
    assert moved.epoch > ring.epoch
    assert await until(lambda: centre.record.answered_by == [ring.token])
    await page.say("hold", on=True)
    await page.hear("held", on=True)
    await page.say("hold", on=False)
    await page.hear("held", on=False)
    assert (await centre.centre.state.look_calls([CALL]))[0].node == "node-1"
    await page.say("hang_up")
    await page.hear("over", ending="handled")
    assert await until(lambda: centre.trunk.methods() == ["BYE"])
    assert await becomes(centre.centre, "ada", Presence.WRAP_UP)


async def test_a_caller_who_hangs_up_ends_the_talk(centre: RungBack) -> None:
    ring, page, rung = await centre.talk()
    await rung.ask("BYE")
    await page.hear("over", ending="handled")
    async with asyncio.timeout(5):
        assert (await centre.centre.desk.over.get()).token == ring.token


async def test_a_caller_who_was_rung_back_waits_in_another_queue_once_handed_on_and_may_hang_up(
    centre: RungBack,
) -> None:
    ring, page, rung = await centre.talk()
    await page.say("transfer", queue=GENERAL)
    await page.hear("over")
    async with asyncio.timeout(5):
        assert (await centre.centre.desk.over.get()).token == ring.token
    [stands] = await centre.centre.state.look_calls([CALL])
    assert (stands.state, stands.queue, stands.node) == ("waiting", GENERAL, "node-1")
    await rung.ask("BYE")
    async with asyncio.timeout(5):
        while (await centre.centre.state.look_calls([CALL]))[0].state != "closed":  # noqa: ASYNC110 - the store says it when asked
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("code", "why", "found"),
    [
        (486, "busy", "no_answer"),
        (404, "no_such_number", "wrong_number"),
        (503, "unreachable", None),
    ],
)
async def test_of_a_number_that_nobody_answers_the_adviser_is_told_and_says_how_it_ended(
    centre: RungBack, code: int, why: str, found: str | None
) -> None:
    ring = await centre.takes()
    if found is None:
        centre.trunk.script = lambda _: None  # what has rung would be an attempt
    page = await centre.dials(ring)
    (await centre.rung()).respond(code)
    await page.hear("caller_rung", state="failed", why=why, found=found, may_again=not found)
    await page.hear_the_end()
    if found is None:
        again = await centre.dials(ring)
        centre.answer(await centre.rung(2))
        await again.hear("bridged")
        return
    await centre.may_not_dial(ring, "out-of-order")
    assert len(centre.trunk.rung) == 1, "never twice"
    await centre.says(ring, Attempt.NO_ANSWER)
    assert await becomes(centre.centre, "ada", Presence.WRAP_UP)
    assert not centre.record.answered_by


async def test_an_adviser_who_hangs_up_or_is_lost_while_it_rings_rings_nobody_any_longer(
    centre: RungBack,
) -> None:
    ring = await centre.takes()
    page = await centre.dials(ring)
    await page.hear("caller_rung", state="ringing")
    await centre.may_not_dial(ring, "too-many")
    await page.vanish()
    assert await until(lambda: centre.trunk.rung[0].is_given_up)
    await asyncio.sleep(0.3)  # the keeper is told
    again = await centre.dials(ring)
    await again.hear("caller_rung", state="ringing")
    await again.say("hang_up")
    assert await until(lambda: centre.trunk.rung[1].is_given_up)
    await again.hear("caller_rung", state="failed", why="given_up", may_again=False)
    await centre.is_at_it(ring)


async def test_an_adviser_on_a_phone_picks_that_up_first_and_nobody_is_rung_before(
    centre: RungBack,
) -> None:
    ring = await centre.takes()
    own = PhonePeer()
    await own.open()
    page = await centre.comes_by_phone(ring)
    await page.hear("phone", state="ringing")
    (await centre.rung()).respond(480)
    await page.hear("caller_rung", state="failed", why="no_adviser", may_again=True)
    page = await centre.comes_by_phone(ring)
    phone = await centre.rung(2)
    own.answered(phone.invite.body.decode())
    own.hum(ADVISER_HZ)
    phone.respond(200, sdp=own.sdp())
    await page.hear("caller_rung", state="dialling")
    centre.answer(await centre.rung(3))
    await page.hear("bridged")
    assert await own.hears(CALLER_HZ)
    assert await centre.sound.hears(ADVISER_HZ)
    await phone.ask("BYE")  # the phone is put down
    await page.hear("over", ending="handled")
    assert await until(lambda: centre.trunk.methods() == ["BYE"])
    await own.close()


async def test_a_number_that_is_on_no_list_is_never_dialled(redis_url: str, tmp_path: Path) -> None:
    async with rung_back(redis_url, tmp_path, allowed="+4420") as centre:
        ring = await centre.takes()
        await centre.may_not_dial(ring, "number-not-allowed")
        assert not centre.trunk.rung


async def test_a_talk_whose_node_is_killed_goes_on_at_another_that_takes_the_dialog_over(
    redis_url: str, tmp_path: Path
) -> None:
    async with rung_back(redis_url, tmp_path) as centre:
        shared = settings(tmp_path, centre.trunk.port)
        lost = settings_of_the_lost(redis_url, tmp_path / "lost", shared)
        url = f"ws://127.0.0.1:{lost['CC_MEDIA_PORT']}/leg"
        async with other_node(lost) as node:
            await until_there(centre.centre.state)
            ring = await centre.takes()
            page = await centre.dials(ring, node=LOST, url=url)
            centre.answer(await centre.rung())
            await page.hear("bridged")
            async with asyncio.timeout(5):
                assert (await centre.centre.desk.moved.get()).node == LOST
            await centre.is_at_it(ring)
            await asyncio.sleep(2.2)  # two beats: what has changed is kept
            centre.trunk.offered = centre.offered
            await centre.is_at_it(ring)
            node.kill()
            async with asyncio.timeout(10):
                way = await centre.centre.desk.moved.get()
            assert (way.node, way.call, way.token) == ("node-1", CALL, ring.token)
            joined = await centre.centre.attach(way)
            joined.peer.tone(ADVISER_HZ)
            await joined.hear("bridged")
            assert await joined.peer.hears(CALLER_HZ)
            assert await centre.sound.hears(ADVISER_HZ)
            assert len(centre.trunk.rung) == 1, "nobody is rung anew"
            assert "BYE" not in centre.trunk.methods(), "nor told goodbye, as an outside number is"
            await joined.say("hang_up")
            assert await until(lambda: "BYE" in centre.trunk.methods())


async def test_a_keeper_leaves_a_callback_that_is_a_call_by_now_to_its_node(
    centre: RungBack,
) -> None:
    ring, page, _ = await centre.talk()
    assert await until(lambda: bool(centre.record.answered_by))
    before = centre.record.epoch
    centre.record.is_open = True  # as if that were not in the record yet
    assert await until(lambda: centre.record.epoch.count >= before.count + 2, within_s=6)
    await centre.is_at_it(ring)
    await asyncio.sleep(1.5)
    [stands] = await centre.centre.state.look_calls([CALL])
    assert (stands.node, stands.state) == ("node-1", "talking")
    assert await page.peer.hears(CALLER_HZ)
    await page.say("hang_up")
    await page.hear("over", ending="handled")


async def test_what_is_said_is_recorded_where_the_queue_records(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contactcentre.apps.node_core.HAND_OVER_BEATS", 0)
    more = {
        "CC_FLOWS_DIR": str(recorded_flows(tmp_path / "flows", announced_by="digit_1")),
        "CC_RECORDINGS": str(tmp_path / "recordings"),
        "CC_RECORDING_KEYS": f"2026:{KEY}",
    }
    async with rung_back(redis_url, tmp_path, **more) as centre:
        _, page, _ = await centre.talk()
        await page.hear("recording", on=True)
        await asyncio.sleep(2.5)
        await page.say("hang_up")
        await page.hear("over", ending="handled")
        [sound] = await parts(centre.centre, 1)
        assert hums(sound[-S:, 0], CALLER_HZ)
        assert hums(sound[-S:, 1], ADVISER_HZ)
