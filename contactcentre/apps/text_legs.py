"""Legs that carry text over their socket: to a call's stages they are legs as any other.

A text leg is connected at once and has nothing to play. Whoever hears sound goes on to the media.
"""

from collections.abc import Callable, Sequence

from contactcentre.domain.ids import CallId, LegId, SoundName
from contactcentre.domain.languages import Language
from contactcentre.ports.media import TEXT_OFFER, LegConnected, LegEvent, LegQuality, Media


class WithTextLegs:
    """The Media port, for legs of sound and of text."""

    def __init__(self, media: Media) -> None:
        self._media = media
        self._legs: set[LegId] = set()

    async def accept(
        self, *, call: CallId, leg: LegId, offer_sdp: str, heard: Callable[[LegEvent], None]
    ) -> str:
        """Seat a leg; one of text is connected before this returns."""
        if offer_sdp != TEXT_OFFER:
            return await self._media.accept(call=call, leg=leg, offer_sdp=offer_sdp, heard=heard)
        self._legs.add(leg)
        heard(LegConnected(leg=leg))
        return TEXT_OFFER

    async def close(self, leg: LegId) -> None:
        """Close a leg."""
        if leg in self._legs:
            self._legs.discard(leg)
        else:
            await self._media.close(leg)

    async def play(self, leg: LegId, sounds: Sequence[SoundName], language: Language) -> None:
        """Play sounds where there is somebody to hear them."""
        if leg not in self._legs:
            await self._media.play(leg, sounds, language)

    def play_music(self, leg: LegId, *, on: bool) -> None:
        """Let a leg of sound hear the hold music, or no longer."""
        if leg not in self._legs:
            self._media.play_music(leg, on=on)

    def let_hear(self, *, listener: LegId, speaker: LegId, on: bool) -> None:
        """Let one leg of sound hear another, or no longer."""
        if not self._legs & {listener, speaker}:
            self._media.let_hear(listener=listener, speaker=speaker, on=on)

    def mute(self, leg: LegId, *, on: bool) -> None:
        """Take what is heard from a leg of sound out of the room, or put it back."""
        if leg not in self._legs:
            self._media.mute(leg, on=on)

    def quality(self, leg: LegId) -> LegQuality | None:
        """Return what a leg's packets have been like; None if it has none."""
        return None if leg in self._legs else self._media.quality(leg)
