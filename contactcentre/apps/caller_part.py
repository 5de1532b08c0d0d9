"""The caller's end of a call: one page, its claim, its leg, and whether they are still there."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from pydantic import BaseModel

from contactcentre.adapters.telemetry.metrics import count_dropped
from contactcentre.apps.adviser_part import Browser
from contactcentre.apps.node_tools import NodeTools
from contactcentre.apps.quality import QualityMeter
from contactcentre.domain.announcing import CALLBACK_BOOKED, LINE_ENDED, announce_place, shown
from contactcentre.domain.call import Call
from contactcentre.domain.errors import MediaUnavailable
from contactcentre.domain.events import Ending
from contactcentre.domain.ids import LegId, SoundName
from contactcentre.domain.languages import Language
from contactcentre.limits import KEYS_INBOX_MAX
from contactcentre.ports.media import (
    KeyHeard,
    LegConnected,
    LegEvent,
    LegGone,
    LegHeardAgain,
    LegSilent,
)
from contactcentre.wire.claims import CallerClaim, CallMemory
from contactcentre.wire.closing import Closing
from contactcentre.wire.legs import ClaimChanged, Over, PlaceNow, Quality, Stage

GONE_GRACE_FACTOR = 2
"""A page that is there while its sound is gone may need this many graces to come back."""


class CallerPart:
    """One caller, over all legs of the call on this node."""

    def __init__(
        self,
        *,
        leg: LegId,
        browser: Browser,
        claim: CallerClaim,
        tools: NodeTools,
        remember: Callable[[], CallMemory],
    ) -> None:
        self.leg = leg
        self.keys: asyncio.Queue[str] = asyncio.Queue(KEYS_INBOX_MAX)
        self.connected = asyncio.Event()
        self.left = asyncio.Event()
        """The caller has hung up, or is counted as gone."""
        self.is_chat = claim.chat is True
        self.is_phone = claim.trunk is not None
        """The caller has no page: whether a phone is there is known from its dialog alone."""
        self.is_silent = False
        self.sound_changed: Callable[[], None] = lambda: None
        """Told when the caller's sound has stopped or is back; set by the call."""
        self._browser: Browser | None = browser
        self._claim = claim
        self._memory: CallMemory | None = None
        self._media = tools.media
        self._spawn = tools.spawn
        self._sign = tools.sign
        self._remember = remember
        self._words = tools.words
        self._grace_ms = tools.patience.leg_grace_ms
        self._grace: asyncio.TimerHandle | None = None
        self._moved = asyncio.Event()
        self._meter = QualityMeter()

    def heard(self, event: LegEvent) -> None:
        """Take what the media says of the leg; what it says of an older one is past."""
        if event.leg != self.leg:
            return
        match event:
            case KeyHeard(key=key):
                self.press(key)
            case LegSilent() if self.is_phone:
                pass  # a phone need not send what nobody would hear
            case LegSilent() | LegGone():
                self._set_silent(silent=True)
            case LegHeardAgain():
                self._set_silent(silent=False)
            case LegConnected():
                self.connected.set()
                self.sound_changed()

    def press(self, key: str) -> None:
        """Take a key; what is too much is dropped and counted."""
        try:
            self.keys.put_nowait(key)
        except asyncio.QueueFull:
            count_dropped("keys")

    @property
    def is_heard(self) -> bool:
        """Say whether the caller's sound comes in."""
        return self.connected.is_set() and not self.is_silent

    @property
    def has_page(self) -> bool:
        """Say whether the caller's page is there."""
        return self._browser is not None and not self.is_phone

    def hang_up(self) -> None:
        """End the call: the caller leaves."""
        self.left.set()

    def hand_over(self, why: Closing) -> None:
        """Send the page to another node; until that has the call, the caller is heard here."""
        self._close_page(why)
        self._watch_text()

    def browser_lost(self, browser: Browser) -> None:
        """Note that the page's socket is closed; sound may go on without it."""
        if self._browser is browser:
            self._browser = None
            self._watch()
            self._watch_text()
            self._let_go_if_deaf()

    async def move(self, leg: LegId, browser: Browser) -> None:
        """Go on on a new leg; whatever was being said is said again from its beginning."""
        old, self.leg = self.leg, leg
        self._close_page(Closing.REPLACED)
        self._browser = browser
        self.is_silent = False
        self._watch()
        await self._media.close(old)
        self._moved.set()
        self._moved = asyncio.Event()

    async def play(self, sounds: Sequence[SoundName], language: Language) -> None:
        """Play sounds to their end, on whatever leg the caller is then."""
        while True:
            moved = self._moved
            with suppress(MediaUnavailable):
                return await self._media.play(self.leg, sounds, language)
            await moved.wait()  # the caller comes back on a new leg, or is counted as gone

    def show(self, call: Call, sounds: Sequence[SoundName], keys: Mapping[str, SoundName]) -> None:
        """Show where the call is, what is being said and which keys do something."""
        words = self._words[call.language]
        self.send(
            Stage(
                state=call.state,
                language=call.language,
                words=shown(sounds, words),
                keys={key: words.get(label, "") for key, label in keys.items()},
                is_booked=self._remember().is_booked,
            )
        )

    def show_place(self, call: Call, *, place: int, wait_ms: int | None) -> None:
        """Show the place, and the wait where it is known."""
        words = self._words[call.language]
        said = " ".join(shown(announce_place(place, wait_ms), words))
        self.send(PlaceNow(place=place, wait_ms=wait_ms, words=said))

    def refresh_claim(self, call: Call) -> None:
        """Sign the claim again if what it says of the call has changed."""
        claim = self._claim.model_copy(
            update={
                "language": call.language,
                "queue": call.queue,
                "enqueued_ms": call.enqueued_ms,
                "epoch_count": call.epoch.count,
                "epoch_nonce": call.epoch.nonce,
            }
        )
        memory = self._remember()
        if (claim, memory) != (self._claim, self._memory):
            self._claim, self._memory = claim, memory
            self.send(ClaimChanged(claim=self._sign(claim, memory)))

    def tell_quality(self) -> Quality | None:
        """Tell the page how its sound comes in, and return that; None if it has none."""
        counts = self._media.quality(self.leg)
        if counts is None:
            return None
        quality = self._meter.tell(counts)
        self.send(quality)
        return quality

    async def end(self, call: Call) -> None:
        """Tell the page how the call ended, and close socket and leg."""
        sound = CALLBACK_BOOKED if call.ending is Ending.CALLBACK else LINE_ENDED
        words = self._words[call.language].get(sound, "")
        self.send(Over(ending=call.ending, lapse=None, words=words))
        await self.close(Closing.DONE)

    async def close(self, why: Closing) -> None:
        """Close socket and leg."""
        self._stop_watching()
        self._close_page(why)
        await self._media.close(self.leg)

    def send(self, said: BaseModel) -> None:
        """Say something to the page, if it is there."""
        if self._browser is not None:
            self._browser.send(said)

    def _close_page(self, why: Closing) -> None:
        """Close the page's socket, if there is one."""
        if self._browser is not None:
            self._browser.close(why)
            self._browser = None

    def _watch_text(self) -> None:
        """Note that whoever writes is not there without a socket."""
        if self.is_chat:
            self._set_silent(silent=True)

    def _set_silent(self, *, silent: bool) -> None:
        if self.is_silent is not silent:
            self.is_silent = silent
            if self._browser is not None:
                self._browser.hurry(on=silent)
            self._watch()
            self._let_go_if_deaf()
            self.sound_changed()

    def _let_go_if_deaf(self) -> None:
        """End a leg of which neither sound nor socket is heard.

        Its page may hear us all the same, and is to know that nobody hears it: this way out may be
        the only one that is left.
        """
        if self.is_silent and self._browser is None and not self.is_chat:
            self._spawn(self._media.close(self.leg), "deaf leg closing")

    def _watch(self) -> None:
        """Count a caller as gone whose sound has been away for a grace; a page gives longer."""
        self._stop_watching()
        if self.is_silent:
            factor = 1 if self._browser is None else GONE_GRACE_FACTOR
            self._grace = asyncio.get_running_loop().call_later(
                self._grace_ms * factor / 1_000, self.hang_up
            )

    def _stop_watching(self) -> None:
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None
