"""The adviser's end of a call: one browser, its leg, and whether either is still there."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Protocol

from pydantic import BaseModel

from contactcentre.apps.quality import QualityMeter
from contactcentre.domain.events import Ending, LapseReason
from contactcentre.domain.ids import AdviserId, LegId, Token
from contactcentre.ports.live import AdviserAct, AdviserAttached, AdviserLost
from contactcentre.ports.media import (
    LegConnected,
    LegEvent,
    LegGone,
    LegHeardAgain,
    LegSilent,
    Media,
)
from contactcentre.wire.closing import Closing
from contactcentre.wire.legs import Bridged, Over, Quality
from contactcentre.wire.recording import RecordingSeen


class Browser(Protocol):
    """The far end of a leg socket."""

    def send(self, said: BaseModel) -> None:
        """Say something; never waits."""

    def hurry(self, *, on: bool) -> None:
        """Say whether its sound is silent: then a silent socket is sooner a loss."""

    def close(self, why: Closing) -> None:
        """Close once everything has been said."""


class AdviserPart:
    """One attachment of an adviser's browser to a call."""

    def __init__(
        self,
        *,
        adviser: AdviserId,
        token: Token,
        leg: LegId,
        browser: Browser,
        media: Media,
        spawn: Callable[[Coroutine[None, None, None], str], None],
        grace_ms: int,
        has_sound: bool = True,
    ) -> None:
        self.adviser = adviser
        self.token = token
        self.leg = leg
        self._browser = browser
        self._media = media
        self._spawn = spawn
        self._grace_ms = grace_ms
        self._is_connected = False
        self._sound_lost = not has_sound  # the socket is all there is
        self._socket_lost = False
        self._grace: asyncio.TimerHandle | None = None
        self._meter = QualityMeter()
        self.act: Callable[[AdviserAct], None] = lambda _: None
        """Takes what happens to this end; set by whoever seats it."""
        self.recording_seen: RecordingSeen | None = None
        """What the page showed of the talk's recording as it came; set likewise."""

    @property
    def connected_leg(self) -> LegId | None:
        """Return the leg once sound can flow."""
        return self.leg if self._is_connected else None

    @property
    def may_answer(self) -> bool:
        """Say whether all is there that an answer needs: a browser's own sound."""
        return self._is_connected

    def heard(self, event: LegEvent) -> None:
        """Take what the media says of the leg."""
        match event:
            case LegConnected():
                self._is_connected = True
                self.act(AdviserAttached(leg=self.leg))
            case LegSilent() | LegGone():
                self._set_sound_lost(lost=True)
            case LegHeardAgain():
                self._set_sound_lost(lost=False)
            case _:
                pass

    def asked(self, act: AdviserAct) -> None:
        """Take what the adviser does in the browser."""
        self.act(act)

    def socket_lost(self) -> None:
        """Note that the browser's socket is closed; sound may go on without it."""
        self._socket_lost = True
        self._watch()

    def send(self, said: BaseModel) -> None:
        """Say something to the browser."""
        self._browser.send(said)

    def tell_bridged(self) -> None:
        """Say that both hear each other."""
        self.send(Bridged(token=self.token))

    def tell_quality(self) -> Quality | None:
        """Say how the adviser's sound comes in, and return that; None if there is none."""
        counts = self._media.quality(self.leg)
        if counts is None:
            return None
        quality = self._meter.tell(counts)
        self.send(quality)
        return quality

    def end(self, *, lapse: LapseReason | None, ending: Ending | None) -> None:
        """Tell the browser that its part is over, and close both socket and leg."""
        self.send(Over(ending=ending, lapse=lapse, words=""))
        self.leave(Closing.DONE)

    def leave(self, why: Closing) -> None:
        """Close socket and leg; what the reason says decides whether the browser comes back."""
        self.act = lambda _: None
        if self._grace is not None:
            self._grace.cancel()
        self._browser.close(why)
        self._close_sound()

    def _set_sound_lost(self, *, lost: bool) -> None:
        self._sound_lost = lost
        self._browser.hurry(on=lost)
        self._watch()

    def _watch(self) -> None:
        """Count the adviser as lost when socket and sound have both been away for a grace."""
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None
        if self._socket_lost and self._sound_lost:
            self._grace = asyncio.get_running_loop().call_later(
                self._grace_ms / 1_000, self._be_lost
            )
            self._fall_silent()

    def _fall_silent(self) -> None:
        """Close the leg: the browser may hear us all the same, and is to know that we do not."""
        self._close_sound()

    def _be_lost(self) -> None:
        """Say that nobody has come back."""
        self.act(AdviserLost())

    def _close_sound(self) -> None:
        """Close the leg."""
        self._spawn(self._media.close(self.leg), "adviser leg closing")
