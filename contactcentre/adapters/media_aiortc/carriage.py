"""What carries one leg's packets: the seam between the engine and the kinds of legs it serves.

A browser's leg is offered in SDP and carried over WebRTC. A leg of any other kind is announced by
whoever has taken it in, and is then accepted by the word that the announcement gave. Nobody outside
can choose such a leg: the word is drawn at random, good once, and never leaves the node.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from contactcentre.adapters.media_aiortc.g711 import Law
from contactcentre.adapters.media_aiortc.sound_port import Listen
from contactcentre.domain.errors import NodeFull

Datagram = Callable[[bytes], None]
"""Takes one packet in the clear: RTP or RTCP, header and all."""


class PacketCame(Protocol):
    """Takes one RTP packet in the clear, and for how many seconds it has waited to be taken."""

    def __call__(self, data: bytes, waited_s: float = 0.0, /) -> None:
        """Take it."""


class Carriage(Protocol):
    """The way of one leg's packets, from its offer to its close."""

    async def answer(self, *, source: int, name: str) -> str:
        """Return the answer to the offer; the leg sends as this source (SSRC), by this name.

        Raises OSError where no socket can be had.
        """

    async def run(self, connected: Callable[[], None]) -> None:
        """Say once that sound can flow, and return once the leg is over or never came to be."""

    def end(self) -> None:
        """Let `run` return; nothing is sent from now on."""

    async def close(self) -> None:
        """End, and give back what is held; to close again does nothing."""

    def send(self, packet: bytes) -> bool:
        """Send 20 ms of sound as an RTP packet: a header of 12 bytes, then 160 of the law's.

        Say whether it went out: what is sent is numbered without gaps.

        Not asked for while the leg's sound goes out by a port (`sound_port.SoundPort.speak`).
        """

    def send_report(self, packet: bytes) -> None:
        """Send an RTCP packet, where there is somebody who reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What was agreed for a leg before it is seated, and how to open its carriage."""

    law: Law
    keys_payload_type: int | None
    """Of RFC 4733; None where keys do not come as packets."""
    open: Callable[[PacketCame, Datagram, Listen], Carriage]
    """Given who takes the leg's RTP packets, who its RTCP packets, and what opens its ports."""


class Announced:
    """Legs that are about to be accepted and that no browser has offered."""

    def __init__(self, waiting_max: int) -> None:
        self._waiting: dict[str, Terms] = {}
        self._waiting_max = waiting_max

    def announce(self, terms: Terms) -> str:
        """Return the word that stands in the place of SDP, once. Raises NodeFull."""
        if len(self._waiting) >= self._waiting_max:
            raise NodeFull("As many legs are about to be accepted as this node may carry.")
        word = secrets.token_hex(16)
        self._waiting[word] = terms
        return word

    def take(self, word: str) -> Terms | None:
        """Return the terms of an announced leg, which then waits no more; None if there is none."""
        return self._waiting.pop(word, None)
