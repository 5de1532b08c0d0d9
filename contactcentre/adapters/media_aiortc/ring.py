"""Many calls of the system in one: Linux's io_uring, as far as a node's tick has use for it.

Everything that is asked for is done, or refused because it would have to wait, before `run`
returns: nothing is ever on its way in the system's hands, so no buffer must outlive a tick. Where
the system does not allow rings (an old one, or a container's rules), `Ring` raises OSError.
"""

import ctypes
import errno
import mmap
import os
import weakref

import numpy as np
from numpy.typing import NDArray

ENTRIES = 1_024
"""So many at a time; more are done in several goes."""
_SETUP, _ENTER = 425, 426
_ENTRIES_AT = 0x1000_0000
_AGAIN_MAX = 3
"""A signal may come between; so often in a row it does not."""
_WORD = 0xFFFF_FFFF

SEND_MESSAGE, RECEIVE_MESSAGE = 9, 10
ENTRY = np.dtype(
    [
        ("operation", "u1"),
        ("flags", "u1"),
        ("priority", "u2"),
        ("descriptor", "i4"),
        ("offset", "u8"),
        ("address", "u8"),
        ("length", "u4"),
        ("how", "u4"),
        ("mark", "u8"),
        ("more", "u8", 3),
    ]
)
"""One thing to do (struct io_uring_sqe)."""
_DONE = np.dtype([("mark", "u8"), ("result", "i4"), ("flags", "u4")])
ENTRY_WORDS = 8
Entries = NDArray[np.uint64]
"""Rows of eight words, each an ENTRY."""
Results = NDArray[np.int32]


class _Parameters(ctypes.Structure):
    """How a ring was made (struct io_uring_params)."""

    _fields_ = (
        ("entries", ctypes.c_uint32),
        ("done_entries", ctypes.c_uint32),
        ("as_asked", ctypes.c_uint32 * 5),
        ("reserved", ctypes.c_uint32 * 3),
        ("entries_at", ctypes.c_uint32 * 10),
        ("done_at", ctypes.c_uint32 * 10),
    )


class RingFailed(Exception):
    """A ring does not work any more."""


class Ring:
    """One ring, used by one thread. Raises OSError where the system has none for us."""

    def __init__(self) -> None:
        self._call = ctypes.CDLL(None, use_errno=True).syscall
        made = _Parameters()
        self._descriptor = self._call(_SETUP, ENTRIES, ctypes.byref(made))
        if self._descriptor < 0:
            raise OSError(ctypes.get_errno(), "The system gives no io_uring.")
        self._closed = weakref.finalize(self, os.close, self._descriptor)
        head, tail, mask, _, _, _, order, *_ = (at // 4 for at in made.entries_at)
        done_head, done_tail, done_mask, _, _, done, *_ = (at // 4 for at in made.done_at)
        length = max(4 * (order + made.entries), 4 * done + made.done_entries * _DONE.itemsize)
        shared = mmap.mmap(self._descriptor, length, flags=mmap.MAP_SHARED)
        entries = mmap.mmap(
            self._descriptor,
            made.entries * ENTRY.itemsize,
            flags=mmap.MAP_SHARED,
            offset=_ENTRIES_AT,
        )
        self._words = np.frombuffer(shared, np.uint32, count=length // 4)
        self._entries = np.frombuffer(entries, np.uint64).reshape(-1, ENTRY_WORDS)
        self._marks = np.frombuffer(entries, ENTRY)["mark"]
        self._done = np.frombuffer(shared, _DONE, count=made.done_entries, offset=4 * done)
        self._words[order : order + made.entries] = np.arange(made.entries)
        self._head, self._tail, self._mask = head, tail, int(self._words[mask])
        self._done_head, self._done_tail = done_head, done_tail
        self._done_mask = int(self._words[done_mask])

    def run(self, entries: Entries) -> Results:
        """Return what came of each entry: a length, or an error below zero.

        Raises RingFailed.
        """
        results: Results = np.empty(len(entries), np.int32)
        for start in range(0, len(entries), ENTRIES):
            self._run(entries[start : start + ENTRIES], results[start : start + ENTRIES])
        return results

    def _run(self, entries: Entries, results: Results) -> None:
        """Have no more done than the ring holds."""
        count, words = len(entries), self._words
        numbers = np.arange(count)
        tail = int(words[self._tail])
        places = tail + numbers & self._mask
        self._entries[places] = entries
        self._marks[places] = numbers
        words[self._tail] = tail + count & _WORD
        self._enter(count)
        head = int(words[self._done_head])
        if int(words[self._done_tail]) - head & _WORD != count:
            raise RingFailed("The system has left something undone.")
        done = self._done[head + numbers & self._done_mask]
        words[self._done_head] = head + count & _WORD
        results[done["mark"].astype(np.intp)] = done["result"]

    def _enter(self, count: int) -> None:
        """Let the system do what stands in the ring."""
        interrupted = 0
        while count:
            taken = self._call(_ENTER, self._descriptor, count, 0, 0, None, 0)
            if taken > 0:
                count -= taken
            elif ctypes.get_errno() != errno.EINTR or interrupted >= _AGAIN_MAX:
                raise RingFailed(os.strerror(ctypes.get_errno()))
            else:
                interrupted += 1
