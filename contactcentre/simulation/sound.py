"""Sound at signalling level: who is heard by whom, without a packet of it.

A leg is a node's; its other end is a browser's. Ten times a second it is seen whether anything of
one would come to the other: whether both live and go on, and no path between them is cut. That is
all that a node, or a page, can tell of a leg's life.
"""

import asyncio
from collections.abc import Callable, Sequence
from itertools import count

from contactcentre.domain.errors import MalformedOffer, MediaUnavailable, NodeFull
from contactcentre.domain.ids import CallId, LegId, SoundName
from contactcentre.domain.languages import Language
from contactcentre.limits import LEG_SILENT_AFTER_MS
from contactcentre.ports.media import (
    LegConnected,
    LegEvent,
    LegGone,
    LegHeardAgain,
    LegQuality,
    LegSilent,
)
from contactcentre.simulation.lives import WORLD, Life
from contactcentre.simulation.network import Names, Network

LOOK_EVERY_S = 0.1
ACCEPT_S = 0.01
CONNECT_EVERY_S = 0.1
CONNECT_WITHIN_S = 10.0
PROMPT_S = 1.5
"""How long each prompt lasts."""
MUSIC_HZ = 440.0


class BrowserSound:
    """The sound of one leg, as its browser has it (drills.leg.Sound)."""

    def __init__(self, air: "Air", names: Names, hums_hz: float) -> None:
        self.heard: Callable[[], None] = lambda: None
        self.names = names
        self.hums_hz = hums_hz
        self.is_closed = False
        self.leg: NodeLeg | None = None
        self._air = air
        self._number = air.enter(self)

    def voice_hz(self) -> float:
        """Return by which tone whoever speaks just now is known."""
        return 0.0 if self.leg is None else self.leg.hears_hz()

    async def offer(self) -> str:
        """Return an offer of sound."""
        return f"sound {self._number}"

    async def accept(self, sdp: str) -> None:
        """Take the answer, and return once connected."""
        leg = self._air.leg_of(sdp)
        async with asyncio.timeout(CONNECT_WITHIN_S):
            while not self._air.passes_both(self, leg):  # noqa: ASYNC110 - it can only be asked
                await asyncio.sleep(CONNECT_EVERY_S)
        self.leg = leg
        leg.connect(self)

    async def close(self) -> None:
        """Let go of it: the node hears that, if there is a way to it."""
        self.is_closed = True
        self._air.leave(self, self._number)


class NodeLeg:
    """A leg, as its node has it."""

    def __init__(
        self, media: "SimulatedMedia", leg: LegId, heard: Callable[[LegEvent], None]
    ) -> None:
        self.id = leg
        self.media = media
        self.sound: BrowserSound | None = None
        self.is_closed = False
        self.closed = asyncio.Event()
        self.has_music = False
        self.is_muted = False
        self.hears: dict[LegId, None] = {}
        self.is_silent = False
        self.came_s = 0.0
        """When something of the browser's sound came last."""
        self._heard = heard

    def connect(self, sound: BrowserSound) -> None:
        """Let sound flow both ways."""
        if not self.is_closed:
            self.sound = sound
            self.came_s = asyncio.get_running_loop().time()
            self.tell(LegConnected(leg=self.id))

    def tell(self, event: LegEvent) -> None:
        """Let the node hear something of the leg, once it goes on."""
        self.media.life.soon(self._heard, event)

    def hears_hz(self) -> float:
        """Return the tone that is sent on this leg now: of several the one that is not its own."""
        speakers = [self.media.legs.get(other) for other in self.hears]
        tones = [
            one.sound.hums_hz
            for one in speakers
            if one is not None and one.sound is not None and one.is_audible()
        ]
        own_hz = 0.0 if self.sound is None else self.sound.hums_hz
        tones.sort(key=lambda hz: hz == own_hz)
        return tones[0] if tones else MUSIC_HZ if self.has_music else 0.0

    def is_audible(self) -> bool:
        """Say whether this leg's browser is heard in the room."""
        now_s = asyncio.get_running_loop().time()
        fresh = self.sound is not None and now_s - self.came_s <= 2 * LOOK_EVERY_S
        return fresh and not self.is_muted


class SimulatedMedia:
    """The Media port of one life of a node."""

    def __init__(self, air: "Air", life: Life, *, legs_max: int) -> None:
        self.life = life
        self.legs: dict[LegId, NodeLeg] = {}
        self._air = air
        self._legs_max = legs_max
        air.media.append(self)

    async def accept(
        self, *, call: CallId, leg: LegId, offer_sdp: str, heard: Callable[[LegEvent], None]
    ) -> str:
        """Return the answer to an offer."""
        del call
        await asyncio.sleep(ACCEPT_S)
        if not offer_sdp.startswith("sound "):
            raise MalformedOffer("This is no offer of simulated sound.")
        if len(self.legs) >= self._legs_max:
            raise NodeFull("This node takes no further legs. Try another.")
        self.legs[leg] = NodeLeg(self, leg, heard)
        return self._air.answer(self.legs[leg])

    async def close(self, leg: LegId) -> None:
        """Close a leg; an unknown leg is closed already."""
        found = self.legs.pop(leg, None)
        if found is not None:
            found.is_closed = True
            found.closed.set()
            self._air.say_closed(found)

    async def play(self, leg: LegId, sounds: Sequence[SoundName], language: Language) -> None:
        """Play sounds to a leg; return when the last has been sent."""
        del language
        found = self.legs.get(leg)
        if found is None:
            raise MediaUnavailable("That leg is gone.")
        try:
            async with asyncio.timeout(PROMPT_S * len(sounds)):
                await found.closed.wait()
        except TimeoutError:
            return
        raise MediaUnavailable("That leg is gone.")

    def play_music(self, leg: LegId, *, on: bool) -> None:
        """Let a leg hear the hold music, or no longer."""
        if leg in self.legs:
            self.legs[leg].has_music = on

    def let_hear(self, *, listener: LegId, speaker: LegId, on: bool) -> None:
        """Let one leg of a room hear another, or no longer."""
        if listener not in self.legs:
            return
        if on:
            self.legs[listener].hears[speaker] = None
        else:
            self.legs[listener].hears.pop(speaker, None)

    def mute(self, leg: LegId, *, on: bool) -> None:
        """Take what is heard from a leg out of the room, or put it back."""
        if leg in self.legs:
            self.legs[leg].is_muted = on

    def quality(self, leg: LegId) -> LegQuality | None:
        """Know nothing of packets, as there are none."""
        del leg
        return None


class Air:
    """Every leg of the centre and every browser's sound, and what passes between them."""

    def __init__(self, network: Network) -> None:
        self.media: list[SimulatedMedia] = []
        self._network = network
        self._numbers = count(1)
        self._sounds: dict[int, BrowserSound] = {}
        self._answers: dict[str, NodeLeg] = {}

    def enter(self, sound: BrowserSound) -> int:
        """Return a number for a browser's sound."""
        number = next(self._numbers)
        self._sounds[number] = sound
        return number

    def leave(self, sound: BrowserSound, number: int) -> None:
        """Take a browser's sound away, and let its node hear that."""
        self._sounds.pop(number, None)
        leg = sound.leg
        if leg is not None and not leg.is_closed:
            target = leg.media.life.names
            self._network.send(sound.names, target, lambda: leg.tell(LegGone(leg=leg.id)))

    def answer(self, leg: NodeLeg) -> str:
        """Return what a browser finds a leg by."""
        text = f"leg {next(self._numbers)}"
        self._answers[text] = leg
        return text

    def leg_of(self, text: str) -> NodeLeg:
        """Return the leg that an answer names."""
        return self._answers.pop(text)

    def say_closed(self, leg: NodeLeg) -> None:
        """Let a browser hear that its node has ended the connection."""
        sound = leg.sound
        if sound is not None:

            def hear() -> None:
                sound.is_closed = True

            self._network.send(leg.media.life.names, sound.names, hear)

    def passes_both(self, sound: BrowserSound, leg: NodeLeg) -> bool:
        """Say whether sound passes both ways between a browser and a leg."""
        life, network = leg.media.life, self._network
        return (
            life.goes
            and not network.is_cut(sound.names, life.names)
            and not network.is_cut(life.names, sound.names)
        )

    def begin(self) -> None:
        """Look ten times a second from now on."""
        asyncio.get_running_loop().call_later(LOOK_EVERY_S, self._look, context=WORLD)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        self.media = [media for media in self.media if not media.life.is_dead]
        for media in self.media:
            if media.life.goes:
                for leg in list(media.legs.values()):
                    self._look_at(media, leg, now_s)
        loop.call_later(LOOK_EVERY_S, self._look, context=WORLD)

    def _look_at(self, media: SimulatedMedia, leg: NodeLeg, now_s: float) -> None:
        """See what comes of one leg in both directions."""
        sound = leg.sound
        if sound is None:
            return
        names = media.life.names
        if not sound.is_closed and not self._network.is_cut(sound.names, names):
            leg.came_s = now_s
            if leg.is_silent:
                leg.is_silent = False
                leg.tell(LegHeardAgain(leg=leg.id))
        elif not leg.is_silent and (now_s - leg.came_s) * 1_000 > LEG_SILENT_AFTER_MS:
            leg.is_silent = True
            leg.tell(LegSilent(leg=leg.id))
        if not sound.is_closed and not self._network.is_cut(names, sound.names):
            sound.heard()
