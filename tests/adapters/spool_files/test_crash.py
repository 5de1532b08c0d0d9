"""A node killed while it writes loses nothing that it had shown to anybody."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from contactcentre.adapters.spool_files.spool import FileSpool

WRITER = Path(__file__).parent / "writer.py"
WRITES_WITHIN_S = 15.0


def killed_writer(folder: Path, *, after_s: float) -> int:
    """Let a process write, kill it so long after its first word, and return its last word."""
    writer = subprocess.Popen([sys.executable, WRITER, folder], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    with writer, writer.stdout as words:
        first = words.readline()
        time.sleep(after_s)
        writer.kill()
        rest = words.read()
    whole = (first + rest).rpartition(b"\n")[0]
    return int(whole.split(b"\n")[-1])


@pytest.mark.parametrize("seed", range(3))
async def test_a_node_killed_again_and_again_loses_no_event_it_had_shown(
    open_spool: Callable[..., AbstractAsyncContextManager[FileSpool]], tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311 - no secret
    shown_seq = 0
    for _ in range(3):
        last_word = killed_writer(tmp_path, after_s=dice.uniform(0, 0.15))
        assert last_word > shown_seq, "numbers rise over every crash"
        shown_seq = last_word
    async with open_spool() as spool:
        seqs = [written.seq for written in spool.pending(after_seq=0, count_max=1_000_000)]
        assert seqs == list(range(1, len(seqs) + 1)), "no gap and no number twice"
        assert len(seqs) >= shown_seq
        assert spool.pending_count == len(seqs)
