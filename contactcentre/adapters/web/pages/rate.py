"""How often one address may ask, in bounded memory.

Each address has a bucket that fills by itself and that every attempt takes one from. When there are
more addresses than buckets the one that has been quiet for longest is forgotten.
"""

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address

from contactcentre.domain.errors import TooMany
from contactcentre.ports.environment import Clock

HOME_PREFIX_BITS = 64
"""One household has so much of an IPv6 address for itself."""


class RateLimit:
    """So many attempts at once, and one more each time so long has passed."""

    def __init__(
        self, clock: Clock, *, at_once_max: int, one_more_every_ms: int, addresses_max: int
    ) -> None:
        self._clock = clock
        self._one_more_every_ms = one_more_every_ms
        self._full_ms = at_once_max * one_more_every_ms
        self._addresses_max = addresses_max
        self._buckets: OrderedDict[str, tuple[int, int]] = OrderedDict()
        """How full each is, in milliseconds of filling, and when that was so."""

    def take(self, address: str) -> None:
        """Count one attempt. Raises TooMany."""
        who, now_ms = _who(address), self._clock.monotonic_ms()
        left_ms, seen_at_ms = self._buckets.pop(who, (self._full_ms, now_ms))
        left_ms = min(self._full_ms, left_ms + now_ms - seen_at_ms)
        allowed = left_ms >= self._one_more_every_ms
        self._buckets[who] = (left_ms - self._one_more_every_ms if allowed else left_ms, now_ms)
        if len(self._buckets) > self._addresses_max:
            self._buckets.popitem(last=False)
        if not allowed:
            raise TooMany("Too many calls were started from here. Wait a minute and try again.")


def _who(address: str) -> str:
    """Return what stands for one person's address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(int(parsed) >> (128 - HOME_PREFIX_BITS))
    return address
