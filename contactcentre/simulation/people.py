"""Callers and advisers of a simulated centre: the people of the drills, in simulated browsers."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from types import MappingProxyType
from typing import cast

import aiohttp

from contactcentre.domain.ids import SoundName
from contactcentre.domain.languages import Language
from contactcentre.drills import history as h
from contactcentre.drills.adviser import AdviserPage
from contactcentre.drills.caller import CallerPage
from contactcentre.drills.checker import STUCK_AFTER_MS
from contactcentre.drills.handing import Parting, Way
from contactcentre.drills.history import Fact, History, now_ms
from contactcentre.drills.manners import AdviserManner, CallerManner, PromptCaller
from contactcentre.drills.spans import WAITING
from contactcentre.drills.who import Adviser, Caller
from contactcentre.simulation.browser import Browser
from contactcentre.simulation.chats import ChatSeat, ChattingAdviser, TextSound, WritingCaller
from contactcentre.simulation.ground import LINE
from contactcentre.simulation.listeners import PausingAdviser
from contactcentre.simulation.network import Names
from contactcentre.simulation.sound import BrowserSound
from contactcentre.simulation.world import World

PEOPLE = "people"
OFFERED, RIGHT = SoundName("label_callback"), SoundName("label_callback_right")
IN_TURN, CHOOSE = SoundName("label_callback_turn"), SoundName("label_callback_choose")
NOBODYS_NUMBERS = "01632960"
"""How the numbers begin that are kept for plays and films; three digits follow."""
KEYS = ("4", "4", "3", "0")
"""What callers press: most want the general queue, some to pay, a few need extra support."""
POLL_S = 0.1
LAST_ROUND_WITHIN_S = 15.0
PATIENT_S = 100_000.0
GAP_KEPT_MS = 300
"""Shorter pauses of sound are no news to anybody."""
CALLBACK_RATIO = 0.4
"""So many callers would rather be rung back than wait."""
CANCEL_RATIO = 0.15
"""So many of those think better of it once it is booked."""
ATTEMPTS: Mapping[str, int] = MappingProxyType(
    {"reached": 14, "no_answer": 4, "wrong_number": 1, "given_up": 1}
)
"""How often it ends how that a number is rung, among all."""
PARTINGS: Mapping[Way | None, int] = MappingProxyType(
    {None: 8, Way.TRANSFER: 3, Way.ASK: 1, Way.MERGE: 1, Way.HAND_OVER: 3}
)
"""How often a talk ends with goodbye, or how else, among all."""
NO_ANSWER_RATIO = 0.04
NO_ANSWER_S = 40.0


class Witnessed(History):
    """A history without the smallest pauses of sound, of which there are very many."""

    def note(self, fact: Fact) -> None:
        """Write a fact down."""
        if isinstance(fact, h.SoundGap) and fact.at_ms - fact.began_ms < GAP_KEPT_MS:
            return
        super().note(fact)


class SimulatedCaller:
    """A caller with a mind of their own; most are patient, some leave early."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        draw = chance.random()
        self._leaves_menu = draw < 0.06  # noqa: PLR2004 - a few
        self._impatient = not self._leaves_menu and draw < 0.2  # noqa: PLR2004 - some

    async def choose(self) -> None:
        """Think about the menu for some seconds."""
        await asyncio.sleep(PATIENT_S if self._leaves_menu else self._chance.uniform(0.3, 5.0))

    async def tire(self) -> None:
        """Be served, or leave before."""
        if self._leaves_menu:
            await asyncio.sleep(self._chance.uniform(0.5, 6.0))
        elif self._impatient:
            await asyncio.sleep(self._chance.uniform(3.0, 40.0))
        else:
            await asyncio.sleep(PATIENT_S)

    async def talk(self) -> None:
        """End about every second talk."""
        await asyncio.sleep(self._chance.uniform(2.0, 14.0))


async def ask_for_callback(
    page: CallerPage,
    number: str,
    chance: Random,
    *,
    labels: Mapping[SoundName, str],
    is_later: bool,
) -> None:
    """Press what books a callback, as it is offered; return once it is booked, or not needed.

    Each question is answered once, by what stands beside its keys. Whoever wants to be rung in
    their turn (not `is_later`) chooses no half hour, and waits on where that is all there is.
    """
    answered: Mapping[str, str] = {}
    while not page.is_booked and not page.has_talked.is_set():
        await asyncio.sleep(chance.uniform(0.4, 1.5))
        keys = page.keys
        if page.stage != WAITING or keys is answered or not (keys.keys() & {"1", "#"}):
            continue
        answered = keys
        if "#" in keys:
            for key in number:
                await page.press(key)
        elif keys["1"] == labels[OFFERED]:
            await page.press("1")
        elif is_later and keys.get("2") == labels[CHOOSE]:
            await page.press("2")
        elif is_later or keys["1"] in {labels[RIGHT], labels[IN_TURN]}:
            page.ask_for_callback()
            await page.press("1")
        else:
            await page.press("*")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackWish:
    """How somebody wants to be rung back."""

    is_later: bool = False
    """In the next half hour, not in their turn."""
    cancels_ratio: float = 0.0
    """How likely they think better of it once it is booked."""


class SimulatedAdviser:
    """An adviser of a busy day, who now and then lets it ring."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self.answers = asyncio.Event()
        self.answers.set()
        """Not set while every ring is to be left ringing."""
        self.is_last_round = False

    async def think(self, call: str) -> None:
        """Answer soon, or not at all."""
        del call
        if not self.is_last_round and self._chance.random() < NO_ANSWER_RATIO:
            await asyncio.sleep(NO_ANSWER_S)
        await asyncio.sleep(self._chance.uniform(0.3, 3.0))
        await self.answers.wait()

    async def talk(self) -> None:
        """Talk for some seconds."""
        await asyncio.sleep(self._chance.uniform(2.0, 12.0))

    async def write(self) -> None:
        """Write a little."""
        await asyncio.sleep(self._chance.uniform(0.2, 1.5))


class Floor:
    """Everybody who takes part in a run."""

    def __init__(self, world: World, group: asyncio.TaskGroup) -> None:
        self.history = Witnessed()
        self.started_count = 0
        self._is_last_round = False
        self.advisers: list[ChattingAdviser] = []
        self.callers: dict[str, CallerPage] = {}
        """Those who call now."""
        self._world = world
        self._group = group
        self._chance = world.simulation.dice("people")
        self._chats = world.simulation.dice("chats")
        self._callback_chance = world.simulation.dice("callbacks")
        self._partings = world.simulation.dice("partings")
        self._pauses = world.simulation.dice("pauses")
        self._names: list[str] = []
        self._working: list[asyncio.Task[None]] = []
        self.called: list[tuple[str, CallerPage]] = []
        """Everybody who has called, by what a scenario names them."""
        world.people_names = lambda: [*self._names, *self.callers]
        world.who_calls = self.who_calls

    def open(
        self,
        manner_of: Callable[[str], AdviserManner],
        *,
        desks: Sequence[str] | None = None,
        hands_on: bool = False,
    ) -> None:
        """Let every adviser come to work, at any desk process or at some.

        They hand some callers to other queues, ask one another, and pause recordings, if they do
        so at all.
        """
        desks = [f"http://{desk}" for desk in self._world.of("desk")] if desks is None else desks
        for name in self._world.ground.accounts:
            names = (PEOPLE, PEOPLE, name)
            adviser = Adviser(
                name=name,
                password="known to nobody",  # noqa: S106 - nobody asks for it
                desks=desks,
                history=self.history,
                closing=self._group,
                chance=self._dice(),
                open_session=lambda names=names: self._browser(names),  # type: ignore[misc]
                make_sound=self._make_sound(names),
                attempt=self._attempt,
                parting=self._parting if hands_on else lambda: None,
            )
            page = PausingAdviser(
                adviser,
                manner_of(name),
                partial(self._seat, adviser),
                witness=self._world.ground.witness,
                chance=self._dice_of_pauses() if hands_on else None,
            )
            self._names.append(name)
            self.advisers.append(page)
            self._working.append(self._group.create_task(page.work(), name=name))

    def _seat(self, person: Adviser, name: str) -> ChatSeat:
        """Return a seat of an adviser, who is quick to answer a chat and not at all sometimes."""
        adviser = replace(person, name=name, make_sound=TextSound, parting=lambda: None)
        return ChatSeat(adviser, SimulatedAdviser(self._dice_of_chats()), self._dice_of_chats())

    def who_calls(self, call: str) -> str:
        """Return what a scenario names the caller of a call."""
        return next((who for who, page in self.called if page.call == call), "")

    def call(
        self,
        manner: CallerManner,
        *,
        who: str = "",
        key: str | None = None,
        left: Mapping[str, str] | None = None,
        is_chat: bool = False,
        callback: CallbackWish | None = None,
    ) -> CallerPage:
        """Let somebody call, with a key of their own choice or with one that is given, or chat."""
        self.started_count += 1
        name = f"caller-{self.started_count}"
        names = (PEOPLE, PEOPLE, name)
        caller = Caller(
            number=self.started_count,
            public_urls=["http://public"],
            session=self._browser(names),
            history=self.history,
            closing=self._group,
            chance=self._dice(),
            key=self._chance.choice(KEYS) if key is None else key,
            left=left,
            make_sound=TextSound if is_chat else self._make_sound(names),
            is_chat=is_chat,
        )
        page = (
            WritingCaller(caller, manner, self._dice_of_chats())
            if is_chat
            else CallerPage(caller, manner)
        )
        self.callers[name] = page
        self.called.append((who, page))
        task = self._group.create_task(page.live(), name=name)
        task.add_done_callback(lambda _: self.callers.pop(name, None))
        if callback is not None:
            number = f"{NOBODYS_NUMBERS}{self.started_count:03}"
            asks = self._be_rung_back(page, task, number, callback)
            self._group.create_task(asks, name=f"{name} asks")
        return page

    async def _be_rung_back(
        self, page: CallerPage, living: asyncio.Task[None], number: str, wish: CallbackWish
    ) -> None:
        """Let a caller book a callback, and take that back now and then."""
        chance = self._callback_chance
        labels = self._world.ground.words[Language.ENGLISH]
        asks = ask_for_callback(page, number, chance, labels=labels, is_later=wish.is_later)
        asking = self._group.create_task(asks, name="asks")
        await asyncio.wait({living})
        asking.cancel()
        if page.is_booked and chance.random() < wish.cancels_ratio:
            await asyncio.sleep(chance.uniform(0.3, 10.0))
            await page.cancel_callback()

    async def keep_calling(self, every_s: float) -> None:
        """Let somebody call again and again."""
        wish = CallbackWish(cancels_ratio=CANCEL_RATIO)
        while True:
            await asyncio.sleep(self._chance.expovariate(1.0 / every_s))
            wants = self._callback_chance.random() < CALLBACK_RATIO
            self.call(
                SimulatedCaller(self._dice()),
                callback=wish if wants and self._world.ground.offers is not None else None,
            )

    async def keep_writing(self, every_s: float) -> None:
        """Let somebody come to chat again and again."""
        dice = self._dice_of_chats()
        while True:
            await asyncio.sleep(dice.expovariate(1.0 / every_s))
            self.call(SimulatedCaller(self._dice_of_chats()), is_chat=True)

    async def is_so(self, true: Callable[[], bool], *, within_s: float) -> bool:
        """Wait until something is so; say whether it came to that in time."""
        until_ms = now_ms() + int(within_s * 1_000)
        while not true():
            if now_ms() > until_ms:
                return False
            await asyncio.sleep(POLL_S)
        return True

    async def all_over(self, *, within_s: float) -> bool:
        """Wait until nobody calls any more; say whether it came to that in time."""
        return await self.is_so(lambda: not self.callers, within_s=within_s)

    async def all_ready(self) -> None:
        """Wait until every adviser is ready, for as long as that may take."""
        await self.is_so(
            lambda: all(
                one.presence == "ready" for page in self.advisers for one in (page, *page.seats)
            ),
            within_s=STUCK_AFTER_MS / 1_000,
        )

    async def last_round(self, manner: SimulatedAdviser, *, over_within_s: float) -> None:
        """Let everybody become ready, then ring every adviser once more, all at the same time."""
        note = self.history.note
        manner.is_last_round = self._is_last_round = True
        note(h.AllOver(at_ms=now_ms()))
        await self.all_ready()
        note(h.LastRound(at_ms=now_ms()))
        manner.answers.clear()
        for _ in self.advisers:
            self.call(PromptCaller(self._dice()))
        await self.is_so(
            lambda: all(page.presence == "ringing" for page in self.advisers),
            within_s=LAST_ROUND_WITHIN_S,
        )
        manner.answers.set()
        await self.all_over(within_s=over_within_s)
        note(h.LastRoundOver(at_ms=now_ms()))

    def _attempt(self) -> str:
        """Return how it ends that a number is rung."""
        [attempt] = self._callback_chance.choices(list(ATTEMPTS), list(ATTEMPTS.values()))
        return attempt

    def _parting(self) -> Parting | None:
        """Return what is done with a caller at the end of a talk."""
        if self._is_last_round:
            return None
        [way] = self._partings.choices(list(PARTINGS), list(PARTINGS.values()))
        queue = self._partings.choice(self._world.ground.lines[LINE].call_queues).id
        return None if way is None else Parting(way=way, queue=queue)

    def _dice(self) -> Random:
        return Random(self._chance.random())  # noqa: S311 - the same seed, the same people

    def _dice_of_pauses(self) -> Random:
        """Return dice of their own for pauses of recordings."""
        return Random(self._pauses.random())  # noqa: S311 - the same seed, the same people

    def _dice_of_chats(self) -> Random:
        """Return dice of their own for those who write: others go on as if nobody did."""
        return Random(self._chats.random())  # noqa: S311 - the same seed, the same people

    def _browser(self, names: Names) -> aiohttp.ClientSession:
        """Return a browser; it has as much of a session as the people use."""
        return cast("aiohttp.ClientSession", Browser(self._world.post, self._world.wires, names))

    def _make_sound(self, names: Names) -> Callable[[float], BrowserSound]:
        return lambda hums_hz: BrowserSound(self._world.ground.air, names, hums_hz)


def states(pages: Sequence[AdviserPage]) -> Sequence[str | None]:
    """Return how advisers stand, as their pages know."""
    return [page.presence for page in pages]
