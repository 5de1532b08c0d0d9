"""A stage to try the journey on: one call whose people and sound are played by the test."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from contactcentre.apps.room_sound import RoomSound
from contactcentre.domain.call import Call, arrive, follow
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import OutOfOrder, Refusal
from contactcentre.domain.events import CallArrived, CallEvent, CallHandedOver, LapseReason
from contactcentre.domain.ids import (
    CallId,
    LegId,
    LineId,
    NodeId,
    SoundName,
)
from contactcentre.domain.languages import Language
from contactcentre.domain.room import SCENES, Role, Seat
from contactcentre.ports.live import AdviserAct, Offered
from contactcentre.ports.media import LegQuality
from contactcentre.ports.state import CallReport, CallsReply, CallStanding, NodeReport, Place
from tests.journey.staged_asking import StagedAsking

ARRIVED = CallArrived(
    call=CallId("c1"),
    at_ms=1_000,
    line=LineId("tax"),
    language=Language.ENGLISH,
    node=NodeId("n1"),
    epoch=LegEpoch(1, "a"),
)


class StagedCall:
    """A `LiveCall` whose prompts last as long as the test says."""

    def __init__(self, *, prompt_s: float = 0.0) -> None:
        self.call: Call = arrive(ARRIVED)
        self.steps: list[CallEvent] = [ARRIVED]
        self.caller_leg = LegId("c1.1")
        self.media = StagedMedia()
        self._sound = RoomSound(self.media)
        self.consult = StagedAsking()
        self._adviser_leg: LegId | None = None
        self.is_adviser_there = False
        self.prompt_s = prompt_s
        self.wait_for_key = False
        """Whether a caller who has not pressed a key thinks for ever; otherwise time is up."""
        self.said: list[SoundName] = []
        self.places: list[tuple[int, int | None]] = []
        self.let_go: list[LapseReason | None] = []
        self.told: list[str] = []
        self.keys: asyncio.Queue[str] = asyncio.Queue()
        self.offers: asyncio.Queue[Offered] = asyncio.Queue()
        self.acts: asyncio.Queue[AdviserAct] = asyncio.Queue()

    @property
    def adviser_leg(self) -> LegId | None:
        """Return the adviser's leg, once it is connected."""
        return self._adviser_leg

    @adviser_leg.setter
    def adviser_leg(self, leg: LegId) -> None:
        self._adviser_leg = leg
        self._settle()

    def note(self, event: CallEvent) -> None:
        """Let the call follow an event, and everybody hear what follows from that."""
        self.call = follow(self.call, event)
        self.steps.append(event)
        self._settle()

    def _settle(self) -> None:
        seats = [Seat(leg=self.caller_leg, role=Role.CALLER)]
        if self._adviser_leg is not None:
            seats.append(Seat(leg=self._adviser_leg, role=Role.ADVISER))
        self._sound.settle(SCENES[self.call.state], seats)

    async def say(self, sounds: Sequence[SoundName], *, keys: Mapping[str, SoundName]) -> None:
        """Remember what was said, and take as long as the test says."""
        del keys
        self.said += sounds
        await asyncio.sleep(self.prompt_s)

    async def key(self, *, within_ms: int | None) -> str | None:
        """Return the next key of the test; time is up at once when there is none."""
        if within_ms is None or self.wait_for_key:
            return await self.keys.get()
        await asyncio.sleep(0)
        return None if self.keys.empty() else self.keys.get_nowait()

    def tell_place(self, *, place: int, wait_ms: int | None) -> None:
        """Remember the place shown."""
        self.places.append((place, wait_ms))

    async def offer(self, *, within_ms: int) -> Offered | None:
        """Return the next offer of the test."""
        del within_ms
        return await self.offers.get()

    async def adviser_act(self, *, within_ms: int | None) -> AdviserAct | None:
        """Return the next act of the test."""
        try:
            async with asyncio.timeout(None if within_ms is None else within_ms / 1_000):
                return await self.acts.get()
        except TimeoutError:
            return None

    def tell_bridged(self) -> None:
        """Remember it."""
        self.told.append("bridged")

    def tell_held(self, *, on: bool) -> None:
        """Remember it."""
        self.told.append("held" if on else "back")

    def tell_refused(self, refusal: Refusal) -> None:
        """Remember it."""
        self.told.append(refusal.code)

    @property
    def asking(self) -> "StagedAsking":
        """Return the consultation of the test."""
        return self.consult

    def give_over(self) -> Offered:
        """Give the call to whoever was asked, as the test says."""
        if self.consult.other is None:
            raise OutOfOrder("Nobody else is there yet.")
        other, self.consult.other = self.consult.other, None
        assert self.call.adviser is not None, "a talk has its adviser"
        self.note(
            CallHandedOver(
                call=self.call.id,
                at_ms=5_000,
                from_adviser=self.call.adviser,
                adviser=other.adviser,
                token=other.token,
            )
        )
        return other

    def let_adviser_go(self, *, lapse: LapseReason | None) -> None:
        """Remember it."""
        self.let_go.append(lapse)


class StagedQueues:
    """A store that gives times and places as the test says, and remembers what it was told."""

    def __init__(
        self,
        *,
        times: Sequence[int] = (1, 2, 3, 4, 5),
        place: Place | None = None,
        away: Exception | None = None,
    ) -> None:
        self._times = list(times)
        self._place = place
        self._away = away
        self.told: list[tuple[str, object]] = []

    def _tell(self, what: str, of: object) -> None:
        self.told.append((what, of))
        if self._away is not None:
            raise self._away

    async def give_time(self) -> int:
        """Give the next time."""
        self._tell("give_time", None)
        return self._times.pop(0)

    async def join(self, **said: object) -> int:
        """Give the next time, or keep the one there is."""
        self._tell("join", said)
        kept = said["enqueued_ms"]
        return kept if isinstance(kept, int) else self._times.pop(0)

    async def hide(self, **said: object) -> None:
        """Remember it."""
        self._tell("hide", said)

    async def place(self, **said: object) -> Place | None:
        """Return the place of the test."""
        self._tell("place", said)
        return self._place

    async def take_up(self, **said: object) -> None:
        """Remember it."""
        self._tell("take_up", said)

    async def answer(self, **said: object) -> None:
        """Remember it."""
        self._tell("answer", said)

    async def give_back(self, **said: object) -> None:
        """Remember it."""
        self._tell("give_back", said)

    async def return_to_queue(self, **said: object) -> None:
        """Remember it."""
        self._tell("return_to_queue", said)

    async def transfer(self, **said: object) -> None:
        """Remember it."""
        self._tell("transfer", said)

    async def hand_over(self, **said: object) -> None:
        """Remember it."""
        self._tell("hand_over", said)

    async def end(self, **said: object) -> None:
        """Remember it."""
        self._tell("end", said)

    async def report_calls(self, node: NodeId, calls: Sequence[CallReport]) -> CallsReply:
        """Remember it."""
        self._tell("report_calls", (node, calls))
        return CallsReply(superseded=(), closed=())

    async def report_node(self, report: NodeReport) -> int:
        """Remember it."""
        self._tell("report_node", report)
        return 0

    async def look_calls(self, calls: Sequence[CallId]) -> Sequence[CallStanding]:
        """Know no call."""
        self._tell("look_calls", calls)
        return ()

    async def lose_calls(self, node: NodeId, *, beat: int | None) -> int:
        """Remember it."""
        self._tell("lose_calls", (node, beat))
        return 0

    async def forget_node(self, node: NodeId) -> None:
        """Remember it."""
        self._tell("forget_node", node)


class StagedMedia:
    """Sound that remembers who hears whom."""

    def __init__(self) -> None:
        self.music: dict[LegId, bool] = {}
        self.hears: set[tuple[LegId, LegId]] = set()
        self.muted: set[LegId] = set()

    async def accept(self, **_said: object) -> str:
        """Answer nothing: no stage of the journey opens a leg."""
        raise AssertionError("no stage opens a leg")

    async def close(self, leg: LegId) -> None:
        """Forget the leg."""
        self.hears = {pair for pair in self.hears if leg not in pair}

    async def play(self, leg: LegId, sounds: Sequence[SoundName], language: Language) -> None:
        """Play nothing: the staged call says its prompts itself."""
        raise AssertionError("stages say prompts through their call", leg, sounds, language)

    def play_music(self, leg: LegId, *, on: bool) -> None:
        """Remember it."""
        self.music[leg] = on

    def let_hear(self, *, listener: LegId, speaker: LegId, on: bool) -> None:
        """Remember it."""
        (self.hears.add if on else self.hears.discard)((listener, speaker))

    def mute(self, leg: LegId, *, on: bool) -> None:
        """Remember it."""
        (self.muted.add if on else self.muted.discard)(leg)

    def quality(self, leg: LegId) -> LegQuality | None:
        """Know nothing of any leg."""
        assert leg
        return None


class StagedRecording:
    """A recording that is announced as the test says."""

    def __init__(self) -> None:
        self.unsaid: tuple[SoundName, ...] = ()


class StagedDesks:
    """Desks that take what they are told, or refuse as the test says."""

    def __init__(self, *, refuse: Exception | None = None) -> None:
        self._refuse = refuse
        self.told: list[tuple[str, object]] = []

    async def ring(
        self, call: Call, offered: Offered, *, ring_ms: int, steps: Sequence[CallEvent]
    ) -> None:
        """Ring, or refuse."""
        del ring_ms, steps
        self.told.append(("ring", (call.id, offered.adviser)))
        if self._refuse is not None:
            raise self._refuse

    async def bridged(self, call: Call, offered: Offered) -> None:
        """Remember it."""
        self.told.append(("bridged", (call.id, offered.token)))

    async def moved(self, call: Call, offered: Offered, *, steps: Sequence[CallEvent]) -> None:
        """Take it, or refuse."""
        del steps
        self.told.append(("moved", (call.id, offered.desk)))
        if self._refuse is not None:
            raise self._refuse

    async def over(self, call: Call, offered: Offered, *, lapse: LapseReason | None) -> None:
        """Remember it."""
        del call, offered
        self.told.append(("over", lapse))


class StagedClock:
    """A clock whose time passes only by waiting for it."""

    def __init__(self, *, at_ms: int = 0) -> None:
        self._at_ms = at_ms
        self._calls: list[tuple[int, Callable[[], None]]] = []

    def call_at(self, at_ms: int, act: Callable[[], None]) -> None:
        """Do something once a time has been reached."""
        self._calls.append((at_ms, act))

    def now_ms(self) -> int:
        """Return the time on stage."""
        return self._at_ms

    def monotonic_ms(self) -> int:
        """Return the time on stage."""
        return self._at_ms

    async def sleep_ms(self, span_ms: int) -> None:
        """Let time pass, and do what is due."""
        self._at_ms += span_ms
        for due in [call for call in self._calls if call[0] <= self._at_ms]:
            self._calls.remove(due)
            due[1]()
        await asyncio.sleep(0)
