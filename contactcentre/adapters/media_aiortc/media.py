"""The sound of one node: legs accepted, seated in their calls' rooms, and closed again."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from contactcentre.adapters.media_aiortc.addresses import offer_addresses
from contactcentre.adapters.media_aiortc.carriage import (
    Announced,
    Carriage,
    Datagram,
    PacketCame,
    Terms,
)
from contactcentre.adapters.media_aiortc.engine import Engine
from contactcentre.adapters.media_aiortc.g711 import Samples
from contactcentre.adapters.media_aiortc.load import MediaLoad
from contactcentre.adapters.media_aiortc.offers import read_offer
from contactcentre.adapters.media_aiortc.over_opus import terms_of
from contactcentre.adapters.media_aiortc.seat import PLAYS_MAX, Playing, Seat
from contactcentre.adapters.media_aiortc.sound_port import Listen
from contactcentre.adapters.media_aiortc.transport import Connection
from contactcentre.domain.errors import MediaUnavailable, NodeFull, UnknownName
from contactcentre.domain.ids import CallId, LegId, SoundName
from contactcentre.domain.languages import Language
from contactcentre.ports.media import LegConnected, LegEvent, LegGone, LegQuality
from contactcentre.ports.recording import Tape

Sounds = Mapping[tuple[Language, SoundName], Samples]


class _Leg:
    """One leg: its call, its carriage, its seat, and the task that keeps the carriage."""

    __slots__ = ("call", "carriage", "seat", "task")

    def __init__(self, call: CallId, seat: Seat, carriage: Carriage) -> None:
        self.call = call
        self.seat = seat
        self.carriage = carriage
        self.task: asyncio.Task[None] | None = None


class AiortcMedia:
    """The media port: legs over WebRTC, and any that are announced.

    A leg that its owner closes is not told to be gone.
    """

    def __init__(
        self,
        *,
        sounds: Sounds,
        music: Samples,
        addresses: Sequence[str],
        ice_servers: Sequence[str],
        legs_max: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sounds = sounds
        self._addresses = addresses
        self._ice_servers = ice_servers
        self._clock = clock
        self._engine = Engine(music=music, legs_max=legs_max, clock=clock)
        self._announced = Announced(legs_max)
        self._legs: dict[LegId, _Leg] = {}
        self._keeping: set[asyncio.Task[None]] = set()
        self._ticking: asyncio.Task[None] | None = None

    @property
    def is_ticking(self) -> bool:
        """Say whether sound is moved at all; a node that does not tick is of no use."""
        return self._ticking is not None and not self._ticking.done()

    @property
    def mishap_count(self) -> int:
        """Return how many packets, legs and tapes were passed over by a mistake of ours."""
        return self._engine.mishaps.count

    async def start(self) -> None:
        """Begin to tick."""
        assert self._ticking is None
        offer_addresses(self._addresses)
        self._ticking = asyncio.create_task(self._engine.run(), name="media tick")

    async def keep_ticking(self) -> None:
        """Wait until it ticks no more, and raise what has ended that before it was stopped.

        A node that carries no sound is to end, so that others take its calls over.
        """
        ticking = self._ticking
        assert ticking is not None, "started"
        await asyncio.wait([ticking])
        if not ticking.cancelled():
            ticking.result()

    async def stop(self) -> None:
        """Close every leg and tick no more."""
        for leg in list(self._legs):
            await self.close(leg)
        if self._keeping:
            await asyncio.wait(self._keeping)
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.wait([self._ticking])
            self._ticking = None

    def announce(self, terms: Terms) -> str:
        """Return the word by which `accept` takes a leg that no browser offers. Raises NodeFull."""
        return self._announced.announce(terms)

    def withdraw(self, word: str) -> None:
        """Forget a leg that was announced, if it has not been accepted."""
        self._announced.take(word)

    async def accept(
        self, *, call: CallId, leg: LegId, offer_sdp: str, heard: Callable[[LegEvent], None]
    ) -> str:
        """Return the answer to an offer, with the leg seated in the call's room."""
        assert leg not in self._legs, "a leg's id is used once"
        if not self.is_ticking:
            raise MediaUnavailable("This node carries no sound now.")
        if self._engine.is_full:
            raise NodeFull("This node carries as many legs as it may.")
        terms = self._announced.take(offer_sdp) or self._offered(offer_sdp)
        seat = Seat(
            leg=leg,
            law=terms.law,
            keys_payload_type=terms.keys_payload_type,
            heard=heard,
            clock=self._clock,
        )
        listen = partial(self._engine.ports.open, seat)
        carriage = terms.open(seat.packet_came, seat.report_came, listen)
        self._legs[leg] = _Leg(call, seat, carriage)
        self._engine.seat(seat)
        is_answered = False
        try:
            answer = await carriage.answer(source=seat.source, name=seat.name)
            is_answered = leg in self._legs
        except OSError as cause:
            raise MediaUnavailable("No socket could be opened for the leg.") from cause
        finally:
            if not is_answered:
                self._forget(leg)
                await carriage.close()
        if not is_answered:
            raise MediaUnavailable("The leg was closed while it was being answered.")
        self._connect(leg, heard)
        return answer

    async def close(self, leg: LegId) -> None:
        """Close a leg; one that is unknown is closed already."""
        closing = self._forget(leg)
        if closing is not None and closing.task is not None:
            closing.carriage.end()
            await asyncio.wait([closing.task])

    async def play(self, leg: LegId, sounds: Sequence[SoundName], language: Language) -> None:
        """Play sounds to a leg; return when the last has been sent."""
        seat = self._seat(leg)
        if seat is None:
            raise MediaUnavailable("The leg is gone.")
        if len(seat.plays) >= PLAYS_MAX:
            raise MediaUnavailable("Too many sounds wait for one another on the leg.")
        samples = [self._sound(name, language) for name in sounds]
        if not any(map(len, samples)):
            return
        playing = Playing(samples, asyncio.get_running_loop().create_future())
        self._engine.play(seat, playing)
        try:
            await playing.done
        finally:
            self._engine.stop_playing(seat, playing)

    def play_music(self, leg: LegId, *, on: bool) -> None:
        """Let a leg hear the hold music, or no longer."""
        seat = self._seat(leg)
        if seat is not None:
            self._engine.play_music(seat, on=on)

    def let_hear(self, *, listener: LegId, speaker: LegId, on: bool) -> None:
        """Let one leg of a room hear another, or no longer."""
        hearing, speaking = self._legs.get(listener), self._legs.get(speaker)
        if hearing is not None and speaking is not None:
            assert hearing.call == speaking.call, "nobody hears into another call"
            self._engine.let_hear(hearing.seat, speaking.seat, on=on)

    def mute(self, leg: LegId, *, on: bool) -> None:
        """Take what is heard from a leg out of the room, or put it back."""
        seat = self._seat(leg)
        if seat is not None:
            self._engine.mute(seat, on=on)

    def record(self, tape: Tape, *, caller: LegId, adviser: LegId) -> None:
        """Put on a tape what these two say to one another, or go on with it with other legs."""
        heard, speaking = self._legs.get(caller), self._legs.get(adviser)
        if heard is not None and speaking is not None:
            assert heard.call == speaking.call, "nobody is recorded into another call"
            self._engine.tapes.record(tape, heard.seat, speaking.seat)

    def pause_recording(self, tape: Tape, *, on: bool) -> None:
        """Put silence on a tape, or again what is said."""
        self._engine.tapes.pause(tape, on=on)

    def stop_recording(self, tape: Tape) -> None:
        """Put nothing more on a tape, and close it."""
        self._engine.tapes.stop(tape)

    def quality(self, leg: LegId) -> LegQuality | None:
        """Return what a leg's packets have been like; None if the leg is unknown."""
        seat = self._seat(leg)
        return None if seat is None else seat.quality(self._engine.power(seat))

    def load(self) -> MediaLoad:
        """Return how much sound the node carries, and how well it keeps time."""
        return self._engine.load()

    def _offered(self, sdp: str) -> Terms:
        """Return the terms of a browser's leg. Raises MalformedOffer."""
        offer = read_offer(sdp)

        def opened(packet_came: PacketCame, report_came: Datagram, listen: Listen) -> Carriage:
            return Connection(
                offer=offer,
                ice_servers=self._ice_servers,
                packet_came=packet_came,
                report_came=report_came,
                listen=listen,
            )

        return terms_of(offer.codec, opened)

    def _connect(self, leg: LegId, heard: Callable[[LegEvent], None]) -> None:
        """Keep a leg's carriage in a task of its own, until it is over."""
        kept = self._legs[leg]

        def connected() -> None:
            kept.seat.send, kept.seat.send_report = kept.carriage.send, kept.carriage.send_report
            self._engine.connect(kept.seat)
            heard(LegConnected(leg=leg))

        async def keep() -> None:
            try:
                await kept.carriage.run(connected)
            finally:
                if self._forget(leg) is not None:
                    heard(LegGone(leg=leg))
                await kept.carriage.close()

        kept.task = asyncio.create_task(keep(), name=f"leg {leg}")
        self._keeping.add(kept.task)
        kept.task.add_done_callback(self._keeping.discard)

    def _forget(self, leg: LegId) -> _Leg | None:
        """Take a leg's seat away and return the leg, None if it had gone before."""
        gone = self._legs.pop(leg, None)
        if gone is not None:
            self._engine.unseat(gone.seat)
        return gone

    def _seat(self, leg: LegId) -> Seat | None:
        """Return a leg's seat."""
        found = self._legs.get(leg)
        return None if found is None else found.seat

    def _sound(self, name: SoundName, language: Language) -> Samples:
        """Return a sound as samples."""
        sound = self._sounds.get((language, name))
        if sound is None:
            raise UnknownName(f"There is no sound named {name} in {language}.")
        return sound
