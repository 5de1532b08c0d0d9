"""What stands behind the # of an address at Twilio: how long it is waited for, and tried again.

https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
"""

from dataclasses import dataclass
from urllib.parse import parse_qs, urldefrag

import aiohttp

BAD, BROKEN = 400, 500
CONNECT_S, READ_S, TOTAL_S = 5.0, 15.0, 15.0
AGAIN_FOR = "ct"


class WrongAnswer(Exception):
    """An address that gave no TwiML, by its status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """How one address is asked."""

    retries: int = 1
    """So often it is asked again before the fallback is."""
    again_for: frozenset[str] = frozenset({AGAIN_FOR})
    """What it is asked again for: `ct`, `rt`, `4xx`, `5xx` or `all`."""
    connect_s: float = CONNECT_S
    read_s: float = READ_S
    total_s: float = TOTAL_S
    """For all that is tried."""

    def is_tried_again(self, error: BaseException) -> bool:
        """Say whether it is asked again after what came of it."""
        return not self.again_for.isdisjoint({_kind(error), "all"})


def overrides(url: str) -> Overrides:
    """Return what an address says, and what holds where it says nothing."""
    said = {name: values[-1] for name, values in parse_qs(urldefrag(url).fragment).items()}
    return Overrides(
        retries=int(said.get("rc", 1)),
        again_for=frozenset(said.get("rp", AGAIN_FOR).split(",")),
        connect_s=_seconds(said.get("ct"), CONNECT_S),
        read_s=_seconds(said.get("rt"), READ_S),
        total_s=_seconds(said.get("tt"), TOTAL_S),
    )


def _seconds(said_ms: str | None, usual_s: float) -> float:
    return usual_s if said_ms is None else int(said_ms) / 1_000


def _kind(error: BaseException) -> str:
    if isinstance(error, WrongAnswer):
        return "5xx" if error.status >= BROKEN else "4xx"
    # aiohttp's own word for a connection that took too long is a time-out of another kind
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return "ct"
    return "rt"
