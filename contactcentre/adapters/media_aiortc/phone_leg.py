"""A phone's leg: RTP, or SRTP with the keys of its offer, on a pair of ports of our own.

Its sound goes where the phone says, until it is heard from somewhere else on an address that is
believed: the one it has named, or the one its signalling comes from. From then on it goes there, as
many phones stand behind a network that changes their addresses (symmetric RTP). What comes from
anywhere else is dropped and counted, however much it looks like sound.
"""

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import replace

import pylibsrtp

from contactcentre.adapters.media_aiortc.carriage import Carriage, Datagram, PacketCame, Terms
from contactcentre.adapters.media_aiortc.codec import Codec, codec_of_word
from contactcentre.adapters.media_aiortc.over_opus import terms_of
from contactcentre.adapters.media_aiortc.packets import (
    HEADER_LENGTH,
    PAYLOAD_TYPE_MASK,
    RTCP_FIRST,
    RTCP_LAST,
    RTP_FIRST,
    RTP_LAST,
)
from contactcentre.adapters.media_aiortc.phone_offers import (
    OurSound,
    PhoneSound,
    Place,
    SrtpKeys,
    offered_again,
    read_sound,
    write_answer,
    write_offer,
)
from contactcentre.adapters.media_aiortc.phone_ports import PhonePorts, PhoneSocket
from contactcentre.adapters.media_aiortc.sound_port import Listen, SoundPort
from contactcentre.adapters.media_aiortc.srtp import Transform, unprotector
from contactcentre.domain.errors import MalformedOffer
from contactcentre.limits import LEG_SILENT_AFTER_MS

PROFILES = {
    "AES_CM_128_HMAC_SHA1_80": pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    "AES_CM_128_HMAC_SHA1_32": pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
}
"""The suites of SRTP that we have, by their names in offers."""


class PhoneLeg:
    """One phone's sound, from its offer to its close."""

    def __init__(
        self,
        *,
        address: str,
        ports: PhonePorts,
        codec: Codec,
        believed: Collection[str],
    ) -> None:
        self._address = address
        self._ports = ports
        self._codec = codec
        self._believed = frozenset(believed)
        self._theirs: PhoneSound | None = None
        self._ours: OurSound | None = None
        self._packet_came: PacketCame = _drop
        self._report_came: Datagram = _drop
        self._listen: Listen | None = None
        self._sound: SoundPort | None = None
        self._reports: PhoneSocket | None = None
        self._port = 0
        self._may_begin = asyncio.Event()
        self._over = asyncio.Event()
        self._sound_there: Place | None = None
        self._report_there: Place | None = None
        self._heard_at: Place | None = None
        self._last_heard = 0.0
        self._out: pylibsrtp.Session | None = None
        self._in: pylibsrtp.Session | None = None
        self._unprotect: Transform | None = None
        self.refused_count = 0
        """Packets that were not from the phone, or not encrypted for us."""

    @classmethod
    def of_offer(
        cls, sdp: str, *, address: str, ports: PhonePorts, believed: Collection[str] = ()
    ) -> "PhoneLeg":
        """Return the leg that a phone has offered. Raises MalformedOffer."""
        theirs = read_sound(sdp)
        leg = cls(address=address, ports=ports, codec=theirs.codec, believed=believed)
        leg._theirs = theirs
        return leg

    @classmethod
    def to_offer(
        cls,
        *,
        address: str,
        ports: PhonePorts,
        codec: str,
        keys_payload_type: int | None,
        believed: Collection[str] = (),
    ) -> "PhoneLeg":
        """Return a leg that we offer to a phone, of the codec by this word.

        Raises MalformedOffer where this machine has not that codec.
        """
        taken = codec_of_word(codec, keys_payload_type=keys_payload_type)
        return cls(address=address, ports=ports, codec=taken, believed=believed)

    @property
    def codec(self) -> str:
        """Return the word for the codec."""
        return self._codec.word()

    @property
    def keys_payload_type(self) -> int | None:
        """Return the payload type of keys."""
        return self._codec.keys_payload_type

    def terms(self) -> Terms:
        """Return what the engine must know to seat this leg."""

        def opened(packet_came: PacketCame, report_came: Datagram, listen: Listen) -> Carriage:
            self._packet_came, self._report_came = packet_came, report_came
            self._listen = listen
            return self

        return terms_of(self._codec, opened)

    # What the engine asks for (carriage.Carriage)

    async def answer(self, *, source: int, name: str) -> str:
        """Open the ports and return our answer, or our offer where the phone has made none."""
        assert self._listen is not None, "the leg's terms were taken"
        opened = await self._ports.open(self._listen, self._came, self._report)
        self._port, self._sound, self._reports = opened
        theirs = self._theirs
        self._ours = OurSound(
            place=(self._address, self._port),
            session=source,
            version=1,
            name=name,
            source=source,
            srtp=None if theirs is None else self._encrypted_as(theirs),
        )
        if theirs is None:
            return write_offer(self._ours, self._codec)
        self._follow(theirs)
        return write_answer(theirs, self._ours)

    async def run(self, connected: Callable[[], None]) -> None:
        """Be connected once the phone has our answer, or is heard; return at the end."""
        await self._may_begin.wait()
        if not self._over.is_set():
            connected()
            await self._over.wait()

    def end(self) -> None:
        """Let `run` return; nothing is sent or heard from now on."""
        self._over.set()
        self._may_begin.set()
        self._sound_there = self._report_there = None
        self._packet_came = self._report_came = _drop
        if self._sound is not None:
            self._sound.speak(None)
            self._sound.hear_all()

    async def close(self) -> None:
        """End, and give the ports back."""
        self.end()
        if self._sound is not None and self._reports is not None:
            self._sound.close()
            self._reports.close()
            self._sound = self._reports = None
            self._ports.give_back(self._port)

    def send(self, packet: bytes) -> bool:
        """Send sound that does not go out by the port by itself, where the phone wants any."""
        if self._sound is None or self._sound_there is None:
            return False
        data = packet if self._out is None else self._out.protect(packet)
        self._sound.send(data, self._sound_there)
        return True

    def send_report(self, packet: bytes) -> None:
        """Send a report, on hold as well: it says that we are there."""
        is_muxed = self._theirs is not None and self._theirs.is_muxed
        way = self._sound if is_muxed else self._reports
        if self._report_there is not None and way is not None:
            data = packet if self._out is None else self._out.protect_rtcp(packet)
            way.send(data, self._report_there)

    # What the phone's signalling tells

    def begin(self) -> None:
        """Let sound flow: the phone has our answer."""
        self._may_begin.set()

    def answered(self, sdp: str) -> None:
        """Take the phone's answer to our offer. Raises MalformedOffer."""
        theirs = read_sound(sdp, liked=self._codec)
        if not theirs.codec.is_like(self._codec):
            raise MalformedOffer("The answer has another codec than the offer.")
        self._follow(theirs)
        self.begin()

    def offered(self, sdp: str) -> str:
        """Return the answer to a new offer of the same phone: on hold, back, or elsewhere.

        Raises MalformedOffer, and then nothing has changed.
        """
        assert self._ours is not None
        assert self._theirs is not None
        theirs = read_sound(sdp, liked=self._codec)
        offered_again(theirs, self._theirs)
        srtp = self._encrypted_as(theirs)
        self._follow(theirs)
        self._ours = replace(self._ours, version=self._ours.version + 1, srtp=srtp)
        return write_answer(theirs, self._ours)

    def _encrypted_as(self, theirs: PhoneSound) -> SrtpKeys | None:
        """Return what we encrypt with, by the tag and the suite of an offer (RFC 4568, 5.1.2).

        A call that keeps its suite keeps our key, and its count of packets.
        """
        asked, ours = theirs.srtp, None if self._ours is None else self._ours.srtp
        if asked is None:
            return None
        if ours is not None and ours.suite == asked.suite:
            return replace(ours, tag=asked.tag)
        ours = SrtpKeys.draw(tag=asked.tag, suite=asked.suite)
        self._out = pylibsrtp.Session(_policy(ours, pylibsrtp.Policy.SSRC_ANY_OUTBOUND))
        return ours

    def _follow(self, theirs: PhoneSound) -> None:
        """Send from now on where and as the phone says."""
        before, self._theirs = self._theirs, theirs
        if before is None or theirs.place != before.place:
            self._heard_at = None
        is_new = before is None or not _are_same(before.srtp, theirs.srtp)
        if theirs.srtp is not None and (self._in is None or is_new):
            self._in = pylibsrtp.Session(_policy(theirs.srtp, pylibsrtp.Policy.SSRC_ANY_INBOUND))
            self._unprotect = unprotector(self._in)
        self._aim()

    def _aim(self) -> None:
        """Note where sound and reports go."""
        theirs, heard = self._theirs, self._heard_at
        if theirs is None or self._over.is_set():
            return
        assert self._sound is not None, "the ports are open until the leg is over"
        there = theirs.place if heard is None else heard
        self._sound_there = there if theirs.wants_sound else None
        self._sound.speak(self._sound_there, self._out)
        if heard is None:
            self._sound.hear_all()
        else:
            self._sound.hear(heard, self._in)
        if heard is None or heard == theirs.place:
            self._report_there = theirs.report_place
        else:
            self._report_there = there if theirs.is_muxed else (there[0], there[1] + 1)

    # What comes

    def _came(self, data: bytes, address: Place, waited_s: float) -> None:
        """Take a packet on the port of sound."""
        if len(data) < HEADER_LENGTH or not RTP_FIRST <= data[0] <= RTP_LAST:
            return
        if RTCP_FIRST <= data[1] <= RTCP_LAST:
            self._report(data, address)
            return
        if address != self._heard_at and not self._is_believed(data, address):
            self.refused_count += 1
            return
        if self._unprotect is not None:
            try:
                data = self._unprotect(data)
            except (pylibsrtp.Error, ValueError):
                self.refused_count += 1
                return
        if address != self._heard_at:
            self._heard_at = address
            self._aim()
            self._may_begin.set()
        self._last_heard = time.monotonic()
        self._packet_came(data, waited_s)

    def _is_believed(self, data: bytes, address: Place) -> bool:
        """Say whether a packet from a new address may be the phone's."""
        theirs = self._theirs
        if theirs is None or data[1] & PAYLOAD_TYPE_MASK not in {
            theirs.codec.payload_type,
            theirs.codec.keys_payload_type,
        }:
            return False
        if address == theirs.place:
            return True
        if address[0] != theirs.place[0] and address[0] not in self._believed:
            return False
        settled_s = 0.0 if self._sound is None else self._sound.heard_at_s
        quiet_ms = (time.monotonic() - max(self._last_heard, settled_s)) * 1_000
        return self._heard_at is None or quiet_ms >= LEG_SILENT_AFTER_MS

    def _report(self, data: bytes, address: Place) -> None:
        """Take a report from the phone's side."""
        theirs = self._theirs
        if theirs is None or address[0] not in {theirs.place[0], *self._believed}:
            return
        if self._in is not None:
            try:
                data = self._in.unprotect_rtcp(data)
            except (pylibsrtp.Error, ValueError):
                self.refused_count += 1
                return
        self._report_came(data)


def _are_same(one: SrtpKeys | None, other: SrtpKeys | None) -> bool:
    """Say whether two encrypt alike, by whatever tag."""
    if one is None or other is None:
        return one is other
    return (one.suite, one.key) == (other.suite, other.key)


def _policy(keys: SrtpKeys, which: int) -> pylibsrtp.Policy:
    return pylibsrtp.Policy(key=keys.key, ssrc_type=which, srtp_profile=PROFILES[keys.suite])


def _drop(_packet: bytes, _waited_s: float = 0.0) -> None:
    """Hear nothing: nobody is seated yet, or none any more."""
