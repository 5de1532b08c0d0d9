"""Events on a node's disk: each kept until it is durable, its number its own for ever."""

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from contactcentre.adapters.spool_files.spool import FileSpool
from contactcentre.domain.errors import BadRequest, Outage, SpoolFull
from contactcentre.domain.ids import NodeId
from contactcentre.ports.records import WrittenEvent

NOW_MS = 1_790_000_000_000

OpenSpool = Callable[..., AbstractAsyncContextManager[FileSpool]]
WriteCalls = Callable[..., list[str]]


def pending(spool: FileSpool) -> Sequence[WrittenEvent]:
    return spool.pending(after_seq=0, count_max=1_000_000)


def names(spool: FileSpool) -> list[str]:
    return [written.event.call for written in pending(spool)]


def seqs(spool: FileSpool) -> list[int]:
    return [written.seq for written in pending(spool)]


def segments(folder: Path) -> list[Path]:
    return sorted((folder / "north-1").glob("*.jsonl"))


async def test_what_was_written_waits_in_order(
    open_spool: OpenSpool, write_calls: WriteCalls
) -> None:
    async with open_spool() as spool:
        written = write_calls(spool, 3)
        await spool.on_disk()
        assert names(spool) == written
        assert seqs(spool) == [NOW_MS, NOW_MS + 1, NOW_MS + 2]


async def test_nothing_is_shown_before_the_disk_has_it(
    open_spool: OpenSpool, write_calls: WriteCalls
) -> None:
    async with open_spool() as spool:
        write_calls(spool, 3)
        assert names(spool) == []
        await spool.on_disk()
        assert len(names(spool)) == 3


async def test_events_outlive_their_process(open_spool: OpenSpool, write_calls: WriteCalls) -> None:
    async with open_spool() as spool:
        written = write_calls(spool, 5)
        await spool.on_disk()
        before = pending(spool)
    async with open_spool() as spool:
        assert names(spool) == written
        assert pending(spool) == before


async def test_an_orderly_end_writes_what_is_left(
    open_spool: OpenSpool, write_calls: WriteCalls
) -> None:
    async with open_spool() as spool:
        written = write_calls(spool, 5)
    async with open_spool() as spool:
        assert names(spool) == written


async def test_numbers_rise_for_ever_also_when_nothing_waits_any_longer(
    open_spool: OpenSpool, write_calls: WriteCalls
) -> None:
    last = 0
    for _ in range(4):
        async with open_spool(now_ms=1, segment_bytes=600) as spool:
            write_calls(spool, 5)
            await spool.on_disk()
            assert seqs(spool)[-5:] == list(range(last + 1, last + 6))
            last = seqs(spool)[-1]
            spool.forget(up_to_seq=last)
            assert seqs(spool) == []
    assert last == 20


async def test_an_event_says_what_its_node_still_keeps(
    open_spool: OpenSpool, write_calls: WriteCalls
) -> None:
    async with open_spool(now_ms=1) as spool:
        write_calls(spool, 6)
        await spool.on_disk()
        assert {written.oldest_seq for written in pending(spool)} == {1}
        spool.forget(up_to_seq=4)
        assert [(written.seq, written.oldest_seq) for written in pending(spool)] == [(5, 5), (6, 5)]


async def test_a_part_of_what_waits_can_be_asked_for(
    open_spool: OpenSpool, write_calls: WriteCalls
) -> None:
    async with open_spool(now_ms=1) as spool:
        write_calls(spool, 9)
        await spool.on_disk()
        assert [written.seq for written in spool.pending(after_seq=4, count_max=3)] == [5, 6, 7]
        assert spool.pending(after_seq=9, count_max=3) == []


async def test_only_segments_without_anything_that_waits_are_deleted(
    open_spool: OpenSpool, write_calls: WriteCalls, tmp_path: Path
) -> None:
    async with open_spool(now_ms=1, segment_bytes=1) as spool:
        for number in range(1, 6):
            write_calls(spool, 1, first=number)
            await spool.on_disk()
        assert [int(path.stem) for path in segments(tmp_path)] == [1, 2, 3, 4, 5]
        spool.forget(up_to_seq=3)
    assert [int(path.stem) for path in segments(tmp_path)] == [4, 5]
    async with open_spool() as spool:
        assert names(spool) == ["c4", "c5"]


async def test_a_spool_has_a_bound_and_warns_before_it(
    open_spool: OpenSpool, write_calls: WriteCalls
) -> None:
    async with open_spool(now_ms=1, events_max=10) as spool:
        write_calls(spool, 7)
        assert not spool.is_full
        write_calls(spool, 1)
        assert spool.is_full
        write_calls(spool, 2)
        with pytest.raises(SpoolFull):
            write_calls(spool, 1)
        await spool.on_disk()
        spool.forget(up_to_seq=5)
        assert not spool.is_full
        write_calls(spool, 1)


@pytest.mark.parametrize("count", [0, 1])
async def test_writing_ends_with_the_spool(
    open_spool: OpenSpool, write_calls: WriteCalls, tmp_path: Path, count: int
) -> None:
    async with FileSpool(tmp_path, node=NodeId("north-1"), now_ms=NOW_MS) as spool:
        writing = asyncio.ensure_future(spool.keep_writing())
        written = write_calls(spool, count)
        await asyncio.sleep(0)
    await asyncio.wait_for(writing, 1)
    async with open_spool() as spool:
        assert names(spool) == written


async def test_a_second_process_is_kept_off(open_spool: OpenSpool, tmp_path: Path) -> None:
    async with open_spool():
        with pytest.raises(Outage, match="Another process"):
            FileSpool(tmp_path, node=NodeId("north-1"), now_ms=NOW_MS)
    async with open_spool():
        pass


@pytest.mark.parametrize("node", ["", "..", "a/b", "-x", "a b", "n" * 65])
def test_a_node_whose_name_is_no_folder_is_refused(tmp_path: Path, node: str) -> None:
    with pytest.raises(BadRequest):
        FileSpool(tmp_path, node=NodeId(node), now_ms=NOW_MS)


async def test_nobody_else_on_the_machine_can_read_it(
    open_spool: OpenSpool, write_calls: WriteCalls, tmp_path: Path
) -> None:
    async with open_spool() as spool:
        write_calls(spool, 1)
    assert (tmp_path / "north-1").stat().st_mode & 0o777 == 0o700
    assert segments(tmp_path)[0].stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kept_ratio", [0.0, 0.01, 0.5, 0.99])
async def test_a_line_torn_by_a_crash_is_nobodys_loss(
    open_spool: OpenSpool, write_calls: WriteCalls, tmp_path: Path, kept_ratio: float
) -> None:
    async with open_spool(now_ms=1) as spool:
        write_calls(spool, 3)
    [segment] = segments(tmp_path)
    whole, last = segment.read_bytes().rstrip(b"\n").rsplit(b"\n", 1)
    segment.write_bytes(whole + b"\n" + last[: int(len(last) * kept_ratio)])
    async with open_spool() as spool:
        assert seqs(spool) == [1, 2]
        write_calls(spool, 1, first=9)
        await spool.on_disk()
        assert seqs(spool) == [1, 2, 3]
    async with open_spool() as spool:
        assert names(spool) == ["c1", "c2", "c9"]


async def test_a_damaged_line_holds_up_nothing_and_is_kept_for_a_person(
    open_spool: OpenSpool, write_calls: WriteCalls, tmp_path: Path
) -> None:
    async with open_spool(now_ms=1) as spool:
        write_calls(spool, 5)
    [segment] = segments(tmp_path)
    segment.write_bytes(segment.read_bytes().replace(b'"c3"', b'"cX"'))
    async with open_spool() as spool:
        assert seqs(spool) == [1, 2]
        spool.forget(up_to_seq=2)
        assert [(written.seq, written.oldest_seq) for written in pending(spool)] == [(4, 4), (5, 4)]
        write_calls(spool, 1, first=6)
        await spool.on_disk()
        assert seqs(spool) == [4, 5, 6]
    assert b'"cX"' in segment.with_suffix(".damaged").read_bytes()


async def test_numbers_on_damaged_lines_are_not_given_again(
    open_spool: OpenSpool, write_calls: WriteCalls, tmp_path: Path
) -> None:
    async with open_spool(now_ms=1) as spool:
        write_calls(spool, 3)
    [segment] = segments(tmp_path)
    segment.write_bytes(b"noise\nnoise\nnoise\n")
    async with open_spool() as spool:
        write_calls(spool, 1)
        await spool.on_disk()
        assert seqs(spool) == [3], "the last line may have been torn and shown to nobody"


async def test_a_slow_disk_never_holds_up_the_node(
    open_spool: OpenSpool, write_calls: WriteCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync

    def slow(descriptor: int) -> None:
        time.sleep(0.15)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", slow)
    async with open_spool() as spool:
        longest = 0.0
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            began = time.monotonic()
            write_calls(spool, 1)
            await asyncio.sleep(0)
            longest = max(longest, time.monotonic() - began)
            await asyncio.sleep(0.002)
        assert longest < 0.1
        await spool.on_disk()


async def test_a_disk_that_fails_is_tried_again_and_the_node_takes_no_calls_meanwhile(
    open_spool: OpenSpool, write_calls: WriteCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = asyncio.Event()
    loop = asyncio.get_running_loop()

    def fail(descriptor: int) -> None:
        loop.call_soon_threadsafe(failed.set)
        raise OSError(28, "No space left on device", descriptor)

    async with open_spool(now_ms=1) as spool:
        write_calls(spool, 2)
        await spool.on_disk()
        with monkeypatch.context() as broken:
            broken.setattr(os, "fsync", fail)
            write_calls(spool, 2, first=3)
            await failed.wait()
            await asyncio.sleep(0.1)  # the spool is told by its thread, and waits to try again
            assert spool.is_full
            assert names(spool) == ["c1", "c2"]
        await spool.on_disk()
        assert not spool.is_full
        assert seqs(spool) == [1, 2, 3, 4]
    async with open_spool() as spool:
        assert names(spool) == ["c1", "c2", "c3", "c4"]
