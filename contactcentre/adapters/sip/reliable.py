"""What is said of a call before its answer, and again until the phone says that it has heard it.

RFC 3262, section 3: each such response has a number (RSeq) that the phone's PRACK gives back. Until
then nothing else is said but a refusal, or an answer if what is unheard had no sound in it.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence

from contactcentre.adapters.sip.messages import Request
from contactcentre.adapters.sip.transactions import LIFE_S, T1_S, Serving

RSEQ_FIRST_MAX = 1 << 30
RELIABLE = "100rel"
Headers = Sequence[tuple[str, str]]


class Reliable:
    """The provisional responses of one call."""

    def __init__(self, serving: Serving, *, unheard: Callable[[], None]) -> None:
        self._serving = serving
        self._unheard = unheard
        self._number = 1 + secrets.randbelow(RSEQ_FIRST_MAX)
        self._wait_s = T1_S
        self._again: asyncio.TimerHandle | None = None
        self._end: asyncio.TimerHandle | None = None
        self._later: Callable[[], None] | None = None
        self._has_sound = False

    def respond(self, code: int, *, tag: str, headers: Headers, body: bytes = b"") -> None:
        """Say something, or as soon as the phone has heard what was said before."""
        if self._end is not None:
            self._later = lambda: self.respond(code, tag=tag, headers=headers, body=body)
            return
        self._number += 1
        self._wait_s = T1_S
        self._has_sound = bool(body)
        numbered = [("require", RELIABLE), ("rseq", str(self._number)), *headers]
        self._serving.respond(code, tag=tag, headers=numbered, body=body)
        loop = asyncio.get_running_loop()
        self._again = loop.call_later(self._wait_s, self._repeat)
        self._end = loop.call_later(LIFE_S, self._give_up)

    def answer(self, answering: Callable[[], None]) -> None:
        """Answer the call, once the phone has heard whatever sound it was told of."""
        if self._end is not None and self._has_sound:
            self._later = answering
        else:
            self.stop()
            answering()

    def said(self, prack: Request) -> bool:
        """Say whether what the phone says that it has heard is what we have said last."""
        method, seq = self._serving.request.method, self._serving.request.cseq[0]
        return prack.first("rack").split() == [str(self._number), str(seq), method]

    def heard(self) -> None:
        """Go on: the phone has heard what was said last."""
        self._stop_timers()
        later, self._later = self._later, None
        if later is not None:
            later()

    def stop(self) -> None:
        """Say nothing again and nothing more."""
        self._stop_timers()
        self._later, self._unheard = None, _nobody

    def _stop_timers(self) -> None:
        for timer in (self._again, self._end):
            if timer is not None:
                timer.cancel()
        self._again = self._end = None

    def _repeat(self) -> None:
        self._serving.again()
        self._wait_s *= 2
        self._again = asyncio.get_running_loop().call_later(self._wait_s, self._repeat)

    def _give_up(self) -> None:
        unheard = self._unheard
        self.stop()
        unheard()


def _nobody() -> None:
    """Be told nothing."""
