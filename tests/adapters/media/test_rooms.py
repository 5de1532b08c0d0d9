"""Real callers over ICE, DTLS and SRTP on loopback: who hears whom, by the frequency of a tone."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

from contactcentre.adapters.media_aiortc.g711 import PCMA
from contactcentre.adapters.media_aiortc.media import AiortcMedia
from contactcentre.bench.peer import Peer
from contactcentre.domain.errors import (
    MalformedOffer,
    MediaUnavailable,
    NodeFull,
    UnknownName,
)
from contactcentre.domain.ids import CallId, LegId, SoundName
from contactcentre.domain.languages import Language
from contactcentre.limits import LEG_SILENT_AFTER_MS
from contactcentre.ports.media import (
    KeyHeard,
    LegEvent,
    LegGone,
    LegHeardAgain,
    LegQuality,
    LegSilent,
    Media,
)

ADA, BOB = LegId("ada"), LegId("bob")
SHORT, LONG = SoundName("short"), SoundName("long")
MUSIC_HZ = 300.0


class Rooms(Protocol):
    """What the fixture of the same name does."""

    events: list[LegEvent]

    async def caller(self, leg: str, *, hz: float | None = ..., **more: object) -> Peer:
        """Bring a caller in."""

    def join(self, *legs: str, on: bool = ...) -> None:
        """Let legs hear one another."""

    @property
    def connected(self) -> list[LegId]:
        """Return the legs that were told to be connected."""


async def until(true: Callable[[], bool], within_s: float = 8.0) -> bool:
    """Wait for something, and say whether it came to be."""
    ends = time.monotonic() + within_s
    while not true() and time.monotonic() < ends:  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0.02)
    return true()


def test_the_node_is_the_media_of_the_port(media: AiortcMedia) -> None:
    port: Media = media
    assert port is media


async def test_caller_and_adviser_hear_each_other(media: AiortcMedia, rooms: Rooms) -> None:
    ada, bob = await rooms.caller("ada", hz=440), await rooms.caller("bob", hz=1_000, law=PCMA)
    assert await until(lambda: rooms.connected == [ADA, BOB])
    assert await ada.hears_nothing()
    rooms.join("ada", "bob")
    assert await ada.hears(1_000)
    assert await bob.hears(440)
    assert await until(lambda: heard_well(media.quality(ADA)))


def heard_well(quality: LegQuality | None) -> bool:
    """Say whether a second of somebody's tone came without loss."""
    assert quality is not None
    return (
        quality.received_count >= 50
        and quality.lost_count == 0
        and quality.jitter_ms < 20
        and abs(quality.level_dbov + 15) < 3
    )


async def test_rooms_are_apart(rooms: Rooms) -> None:
    ada, _ = await rooms.caller("ada", hz=440), await rooms.caller("bob", hz=1_000)
    carol = await rooms.caller("carol", hz=2_000, call="another")
    rooms.join("ada", "bob")
    assert await ada.hears(1_000)
    assert carol.heard().level_dbov < -60


async def test_hold_is_music_in_place_of_the_other(media: AiortcMedia, rooms: Rooms) -> None:
    ada, _ = await rooms.caller("ada", hz=440), await rooms.caller("bob", hz=1_000)
    rooms.join("ada", "bob")
    assert await ada.hears(1_000)
    media.let_hear(listener=ADA, speaker=BOB, on=False)
    media.play_music(ADA, on=True)
    assert await ada.hears(MUSIC_HZ)
    media.play_music(ADA, on=False)
    media.let_hear(listener=ADA, speaker=BOB, on=True)
    assert await ada.hears(1_000)


async def test_a_muted_adviser_hears_and_is_not_heard(media: AiortcMedia, rooms: Rooms) -> None:
    ada, bob = await rooms.caller("ada", hz=440), await rooms.caller("bob", hz=1_000)
    rooms.join("ada", "bob")
    assert await bob.hears(440)
    media.mute(ADA, on=True)
    assert await bob.hears_nothing()
    assert await ada.hears(1_000)
    media.mute(ADA, on=False)
    assert await bob.hears(440)


async def test_a_prompt_is_played_to_its_end_in_the_callers_language(
    media: AiortcMedia, rooms: Rooms
) -> None:
    ada = await rooms.caller("ada")
    began = time.monotonic()
    await media.play(ADA, [SHORT, SHORT], Language.ENGLISH)
    assert time.monotonic() - began >= 1.9, "two sounds of a second, one after another"
    assert await ada.hears(700, within_s=0.5)
    await media.play(ADA, [SHORT], Language.WELSH)
    assert await ada.hears(900, within_s=0.5)


async def test_a_prompt_that_is_cancelled_is_heard_no_more(
    media: AiortcMedia, rooms: Rooms
) -> None:
    ada = await rooms.caller("ada")
    prompt = asyncio.create_task(media.play(ADA, [LONG], Language.ENGLISH))
    assert await ada.hears(700)
    prompt.cancel()
    await asyncio.wait([prompt])
    assert prompt.cancelled()
    assert await ada.hears_nothing()


async def test_a_prompt_with_music_behind_it_gives_way_to_the_music(
    media: AiortcMedia, rooms: Rooms
) -> None:
    ada = await rooms.caller("ada")
    media.play_music(ADA, on=True)
    assert await ada.hears(MUSIC_HZ)
    await media.play(ADA, [SHORT], Language.ENGLISH)
    assert await ada.hears(700, within_s=0.5)
    assert await ada.hears(MUSIC_HZ)


async def test_a_sound_that_is_not_there_is_refused(media: AiortcMedia, rooms: Rooms) -> None:
    await rooms.caller("ada")
    with pytest.raises(UnknownName):
        await media.play(ADA, [SoundName("nothing")], Language.ENGLISH)


async def test_a_prompt_to_a_leg_that_goes_is_given_up(media: AiortcMedia, rooms: Rooms) -> None:
    await rooms.caller("ada")
    prompt = asyncio.create_task(media.play(ADA, [LONG], Language.ENGLISH))
    await asyncio.sleep(0.1)
    await media.close(ADA)
    with pytest.raises(MediaUnavailable):
        await prompt
    with pytest.raises(MediaUnavailable):
        await media.play(ADA, [LONG], Language.ENGLISH)


async def test_sounds_beyond_what_may_wait_are_refused(media: AiortcMedia, rooms: Rooms) -> None:
    await rooms.caller("ada")
    prompts = [asyncio.create_task(media.play(ADA, [LONG], Language.ENGLISH)) for _ in range(5)]
    done, waiting = await asyncio.wait(prompts, timeout=0.2)
    assert len(waiting) == 4
    assert isinstance(done.pop().exception(), MediaUnavailable)
    for prompt in waiting:
        prompt.cancel()
    await asyncio.wait(waiting)


async def test_keys_are_told_once_each_and_in_order(rooms: Rooms) -> None:
    ada = await rooms.caller("ada", hz=440)
    for key in "15*#":
        await ada.press(key)
    assert await until(lambda: sum(isinstance(e, KeyHeard) for e in rooms.events) == 4)
    keys = [event.key for event in rooms.events if isinstance(event, KeyHeard)]
    assert keys == ["1", "5", "*", "#"]


async def test_who_hangs_up_is_gone_at_once_and_once(media: AiortcMedia, rooms: Rooms) -> None:
    ada, bob = await rooms.caller("ada", hz=440), await rooms.caller("bob", hz=1_000)
    rooms.join("ada", "bob")
    assert await bob.hears(440)
    await ada.close()
    assert await until(lambda: LegGone(leg=ADA) in rooms.events)
    assert media.quality(ADA) is None
    assert await bob.hears_nothing()
    await media.close(ADA)
    assert rooms.events.count(LegGone(leg=ADA)) == 1
    assert media.load().legs_count == 1


async def test_a_leg_that_is_closed_ends_for_the_caller_and_is_not_told(
    media: AiortcMedia, rooms: Rooms
) -> None:
    ada = await rooms.caller("ada")
    await media.close(ADA)
    assert await until(lambda: ada.is_closed)
    assert LegGone(leg=ADA) not in rooms.events
    assert media.load().legs_count == 0


async def test_a_caller_whose_machine_died_is_told_silent(rooms: Rooms) -> None:
    ada = await rooms.caller("ada", hz=440)
    await asyncio.sleep(0.2)
    await ada.vanish()
    began = time.monotonic()
    assert await until(lambda: LegSilent(leg=ADA) in rooms.events)
    assert time.monotonic() - began >= LEG_SILENT_AFTER_MS / 1_000 - 0.3
    assert LegHeardAgain(leg=ADA) not in rooms.events


async def test_a_caller_whose_machine_died_is_gone_when_ice_gives_up(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aioice.ice.CONSENT_INTERVAL", 0.1)
    monkeypatch.setattr("aioice.ice.CONSENT_FAILURES", 1)
    monkeypatch.setattr("aioice.stun.RETRY_RTO", 0.05)
    ada = await rooms.caller("ada")
    await ada.vanish()
    assert await until(lambda: LegGone(leg=ADA) in rooms.events)


async def test_a_caller_who_never_connects_is_gone_after_the_deadline(
    media: AiortcMedia, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contactcentre.adapters.media_aiortc.transport.CONNECT_MAX_MS", 200)
    events: list[LegEvent] = []
    async with Peer() as ada:
        offer = await ada.offer()
    await media.accept(call=CallId("c"), leg=ADA, offer_sdp=offer, heard=events.append)
    assert await until(lambda: events == [LegGone(leg=ADA)])
    assert media.load().legs_count == 0


async def test_a_stranger_with_another_certificate_is_not_let_in(media: AiortcMedia) -> None:
    events: list[LegEvent] = []
    async with Peer() as ada:
        offer = await ada.offer()
        line = next(text for text in offer.splitlines() if text.startswith("a=fingerprint:sha-256"))
        forged = "a=fingerprint:sha-256 " + ":".join(["AB"] * 32)
        sdp = "\r\n".join(
            text
            for text in offer.replace(line, forged).splitlines()
            if not text.startswith(("a=fingerprint:sha-384", "a=fingerprint:sha-512"))
        )
        answer = await media.accept(
            call=CallId("c"), leg=ADA, offer_sdp=sdp + "\r\n", heard=events.append
        )
        connecting = asyncio.create_task(ada.accept(answer))
        assert await until(lambda: events == [LegGone(leg=ADA)])
        connecting.cancel()
        await asyncio.wait([connecting])


async def test_a_node_that_is_full_says_so_and_takes_the_next_when_one_leaves(
    media: AiortcMedia, rooms: Rooms
) -> None:
    for number in range(4):
        await rooms.caller(f"leg {number}")
    async with Peer() as ada:
        offer = await ada.offer()
        with pytest.raises(NodeFull):
            await media.accept(
                call=CallId("c"), leg=ADA, offer_sdp=offer, heard=rooms.events.append
            )
    await media.close(LegId("leg 2"))
    ada = await rooms.caller("ada", hz=440)
    assert await until(lambda: ADA in rooms.connected)


@pytest.mark.parametrize("offer", ["", "v=0\r\n", "nonsense", "x" * 100_000])
async def test_a_malformed_offer_leaves_nothing_behind(media: AiortcMedia, offer: str) -> None:
    with pytest.raises(MalformedOffer):
        await media.accept(call=CallId("c"), leg=ADA, offer_sdp=offer, heard=lambda _: None)
    assert media.load().legs_count == 0


async def test_a_node_that_has_stopped_takes_nobody(media: AiortcMedia, rooms: Rooms) -> None:
    await rooms.caller("ada")
    await media.stop()
    assert media.load().legs_count == 0
    async with Peer() as bob:
        offer = await bob.offer()
        with pytest.raises(MediaUnavailable):
            await media.accept(call=CallId("c"), leg=BOB, offer_sdp=offer, heard=lambda _: None)


def open_sockets() -> int:
    """Return how many sockets this process holds."""
    links = (link for link in Path("/proc/self/fd").iterdir() if link.is_symlink())
    return sum(str(link.readlink()).startswith("socket") for link in links)


async def test_legs_that_come_and_go_leave_no_socket_and_no_task(media: AiortcMedia) -> None:
    async with Peer() as ada:
        offer = await ada.offer()
    await asyncio.sleep(0.1)
    sockets, tasks = open_sockets(), len(asyncio.all_tasks())
    for number in range(12):
        leg = LegId(f"leg {number}")
        accepting = asyncio.create_task(
            media.accept(call=CallId("c"), leg=leg, offer_sdp=offer, heard=lambda _: None)
        )
        for _ in range(number % 4):
            await asyncio.sleep(0)
        if number % 3 == 0:
            accepting.cancel()
        await media.close(leg)
        await asyncio.wait([accepting])
        await media.close(leg)
    assert await until(lambda: (open_sockets(), len(asyncio.all_tasks())) == (sockets, tasks))
    assert media.load().legs_count == 0


async def test_what_is_said_of_a_leg_that_is_gone_is_no_error(media: AiortcMedia) -> None:
    media.play_music(ADA, on=True)
    media.mute(ADA, on=True)
    media.let_hear(listener=ADA, speaker=BOB, on=True)
    assert media.quality(ADA) is None
    await media.close(ADA)


async def test_packets_that_are_not_encrypted_for_the_leg_are_not_heard(
    media: AiortcMedia, rooms: Rooms
) -> None:
    ada, _ = await rooms.caller("ada", hz=440), await rooms.caller("bob")
    before = media.quality(BOB)
    ada.send_raw(b"\x80\x00" + bytes(200))
    ada.send_raw(b"\x80\xc8" + bytes(60))
    ada.send_raw(b"")
    ada.send_raw(b"\x17" + bytes(40))
    ada.send_raw(b"\x00" + bytes(40))
    await asyncio.sleep(0.1)
    quality = media.quality(ADA)
    assert quality is not None
    assert before is not None
    assert quality.lost_count == 0
    assert LegGone(leg=ADA) not in rooms.events
