"""Outside numbers that are rung: who may be, how many, and what is heard of them."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from types import SimpleNamespace
from typing import cast

import pytest

from contactcentre.apps.phone_silence import PhoneSilence
from contactcentre.bench.phone import PhonePeer
from contactcentre.domain.dialling import DialFailure, Lines
from contactcentre.domain.errors import LinesBusy, NumberNotAllowed
from contactcentre.domain.ids import LegId, PhoneNumber
from contactcentre.ports.dialling import (
    NumberAnswered,
    NumberEnded,
    NumberFailed,
    NumberRings,
)
from contactcentre.ports.media import KeyHeard, LegConnected
from contactcentre.ports.phones import Phone
from tests.adapters.sip.answering import OUTSIDE, OWN, Answering, answering
from tests.adapters.sip.entrance import until
from tests.apps.outside import CALL, Outside, outside

TONE_HZ = 620.0


@pytest.fixture
async def trunk() -> AsyncIterator[Answering]:
    """Give a trunk whose phones do as they are told."""
    async with answering() as one:
        yield one


@pytest.fixture
async def town(trunk: Answering) -> AsyncIterator[Outside]:
    """Give a node that rings numbers over the trunk."""
    async with outside(trunk.port) as one:
        yield one


@pytest.fixture
async def sound() -> AsyncIterator[PhonePeer]:
    """Give the sound of a phone."""
    one = PhonePeer()
    await one.open()
    yield one
    await one.close()


async def test_whoever_is_rung_is_heard_before_and_after_the_answer(
    town: Outside, trunk: Answering, sound: PhonePeer
) -> None:
    trunk.script = lambda rung: rung.respond(183, sdp=sound.sdp())
    call = await town.dial()
    assert await until(lambda: town.told == [NumberRings(is_heard=True)])
    assert await until(lambda: town.heard == [LegConnected(leg=call.leg)])
    sound.answered(trunk.rung[0].invite.body.decode())
    sound.hum(TONE_HZ)
    trunk.rung[0].respond(200, sdp=sound.sdp())
    assert await until(lambda: town.told[-1] == NumberAnswered())
    await sound.press("7")
    assert await until(lambda: KeyHeard(leg=call.leg, key="7") in town.heard)
    assert await call.is_there()
    town.then = call.hang_up  # as whoever is told may do
    await trunk.rung[0].ask("BYE")
    assert town.told[-1] == NumberEnded()
    assert await until(lambda: town.media.quality(call.leg) is None), "its leg is closed"
    assert town.counted == {"answered": 1}


async def test_whoever_does_not_take_the_call_leaves_nothing_behind(
    town: Outside, trunk: Answering
) -> None:
    trunk.script = lambda rung: rung.respond(486)
    call = await town.dial()
    town.then = call.hang_up  # as whoever is told may do
    assert await until(lambda: town.told == [NumberFailed(why=DialFailure.BUSY)])
    assert await until(lambda: town.media.quality(call.leg) is None)
    assert town.counted == {"busy": 1}
    call.hang_up()
    assert not await call.is_there()
    assert town.counted == {"busy": 1}


async def test_a_number_that_we_give_up_is_rung_no_longer(town: Outside, trunk: Answering) -> None:
    trunk.script = lambda rung: rung.respond(180)
    call = await town.dial()
    assert await until(lambda: town.told == [NumberRings(is_heard=False)])
    call.hang_up()
    assert await until(lambda: trunk.rung[0].is_given_up)
    assert await until(lambda: town.media.quality(call.leg) is None)
    assert (len(town.told), town.counted) == (1, {"given_up": 1})


async def test_an_answer_in_another_law_is_no_sound(
    town: Outside, trunk: Answering, sound: PhonePeer
) -> None:
    ours = sound.sdp().replace(" 8 ", " 0 ").replace(":8 PCMA", ":0 PCMU")
    trunk.script = lambda rung: rung.respond(200, sdp=ours)
    await town.dial()
    assert await until(lambda: town.told == [NumberFailed(why=DialFailure.NO_SOUND)])
    assert await until(lambda: trunk.methods() == ["BYE"])


@pytest.mark.parametrize("number", ["999", "+449061234567", "0990 123 4567", "+33123456789", "x"])
async def test_what_may_not_be_rung_is_not_and_is_counted(
    town: Outside, trunk: Answering, number: str
) -> None:
    with pytest.raises(NumberNotAllowed):
        await town.dial(number)
    assert (trunk.rung, town.counted) == ([], {"number-not-allowed": 1})


async def test_a_number_of_ours_is_shown_and_no_other(town: Outside, trunk: Answering) -> None:
    await town.dial("01632 960 100", shown=PhoneNumber("+441632960002"))
    assert await until(lambda: len(trunk.rung) == 1)
    invite = trunk.rung[0].invite
    assert OUTSIDE in invite.uri
    assert "+441632960002" in invite.first("from")
    with pytest.raises(NumberNotAllowed, match="numbers of our own"):
        await town.dial(shown=OUTSIDE)
    assert OWN not in invite.first("from")


async def test_more_numbers_than_may_be_at_once_or_in_a_minute_are_refused(
    town: Outside, trunk: Answering
) -> None:
    trunk.script = lambda rung: rung.respond(180)
    calls = [await town.dial(), await town.dial("210")]
    with pytest.raises(LinesBusy, match="in calls as may be"):
        await town.dial()
    for call in calls:
        call.hang_up()
    for _ in range(2):
        (await town.dial()).hang_up()
    with pytest.raises(LinesBusy, match="in a minute"):
        await town.dial()
    assert town.counted == {"given_up": 4, "lines-busy": 2}


async def test_advisers_phones_take_no_line_of_outside_numbers_nor_the_other_way_round(
    town: Outside, trunk: Answering
) -> None:
    trunk.script = lambda rung: rung.respond(180)
    phones = [await town.dial(lines=Lines.PHONE) for _ in range(2)]
    outside = [await town.dial(), await town.dial("210")]
    with pytest.raises(LinesBusy, match="in calls as may be"):
        await town.dial(lines=Lines.PHONE)
    for phone in phones:
        phone.hang_up()
    for _ in range(4):
        (await town.dial(lines=Lines.PHONE_AGAIN)).hang_up()
    with pytest.raises(LinesBusy, match="in a minute"):
        await town.dial(lines=Lines.PHONE)
    for call in outside:
        call.hang_up()
    (await town.dial()).hang_up()


async def test_callers_who_are_rung_back_have_a_list_and_caps_of_their_own(
    town: Outside, trunk: Answering
) -> None:
    trunk.script = lambda rung: rung.respond(180)
    back = await town.dial(lines=Lines.CALLBACK)
    with pytest.raises(LinesBusy, match="in calls as may be"):
        await town.dial(lines=Lines.CALLBACK)
    with pytest.raises(NumberNotAllowed, match="not on the list"):
        await town.dial("210", lines=Lines.CALLBACK)
    (await town.dial("210")).hang_up()
    back.hang_up()
    assert town.dialler.own_of([OUTSIDE, OWN]) == OWN
    assert town.dialler.own_of([OUTSIDE]) is None
    town.callbacks = None
    town.ring_over(town.trunk)
    with pytest.raises(NumberNotAllowed, match="by hand"):
        await town.dial(lines=Lines.CALLBACK)


async def test_what_the_callers_trunk_is_asked_to_ring_counts_as_rung_unless_it_refuses(
    town: Outside,
) -> None:
    codes = iter([200, 486, None, 200])

    async def refer(*_: object, **__: object) -> int | None:
        return next(codes)

    town.phone = ("t", cast("Phone", SimpleNamespace(refer=refer)))
    refers = partial(town.dialler.refer, OUTSIDE, call=CALL, within_ms=1_000)
    assert [await refers() for _ in range(3)] == [True, DialFailure.BUSY, False]
    (await town.dial()).hang_up()  # the one that the trunk did not ring
    assert await refers() is True
    with pytest.raises(LinesBusy, match="in a minute"):
        await refers()
    with pytest.raises(NumberNotAllowed):
        await town.dialler.refer("999", call=CALL, within_ms=1_000)
    assert town.counted == {
        "referred": 2,
        "busy": 1,
        "not_referred": 1,
        "given_up": 1,
        "lines-busy": 1,
        "number-not-allowed": 1,
    }


@pytest.mark.parametrize("breaks", ["seat", "ring", "cancel"])
async def test_a_number_that_could_not_be_rung_takes_no_line_and_no_leg(
    town: Outside, monkeypatch: pytest.MonkeyPatch, breaks: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a mistake")

    async def wait(*_: object, **__: object) -> None:
        await asyncio.sleep(60)

    broken = {"seat": (town.media, fail), "cancel": (town.media, wait)}
    with monkeypatch.context() as patch:
        if breaks == "ring":
            patch.setattr("contactcentre.adapters.sip.outgoing.Outgoing.begin", fail)
        else:
            patch.setattr(broken[breaks][0], "accept", broken[breaks][1])
        for _ in range(2):
            dialling = asyncio.create_task(town.dial())
            await asyncio.sleep(0.02)
            dialling.cancel()
            with pytest.raises((RuntimeError, asyncio.CancelledError)):
                await dialling
    await asyncio.sleep(0.02)
    assert all(town.media.quality(LegId(f"outside {n}")) is None for n in (1, 2))
    (await town.dial()).hang_up()


async def test_a_phone_that_is_slow_to_say_whether_it_is_there_holds_up_no_other(
    town: Outside, trunk: Answering, sound: PhonePeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contactcentre.apps.dialling.LOOK_EVERY_MS", 50)
    trunk.script = lambda rung: rung.respond(200, sdp=sound.sdp())
    slow, broken = await town.dial(), await town.dial()
    asked = []

    async def wait() -> bool:
        asked.append("slow")
        await asyncio.sleep(60)
        return True

    async def fail() -> bool:
        asked.append("broken")
        raise RuntimeError("a mistake")

    monkeypatch.setattr(slow, "is_there", wait)
    monkeypatch.setattr(broken, "is_there", fail)
    monkeypatch.setattr(PhoneSilence, "is_to_be_asked", lambda *_: True)
    assert await until(lambda: asked.count("broken") >= 3)
    assert asked.count("slow") == 1


async def test_a_silent_phone_that_is_gone_is_found_out(
    town: Outside, trunk: Answering, sound: PhonePeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contactcentre.apps.dialling.LOOK_EVERY_MS", 50)
    trunk.script = lambda rung: rung.respond(200, sdp=sound.sdp())
    await town.dial()
    assert await until(lambda: NumberAnswered() in town.told)
    assert await until(lambda: "OPTIONS" in trunk.methods()), "it is asked"
    assert len(town.told) == 1
    trunk.knows_calls = False
    assert await until(lambda: town.told[-1] == NumberEnded(was_lost=True))


@pytest.mark.parametrize("first", ["busy with itself", "silent"])
async def test_a_trunk_that_is_out_of_reach_is_left_for_the_next_one(
    town: Outside,
    trunk: Answering,
    sound: PhonePeer,
    monkeypatch: pytest.MonkeyPatch,
    first: str,
) -> None:
    monkeypatch.setattr("contactcentre.apps.dialling.TRUNK_SILENT_MS", 200)
    other = Answering()
    await other.open()
    if first == "silent":
        trunk.script = lambda _: None
    else:
        trunk.script = lambda rung: rung.respond(503)
    other.script = lambda rung: rung.respond(200, sdp=sound.sdp())
    town.ring_over(trunk.outward, other.outward)
    call = await town.dial()
    assert await until(lambda: town.told == [NumberAnswered()])
    if first == "silent":
        trunk.rung[0].respond(200, sdp=sound.sdp())
        assert await until(lambda: trunk.methods() == ["BYE"]), "it comes too late"
    other.knows_calls = False
    assert not await call.is_there()
    other.script = lambda rung: rung.respond(486)
    await town.dial()
    assert await until(lambda: town.told[-1] == NumberFailed(why=DialFailure.BUSY))
    assert town.counted == {"answered": 1, "busy": 1}
    await other.close()


@pytest.mark.parametrize("code", [302, 402, 415, 433])
async def test_a_refusal_that_is_no_trouble_of_the_trunks_rings_over_no_other(
    town: Outside, trunk: Answering, code: int
) -> None:
    trunk.script = lambda rung: rung.respond(code)
    town.ring_over(trunk.outward, trunk.outward)
    await town.dial()
    assert await until(lambda: len(town.told) == 1)
    assert len(trunk.rung) == 1


async def test_what_no_trunk_can_reach_is_told_so(town: Outside, trunk: Answering) -> None:
    trunk.script = lambda rung: rung.respond(503)
    town.ring_over(trunk.outward, trunk.outward)
    await town.dial()
    assert await until(lambda: town.told == [NumberFailed(why=DialFailure.UNREACHABLE)])
    assert len(trunk.rung) == 2


async def test_two_outside_numbers_hear_one_another_in_one_room(
    town: Outside, trunk: Answering, sound: PhonePeer
) -> None:
    other = PhonePeer()
    await other.open()
    sounds = [sound, other]
    trunk.script = lambda rung: rung.respond(200, sdp=sounds[len(trunk.rung) - 1].sdp())
    for phone in sounds:
        await town.dial()
        assert await until(lambda: len(trunk.rung) == town.legs_count)
        phone.answered(trunk.rung[-1].invite.body.decode())
    one, two = LegId("outside 1"), LegId("outside 2")
    assert await until(lambda: town.told.count(NumberAnswered()) == 2)
    await asyncio.sleep(0.05)
    for listener, speaker in ((one, two), (two, one)):
        town.media.let_hear(listener=listener, speaker=speaker, on=True)
    sound.hum(TONE_HZ)
    assert await other.hears(TONE_HZ)
    await other.close()
