"""A node that stops anywhere in the writing of its spool, at any byte, goes on without a loss.

The disk's steps of a short history are written down as they happen. From them the disk is made as
it was at each step, and in the middle of each write at each byte, and the spool opened on it again.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from contactcentre.adapters.spool_files.segments import SegmentWriter, replay
from contactcentre.adapters.spool_files.spool import FileSpool
from contactcentre.domain.ids import NodeId
from contactcentre.ports.records import WrittenEvent
from tests.adapters.spool_files.conftest import arrival
from tests.adapters.spool_files.recorded_disk import (
    Files,
    Moment,
    RecordedDisk,
    Step,
    moments,
)

NODE = NodeId("north-1")
FAILING_SYNC = 2
GOES = ((1, 2, 0), (3, 1, 2))
"""The first event of each go, how many there are, and up to which one is let go of afterwards."""
MORE_GOES = (*GOES, (4, 2, 3), (6, 1, 0))
SEGMENT_BYTES = 1_000
AFTERWARDS = 900
"""The calls that come after a crash are numbered from here."""

OpenSpool = Callable[..., AbstractAsyncContextManager[FileSpool]]
WriteCalls = Callable[..., list[str]]


async def history(
    open_spool: OpenSpool,
    write_calls: WriteCalls,
    monkeypatch: pytest.MonkeyPatch,
    goes: Sequence[tuple[int, int, int]],
) -> Sequence[Step]:
    """Write events in some goes, one of which fails at first, and let go of some."""
    with monkeypatch.context() as patch:
        patch.setattr("contactcentre.adapters.spool_files.spool.RETRY_MS", 1)
        disk = RecordedDisk(patch, failing_sync=FAILING_SYNC)
        async with open_spool(now_ms=1, segment_bytes=SEGMENT_BYTES) as spool:
            for first, count, let_go in goes:
                write_calls(spool, count, first=first)
                await spool.on_disk()
                disk.steps.append(Step("shown", number=first + count - 1))
                if let_go:
                    disk.steps.append(Step("let go", number=let_go))
                    spool.forget(up_to_seq=let_go)
    return disk.steps


def lay_out(folder: Path, files: Files) -> Path:
    """Make a spool's folder as a crash has left it."""
    (folder / NODE).mkdir(parents=True, exist_ok=True)
    for left in (folder / NODE).iterdir():
        left.unlink()
    for name, data in files.items():
        (folder / NODE / name).write_bytes(data)
    return folder / NODE


def check(events: Sequence[WrittenEvent], next_seq: int, moment: Moment) -> None:
    """See that what was shown is there, each event by its own number and once."""
    seqs = [written.seq for written in events]
    assert seqs == sorted(set(seqs)), "each once, in order"
    assert set(range(moment.let_go + 1, moment.shown + 1)) <= set(seqs), "nothing shown is lost"
    assert next_seq > max([moment.shown, *seqs]), "no number is given to two events"
    assert all(
        written.event.call == f"c{written.seq}" for written in events if written.seq < next_seq
    )


async def test_a_node_killed_at_any_byte_loses_nothing_and_cuts_off_what_was_torn(
    open_spool: OpenSpool,
    write_calls: WriteCalls,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    steps = await history(open_spool, write_calls, monkeypatch, GOES)
    monkeypatch.setattr("os.fsync", lambda _: None)
    count = 0
    for moment in moments(steps, every_byte=True):
        count += 1
        folder = lay_out(tmp_path / "again", moment.killed)
        found = replay(folder)
        next_seq = found.next_seq or 1
        check(found.events, next_seq, moment)

        writer = SegmentWriter(folder, segment_bytes=SEGMENT_BYTES)
        event, call = arrival(next_seq)
        later = WrittenEvent(node=NODE, seq=next_seq, event=event, call=call)
        writer.append([later])
        writer.close()
        again = replay(folder)
        assert [*again.events] == [*found.events, later], "a torn line is nobody's, before or after"
        assert again.next_seq == next_seq + 1
        assert not [*folder.glob("*.damaged")], "a torn line is no damage"
    assert count > sum(len(step.data) for step in steps), "each byte was a place to stop"


@pytest.mark.parametrize("loss", ["killed", "unpowered", "reordered"])
async def test_a_spool_goes_on_after_a_crash_between_any_two_steps(
    open_spool: OpenSpool,
    write_calls: WriteCalls,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    loss: str,
) -> None:
    steps = await history(open_spool, write_calls, monkeypatch, MORE_GOES)
    monkeypatch.setattr("os.fsync", lambda _: None)
    for moment in moments(steps, every_byte=False):
        lay_out(tmp_path / "again", getattr(moment, loss))
        ledger = {seq: f"c{seq}" for seq in range(1, moment.shown + 1)}  # it may have been sent
        for later in range(AFTERWARDS, AFTERWARDS + 3):
            async with FileSpool(tmp_path / "again", node=NODE, now_ms=1) as spool:
                waiting = spool.pending(after_seq=0, count_max=100)
                write_calls(spool, 1, first=later)
            seqs = [written.seq for written in waiting]
            assert set(range(moment.let_go + 1, moment.shown + 1)) <= set(seqs)
            for written in waiting:
                known = ledger.setdefault(written.seq, written.event.call)
                assert known == written.event.call, "a number is of one event for ever"
        after = [call for call in ledger.values() if call in {"c900", "c901"}]
        assert after == ["c900", "c901"], "what was written after the crash is there, each once"
    did = {step.did for step in steps}
    assert did == {"create", "sync folder", "write", "sync", "cut", "unlink", "shown", "let go"}
