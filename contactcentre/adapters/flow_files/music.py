"""The hold music, made here note by note, so that it belongs to nobody else.

Four soft chords and a few slow bells, quiet enough to speak over; the end rings on into the
beginning, so that the loop has no seam.
"""

from typing import Final

import numpy as np

from contactcentre.adapters.flow_files.shaping import FULL_SCALE, Signal
from contactcentre.adapters.flow_files.sounds import RATE_HZ, Samples

CHORD_S: Final = 6.0
CHORDS: Final = (
    ("C4", "E4", "G4", "B4"),
    ("A3", "E4", "G4", "C5"),
    ("F4", "A4", "C5", "E5"),
    ("D4", "G4", "B4", "D5"),
)
BELL_EVERY_S: Final = 1.5
BELLS: Final = (
    "G5",
    "E5",
    "C5",
    "B4",
    "E5",
    "C5",
    "A4",
    "G4",
    "A4",
    "C5",
    "F5",
    "E5",
    "D5",
    "B4",
    "G4",
    "D5",
)
BELL_RINGS_S: Final = 3.0
LOUDNESS_DBFS: Final = -27.0
SEMITONES: Final = {"C": -9, "D": -7, "E": -5, "F": -4, "G": -2, "A": 0, "B": 2}
"""From the A of the same octave."""
A4_HZ: Final = 440.0
OVERTONES: Final = ((1, 1.0), (2, 0.18), (3, 0.06))
"""Which multiples of a note sound with it, and how strongly."""


def compose() -> Samples:
    """Return one round of the music."""
    total = np.zeros(int(CHORD_S * len(CHORDS) * RATE_HZ))
    for place, chord in enumerate(CHORDS):
        for note in chord:
            _lay(total, _pad(note), at_s=place * CHORD_S - CHORD_S / 6)
    for place, note in enumerate(BELLS):
        _lay(total, 0.9 * _bell(note), at_s=place * BELL_EVERY_S)
    gain = 10 ** (LOUDNESS_DBFS / 20) / float(np.sqrt(np.mean(total**2)))
    return np.round(gain * total * FULL_SCALE).astype(np.int16)


def _pad(note: str) -> Signal:
    """Return a note that swells up, stays, and goes as the next chord comes."""
    span_s = CHORD_S * 4 / 3
    time_s = np.arange(int(span_s * RATE_HZ)) / RATE_HZ
    swell = np.sin(np.pi * np.clip(time_s / span_s, 0.0, 1.0)) ** 1.5
    beating = 1.0 + 0.08 * np.sin(2 * np.pi * 0.4 * time_s)
    return 0.5 * swell * beating * _tone(note, time_s)


def _bell(note: str) -> Signal:
    """Return a note that is struck softly and dies away."""
    time_s = np.arange(int(BELL_RINGS_S * RATE_HZ)) / RATE_HZ
    struck = np.clip(time_s / 0.02, 0.0, 1.0) * np.exp(-time_s / 0.6)
    return struck * _tone(note, time_s)


def _tone(note: str, time_s: Signal) -> Signal:
    frequency_hz = A4_HZ * 2 ** (SEMITONES[note[0]] / 12 + int(note[1]) - 4)
    partials = [
        strength * np.sin(2 * np.pi * multiple * frequency_hz * time_s)
        for multiple, strength in OVERTONES
    ]
    return np.asarray(np.sum(partials, axis=0))


def _lay(total: Signal, sound: Signal, *, at_s: float) -> None:
    """Add a sound to the round; what goes past the end comes in again at the beginning."""
    places = (int(at_s * RATE_HZ) + np.arange(len(sound))) % len(total)
    np.add.at(total, places, sound)
