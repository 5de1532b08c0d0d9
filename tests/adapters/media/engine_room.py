"""An engine with legs that are lists, and a clock that only the test moves."""

import numpy as np

from contactcentre.adapters.media_aiortc.engine import Engine
from contactcentre.adapters.media_aiortc.g711 import PCMU, Law, Samples
from contactcentre.adapters.media_aiortc.packets import write_rtp
from contactcentre.adapters.media_aiortc.seat import Seat
from contactcentre.domain.ids import LegId
from contactcentre.ports.media import LegEvent

S = 8_000
MUSIC_HZ, PROMPT_HZ = 300.0, 700.0
KEYS = 101


def tone(hz: float, seconds: float, level: int = 8_000) -> Samples:
    wave = level * np.sin(2 * np.pi * hz / S * np.arange(int(seconds * S)))
    rounded: Samples = wave.astype(np.int16)
    return rounded


def strongest(sound: Samples) -> float:
    if not sound.any():
        return 0.0
    spectrum = np.abs(np.fft.rfft(sound.astype(float) * np.hanning(len(sound))))
    return float(np.argmax(spectrum)) * S / len(sound)


def power_at(sound: Samples, hz: float) -> float:
    """Return how much of a tone is in some sound (Goertzel)."""
    at = np.arange(len(sound))
    return float(abs(np.dot(sound, np.exp(-2j * np.pi * hz / S * at))) * 2 / len(sound))


class Caller:
    """A leg that hums a tone of its own and keeps what it is sent."""

    def __init__(self, room: "Room", name: str, hz: float | None, law: Law = PCMU) -> None:
        self.events: list[LegEvent] = []
        self.seat = Seat(
            leg=LegId(name),
            law=law,
            keys_payload_type=KEYS,
            heard=self.events.append,
            clock=lambda: room.now_s,
        )
        self.packets: list[bytes] = []
        self.reports: list[bytes] = []
        self.is_sending = True
        self._hz = hz
        self._number = 0
        self._law = law
        room.engine.seat(self.seat)
        self.seat.send, self.seat.send_report = self._sent, self.reports.append
        self.seat.connected()

    def _sent(self, packet: bytes) -> bool:
        """Get a packet of the node's."""
        self.packets.append(packet)
        return True

    def send(self) -> None:
        """Send the next 20 ms."""
        at = np.arange((self._number + 1) * 160, (self._number + 2) * 160)
        wave = 8_000 * np.sin(2 * np.pi * (self._hz or 0) / S * at)
        self.say(wave.astype(np.int16))

    def say(self, sound: Samples) -> None:
        """Send 20 ms of some sound."""
        self._number += 1
        codes = self._law.encode(sound)
        packet = write_rtp(
            self._law.payload_type, self._number & 0xFFFF, self._number * 160, 7, codes
        )
        self.seat.packet_came(packet)

    def lose(self, packets: int) -> None:
        """Have the network lose what is sent next."""
        self._number += packets

    def press(self, key: str) -> None:
        """Send a key as one packet among the sound."""
        self._number += 1
        payload = bytes([int(key), 10, 0, 160])
        self.seat.packet_came(write_rtp(KEYS, self._number, self._number * 160, 7, payload))

    def heard(self, seconds: float = 0.5) -> Samples:
        """Return the last sound that was sent to this leg."""
        last = self.packets[-int(seconds * 50) :]
        return self._law.decode(b"".join(packet[12:] for packet in last))


class Room:
    """An engine, its callers, and a clock that only this moves."""

    def __init__(self, *, legs_max: int = 10, music: Samples | None = None) -> None:
        self.now_s = 100.0
        self.engine = Engine(
            music=tone(MUSIC_HZ, 1) if music is None else music,
            legs_max=legs_max,
            clock=lambda: self.now_s,
        )
        self.callers: list[Caller] = []

    def enter(self, name: str, hz: float | None = None, law: Law = PCMU) -> Caller:
        """Seat a leg."""
        caller = Caller(self, name, hz, law)
        self.callers.append(caller)
        return caller

    def run(self, seconds: float) -> None:
        """Let time pass."""
        for _ in range(int(seconds * 50)):
            for caller in self.callers:
                if caller.is_sending:
                    caller.send()
            self.now_s += 0.02
            self.engine.tick(self.now_s)

    def pass_by(self, ticks: int, *, lost: Caller) -> None:
        """Let time pass while the network loses what one caller sends."""
        for _ in range(ticks):
            for caller in self.callers:
                caller.lose(1) if caller is lost else caller.send()
            self.now_s += 0.02
            self.engine.tick(self.now_s)

    def join(self, listener: Caller, speaker: Caller, *, on: bool = True) -> None:
        """Let one hear the other."""
        self.engine.let_hear(listener.seat, speaker.seat, on=on)
