"""The phones at outside numbers that advisers ask in a drill: each answers, hums and listens.

Who has the call is nothing to them: a node that takes the dialog over says so by a re-INVITE, as
to a telephone that has called.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from contactcentre.adapters.media_aiortc.g711 import PCMA
from contactcentre.adapters.media_aiortc.packets import RtpPacket
from contactcentre.adapters.sip.messages import read_uri
from contactcentre.adapters.sip.transactions import Serving
from contactcentre.bench.phone import PhonePeer
from contactcentre.bench.sip_phone import Exchange, PhoneCall
from contactcentre.drills.ears import Ears, Music, SoundWatch
from contactcentre.drills.history import (
    Fact,
    History,
    OutsideAnswered,
    OutsideOver,
    OutsideVoiceHeard,
    now_ms,
)
from contactcentre.drills.leg import ADVISER_HZ, CALLER_HZ, OUTSIDE_HZ

LOOK_EVERY_S = 0.1
ASKED, LEFT = "asked", "left"
NUMBERS: Mapping[str, str] = MappingProxyType({ASKED: "+441632960101", LEFT: "+441632960102"})
"""Each is rung once in a drill."""


def numbers_file(folder: Path) -> Path:
    """Write down whom advisers may ring, and return where that stands."""
    named = [
        f'[numbers.{name}]\nnumber = "{number}"\ntitles = {{ en-GB = "{name}", cy = "{name}" }}\n'
        for name, number in NUMBERS.items()
    ]
    path = folder / "outside.toml"
    path.write_text(
        'own = ["+441632960001"]\nallowed = ["+44163296"]\ncalls_max = 8\n\n' + "\n".join(named)
    )
    return path


class OutsidePhones:
    """Whoever is rung over a trunk."""

    def __init__(
        self, exchange: Exchange, history: History, music: Music, tasks: asyncio.TaskGroup
    ) -> None:
        self._exchange = exchange
        self._history = history
        self._music = music
        self._tasks = tasks
        self._listening: set[asyncio.Task[None]] = set()
        exchange.stranger = self._came

    def close(self) -> None:
        """Answer nobody any more."""
        for task in self._listening:
            task.cancel()

    def _came(self, serving: Serving) -> None:
        """Let a phone be rung; whether the trunk is there is asked all the time."""
        request = serving.request
        if request.method == "OPTIONS":
            serving.respond(200)
            return
        named = {number: name for name, number in NUMBERS.items()}
        name = named.get(read_uri(request.uri).user, "")
        if request.method != "INVITE" or request.to_tag or not name:
            serving.respond(481)
            return
        phone = OutsidePhone(name, self._history, self._music)
        task = self._tasks.create_task(phone.live(self._exchange.rung(serving)), name="outside")
        self._listening.add(task)
        task.add_done_callback(self._listening.discard)


class OutsidePhone:
    """One of them, in its one call."""

    def __init__(self, name: str, history: History, music: Music) -> None:
        self._name = name
        self._history = history
        self._ears = Ears(PCMA, music, SoundWatch(lambda: "", _unnoted))
        self._sound = PhonePeer(law=PCMA)
        self._sound.packet_came = self._packet_came
        self._over = asyncio.Event()

    async def live(self, call: PhoneCall) -> None:
        """Answer, hum, and listen until the other side hangs up."""
        await self._sound.open()
        call.sdp, call.heard, call.ended = self._sound.sdp(), self._sound.answered, self._over.set
        call.answer()
        self._sound.hum(OUTSIDE_HZ)
        self._note(OutsideAnswered(at_ms=now_ms(), name=self._name))
        was_heard = False
        try:
            while not self._over.is_set():
                is_heard = self._ears.hears_voice(CALLER_HZ) or self._ears.hears_voice(ADVISER_HZ)
                if is_heard is not was_heard:
                    was_heard = is_heard
                    heard = OutsideVoiceHeard(at_ms=now_ms(), name=self._name, on=is_heard)
                    self._note(heard)
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            self._note(OutsideOver(at_ms=now_ms(), name=self._name))
            await self._sound.close()

    def _note(self, fact: Fact) -> None:
        self._history.note(fact)

    def _packet_came(self, packet: RtpPacket) -> None:
        if packet[0] == PCMA.payload_type:
            self._ears.came(packet[4])


def _unnoted(_fact: Fact) -> None:
    """Keep a silence at an outside number out of those of callers."""
