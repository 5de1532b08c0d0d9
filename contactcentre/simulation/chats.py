"""People who write to one another: callers who chat, and advisers at their seats for chats.

They do what those who speak do, on legs whose sound is none; what they write besides is noted as
their pages show it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from contactcentre.domain.events import Writer
from contactcentre.domain.ids import AdviserId
from contactcentre.domain.seats import chat_seats
from contactcentre.drills.adviser import AdviserPage, Own
from contactcentre.drills.caller import CallerPage
from contactcentre.drills.history import Fact, History, now_ms
from contactcentre.drills.leg import LegEnd, Said
from contactcentre.drills.manners import AdviserManner, CallerManner
from contactcentre.drills.who import Adviser, Caller
from contactcentre.limits import CHATS_MAX
from contactcentre.ports.media import TEXT_OFFER
from contactcentre.simulation.letters import Letters

TICK_S = 0.5
AGAIN_AFTER_S = 1.5
TEXTS_MOST = 5
PAUSE_S = (0.2, 4.0)
CALLER = "caller"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextShown(Fact):
    """A page shows a text as written: to its writer that means that it was sent."""

    call: str
    page: str
    """The caller's, or that of an adviser's seat."""
    by: str
    text: str
    order: int
    words: str

    @property
    def is_own(self) -> bool:
        """Say whether the page is the writer's."""
        return (self.by == Writer.CALLER) is (self.page == CALLER)


class TextSound:
    """What a leg that carries text has instead of sound: it is there as long as its socket is."""

    def __init__(self, _: float) -> None:
        self.heard: Callable[[], None] = lambda: None
        self._ticks: asyncio.TimerHandle | None = None
        self.is_closed = False

    def voice_hz(self) -> float:
        """Return that nobody speaks."""
        return 0.0

    async def offer(self) -> str:
        """Return what stands where a call has its sound."""
        return TEXT_OFFER

    async def accept(self, sdp: str) -> None:
        """Be connected."""
        assert sdp == TEXT_OFFER, "a chat is answered with text"
        self._tick()

    async def close(self) -> None:
        """Let go."""
        if self._ticks is not None:
            self._ticks.cancel()

    def _tick(self) -> None:
        self.heard()
        self._ticks = asyncio.get_running_loop().call_later(TICK_S, self._tick)


class WritingCaller(CallerPage):
    """A caller who chats, and writes while waiting already."""

    def __init__(self, caller: Caller, manner: CallerManner, chance: Random) -> None:
        super().__init__(caller, manner)
        self._history = caller.history
        self._closing = caller.closing
        self._chance = chance
        self._letters = Letters(
            Writer.CALLER, "caller", say=self._say_text, later=_later, shown=self._shown
        )

    async def _open(self, url: str, failures: int) -> LegEnd:
        self._letters.opened()
        return await super()._open(url, failures)

    def _hear(self, said: Said, url: str) -> None:
        if not self._letters.hear(said):
            super()._hear(said, url)

    def _sound_came(self) -> None:
        """Hear nothing: there is no sound."""

    async def _be_a_person(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            write = self._letters.write
            writing = tasks.create_task(_write(write, self._chance), name="caller writes")
            try:
                await super()._be_a_person()
            finally:
                writing.cancel()

    def _say_text(self, said: Said) -> None:
        if self._leg is not None:
            self._closing.create_task(self._leg.say(said), name="caller's text")

    def _shown(self, said: Said) -> None:
        note_shown(self._history, self.call, CALLER, said)


class ChatSeat(AdviserPage):
    """One of an adviser's seats for chats, at the adviser's own page."""

    def __init__(self, adviser: Adviser, manner: AdviserManner, chance: Random) -> None:
        super().__init__(adviser, manner)
        self._name = adviser.name
        self._history = adviser.history
        self._closing = adviser.closing
        self._chance = chance
        self._call_written = ""
        self._letters: Letters | None = None

    def talk_path(self, call: str) -> str:
        """Return where to ask for the way to the chat."""
        return f"/api/talk?call={call}"

    def hear(self, said: Said) -> None:
        """Take what the desk says of this seat."""
        self._hear(said)

    async def _live_leg(self, ring: Said) -> LegEnd:
        if self._letters is None or self._call_written != ring["call"]:
            self._begin(ring)
        assert self._letters is not None, "begun"
        self._letters.opened()
        return await super()._live_leg(ring)

    def _begin(self, ring: Said) -> None:
        """Have the texts of another chat."""
        call = self._call_written = ring["call"]

        def shown(said: Said) -> None:
            note_shown(self._history, call, self._name, said)

        self._letters = Letters(
            Writer.ADVISER, str(ring["token"]), say=self._say_text, later=_later, shown=shown
        )

    def _leg_said(self, ring: Said, said: Said) -> None:
        is_mine = self._letters is not None and ring["call"] == self._call_written
        if not (is_mine and self._letters is not None and self._letters.hear(said)):
            super()._leg_said(ring, said)

    async def _talk(self) -> None:
        """Write while the chat lasts, then end it."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_write(self._write_text, self._chance), name="adviser writes")
            await super()._talk()

    def _write_text(self, words: str) -> None:
        if self._letters is not None:
            self._letters.write(words)

    def _say_text(self, said: Said) -> None:
        if self._leg is not None:
            self._closing.create_task(self._leg.say(said), name="adviser's text")


MakeSeat = Callable[[AdviserId], ChatSeat]


class ChattingAdviser(AdviserPage):
    """An adviser with seats for chats, where the desk has any for this one."""

    def __init__(self, adviser: Adviser, manner: AdviserManner, seat_of: MakeSeat) -> None:
        super().__init__(adviser, manner)
        names = chat_seats(AdviserId(adviser.name), CHATS_MAX)
        self._seats = {name: seat_of(name) for name in names}

    @property
    def seats(self) -> list[ChatSeat]:
        """Return the seats of which the desk has spoken."""
        return [seat for seat in self._seats.values() if seat.presence is not None]

    def take(self, own: Own) -> None:
        """Be at work."""
        super().take(own)
        for seat in self._seats.values():
            seat.take(own)

    def _hear(self, said: Said) -> None:
        if said["kind"] == "chat":
            self._seats[said["seat"]].hear(said["said"])
        else:
            super()._hear(said)


async def _write(write: Callable[[str], None], chance: Random) -> None:
    """Write some texts, one after the other."""
    for number in range(chance.randint(1, TEXTS_MOST)):
        await asyncio.sleep(chance.uniform(*PAUSE_S))
        write(f"text {number}")


def _later(act: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(AGAIN_AFTER_S, act)


def note_shown(history: History, call: str, page: str, said: Said) -> None:
    """Note a text that a page shows as written."""
    history.note(
        TextShown(
            at_ms=now_ms(),
            call=call,
            page=page,
            by=said["by"],
            text=said["text"],
            order=said["order"],
            words=said["words"],
        )
    )
