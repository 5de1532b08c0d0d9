"""The recording of one call's talks on the node that holds it: a part for each talk.

Nothing is recorded before the caller has heard to its end that it will be. The adviser may pause
it, and so may a payment page; a pause that is forgotten ends by itself. The claim in the caller's
page knows of both, and what the adviser's page shows comes with its leg, so that no loss of a node
ends a pause.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine, Sequence
from typing import Protocol

import structlog
from pydantic import BaseModel

from contactcentre.adapters.telemetry.metrics import count_unrecorded
from contactcentre.apps.belonging import loosely
from contactcentre.apps.call_bounds import Start
from contactcentre.apps.node_tools import NodeTools
from contactcentre.domain.call import Call
from contactcentre.domain.errors import MediaUnavailable, SpoolFull
from contactcentre.domain.events import RecordingKept, Writer
from contactcentre.domain.ids import LegId, RecordingPart, SoundName
from contactcentre.ports.environment import Clock
from contactcentre.ports.recording import Kept, Shelf, Tape
from contactcentre.ports.records import Spool
from contactcentre.wire.recording import Recorded, RecordingNow, RecordingSeen, RecordingStands

log = structlog.get_logger()

ACTS_MAX = 10_000
"""More often nobody pauses one call: a page that says so is mistaken."""
PART_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")


class Told(Protocol):
    """Whoever is told how the recording stands."""

    def send(self, said: BaseModel) -> None:
        """Say something; never waits."""


class RecordedCall(Protocol):
    """The call whose talks are recorded."""

    @property
    def call(self) -> Call:
        """Return the call as it stands."""

    @property
    def is_chat(self) -> bool:
        """Say whether there is no sound in it."""

    def side(self, of: Writer) -> Told | None:
        """Return one end of the call, if somebody is there."""


class TalkRecording:
    """The TalkTape port: what is recorded of a call, or nothing."""

    def __init__(
        self, live: RecordedCall, tools: NodeTools, start: Start, remember: Callable[[], None]
    ) -> None:
        """Begin; `remember` lets the caller's page know again what another node must know."""
        self._live = live
        self._remember = remember
        self._tools = tools
        rule = tools.lines[live.call.line].flow.recording
        self._announced_by = None if rule is None or live.is_chat else rule.announced_by
        self._terms = None if self._announced_by is None else tools.recording
        self._tape: Tape | None = None
        self._legs: tuple[LegId, LegId] | None = None
        self._pausing: asyncio.TimerHandle | None = None
        self.is_announced = start.is_announced
        """The caller has heard that the talk is recorded."""
        self.is_paused = start.is_paused
        self.act = start.recording_act
        """How often a pause has begun or ended, over all nodes of the call."""
        self._may_be_shorter = start.is_paused
        """For how long the pause was to go on is known to the adviser's page alone."""
        if self.is_paused:
            self._watch_pause()

    @property
    def unsaid(self) -> tuple[SoundName, ...]:
        """Return what the caller must hear before anything is recorded, and has not heard yet."""
        if self._terms is None or self._announced_by is None or self.is_announced:
            return ()
        return (self._announced_by,)

    def heard(self, sounds: Sequence[SoundName]) -> None:
        """Note what the caller has heard to its end."""
        if self._terms is None or self.is_announced or self._announced_by not in sounds:
            return
        self.is_announced = True
        self._remember()
        self._record()

    def hear(self, *, caller: LegId, adviser: LegId) -> None:
        """Record these two from now on, if the call is recorded and the caller knows."""
        if self._legs != (caller, adviser):
            self._legs = caller, adviser
            self._record()

    def _record(self) -> None:
        if self._terms is None or self._legs is None or not self.is_announced:
            return
        caller, adviser = self._legs
        if self._tape is None:
            self._tape = self._begin(self._terms.shelf)
        try:
            self._terms.deck.record(self._tape, caller=caller, adviser=adviser)
        except MediaUnavailable as outage:
            log.error("a talk cannot be recorded", call=self._live.call.id, why=str(outage))  # noqa: TRY400 - the trace would tell nothing more
            return
        self._terms.deck.pause_recording(self._tape, on=self.is_paused)
        self._tell()

    def pause(self, *, on: bool) -> None:
        """Record nothing for a while, or again."""
        if on is not self.is_paused:
            self._set_paused(on=on, is_forgotten=False)

    def step(self, *, on: bool) -> RecordingStands:
        """Let a step begin that nobody may record, or end; a pause that goes on begins anew."""
        if on or self.is_paused:
            self._set_paused(on=on, is_forgotten=False)
        if self._terms is None:
            return RecordingStands(recorded=Recorded.NOT, left_ms=None)
        recorded = Recorded.PAUSED if self.is_paused else Recorded.ON
        return RecordingStands(recorded=recorded, left_ms=self._left_ms)

    def believe(self, seen: RecordingSeen) -> None:
        """Go on as the adviser's page shows it, which may have heard more than is known here.

        The node that is lost has told it something as it died. A node that has told of something
        newer knows better, and a page that is told of that shows it.
        """
        if self._terms is None or not self.act <= seen.act <= ACTS_MAX:
            return
        if seen.act > self.act:
            self.act, self.is_paused = seen.act, not seen.on
        elif not self._may_be_shorter or seen.on is self.is_paused:
            return
        self._may_be_shorter = False
        self._stop_pausing()
        if self.is_paused:
            self._watch_pause(seen.left_ms)
        self._remember()

    def end(self) -> None:
        """Come to the end of a talk."""
        self._stop_pausing()
        self.act += self.is_paused
        self.is_paused = False
        self._legs = None
        if self._terms is not None and self._tape is not None:
            self._terms.deck.stop_recording(self._tape)
        self._tape = None

    def _begin(self, shelf: Shelf) -> Tape:
        call = self._live.call
        own = call.id if PART_NAME.fullmatch(call.id) else "call"
        name = f"{own}.{call.epoch.count}.{call.token}.{self._tools.chance.nonce()}"
        return shelf.begin(
            call,
            part=RecordingPart(name),
            at_ms=self._tools.clock.now_ms(),
            kept=keeper(shelf, self._tools.spool, self._tools.clock, self._tools.spawn),
        )

    def _set_paused(self, *, on: bool, is_forgotten: bool) -> None:
        if self._terms is None:
            return
        self._stop_pausing()
        self.act += 1
        self.is_paused, self._may_be_shorter = on, False
        if on:
            self._watch_pause()
        if self._tape is not None:
            self._terms.deck.pause_recording(self._tape, on=on)
        self._tell(is_forgotten=is_forgotten)
        self._remember()

    def _watch_pause(self, left_ms: int | None = None) -> None:
        """Let a pause that nobody ends be over after a while, or after what is left of that."""
        if self._terms is not None:
            most_ms = self._terms.pause_max_ms
            self._pausing = asyncio.get_running_loop().call_later(
                (most_ms if left_ms is None else min(left_ms, most_ms)) / 1_000,
                loosely(self._end_forgotten_pause),
            )

    def _end_forgotten_pause(self) -> None:
        self._set_paused(on=False, is_forgotten=True)

    def _stop_pausing(self) -> None:
        if self._pausing is not None:
            self._pausing.cancel()
            self._pausing = None

    def _tell(self, *, is_forgotten: bool = False) -> None:
        """Tell the adviser how it stands."""
        side = self._live.side(Writer.ADVISER)
        if side is None:
            return
        side.send(
            RecordingNow(
                on=not self.is_paused,
                left_ms=self._left_ms,
                is_forgotten=is_forgotten,
                act=self.act,
            )
        )

    @property
    def _left_ms(self) -> int | None:
        """Return after how long a pause is over by itself; None if there is none."""
        if self._pausing is None:
            return None
        left_s = self._pausing.when() - asyncio.get_running_loop().time()
        return max(0, round(left_s * 1_000))


def keeper(
    shelf: Shelf,
    spool: Spool,
    clock: Clock,
    spawn: Callable[[Coroutine[None, None, None], str], None],
) -> Callable[[Kept], None]:
    """Return what writes down that a part is whole, and tells the shelf of that in the end."""

    def kept(part: Kept) -> None:
        if part.gaps_ms:
            count_unrecorded(part.gaps_ms / 1_000)
            log.warning("a recording has gaps", call=part.call.id, gaps_ms=part.gaps_ms)
        try:
            spool.write(recorded(part, at_ms=clock.now_ms()), part.call)
        except SpoolFull:
            log.warning("a recording is told of at the next start", call=part.call.id)
            return
        spawn(_tell_shelf(part), "recording kept")

    async def _tell_shelf(part: Kept) -> None:
        await spool.on_disk()
        shelf.told(part)

    return kept


def recorded(part: Kept, *, at_ms: int) -> RecordingKept:
    """Return what the record says of a part."""
    return RecordingKept(
        call=part.call.id,
        at_ms=at_ms,
        part=part.part,
        file=part.file,
        started_at_ms=part.started_at_ms,
        duration_ms=part.duration_ms,
        gaps_ms=part.gaps_ms,
        is_cut=part.is_cut,
        key=part.key,
        size_bytes=part.size_bytes,
        sha256=part.sha256,
    )
