"""A caller with a telephone knows by ear where the call is, and by what desks show of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import aiohttp

from contactcentre.adapters.media_aiortc.g711 import PCMU
from contactcentre.bench.peer import tone_codes
from contactcentre.drills import history as h
from contactcentre.drills.checker import check
from contactcentre.drills.ears import Ears, SoundWatch, frames_of_music
from contactcentre.drills.history import History
from contactcentre.drills.leg import ADVISER_HZ
from contactcentre.drills.manners import PATIENT_S
from contactcentre.drills.phone_caller import Moved, PhoneCaller
from contactcentre.drills.who import Caller
from tests.drills.saw import GENERAL, row

MUSIC = frames_of_music()
TONE = tone_codes(ADVISER_HZ, frames=50)
SPEECH = tone_codes(500.0, frames=50)
WITHIN_S = 5.0


class Line:
    """A telephone whose sound the test plays."""

    leg = "sip"

    def __init__(self, history: History) -> None:
        self.ears = Ears(PCMU, MUSIC, SoundWatch(lambda: self.call, history.note))
        self.call = ""
        self.own: str | None = "ws://n/leg"
        self.over = asyncio.Event()
        self.pressed = ""
        self.frames: list[bytes] = list(SPEECH)
        self.moved: Moved = lambda: None

    def tell_moved(self, moved: Moved) -> None:
        """Take note of whom to tell."""
        self.moved = moved

    async def dial(self) -> str:
        """Be let in at once."""
        self.call = "a"
        return ""

    async def press(self, key: str) -> None:
        """Go to the music with the first key."""
        self.pressed += key
        self.frames = sorted(MUSIC["PCMU"])

    async def hang_up(self) -> None:
        """Be gone."""

    async def play(self) -> None:
        """Play what is to be heard, for ever."""
        at = 0
        while True:
            self.ears.came(self.frames[at % len(self.frames)])
            at += 1
            await asyncio.sleep(0.02)


class Prompt:
    """A caller who chooses at once and ends the talk when told to."""

    def __init__(self) -> None:
        self.ends = asyncio.Event()

    async def choose(self) -> None:
        """Choose at once."""

    async def tire(self) -> None:
        """Wait to be served."""
        await asyncio.sleep(PATIENT_S)

    async def talk(self) -> None:
        """Talk until told."""
        await self.ends.wait()


@asynccontextmanager
async def calling() -> AsyncIterator[tuple[PhoneCaller, Line, Prompt, History, asyncio.Task[None]]]:
    """Give somebody who calls."""
    history, manner = History(), Prompt()
    line = Line(history)
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        caller = Caller(
            number=1,
            public_urls=[],
            session=session,
            history=history,
            closing=group,
            chance=Random(1),  # noqa: S311 - the same seed, the same person
        )
        page = PhoneCaller(caller, manner, line)
        playing = group.create_task(line.play())
        living = group.create_task(page.live())
        try:
            async with asyncio.timeout(WITHIN_S):
                yield page, line, manner, history, living
        finally:
            playing.cancel()
            living.cancel()


async def until(page: PhoneCaller, stage: str) -> None:
    """Wait until a caller knows to be there."""
    while page.stage != stage:  # noqa: ASYNC110 - it is heard
        await asyncio.sleep(0.02)


def rings(token: int) -> h.RingHeard:
    """Return what the desk sees that rings for the call."""
    return h.RingHeard(at_ms=h.now_ms(), adviser="ada", call="a", token=token, queue=GENERAL)


async def test_a_telephone_waits_when_it_hears_the_music_and_talks_when_it_hears_the_adviser() -> (
    None
):
    async with calling() as (page, line, manner, history, living):
        await until(page, "waiting")
        assert line.pressed == "4"
        history.note(rings(1))
        assert page.stage == "ringing"
        line.frames = TONE
        await until(page, "talking")
        manner.ends.set()
        await living
    stages = [fact.state for fact in history.of(h.StageHeard)]
    assert stages == ["in_menu", "waiting", "ringing", "talking"]
    (gone,) = history.of(h.CallerGone)
    assert gone.why == "hung_up"


async def test_a_telephone_that_is_rung_for_again_in_a_talk_was_in_a_talk_that_broke() -> None:
    async with calling() as (page, line, _, history, _):
        await until(page, "waiting")
        history.note(rings(1))
        line.frames = TONE
        await until(page, "talking")
        history.note(rings(2))
    found = check(history, [row("a")], started=1)
    assert found.talks_broken == ["a"]


async def test_a_telephone_whose_call_is_ended_while_nobody_wanted_that_was_cut_off() -> None:
    async with calling() as (page, line, _, history, living):
        await until(page, "waiting")
        line.over.set()
        await living
    (sentence,) = check(history, [], started=1).lost
    assert sentence == "a was cut off (, last waiting)"


async def test_another_node_that_takes_the_call_is_noted() -> None:
    async with calling() as (page, line, _, history, _):
        await until(page, "waiting")
        line.own = "ws://m/leg"
        line.moved()
    assert [fact.node for fact in history.of(h.ClaimSeen)] == ["ws://n/leg", "ws://m/leg"]
