"""A leg of which nothing is heard any more, by sound or socket, is let go: its page may hear us."""

import asyncio
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import cast

import pytest
from pydantic import BaseModel

from contactcentre.apps.adviser_part import AdviserPart
from contactcentre.apps.caller_part import CallerPart
from contactcentre.apps.node_tools import NodeTools
from contactcentre.domain.ids import AdviserId, CallId, LegId, LineId, Token
from contactcentre.domain.languages import Language
from contactcentre.ports.media import LegConnected, LegHeardAgain, LegSilent, Media
from contactcentre.wire.claims import CallerClaim, CallMemory
from contactcentre.wire.closing import Closing

LEG = LegId("c1.leg")


class Page:
    """A browser on a socket."""

    def __init__(self) -> None:
        self.is_hurried = False

    def send(self, said: BaseModel) -> None:
        """Take it."""

    def close(self, why: Closing) -> None:
        """Be closed."""

    def hurry(self, *, on: bool) -> None:
        """Remember it."""
        self.is_hurried = on


class Stage:
    """A node's media, which notes who is let go."""

    def __init__(self) -> None:
        self.closed: list[LegId] = []
        self.page = Page()
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[None, None, None], name: str) -> None:
        """Run it."""
        self._tasks.add(asyncio.create_task(work, name=name))

    async def close(self, leg: LegId) -> None:
        """Note it."""
        self.closed.append(leg)

    async def settled(self) -> list[LegId]:
        """Return who has been let go by now."""
        if self._tasks:
            await asyncio.wait(self._tasks)
        return self.closed

    def caller(self, *, is_chat: bool = False) -> CallerPart:
        """Return a caller who is heard."""
        patience = SimpleNamespace(leg_grace_ms=60_000)
        tools = SimpleNamespace(
            media=self, spawn=self.spawn, sign=None, words={}, patience=patience
        )
        claim = CallerClaim(
            call=CallId("c1"),
            line=LineId("tax"),
            language=Language.ENGLISH,
            epoch_count=1,
            epoch_nonce="a",
            page="0" * 64,
            exp=0,
            chat=True if is_chat else None,
        )
        part = CallerPart(
            leg=LEG,
            browser=self.page,
            claim=claim,
            tools=cast("NodeTools", tools),
            remember=lambda: cast("CallMemory", None),
        )
        part.heard(LegConnected(leg=LEG))
        return part

    def adviser(self) -> AdviserPart:
        """Return an adviser who is heard."""
        part = AdviserPart(
            adviser=AdviserId("ada"),
            token=Token(7),
            leg=LEG,
            browser=self.page,
            media=cast("Media", self),
            spawn=self.spawn,
            grace_ms=60_000,
        )
        part.heard(LegConnected(leg=LEG))
        return part


async def test_a_caller_of_whom_neither_sound_nor_socket_is_heard_is_let_go() -> None:
    stage = Stage()
    caller = stage.caller()
    caller.heard(LegSilent(leg=LEG))
    assert stage.page.is_hurried, "the socket is soon taken for lost as well"
    assert await stage.settled() == []
    caller.browser_lost(stage.page)
    assert await stage.settled() == [LEG]
    caller.left.set()


async def test_a_caller_who_falls_silent_after_the_socket_was_lost_is_let_go() -> None:
    stage = Stage()
    caller = stage.caller()
    caller.browser_lost(stage.page)
    assert await stage.settled() == []
    caller.heard(LegSilent(leg=LEG))
    assert await stage.settled() == [LEG]


async def test_a_caller_who_is_heard_again_has_the_usual_patience_again() -> None:
    stage = Stage()
    caller = stage.caller()
    caller.heard(LegSilent(leg=LEG))
    caller.heard(LegHeardAgain(leg=LEG))
    assert not stage.page.is_hurried
    caller.browser_lost(stage.page)
    assert await stage.settled() == []


async def test_somebody_who_writes_has_no_sound_to_be_let_go_of() -> None:
    stage = Stage()
    stage.caller(is_chat=True).browser_lost(stage.page)
    assert await stage.settled() == []


@pytest.mark.parametrize("socket_first", [True, False])
async def test_an_adviser_of_whom_neither_sound_nor_socket_is_heard_is_let_go(
    *, socket_first: bool
) -> None:
    stage = Stage()
    adviser = stage.adviser()
    if socket_first:
        adviser.socket_lost()
        assert await stage.settled() == []
        adviser.heard(LegSilent(leg=LEG))
    else:
        adviser.heard(LegSilent(leg=LEG))
        assert stage.page.is_hurried
        assert await stage.settled() == []
        adviser.socket_lost()
    assert await stage.settled() == [LEG]
    adviser.leave(Closing.DONE)
    await stage.settled()


async def test_an_adviser_who_is_heard_again_keeps_the_leg() -> None:
    stage = Stage()
    adviser = stage.adviser()
    adviser.heard(LegSilent(leg=LEG))
    adviser.heard(LegHeardAgain(leg=LEG))
    assert not stage.page.is_hurried
    adviser.socket_lost()
    assert await stage.settled() == []
