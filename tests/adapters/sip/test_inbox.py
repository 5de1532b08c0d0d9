"""Messages in a burst: dealt with in order, and never for long at a time."""

import asyncio
import time

import pytest

from contactcentre.adapters.sip import inbox
from contactcentre.adapters.sip.inbox import Inbox
from contactcentre.adapters.sip.ways import StreamWay, Way

NEW, GOODBYE = b"a new call", b"a goodbye"
WAY = StreamWay("tcp", ("192.0.2.1", 5_060))


async def test_a_burst_of_messages_lets_the_others_have_their_turn() -> None:
    taken: list[bytes] = []

    def take(data: bytes, _way: Way) -> None:
        taken.append(data)
        ends = time.perf_counter() + 0.001
        while time.perf_counter() < ends:
            pass

    box = Inbox(take, may_drop=lambda _data: True, dropped=lambda: None)
    sent = [b"%d" % number for number in range(30)]
    for data in sent:
        box.came(data, WAY)
    turns, before = 0, 0
    while len(taken) < len(sent):
        assert len(taken) - before <= 2, "a round is over after two milliseconds"
        before = len(taken)
        await asyncio.sleep(0)
        turns += 1
        assert turns < 100
    assert taken == sent


async def test_what_comes_alone_does_not_wait() -> None:
    taken: list[bytes] = []
    box = Inbox(
        lambda data, _way: taken.append(data), may_drop=lambda _data: True, dropped=lambda: None
    )
    for data in (b"one", b"two"):
        box.came(data, WAY)
        await asyncio.sleep(0)
        assert taken[-1] == data


async def test_no_more_waits_than_can_be_remembered() -> None:
    taken: list[bytes] = []
    dropped: list[None] = []

    def take(data: bytes, _way: Way) -> None:
        taken.append(data)
        if len(taken) == 1:
            time.sleep(2 * inbox.ROUND_MAX_S)

    box = Inbox(take, may_drop=lambda data: data == NEW, dropped=lambda: dropped.append(None))
    for _ in range(inbox.WAITING_MAX + 5):
        box.came(NEW, WAY)
    assert len(dropped) == 4, "one was dealt with at once"
    for _ in range(inbox.WAITING_MAX):
        box.came(GOODBYE, WAY)
    assert len(dropped) == 4, "who is in a call is heard all the same"
    box.came(GOODBYE, WAY)
    assert len(dropped) == 5
    box.close()
    await asyncio.sleep(0.01)
    assert len(taken) == 1


async def test_a_loop_whose_every_round_is_long_is_behind_and_one_long_round_is_not() -> None:
    box = Inbox(lambda _data, _way: None, may_drop=lambda _data: True, dropped=lambda: None)

    async def rounds(count: int, length_s: float) -> None:
        for _ in range(count):
            box.came(b"x", WAY)
            time.sleep(length_s)  # noqa: ASYNC251 - as others do who share the loop
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    await rounds(1, 4 * inbox.BEHIND_AFTER_S)
    assert not box.is_behind
    await rounds(3 * inbox.ROUNDS_KEPT, 1.5 * inbox.BEHIND_AFTER_S)
    assert box.is_behind
    await rounds(4 * inbox.ROUNDS_KEPT, 0)
    assert not box.is_behind


async def test_what_was_long_ago_says_nothing_of_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "BEHIND_AFTER_S", 0.0)
    monkeypatch.setattr(inbox, "STALE_AFTER_S", 0.05)
    box = Inbox(lambda _data, _way: None, may_drop=lambda _data: True, dropped=lambda: None)
    box.came(b"x", WAY)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert box.is_behind
    await asyncio.sleep(0.1)
    assert not box.is_behind
