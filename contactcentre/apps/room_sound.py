"""The sound of one call's room: lets everybody hear whom the rule says, and nobody else."""

from collections.abc import Collection

from contactcentre.domain.ids import LegId
from contactcentre.domain.room import Hearing, Scene, Seat, who_hears_music, who_hears_whom
from contactcentre.ports.media import Media


class RoomSound:
    """What was last let be heard in a room."""

    def __init__(self, media: Media) -> None:
        self._media = media
        self._hearing: frozenset[Hearing] = frozenset()
        self._music: frozenset[LegId] = frozenset()

    def settle(self, scene: Scene, seats: Collection[Seat]) -> None:
        """Change what is heard to what is to be heard now; a leg that is gone hears nothing."""
        hearing, music = who_hears_whom(scene, seats), who_hears_music(scene, seats)
        for listener, speaker in sorted(self._hearing - hearing):
            self._media.let_hear(listener=listener, speaker=speaker, on=False)
        for leg in sorted(self._music - music):
            self._media.play_music(leg, on=False)
        for listener, speaker in sorted(hearing - self._hearing):
            self._media.let_hear(listener=listener, speaker=speaker, on=True)
        for leg in sorted(music - self._music):
            self._media.play_music(leg, on=True)
        self._hearing, self._music = hearing, music
