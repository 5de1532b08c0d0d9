"""Real time and the operating system's dice."""

import asyncio
import secrets
import time

from contactcentre.domain.ids import RequestId


class MachineClock:
    """Real time."""

    def now_ms(self) -> int:
        """Return milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        """Return milliseconds by a clock that never goes back."""
        return time.monotonic_ns() // 1_000_000

    async def sleep_ms(self, span_ms: int) -> None:
        """Wait."""
        await asyncio.sleep(span_ms / 1_000)


class MachineChance:
    """Randomness of the operating system."""

    def nonce(self) -> str:
        """Return 16 hexadecimal digits."""
        return secrets.token_hex(8)

    def request(self) -> RequestId:
        """Return a name for one attempt."""
        return RequestId(secrets.token_hex(8))

    def jitter(self, span_ms: int) -> int:
        """Return a span of 0 to `span_ms`."""
        return secrets.randbelow(span_ms + 1)
