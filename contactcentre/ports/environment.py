"""Time and chance, which come into the rules from here alone."""

from typing import Protocol

from contactcentre.domain.ids import RequestId


class Clock(Protocol):
    """What the time is, and how to let it pass."""

    def now_ms(self) -> int:
        """Return milliseconds since 1970 by this machine's clock; written down, never compared."""

    def monotonic_ms(self) -> int:
        """Return milliseconds by a clock that never goes back, for spans within this process."""

    async def sleep_ms(self, span_ms: int) -> None:
        """Wait."""


class Chance(Protocol):
    """Where randomness comes from."""

    def nonce(self) -> str:
        """Return 16 hexadecimal digits that nobody else has."""

    def request(self) -> RequestId:
        """Return a name for one attempt."""

    def jitter(self, span_ms: int) -> int:
        """Return a span of 0 to `span_ms`, so that a herd spreads out."""
