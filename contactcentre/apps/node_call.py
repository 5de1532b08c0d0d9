"""One live call on the node that holds its legs: what its people do comes in here, and goes out.

The stages of the journey see it as a `LiveCall`. Its caller's leaving cancels whichever stage runs;
nothing else does. A caller whose sound stops keeps the rank but is not offered to anyone meanwhile.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

import structlog
from pydantic import BaseModel

from contactcentre.apps.adviser_part import AdviserPart, Browser
from contactcentre.apps.call_metrics import measure
from contactcentre.apps.quality import QualityMeter
from contactcentre.domain.announcing import LINE_ENDED, announce_place
from contactcentre.domain.call import Call, CallState, arrive, come_back, ending_of, follow
from contactcentre.domain.classes import HEAD_START_MS
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import (
    MediaUnavailable,
    Outage,
    OutOfOrder,
    Refusal,
    SpoolFull,
    StaleToken,
    StateUnavailable,
)
from contactcentre.domain.events import CallArrived, CallEnded, CallEvent, HungUpBy, LapseReason
from contactcentre.domain.ids import LegId, LineId, NodeId, SoundName
from contactcentre.domain.ivr.flow import Line
from contactcentre.domain.languages import Language
from contactcentre.journey.bridging import Bridging, TalkEnd
from contactcentre.journey.ivr import Finished, FlowWalk
from contactcentre.journey.queueing import Waiting
from contactcentre.limits import KEYS_INBOX_MAX
from contactcentre.ports.environment import Chance, Clock
from contactcentre.ports.live import AdviserAct, Desks, Offered
from contactcentre.ports.media import (
    KeyHeard,
    LegConnected,
    LegEvent,
    LegGone,
    LegHeardAgain,
    LegSilent,
    Media,
)
from contactcentre.ports.records import Spool
from contactcentre.ports.state import CallQueues, CallReport
from contactcentre.wire.claims import CallerClaim
from contactcentre.wire.legs import CallerHeard, ClaimChanged, Over, PlaceNow, Stage

log = structlog.get_logger()

Item = TypeVar("Item")

STEPS_KEPT_MAX = 50
WORDS_OF_THE_END_MS = 10_000
"""A closing sentence may last so long; then the leg is closed all the same."""
GONE_GRACE_FACTOR = 4
"""A page that is there while its sound is gone may need this many graces to come back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeTools:
    """What every call of a node shares."""

    node: NodeId
    media: Media
    queues: CallQueues
    desks: Desks
    spool: Spool
    clock: Clock
    chance: Chance
    lines: Mapping[LineId, Line]
    words: Mapping[Language, Mapping[SoundName, str]]
    sign: Callable[[CallerClaim], str]
    """Signs a claim, with a fresh expiry."""
    spawn: Callable[[Coroutine[None, None, None], str], None]
    """Runs something beside the call, owned by the node."""
    ring_ms: int
    leg_grace_ms: int


class NodeCall:
    """One call."""

    def __init__(
        self,
        arrived: CallArrived,
        *,
        leg: LegId,
        browser: Browser,
        claim: CallerClaim,
        tools: NodeTools,
    ) -> None:
        self._tools = tools
        self._call = arrive(arrived)
        self._leg = leg
        self._browser: Browser | None = browser
        self._claim = claim
        self._steps: deque[CallEvent] = deque([arrived], maxlen=STEPS_KEPT_MAX)
        self._keys: asyncio.Queue[str] = asyncio.Queue(KEYS_INBOX_MAX)
        self._offers: asyncio.Queue[Offered] = asyncio.Queue(1)
        self._acts: asyncio.Queue[AdviserAct] = asyncio.Queue(KEYS_INBOX_MAX)
        self._offered: Offered | None = None
        self._adviser: AdviserPart | None = None
        self._walk: FlowWalk | None = None
        self._left = asyncio.Event()
        self._connected = asyncio.Event()
        self._moved = asyncio.Event()
        self._silent = False
        self._grace: asyncio.TimerHandle | None = None
        self._meter = QualityMeter()
        self._spool(arrived)
        measure(self._call, arrived)

    # What the stages see (ports.live.LiveCall)

    @property
    def call(self) -> Call:
        """Return the call as it stands."""
        return self._call

    @property
    def steps(self) -> Sequence[CallEvent]:
        """Return what has happened, the earliest first."""
        return tuple(self._steps)

    @property
    def caller_leg(self) -> LegId:
        """Return the leg the caller speaks on."""
        return self._leg

    @property
    def adviser_leg(self) -> LegId | None:
        """Return the connected leg of the adviser."""
        return self._adviser.connected_leg if self._adviser is not None else None

    def note(self, event: CallEvent) -> None:
        """Let the call follow an event, keep it for the record and tell the page."""
        before = self._call
        self._call = follow(before, event)
        self._steps.append(event)
        self._spool(event)
        measure(self._call, event)
        self._refresh_claim()
        if self._call.state is not before.state:
            self._show((), {})

    async def say(self, sounds: Sequence[SoundName], *, keys: Mapping[str, SoundName]) -> None:
        """Play prompts to the caller, with their words on the page."""
        words = self._words()
        while True:
            self._show([words[sound] for sound in sounds if sound in words], keys)
            moved = self._moved
            try:
                await self._tools.media.play(self._leg, sounds, self._call.language)
            except MediaUnavailable:
                await moved.wait()  # the caller comes back on a new leg, or is counted as gone
            else:
                return

    async def key(self, *, within_ms: int | None) -> str | None:
        """Return the next key of the caller."""
        return await _next(self._keys, within_ms)

    def tell_place(self, *, place: int, wait_ms: int | None) -> None:
        """Show the caller the place."""
        words = self._words()
        said = " ".join(words[sound] for sound in announce_place(place, wait_ms))
        self._tell(PlaceNow(place=place, wait_ms=wait_ms, words=said))

    async def offer(self, *, within_ms: int) -> Offered | None:
        """Return the next reservation that was taken up."""
        return await _next(self._offers, within_ms)

    async def adviser_act(self, *, within_ms: int | None) -> AdviserAct | None:
        """Return what the adviser did next."""
        return await _next(self._acts, within_ms)

    def tell_bridged(self) -> None:
        """Tell the adviser's browser that both hear each other."""
        if self._adviser is not None:
            self._adviser.tell_bridged()

    def tell_held(self, *, on: bool) -> None:
        """Tell the adviser's browser that the caller is on hold, or no longer."""
        if self._adviser is not None:
            self._adviser.tell_held(on=on)

    def let_adviser_go(self, *, lapse: LapseReason | None) -> None:
        """End the adviser's part in the call."""
        if self._adviser is not None:
            self._adviser.end(lapse=lapse, ending=self._call.ending)
        self._adviser = None
        self._offered = None
        while not self._acts.empty():
            self._acts.get_nowait()

    # The call's way

    async def run(self) -> None:
        """Take the call through its stages to its end."""
        stages = asyncio.create_task(self._stages(), name="stages")
        leaving = asyncio.create_task(self._left.wait(), name="caller leaving")
        try:
            await asyncio.wait({stages, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            stages.cancel()
            await asyncio.wait({stages})
        if stages.cancelled():
            await self._finish(HungUpBy.CALLER)
        else:
            await self._finish(stages.result())

    async def _stages(self) -> HungUpBy:
        """Lead the call through menu, queue, ring and talk; return who ended it."""
        tools = self._tools
        await self._connected.wait()
        self._walk = FlowWalk(
            self, tools.lines[self._call.line].flow, queues=tools.queues, clock=tools.clock
        )
        reached = await self._walk.run()
        self._walk = None
        if isinstance(reached, Finished):
            return HungUpBy.FLOW
        waiting = Waiting(self, queues=tools.queues, media=tools.media, clock=tools.clock)
        await waiting.join(
            queue=reached.queue,
            service_class=reached.service_class,
            enqueued_ms=reached.enqueued_ms,
        )
        first = reached.prompts
        while True:
            if await self._bridged(await waiting.offered(first=first)):
                return HungUpBy.ADVISER
            first = ()

    async def _bridged(self, offered: Offered) -> bool:
        """Ring an adviser; say whether there was a talk that the adviser ended."""
        tools = self._tools
        bridging = Bridging(
            self,
            offered,
            queues=tools.queues,
            media=tools.media,
            desks=tools.desks,
            clock=tools.clock,
        )
        lapse = await bridging.ring(ring_ms=tools.ring_ms)
        if lapse is not None:
            await bridging.lapse(lapse)
            return False
        if await bridging.talk() is TalkEnd.ADVISER_HUNG_UP:
            return True
        await bridging.break_off()
        return False

    async def _finish(self, by: HungUpBy) -> None:
        """Write the end down, let everybody go, and say goodbye if there is someone to hear it."""
        tools, offered, state = self._tools, self._offered, self._call.state
        if by is HungUpBy.CALLER and self._walk is not None:
            await self._walk.caller_left()
        self.note(
            CallEnded(
                call=self._call.id,
                at_ms=tools.clock.now_ms(),
                ending=ending_of(self._call),
                by=by,
            )
        )
        lapse = LapseReason.CALLER_LEFT if state is CallState.RINGING else None
        self.let_adviser_go(lapse=lapse)
        with suppress(StateUnavailable, Refusal):  # the node's reports go on until it is known
            await tools.queues.end(call=self._call.id, epoch=self._call.epoch)
        if offered is not None:
            with suppress(Refusal, Outage):
                await tools.desks.over(self._call.id, offered, lapse=lapse)
        if by is HungUpBy.ADVISER and not self._silent:
            with suppress(TimeoutError):
                async with asyncio.timeout(WORDS_OF_THE_END_MS / 1_000):
                    await self.say((LINE_ENDED,), keys={})
        self._say_over()
        await tools.media.close(self._leg)

    # What comes in from outside

    async def take(self, offered: Offered) -> None:
        """Take a reservation up. Raises StaleToken, OutOfOrder; the same one again is no harm."""
        if self._offered is not None and self._offered.token == offered.token:
            return
        if offered.token <= self._call.token:
            raise StaleToken("A newer reservation of this call is known here.")
        if self._call.state is not CallState.WAITING or self._silent or self._offered is not None:
            raise OutOfOrder("This call does not wait.")
        self._offered = offered
        try:
            await self._tools.queues.take_up(
                call=self._call.id, adviser=offered.adviser, token=offered.token
            )
        except Refusal:
            self._offered = None
            raise
        except StateUnavailable:
            log.warning("a ring begins that the store could not be told of", call=self._call.id)
        self._offers.put_nowait(offered)

    def press(self, key: str) -> None:
        """Take a key of the caller; what is too much is dropped."""
        with suppress(asyncio.QueueFull):
            self._keys.put_nowait(key)

    def hang_up(self) -> None:
        """End the call: its caller leaves."""
        self._left.set()

    def heard(self, event: LegEvent) -> None:
        """Take what the media says of the caller's leg."""
        match event:
            case KeyHeard(key=key):
                self.press(key)
            case LegSilent() | LegGone():
                self._set_silent(silent=True)
            case LegHeardAgain():
                self._set_silent(silent=False)
            case LegConnected():
                self._connected.set()

    async def adopt(self, *, leg: LegId, browser: Browser, epoch: LegEpoch) -> None:
        """Go on with a caller who comes back to this node on a new leg. Raises StaleEpoch."""
        self._call = come_back(self._call, epoch=epoch, node=self._tools.node)
        old, self._leg = self._leg, leg
        self._browser = browser
        self._silent = False
        self._watch_caller()
        await self._tools.media.close(old)
        self._restore_sound()
        self._refresh_claim()
        self._show((), {})
        if self._call.state is CallState.WAITING:
            self._tools.spawn(self._show_again(), "visibility")
        self._moved.set()
        self._moved = asyncio.Event()

    def browser_lost(self, browser: Browser) -> None:
        """Note that the caller's socket is closed; sound may go on without it."""
        if self._browser is browser:
            self._browser = None
            self._watch_caller()

    def attach(self, part: AdviserPart) -> None:
        """Seat the adviser's browser. Raises StaleToken if another reservation stands."""
        if self._offered is None or self._offered.token != part.token:
            raise StaleToken("This ring is over.")
        if self._adviser is not None:
            self._adviser.replace()
        self._adviser = part

    def act(self, part: AdviserPart, act: AdviserAct) -> None:
        """Take what the adviser does, unless another has taken the place."""
        if part is self._adviser:
            with suppress(asyncio.QueueFull):
                self._acts.put_nowait(act)

    def report(self) -> CallReport | None:
        """Return what the node's beat says of the call; None before it waits and at its end."""
        call = self._call
        if call.queue is None or call.enqueued_ms is None or call.state is CallState.ENDED:
            return None
        assert call.service_class is not None, "a queued call has its class"
        hidden = call.state is CallState.WAITING and self._silent
        return CallReport(
            call=call.id,
            queue=call.queue,
            head_start_ms=HEAD_START_MS[call.service_class],
            enqueued_ms=call.enqueued_ms,
            epoch=call.epoch,
            state="hidden" if hidden else call.state,
            adviser=call.adviser,
            token=call.token,
        )

    def tell_quality(self) -> None:
        """Tell both browsers how their sound comes in."""
        quality = self._tools.media.quality(self._leg)
        if quality is not None:
            self._tell(self._meter.tell(quality))
        if self._adviser is not None:
            self._adviser.tell_quality()

    async def drop(self) -> None:
        """Let go of a call that a newer leg elsewhere has taken: no end is written."""
        self.let_adviser_go(lapse=None)
        await self._tools.media.close(self._leg)

    # Within

    def _restore_sound(self) -> None:
        """Let the caller's new leg hear what the old one heard."""
        media, adviser = self._tools.media, self.adviser_leg
        if self._call.state is CallState.TALKING and adviser is not None:
            media.let_hear(listener=self._leg, speaker=adviser, on=True)
            media.let_hear(listener=adviser, speaker=self._leg, on=True)
        elif self._call.state is not CallState.IN_MENU:
            media.play_music(self._leg, on=True)

    def _set_silent(self, *, silent: bool) -> None:
        if self._silent is silent:
            return
        self._silent = silent
        if self._adviser is not None:
            self._adviser.send(CallerHeard(on=not silent))
        if self._call.state is CallState.WAITING:
            self._tools.spawn(self._hide() if silent else self._show_again(), "visibility")
        self._watch_caller()

    async def _hide(self) -> None:
        with suppress(StateUnavailable, Refusal):  # the node's report says so as well
            await self._tools.queues.hide(call=self._call.id, epoch=self._call.epoch)

    async def _show_again(self) -> None:
        report = self.report()
        if report is None:
            return
        with suppress(StateUnavailable, Refusal):
            await self._tools.queues.join(
                call=report.call,
                line=self._call.line,
                queue=report.queue,
                head_start_ms=report.head_start_ms,
                enqueued_ms=report.enqueued_ms,
                epoch=report.epoch,
                node=self._tools.node,
            )

    def _watch_caller(self) -> None:
        """Count a caller as gone whose socket and sound have both been away for a grace."""
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None
        if not self._silent:
            return
        factor = 1 if self._browser is None else GONE_GRACE_FACTOR
        self._grace = asyncio.get_running_loop().call_later(
            self._tools.leg_grace_ms * factor / 1_000, self.hang_up
        )

    def _spool(self, event: CallEvent) -> None:
        try:
            self._tools.spool.write(event, self._call)
        except SpoolFull:
            log.exception("an event could not be kept for the record", call=self._call.id)

    def _refresh_claim(self) -> None:
        """Sign the claim again if what it says has changed."""
        call = self._call
        claim = self._claim.model_copy(
            update={
                "language": call.language,
                "queue": call.queue,
                "enqueued_ms": call.enqueued_ms,
                "token": call.token,
                "epoch_count": call.epoch.count,
                "epoch_nonce": call.epoch.nonce,
                "arrived_at_ms": call.arrived_at_ms,
            }
        )
        if claim != self._claim:
            self._claim = claim
            self._tell(ClaimChanged(claim=self._tools.sign(claim)))

    def _words(self) -> Mapping[SoundName, str]:
        return self._tools.words[self._call.language]

    def _show(self, words: Sequence[str], keys: Mapping[str, SoundName]) -> None:
        labels = self._words()
        self._tell(
            Stage(
                state=self._call.state,
                language=self._call.language,
                words=list(words),
                keys={key: labels.get(label, "") for key, label in keys.items()},
            )
        )

    def _say_over(self) -> None:
        call = self._call
        words = self._words().get(LINE_ENDED, "")
        self._tell(Over(ending=call.ending, lapse=None, words=words))
        if self._browser is not None:
            self._browser.finish()

    def _tell(self, said: BaseModel) -> None:
        if self._browser is not None:
            self._browser.send(said)


async def _next(inbox: asyncio.Queue[Item], within_ms: int | None) -> Item | None:
    """Return the next thing of an inbox; None if nothing came in time."""
    try:
        async with asyncio.timeout(None if within_ms is None else within_ms / 1_000):
            return await inbox.get()
    except TimeoutError:
        return None
