"""Sound: legs, what each of them hears, and what is heard from them.

From its first second a call has a room; holding, joining and listening in are who-hears-whom in
that room, so nobody is ever moved.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from contactcentre.domain.ids import CallId, LegId, SoundName
from contactcentre.domain.languages import Language

TEXT_OFFER = "text"
"""Stands in the place of SDP where a leg carries text over its socket, and no sound."""
PHONE_OFFER = "phone"
"""Stands in the place of SDP where an adviser takes the sound on a phone, and not here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegConnected:
    """Sound can flow both ways."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHeard:
    """A key of 0-9, * or # was pressed on the leg (RFC 4733), told once a press."""

    leg: LegId
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegSilent:
    """No packet has come for `LEG_SILENT_AFTER_MS`."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class LegHeardAgain:
    """Packets come again after a silence."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class LegGone:
    """The connection is closed and will not come back."""

    leg: LegId


LegEvent = LegConnected | KeyHeard | LegSilent | LegHeardAgain | LegGone


@dataclass(frozen=True, slots=True, kw_only=True)
class LegQuality:
    """What one leg's packets have been like since it was opened, counted at the receiver."""

    received_count: int
    lost_count: int
    concealed_count: int
    """20 ms frames that had to be invented."""
    jitter_ms: float
    """Interarrival jitter as in RFC 3550 §6.4.1."""
    delay_ms: float
    """How long sound waits in the jitter buffer now."""
    level_dbov: float
    """Loudness of the last second heard from the leg: 0 is full scale, -127 silence."""
    round_trip_ms: float | None
    """To the other side and back, as its reports tell; None before the first one."""


class Media(Protocol):
    """The sound of one node's calls. Every method but `accept`, `close` and `play` is instant."""

    async def accept(
        self, *, call: CallId, leg: LegId, offer_sdp: str, heard: Callable[[LegEvent], None]
    ) -> str:
        """Return the answer to an offer, with the leg seated in the call's room, hearing silence.

        `heard` is called on the loop's thread and must not block. Raises MalformedOffer,
        NodeFull, MediaUnavailable.
        """

    async def close(self, leg: LegId) -> None:
        """Close a leg; an unknown leg is closed already. The last leg takes its room along."""

    async def play(self, leg: LegId, sounds: Sequence[SoundName], language: Language) -> None:
        """Play sounds to a leg, one after another; return when the last has been sent.

        Cancelling it stops the sound within one tick. Raises UnknownName for a sound that is not
        loaded, MediaUnavailable if the leg is gone.
        """

    def play_music(self, leg: LegId, *, on: bool) -> None:
        """Let a leg hear the hold music, or no longer; a prompt is heard in front of it."""

    def let_hear(self, *, listener: LegId, speaker: LegId, on: bool) -> None:
        """Let one leg of a room hear another, or no longer (the room's gain matrix)."""

    def mute(self, leg: LegId, *, on: bool) -> None:
        """Take what is heard from a leg out of the room, or put it back."""

    def quality(self, leg: LegId) -> LegQuality | None:
        """Return what a leg's packets have been like; None if the leg is unknown."""
