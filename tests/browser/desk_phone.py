"""A phone in the network: baresip, which picks up by itself, hums, and keeps what it hears."""

import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from contactcentre.adapters.embedded.server import free_port
from contactcentre.bench.peer import strongest_tone
from tests.adapters.sip.test_real_phones import equip, running

HOST = "127.0.0.1"
NUMBER = "+441632960100"
PHONE_HZ = 620
SAMPLES_PER_S = 8_000
TRUNKS = """
[trunks.office]
addresses = ["{host}"]
[trunks.office.out]
address = "{host}"
port = {port}
"""
NUMBERS = """
own = ["+441632960001"]
allowed = ["+441632960"]
[callbacks]
allowed = ["+441632960"]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPhone:
    """Where the phone is, and what a centre must be told to ring it."""

    folder: Path
    port: int

    @classmethod
    def in_folder(cls, folder: Path) -> "DeskPhone":
        """Return a phone that is not there yet."""
        return cls(folder=folder, port=free_port())

    def settings(self) -> dict[str, str]:
        """Return what the centre must be told."""
        trunks, numbers = self.folder / "trunks.toml", self.folder / "numbers.toml"
        trunks.write_text(TRUNKS.format(host=HOST, port=self.port))
        numbers.write_text(NUMBERS)
        return {
            "CC_SIP_PORT": str(free_port()),
            "CC_SIP_TRUNKS": str(trunks),
            "CC_OUTSIDE_NUMBERS": str(numbers),
            "CC_RTP_PORTS": "26000-26999",
        }

    @asynccontextmanager
    async def is_there(self) -> AsyncIterator[None]:
        """Let it be there."""
        account = f"<sip:{NUMBER}@{HOST}>;regint=0;answermode=auto;audio_codecs=PCMA/8000/1"
        equip(self.folder, account, port=self.port, hum_hz=PHONE_HZ)
        async with running("baresip", "-f", str(self.folder), cwd=self.folder):
            yield

    def heard_hz(self) -> list[float]:
        """Return the tone that each of its calls has ended with, the first call first."""
        found = []
        for path in sorted(self.folder.glob("*-dec.wav"), key=lambda one: one.stat().st_ctime):
            with wave.open(str(path)) as sound:
                samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16)
            found.append(strongest_tone(samples[-SAMPLES_PER_S:])[0])
        return found
