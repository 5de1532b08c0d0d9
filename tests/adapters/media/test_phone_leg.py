"""A telephone's leg, with real packets on loopback: sound, keys, hold, strangers, encryption."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from itertools import pairwise

import pytest

from contactcentre.adapters.media_aiortc.g711 import PCMA, PCMU, Law
from contactcentre.adapters.media_aiortc.media import AiortcMedia
from contactcentre.adapters.media_aiortc.packets import write_rtp
from contactcentre.adapters.media_aiortc.phone_leg import PhoneLeg
from contactcentre.adapters.media_aiortc.phone_offers import SUITES
from contactcentre.adapters.media_aiortc.phone_ports import PhonePorts
from contactcentre.bench.phone import PhonePeer
from contactcentre.domain.errors import MalformedOffer, MediaUnavailable
from contactcentre.domain.ids import CallId, LegId, SoundName
from contactcentre.domain.languages import Language
from contactcentre.ports.media import KeyHeard, LegConnected, LegEvent, LegHeardAgain, LegSilent

LOOPBACK = "127.0.0.1"
LONG_HZ = 700.0
SRTP_KEY = bytes(range(30))
PORTS = (21_500, 21_599)


async def until(true: Callable[[], bool], within_s: float = 5.0) -> bool:
    """Wait for something, and say whether it came to be."""
    ends = time.monotonic() + within_s
    while not true() and time.monotonic() < ends:  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0.02)
    return true()


class Phones:
    """Brings telephones into a room of a node."""

    def __init__(self, media: AiortcMedia, leaving: AsyncExitStack) -> None:
        self.media = media
        self._leaving = leaving
        self.ports = PhonePorts(host=LOOPBACK, first=PORTS[0], last=PORTS[1])
        self.events: list[LegEvent] = []

    async def ring(
        self, name: str, *, law: Law = PCMA, srtp_key: bytes = b"", offered: str | None = None
    ) -> tuple[PhonePeer, PhoneLeg]:
        """Return a telephone that has been answered, and our end of its leg."""
        peer = PhonePeer(law=law, srtp_key=srtp_key)
        await peer.open()
        self._leaving.push_async_callback(peer.close)
        sdp = offered or peer.sdp()
        leg = PhoneLeg.of_offer(sdp, address=LOOPBACK, ports=self.ports, believed=[LOOPBACK])
        word = self.media.announce(leg.terms())
        answer = await self.media.accept(
            call=CallId("call"), leg=LegId(name), offer_sdp=word, heard=self.events.append
        )
        peer.answered(answer)
        leg.begin()
        return peer, leg

    async def play(self, name: str) -> None:
        """Play a minute of a tone to a leg, without waiting for its end."""
        playing = asyncio.create_task(
            self.media.play(LegId(name), [SoundName("long")], Language.ENGLISH)
        )
        self._leaving.push_async_callback(_stopped, playing)


async def _stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


@pytest.fixture
async def phones(media: AiortcMedia) -> AsyncIterator[Phones]:
    """Return the way of telephones into a node."""
    async with AsyncExitStack() as leaving:
        yield Phones(media, leaving)


@pytest.mark.parametrize(
    ("law", "srtp_key"), [(PCMA, b""), (PCMU, b""), (PCMA, SRTP_KEY)], ids=["a", "mu", "srtp"]
)
async def test_two_telephones_hear_each_other_and_a_key_is_told_once(
    phones: Phones, law: Law, srtp_key: bytes
) -> None:
    ada, _ = await phones.ring("ada", law=law, srtp_key=srtp_key)
    bob, _ = await phones.ring("bob")
    for one, other in (("ada", "bob"), ("bob", "ada")):
        phones.media.let_hear(listener=LegId(one), speaker=LegId(other), on=True)
    ada.hum(440)
    bob.hum(1_000)
    assert await ada.hears(1_000)
    assert await bob.hears(440)
    await ada.press("7")
    assert phones.events.count(KeyHeard(leg=LegId("ada"), key="7")) == 1
    assert phones.events.count(LegConnected(leg=LegId("ada"))) == 1
    assert await until(lambda: ada.report_count + bob.report_count > 1)


async def test_a_telephone_that_holds_is_sent_nothing_until_it_is_back(phones: Phones) -> None:
    ada, leg = await phones.ring("ada")
    ada.hum(440)
    await phones.play("ada")
    assert await ada.hears(LONG_HZ)
    for held in (ada.sdp(direction="sendonly"), ada.sdp(host="0.0.0.0")):
        assert "a=recvonly" in leg.offered(held)
        assert await until(lambda: ada.heard().packets_count == 0)
        assert "a=sendrecv" in leg.offered(ada.sdp())
        assert await ada.hears(LONG_HZ)


async def test_a_telephone_that_was_on_hold_finds_no_gap_in_the_numbers(phones: Phones) -> None:
    ada, leg = await phones.ring("ada")
    numbers: list[int] = []
    ada.packet_came = lambda packet: numbers.append(packet[1])
    assert await until(lambda: len(numbers) > 10)
    leg.offered(ada.sdp(direction="sendonly"))
    await asyncio.sleep(0.2)
    count = len(numbers)
    leg.offered(ada.sdp())
    assert await until(lambda: len(numbers) > count + 10)
    steps = {after - before & 0xFFFF for before, after in pairwise(numbers)}
    assert steps == {1}, "encryption would lose count"


async def test_sound_follows_a_telephone_that_moves(phones: Phones) -> None:
    ada, leg = await phones.ring("ada")
    await phones.play("ada")
    assert await ada.hears(LONG_HZ)
    elsewhere = PhonePeer()
    await elsewhere.open()
    leg.offered(elsewhere.sdp())
    assert await elsewhere.hears(LONG_HZ)
    await elsewhere.close()


async def test_sound_goes_where_it_is_heard_from_when_the_offer_named_another_port(
    phones: Phones,
) -> None:
    behind = PhonePeer()
    await behind.open()
    ada, _ = await phones.ring("ada", offered=behind.sdp())
    await phones.play("ada")
    ada.hum(440)
    assert await ada.hears(LONG_HZ)
    await behind.close()


async def test_a_stranger_is_not_heard_while_the_telephone_speaks(phones: Phones) -> None:
    ada, leg = await phones.ring("ada")
    ada.hum(440)
    assert await until(lambda: phones.media.quality(LegId("ada")).received_count > 5)  # type: ignore[union-attr]
    stranger = PhonePeer()
    await stranger.open()
    stranger.there = ada.there
    for number in range(20):
        stranger.send_packet(write_rtp(8, number, number * 160, 5, PCMA.silence))
    assert await until(lambda: leg.refused_count == 20)
    await stranger.close()


async def test_sound_follows_a_telephone_that_was_silent_and_speaks_from_another_port(
    phones: Phones,
) -> None:
    ada, leg = await phones.ring("ada")
    await phones.play("ada")
    ada.hum(440)
    assert await ada.hears(LONG_HZ)
    elsewhere = PhonePeer()
    await elsewhere.open()
    elsewhere.there = ada.there
    elsewhere.hum(440)
    assert await until(lambda: leg.refused_count > 5)
    assert elsewhere.heard().packets_count == 0, "not while the telephone speaks where it was"
    await ada.rest()
    assert await elsewhere.hears(LONG_HZ)
    await elsewhere.close()


async def test_what_is_not_encrypted_for_us_is_refused(phones: Phones) -> None:
    ada, leg = await phones.ring("ada", srtp_key=SRTP_KEY)
    stranger = PhonePeer()
    await stranger.open()
    stranger.there = ada.there
    stranger.hum(440)
    assert await until(lambda: leg.refused_count > 5)
    assert LegConnected(leg=LegId("ada")) in phones.events
    assert phones.media.quality(LegId("ada")).received_count == 0  # type: ignore[union-attr]
    await stranger.close()


def crypto_of(sdp: str) -> tuple[str, str]:
    """Return the tag and suite that an answer has taken."""
    (line,) = (one for one in sdp.splitlines() if one.startswith("a=crypto:"))
    tag, suite, _ = line.removeprefix("a=crypto:").split()
    return tag, suite


def key_of(sdp: str) -> str:
    """Return what an answer is encrypted with."""
    return sdp.partition("inline:")[2].split()[0]


@pytest.mark.parametrize("tag", ["1", "4"])
@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("key", [SRTP_KEY, SRTP_KEY[::-1]], ids=["same-key", "new-key"])
async def test_an_offer_in_an_encrypted_call_is_answered_with_its_own_tag_and_suite(
    phones: Phones, tag: str, suite: str, key: bytes
) -> None:
    ada, leg = await phones.ring("ada", srtp_key=SRTP_KEY)
    ada.hum(440)
    bob, _ = await phones.ring("bob")
    phones.media.let_hear(listener=LegId("bob"), speaker=LegId("ada"), on=True)
    assert await bob.hears(440)
    ada.encrypt(key, suite=suite, tag=int(tag))
    answer = leg.offered(ada.sdp())
    assert crypto_of(answer) == (tag, suite)
    ada.answered(answer)
    refused = leg.refused_count
    ada.hum(900)
    await phones.play("ada")
    assert await bob.hears(900)
    assert await ada.hears(LONG_HZ)
    assert leg.refused_count <= refused + 3, "no more than was on its way"


async def test_an_encrypted_call_whose_tag_alone_is_new_goes_on_with_its_keys_and_counts(
    phones: Phones,
) -> None:
    ada, leg = await phones.ring("ada", srtp_key=SRTP_KEY)
    bob, _ = await phones.ring("bob")
    phones.media.let_hear(listener=LegId("bob"), speaker=LegId("ada"), on=True)
    ada.number_from(0xFFF0)
    ada.hum(440)
    assert await until(lambda: ada.sent_count > 0x20), "its packets are counted from 0 again"
    assert await bob.hears(440)
    first = leg.offered(ada.sdp())
    ada.encrypt(SRTP_KEY, tag=2)
    again = leg.offered(ada.sdp())
    assert [crypto_of(one)[0] for one in (first, again)] == ["1", "2"]
    assert key_of(first) == key_of(again)
    ada.hum(900)
    assert await bob.hears(900)


async def test_a_telephone_that_falls_silent_is_told_and_so_is_its_return(phones: Phones) -> None:
    ada, _ = await phones.ring("ada")
    ada.hum(440)
    assert await until(lambda: LegConnected(leg=LegId("ada")) in phones.events)
    await ada.rest()
    assert await until(lambda: LegSilent(leg=LegId("ada")) in phones.events)
    ada.hum(440)
    assert await until(lambda: LegHeardAgain(leg=LegId("ada")) in phones.events)


async def test_a_leg_that_we_offer_is_answered_by_the_telephone(phones: Phones) -> None:
    ada = PhonePeer()
    await ada.open()
    leg = PhoneLeg.to_offer(
        address=LOOPBACK,
        ports=phones.ports,
        codec="PCMA",
        keys_payload_type=96,
        believed=[LOOPBACK],
    )
    word = phones.media.announce(leg.terms())
    offer = await phones.media.accept(
        call=CallId("call"), leg=LegId("ada"), offer_sdp=word, heard=phones.events.append
    )
    assert not phones.events
    ada.answered(offer)
    leg.answered(ada.sdp())
    await phones.play("ada")
    assert await ada.hears(LONG_HZ)
    await ada.press("5")
    assert KeyHeard(leg=LegId("ada"), key="5") in phones.events
    await ada.close()


async def test_ports_are_given_back_and_when_all_are_taken_no_leg_is_accepted(
    phones: Phones,
) -> None:
    phones.ports = PhonePorts(host=LOOPBACK, first=21_600, last=21_603)
    await phones.ring("ada")
    await phones.ring("bob")
    with pytest.raises(MediaUnavailable):
        await phones.ring("eve")
    await phones.media.close(LegId("ada"))
    await phones.ring("eve")


@pytest.mark.parametrize(
    ("before", "instead"),
    [
        ("c=IN IP4 127.0.0.1", "c=IN IP4 phone.example"),
        ("c=IN IP4 127.0.0.1", "b=AS:64"),
        ("RTP/AVP", "UDP/TLS/RTP/SAVPF"),
        ("RTP/AVP", "RTP/SAVP"),
        ("m=audio", "m=video"),
        (" 8 96", " 18"),
        ("v=0", "v=1"),
    ],
)
async def test_an_offer_that_cannot_become_a_leg_is_refused(before: str, instead: str) -> None:
    peer = PhonePeer()
    await peer.open()
    sdp = peer.sdp()
    assert before in sdp
    ports = PhonePorts(host=LOOPBACK, first=PORTS[0], last=PORTS[1])
    with pytest.raises(MalformedOffer):
        PhoneLeg.of_offer(sdp.replace(before, instead), address=LOOPBACK, ports=ports)
    await peer.close()


async def test_an_offer_of_another_codec_changes_nothing_in_a_call_that_goes_on(
    phones: Phones,
) -> None:
    ada, leg = await phones.ring("ada")
    other = PhonePeer(law=PCMU)
    await other.open()
    with pytest.raises(MalformedOffer):
        leg.offered(other.sdp())
    await phones.play("ada")
    assert await ada.hears(LONG_HZ)
    await other.close()


async def test_a_call_keeps_its_codec_whatever_else_is_offered_with_it_again(
    phones: Phones,
) -> None:
    both = "m=audio {} RTP/AVP {}"
    ada, leg = await phones.ring("ada")
    again = ada.sdp().replace(both.format(ada.port, "8 96"), both.format(ada.port, "0 8 96"))
    assert " RTP/AVP 8 96\r\n" in leg.offered(again)
    only = ada.sdp().replace(both.format(ada.port, "8 96"), both.format(ada.port, "111 96"))
    only += "a=rtpmap:111 opus/48000/2\r\n"
    with pytest.raises(MalformedOffer):
        leg.offered(only)
    _, opus = await phones.ring("opus", offered=only)
    again = only.replace(" 111 96", " 8 111 96")
    assert " RTP/AVP 111 96\r\n" in opus.offered(again)
    with pytest.raises(MalformedOffer):
        opus.offered(only.replace("111", "112"))
