"""An adviser's phone as it is rung for one call, until somebody picks it up or its time is over.

It belongs to one page after the other: a page that is loaded again takes it on as it stands.
"""

from typing import Protocol

import structlog

from contactcentre.apps.node_tools import NodeTools
from contactcentre.domain.dialling import DialFailure, Lines
from contactcentre.domain.errors import (
    LinesBusy,
    MediaUnavailable,
    NodeFull,
    NumberNotAllowed,
    Outage,
    Refusal,
)
from contactcentre.domain.ids import CallId, LegId, PhoneNumber
from contactcentre.limits import PHONE_RING_MS
from contactcentre.ports.dialling import (
    DialEvent,
    Dialled,
    Dialler,
    NumberAnswered,
    NumberElsewhere,
    NumberEnded,
    NumberFailed,
    NumberRings,
)
from contactcentre.ports.media import LegEvent

log = structlog.get_logger()

BUSY_AGAIN_MS = 2_000
"""A phone that is still in the call of a lost node is rung again so often, as long as it may be."""


class PhoneUser(Protocol):
    """Whoever has the phone rung."""

    def phone_answered(self) -> None:
        """Hear that somebody has picked it up."""

    def phone_failed(self, why: str) -> None:
        """Hear that nobody has, and nobody will. Told once, and last."""

    def phone_ended(self, *, was_lost: bool) -> None:
        """Hear that it was put down, or lost. Told once, and last."""


class RungPhone:
    """One phone, rung for one call."""

    def __init__(
        self, number: PhoneNumber, *, call: CallId, tools: NodeTools, user: PhoneUser
    ) -> None:
        self.number = number
        self.user = user
        self.leg = LegId("")
        """Its leg in the call's room, of the last try."""
        self.is_answered = False
        self._call = call
        self._tools = tools
        self._until_ms = tools.clock.monotonic_ms() + PHONE_RING_MS
        self._dialled: Dialled | None = None
        self._lines = Lines.PHONE
        self._is_over = False

    def begin(self) -> None:
        """Have it rung."""
        self._tools.spawn(self._ring(), "adviser's phone")

    def hang_up(self) -> None:
        """Want it no longer; nothing more is told."""
        self._is_over = True
        if self._dialled is not None:
            self._dialled.hang_up()

    async def _ring(self) -> None:
        """Ring it for what is left of its time."""
        tools = self._tools
        self.leg = LegId(f"{self._call}.phone.{tools.chance.nonce()}")
        left_ms = self._until_ms - tools.clock.monotonic_ms()
        try:
            dialled = await dialler_of(tools).dial(
                self.number,
                call=self._call,
                leg=self.leg,
                ring_ms=max(left_ms, BUSY_AGAIN_MS),
                told=self._told,
                heard=_no_matter,
                lines=self._lines,
            )
        except LinesBusy as problem:
            self._busy(problem.code)
            return
        except (NodeFull, MediaUnavailable) as problem:
            self._lines = Lines.PHONE_AGAIN  # it was counted, and has not rung yet
            self._busy(problem.code)
            return
        except (Refusal, Outage) as problem:
            self._fail(problem.code)
            return
        except Exception:
            log.exception("an adviser's phone could not be rung", call=self._call)
            self._fail(DialFailure.UNREACHABLE.value)
            return
        self._dialled, self._lines = dialled, Lines.PHONE_AGAIN
        if self._is_over:
            dialled.hang_up()

    async def _ring_again(self) -> None:
        await self._tools.clock.sleep_ms(BUSY_AGAIN_MS)
        if not self._is_over:
            await self._ring()

    def _told(self, event: DialEvent) -> None:
        """Take what becomes of one try."""
        if self._is_over:
            return
        match event:
            case NumberRings() | NumberElsewhere():
                pass  # no other node goes on with it: it is rung anew
            case NumberAnswered():
                self.is_answered = True
                self.user.phone_answered()
            case NumberFailed(why=DialFailure.BUSY):
                self._busy(DialFailure.BUSY.value)
            case NumberFailed(why=why):
                self._fail(why.value)
            case NumberEnded(was_lost=was_lost):
                self._is_over = True
                self.user.phone_ended(was_lost=was_lost)

    def _busy(self, why: str) -> None:
        """Ring it again in a moment, if there is still time to pick it up then.

        It can be rung from no other node: the phone has to be where the caller's sound is.
        """
        if self._is_over:
            return
        if self._tools.clock.monotonic_ms() + 2 * BUSY_AGAIN_MS < self._until_ms:
            self._tools.spawn(self._ring_again(), "adviser's phone again")
        else:
            self._fail(why)

    def _fail(self, why: str) -> None:
        """Tell whoever has it now, unless nobody wants it any more."""
        if not self._is_over:
            self._is_over = True
            self.user.phone_failed(why)


def dialler_of(tools: NodeTools) -> Dialler:
    """Return what rings phones from this node. Raises NumberNotAllowed."""
    dialler = tools.dialler()
    if dialler is None:
        raise NumberNotAllowed(
            "No phones are rung from here: no outside numbers are allowed (CC_OUTSIDE_NUMBERS)."
        )
    return dialler


def _no_matter(_event: LegEvent) -> None:
    """Hear nothing of the leg: what the phone says counts."""
