"""A caller's phone in the telephone network: baresip behind the edge of `deploy/`, which hums."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from contactcentre.bench.peer import strongest_tone
from tests.adapters.sip.test_real_phones import control, equip, running

Samples = npt.NDArray[np.int16]

HOST = "127.0.0.1"
HEADER_BYTES = 44
"""Of the file in which it keeps what it hears, in samples of two bytes."""
SAMPLES_PER_S = 8_000
HEARD_S = 0.3
"""So much of a tone is listened to."""
BESIDE_HZ = 30.0
LOOK_EVERY_S = 0.05
BETWEEN_KEYS_S = 0.3
HEARS_WITHIN_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallingPhone:
    """A phone that has called a number."""

    folder: Path
    control_port: int

    async def is_answered(self) -> None:
        """Wait until it hears anything: before that its keys go nowhere."""
        await self._heard_until(lambda samples: samples.size > 0)

    async def press(self, *keys: str) -> None:
        """Press keys, one at a time."""
        for key in keys:
            await control(self.control_port, "sndcode", key)
            await asyncio.sleep(BETWEEN_KEYS_S)

    async def hangs_up(self) -> None:
        """End the call."""
        await control(self.control_port, "hangup")

    def samples(self) -> Samples:
        """Return what it has heard in its call so far; a silent line adds nothing."""
        kept = sorted(self.folder.glob("*-dec.wav"), key=lambda one: one.stat().st_ctime)
        heard = b"".join(one.read_bytes()[HEADER_BYTES:] for one in kept)
        return np.frombuffer(heard[: len(heard) // 2 * 2], np.int16)

    async def hears(self, tone_hz: float, *, after: int = 0) -> float:
        """Wait for a tone behind so many samples; return the monotonic second in which it came."""
        wanted = int(HEARD_S * SAMPLES_PER_S)

        def is_heard(samples: Samples) -> bool:
            newest = samples[after:][-wanted:]
            return newest.size == wanted and _is_tone(newest, tone_hz)

        await self._heard_until(is_heard)
        return time.monotonic()

    async def _heard_until(self, enough: Callable[[Samples], bool]) -> None:
        async with asyncio.timeout(HEARS_WITHIN_S):
            while True:
                if enough(self.samples()):
                    return
                await asyncio.sleep(LOOK_EVERY_S)


def _is_tone(samples: Samples, tone_hz: float) -> bool:
    frequency, _ = strongest_tone(samples)
    return abs(frequency - tone_hz) < BESIDE_HZ


@asynccontextmanager
async def calling(
    number: str, *, edge: int, hum_hz: int, folder: Path
) -> AsyncIterator[CallingPhone]:
    """Let a phone call a number over the edge's port."""
    told = equip(folder, f"<sip:+447700900123@{HOST}>;regint=0", hum_hz=hum_hz)
    phone = CallingPhone(folder=folder, control_port=told)
    async with running("baresip", "-f", str(folder), cwd=folder):
        await control(phone.control_port, "dial", f"sip:{number}@{HOST}:{edge}")
        yield phone
