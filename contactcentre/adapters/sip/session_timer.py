"""Whether a call that is silent still stands: the session timer of RFC 4028.

One of both ends refreshes the session at half of its time. If nobody has, shortly before its time
is over, the call has ended without a word and is ended here as well.
"""

import asyncio
from collections.abc import Callable, Sequence

from contactcentre.adapters.sip.messages import Message, Request, Response, params_of

SESSION_S = 1_800
"""What we ask for, and the longest that we take."""
SESSION_MIN_S = 90
"""The shortest that RFC 4028 lets anybody ask for."""
LAPSE_EARLY_MAX_S = 32

Headers = list[tuple[str, str]]


class SessionTimer:
    """The time of one session."""

    def __init__(self, *, refresh: Callable[[], None], lapse: Callable[[], None]) -> None:
        self._refresh = refresh
        self._lapse = lapse
        self.session_s = 0
        self.we_refresh = False
        self._due: asyncio.TimerHandle | None = None

    def begin(self, session_s: int, *, we_refresh: bool) -> None:
        """Count from now on; 0 is no timer."""
        self.session_s, self.we_refresh = session_s, we_refresh
        self.stop()
        if not session_s:
            return
        loop = asyncio.get_running_loop()
        if we_refresh:
            self._due = loop.call_later(session_s / 2, self._refresh)
        else:
            early_s = min(LAPSE_EARLY_MAX_S, session_s / 3)
            self._due = loop.call_later(session_s - early_s, self._lapse)

    def stop(self) -> None:
        """Count no more."""
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def let_go(self) -> None:
        """Count no more, and tell nobody any more."""
        self.stop()
        self._refresh = self._lapse = _nobody

    def refuse(self, request: Request) -> Headers | None:
        """Return what a refusal must say, if a request asks for too short a session."""
        asked = _seconds(request.first("session-expires"))
        if "timer" in _supported(request) and asked is not None and asked < SESSION_MIN_S:
            return [("min-se", str(SESSION_MIN_S))]
        return None

    def asked(self) -> Headers:
        """Return what our own refresh says."""
        if not self.session_s:
            return []
        refresher = "uac" if self.we_refresh else "uas"
        return [("session-expires", f"{self.session_s};refresher={refresher}")]

    def heard(self, message: Request | Response, *, we_asked: bool) -> Headers:
        """Count anew after a request or success in the session; return what our answer says."""
        value = message.first("session-expires")
        if we_asked:
            seconds = _seconds(value) or self.session_s
            self.begin(seconds, we_refresh=_refresher(value, "uac") == "uac")
            return []
        session_s, we_refresh, headers = agreed(message)
        self.begin(session_s, we_refresh=we_refresh)
        return headers


def agreed(request: Message) -> tuple[int, bool, Headers]:
    """Return how long a session lasts, whether we refresh it, and what our answer says of it."""
    if "timer" not in _supported(request):
        # the other end knows no timers: we look whether it is there, by an offer that is no news
        return SESSION_S, True, []
    value = request.first("session-expires")
    shortest = _seconds(request.first("min-se")) or SESSION_MIN_S
    session_s = max(min(_seconds(value) or SESSION_S, SESSION_S), shortest)
    refresher = _refresher(value, "uac")
    headers = [("require", "timer"), ("session-expires", f"{session_s};refresher={refresher}")]
    return session_s, refresher == "uas", headers


def wanted() -> Headers:
    """Return what a call of ours says of its session."""
    return [("supported", "timer"), ("session-expires", str(SESSION_S))]


def accepted(success: Message) -> tuple[int, bool]:
    """Return how long a session that we have begun lasts, and whether we refresh it."""
    value = success.first("session-expires")
    seconds = _seconds(value)
    if seconds is None:
        return SESSION_S, True  # as in `agreed`
    return max(seconds, SESSION_MIN_S), _refresher(value, "uac") == "uac"


def longer(refusal: Message) -> Headers | None:
    """Return what a call says of its session that was refused for one too short (422)."""
    shortest = _seconds(refusal.first("min-se"))
    if shortest is None or shortest <= SESSION_S:
        return None
    return [
        ("supported", "timer"),
        ("session-expires", str(shortest)),
        ("min-se", str(shortest)),
    ]


def _seconds(value: str) -> int | None:
    number = value.partition(";")[0].strip()
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 10 else None  # noqa: PLR2004 - no longer than a life


def _refresher(value: str, otherwise: str) -> str:
    said = params_of(value).get("refresher", "").lower()
    return said if said in {"uac", "uas"} else otherwise


def _supported(message: Message) -> Sequence[str]:
    named = [*message.every("supported"), *message.every("require")]
    return [name.strip().lower() for name in named]


def _nobody() -> None:
    """Be told nothing."""
