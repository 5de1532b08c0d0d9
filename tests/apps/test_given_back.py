"""What calls leave behind once they are over: nothing that the collector would have to find."""

import asyncio
import gc
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import fields
from types import MethodType
from typing import Any
from weakref import ref

import pytest

from contactcentre.apps import collecting
from contactcentre.apps.belonging import loosely, tools_of
from contactcentre.apps.node_tools import NodeTools
from contactcentre.domain.presence import Presence
from tests.apps.small_centre import PAYING
from tests.apps.test_trunk_calls import Town, town

__all__ = ["town"]

CALLS = 3
SETTLED_WITHIN_S = 2.0
CALLERS_OWN = "contactcentre.bench."
"""The telephones of these tests are in the same process."""
OF_THE_CALL = {"NodeCall", "CallRoom", "CallWay", "CallerPart", "FlowWalk", "Waiting", "Bridging"}


@contextmanager
def left_behind() -> Iterator[Counter[str]]:
    """Give how many objects of ours only the collector could give back of what happens here."""
    left: Counter[str] = Counter()
    gc.collect()
    gc.disable()
    try:
        yield left
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        left.update(_ours(gc.garbage))
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def _ours(found: list[Any]) -> Iterator[str]:
    for one in found:
        of = type(one.__self__ if type(one) is MethodType else one)
        if of.__module__.startswith("contactcentre.") and CALLERS_OWN not in of.__module__:
            yield of.__qualname__


def tools(spawn: Callable[[Coroutine[None, None, None], str], None]) -> NodeTools:
    """Return tools that do nothing but spawn."""
    nothing: dict[str, Any] = {one.name: None for one in fields(NodeTools)}
    return NodeTools(**{**nothing, "spawn": spawn})


async def settled() -> None:
    """Wait until all that was still on its way for a call has come to its end."""
    await asyncio.sleep(SETTLED_WITHIN_S)


async def test_a_call_from_a_trunk_leaves_nothing_to_the_collector(town: Town) -> None:
    async def call() -> None:
        phone = await town.dial()
        await phone.press("33")
        await town.waits(within_s=5.0)
        town.phones.remove(phone)
        await phone.close()

    await call()  # the first one finds scripts that the store does not know yet
    await settled()
    with left_behind() as left:
        for _ in range(CALLS):
            await call()
        await settled()
    assert not left


async def test_a_talk_with_an_adviser_leaves_nothing_of_the_call_to_the_collector(
    town: Town,
) -> None:
    async def talk(who: str) -> None:
        phone = await town.wait_in_queue()
        await town.centre.desk.report(who, Presence.READY, PAYING)
        _, adviser = await town.centre.answer_ring()
        await adviser.hear("bridged")
        await adviser.say("hang_up")
        await adviser.hear("over")
        await adviser.close()
        town.phones.remove(phone)
        await phone.close()

    await talk("ada")
    await settled()
    with left_behind() as left:
        await talk("ben")
        await settled()
    # the library of a browser's connection leaves that in a ring, and so what it tells
    assert not OF_THE_CALL & left.keys()


class Owner:
    """Something that has parts."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def hear(self, said: str) -> str:
        """Hear something."""
        self.heard.append(said)
        return "heard"


def test_a_part_tells_its_call_for_as_long_as_that_is_there() -> None:
    owner = Owner()
    tell = loosely(owner.hear)
    assert tell("a word") == "heard"
    assert owner.heard == ["a word"]
    gone = ref(owner)
    del owner
    assert gone() is None
    assert tell("another") is None


async def test_a_call_is_there_while_what_its_parts_spawn_for_it_runs() -> None:
    may_end, tasks = asyncio.Event(), list[asyncio.Task[None]]()

    def spawn(work: Coroutine[None, None, None], name: str) -> None:
        tasks.append(asyncio.create_task(work, name=name))

    async def wait() -> None:
        await may_end.wait()

    owner = Owner()
    gone = ref(owner)
    tools_of(owner, tools(spawn)).spawn(wait(), "work")
    del owner
    await asyncio.sleep(0)
    assert gone() is not None
    may_end.set()
    await tasks.pop()
    await asyncio.sleep(0)
    assert gone() is None


async def test_what_is_cancelled_before_its_start_ends_without_a_complaint() -> None:
    tasks = list[asyncio.Task[None]]()

    def spawn(work: Coroutine[None, None, None], name: str) -> None:
        tasks.append(asyncio.create_task(work, name=name))

    owner = Owner()
    tools_of(owner, tools(spawn)).spawn(asyncio.sleep(1), "work")
    tasks[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]


async def test_the_collector_rests_on_a_node_and_looks_at_everything_while_it_is_quiet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    others = gc.get_threshold()  # of a node of another test, for one
    before, is_quiet, looks = (700, 10, 10), False, list[bool]()
    gc.set_threshold(*before)
    monkeypatch.setattr(collecting, "QUIET_EVERY_S", 0.01)
    monkeypatch.setattr(gc, "collect", lambda: looks.append(is_quiet))
    with collecting.collector_at_rest():
        assert gc.get_threshold()[0] > before[0]
        keeping = asyncio.create_task(collecting.keep_collecting(lambda: is_quiet))
        await asyncio.sleep(0.05)
        assert not looks
        is_quiet = True
        await asyncio.sleep(0.05)
        keeping.cancel()
    after = gc.get_threshold()
    gc.set_threshold(*others)
    assert looks
    assert after == before
