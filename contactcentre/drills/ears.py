"""What a caller hears who has nothing but a telephone: sound or none, the music, a voice.

A telephone shows nothing. That its caller waits is known by the music, note for note, as the node
plays it; that somebody talks, by the tone that the adviser hums.
"""

from collections import deque
from collections.abc import Callable, Mapping

from contactcentre.adapters.flow_files.folders import default_flows_dir
from contactcentre.adapters.flow_files.sounds import load_music
from contactcentre.adapters.media_aiortc.g711 import LAWS, Law
from contactcentre.bench.peer import strongest_tone
from contactcentre.drills.history import SoundCame, SoundGap, now_ms
from contactcentre.limits import SAMPLES_PER_TICK

GAP_NOTED_MS = 100
"""A pause between two packets that is longer is written down."""
VOICE_PACKETS = 15
FRESH_MS = 200
SAME_TONE_HZ = 20.0
DIFFERENT_CODES_MIN = 8
"""A frame of the music with fewer might as well be silence."""

Note = Callable[[SoundCame | SoundGap], None]
Music = Mapping[str, frozenset[bytes]]
"""Every 20 ms of the music, as each law has it."""


def frames_of_music() -> Music:
    """Return the music by which waiting is known. Raises BrokenFlow."""
    music = load_music(default_flows_dir())
    return {law.name: _frames(law.encode(music)) for law in LAWS}


def _frames(codes: bytes) -> frozenset[bytes]:
    whole = len(codes) - len(codes) % SAMPLES_PER_TICK
    frames = (codes[at : at + SAMPLES_PER_TICK] for at in range(0, whole, SAMPLES_PER_TICK))
    return frozenset(frame for frame in frames if len(set(frame)) >= DIFFERENT_CODES_MIN)


class SoundWatch:
    """Whether the platform is heard, and each silence."""

    def __init__(self, call: Callable[[], str], note: Note) -> None:
        self._call = call
        self._note = note
        self._heard_ms: int | None = None

    @property
    def is_heard(self) -> bool:
        """Say whether the caller hears the platform just now."""
        return self._heard_ms is not None and now_ms() - self._heard_ms < 2 * GAP_NOTED_MS

    def came(self) -> None:
        """Take note that something is heard."""
        now, last = now_ms(), self._heard_ms
        self._heard_ms = now
        if last is None:
            self._note(SoundCame(at_ms=now, call=self._call()))
        elif now - last > GAP_NOTED_MS:
            self._note(SoundGap(at_ms=now, call=self._call(), began_ms=last))


class Ears:
    """What is heard on a telephone, whatever the stream or the dialog is."""

    def __init__(self, law: Law, music: Music, watch: SoundWatch) -> None:
        self._law = law
        self._music = music[law.name]
        self._watch = watch
        self._codes: deque[bytes] = deque(maxlen=VOICE_PACKETS)
        self._came_ms = self._music_ms = 0

    @property
    def is_heard(self) -> bool:
        """Say whether the platform is heard just now."""
        return self._watch.is_heard

    @property
    def hears_music(self) -> bool:
        """Say whether the music is what is heard just now."""
        return self._music_ms > 0 and now_ms() - self._music_ms < FRESH_MS

    def hears_voice(self, hz: float) -> bool:
        """Say whether a tone of so many Hz is what is heard just now."""
        if now_ms() - self._came_ms > FRESH_MS:
            return False
        heard_hz, _ = strongest_tone(self._law.decode(b"".join(self._codes)))
        return abs(heard_hz - hz) < SAME_TONE_HZ

    def came(self, frame: bytes) -> None:
        """Take 20 ms of sound."""
        self._codes.append(frame)
        self._came_ms = now_ms()
        if frame in self._music:
            self._music_ms = self._came_ms
        self._watch.came()
