"""A caller with a telephone: hears, presses keys, talks and hangs up, and has nothing to look at.

Where the call stands is known by what is heard, and by the desks: that a desk rings for the call is
seen there. Nobody comes back from here where a node is lost: the caller holds the line.
"""

import asyncio
from typing import Any, Protocol

from contactcentre.drills.ears import Ears
from contactcentre.drills.history import (
    AdviserCallFact,
    AdviserLegOver,
    CallerCame,
    CallerGone,
    CallerHungUp,
    ClaimSeen,
    RingHeard,
    RingOver,
    StageHeard,
    VoiceHeard,
    now_ms,
)
from contactcentre.drills.leg import ADVISER_HZ, OUTSIDE_HZ
from contactcentre.drills.manners import CallerManner
from contactcentre.drills.person import be_a_person
from contactcentre.drills.who import Caller

LOOK_EVERY_S = 0.1
VOICE_EVERY_LOOKS = 2
VOICES_HZ = (ADVISER_HZ, OUTSIDE_HZ)
"""Who may be heard in a talk."""
VOICES_MIN = 2
"""A tone of speech may pass for a voice once, and not twice."""
PRESS_AGAIN_S = 2.0
IN_MENU, WAITING, RINGING, TALKING = "in_menu", "waiting", "ringing", "talking"


class Telephone(Protocol):
    """One telephone, and its one call."""

    leg: str
    """What it is."""
    ears: Ears
    call: str
    """What the call is called in the centre, as soon as that is known."""
    over: asyncio.Event
    """The platform, or its network, has ended the call."""

    @property
    def own(self) -> str | None:
        """Return the leg socket of the node that has the call."""

    def tell_moved(self, moved: "Moved") -> None:
        """Say whom to tell that another node has the call."""

    async def dial(self) -> str:
        """Ring; return nothing once answered, or by which code the call was refused."""

    async def press(self, key: str) -> None:
        """Press a key."""

    async def hang_up(self) -> None:
        """Hang up, also where nobody hears it."""


class Moved(Protocol):
    """Whoever is told of a node."""

    def __call__(self) -> None:
        """Hear that the call is at another node, or at the first one."""


class PhoneCaller:
    """One call of one caller, from the dial to its end."""

    def __init__(self, caller: Caller, manner: CallerManner, telephone: Telephone) -> None:
        self._caller = caller
        self._manner = manner
        self._telephone = telephone
        self._dialled_ms = now_ms()
        self._going = asyncio.Event()
        self._voices = 0
        self.has_talked = asyncio.Event()
        self.stage: str | None = None
        telephone.tell_moved(self._moved)

    @property
    def call(self) -> str:
        """Return what the call is called; nothing before that is known."""
        return self._telephone.call

    @property
    def own(self) -> str | None:
        """Return the node that has the call."""
        return self._telephone.own

    @property
    def is_heard(self) -> bool:
        """Say whether the caller hears the platform just now."""
        return self._telephone.ears.is_heard

    async def live(self) -> None:
        """Call, and return once the call is over."""
        async with asyncio.TaskGroup() as tasks:
            looking = tasks.create_task(self._look(), name="caller listens")
            person = tasks.create_task(self._be_a_person(), name=f"caller {self._caller.number}")
            try:
                why, said = await self._keep(tasks)
            finally:
                looking.cancel()
                person.cancel()
        self._note(CallerGone(at_ms=now_ms(), call=self.call, why=why, said=said))

    async def _keep(self, tasks: asyncio.TaskGroup) -> tuple[str, str]:
        """Ring and stay to the end; return how it ended."""
        dialling = tasks.create_task(self._telephone.dial(), name="caller dials")
        going = tasks.create_task(self._going.wait(), name="caller hangs up")
        over = tasks.create_task(self._is_over(dialling), name="caller is cut off")
        try:
            await asyncio.wait({over, going}, return_when=asyncio.FIRST_COMPLETED)
            refused = over.result() if over.done() else ""
        finally:
            for task in (dialling, going, over):
                task.cancel()
        if refused:
            return "refused", refused
        await self._telephone.hang_up()
        return ("hung_up" if self._going.is_set() else "over"), ""

    async def _is_over(self, dialling: asyncio.Task[str]) -> str:
        """Return once the platform has ended the call, or why it was refused."""
        refused = await dialling
        if not refused:
            self._came()
            await self._telephone.over.wait()
        return refused

    def _came(self) -> None:
        """Take note that the call is answered, and where."""
        self._note(
            CallerCame(
                at_ms=now_ms(),
                call=self.call,
                dialled_ms=self._dialled_ms,
                leg=self._telephone.leg,
            )
        )
        self._caller.history.watch(self.call, self._seen_at_desk)
        self._moved()

    def _moved(self) -> None:
        """Take note of the node that has the call; a telephone is shown no place."""
        seen = ClaimSeen(
            at_ms=now_ms(), call=self.call, queue=None, enqueued_ms=None, node=self.own or ""
        )
        self._note(seen)

    # What is heard, and what is seen at desks

    async def _look(self) -> None:
        """Listen for where the call is, and for the voice of an adviser."""
        looks = 0
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            looks += 1
            ears = self._telephone.ears
            if self.stage is None and ears.is_heard and self.call:
                self._become(IN_MENU)
            if self.stage == IN_MENU and ears.hears_music:
                self._become(WAITING)
            if looks % VOICE_EVERY_LOOKS == 0 and self.stage in {RINGING, TALKING}:
                self._listen(is_voice=any(ears.hears_voice(hz) for hz in VOICES_HZ))

    def _listen(self, *, is_voice: bool) -> None:
        """Tell of the adviser's voice where it has come or gone."""
        was_heard = self._is_voice
        self._voices = self._voices + 1 if is_voice else 0
        if self._is_voice and self.stage == RINGING:
            self._become(TALKING)
            self.has_talked.set()
        if self._is_voice is not was_heard:
            self._note(VoiceHeard(at_ms=now_ms(), call=self.call, on=self._is_voice))

    @property
    def _is_voice(self) -> bool:
        return self._voices >= VOICES_MIN

    def _seen_at_desk(self, fact: AdviserCallFact) -> None:
        """Know where the call is by what its adviser sees."""
        match fact:
            case RingHeard():
                if self.stage == TALKING:
                    self._become(WAITING)
                self._become(RINGING)
            case RingOver() | AdviserLegOver() if self.stage == RINGING:
                self._become(WAITING)
            case _:
                pass

    def _become(self, stage: str) -> None:
        self.stage = stage
        self._note(StageHeard(at_ms=now_ms(), call=self.call, state=stage))

    def _note(self, fact: Any) -> None:
        self._caller.history.note(fact)

    # The person

    async def _be_a_person(self) -> None:
        await be_a_person(
            self._manner, self.has_talked, choose=self._choose, talk=self._talk_to_the_end
        )
        self._note(CallerHungUp(at_ms=now_ms(), call=self.call))
        self._going.set()

    async def _choose(self) -> None:
        await self._manner.choose()
        while self.stage is None:  # noqa: ASYNC110 - it is heard
            await asyncio.sleep(LOOK_EVERY_S)
        while self.stage == IN_MENU:
            await self._telephone.press(self._caller.key)
            await asyncio.sleep(PRESS_AGAIN_S)

    async def _talk_to_the_end(self) -> None:
        """Return when the caller ends a talk in which the adviser is heard."""
        await self.has_talked.wait()
        await self._manner.talk()
        while not (self.stage == TALKING and self._is_voice):  # noqa: ASYNC110 - it is heard
            await asyncio.sleep(LOOK_EVERY_S)
