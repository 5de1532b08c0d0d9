"""The parent of one process: it kills a child whose loop has gone silent, and starts it again.

A hang is turned into a crash, and a crash into a fresh start. The child gives a sign of life over a
pipe; a stopped or blocked one gives none. Nothing here waits for the child but the one `select`.
"""

import os
import random
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import FrameType

import structlog

from contactcentre.adapters.embedded.server import die_with_parent

log = structlog.get_logger()

START_WITHIN_S = 60.0
"""A child that has not given its first sign for so long will not give one."""
END_WITHIN_S = 15.0
"""A child that gives no more signs because it ends must have ended within this."""
LAST_WORDS_S = 0.3
"""For a silent child to write down where it stands, before it is killed."""
BACK_OFF_FIRST_S = 0.5
BACK_OFF_MAX_S = 15.0
STEADY_AFTER_S = 60.0
"""A child that has lived for so long was no failed start: the next one is at once."""
REFUSED = 2
"""The exit code of a child that will never start as it was told to: not tried again."""
STOPS = (signal.SIGTERM, signal.SIGINT)
READ_BYTES = 4_096


@dataclass(slots=True)
class _Child:
    """A child while it lives."""

    process: subprocess.Popen[bytes]
    signs: int
    """Where its signs of life are read."""
    started: float
    silent_at: float
    """When it will have been silent for too long."""


class Parent:
    """Keeps one command running until it is told to stop."""

    def __init__(
        self, command: Sequence[str], *, silent_max_s: float, start_within_s: float = START_WITHIN_S
    ) -> None:
        self._command = command
        self._silent_max_s = silent_max_s
        self._start_within_s = start_within_s
        self._told = 0
        self._failed = 0

    def keep(self) -> int:
        """Run the command until told to stop; return the exit code of its last child."""
        heard, woken = os.pipe()
        os.set_blocking(heard, False)
        os.set_blocking(woken, False)
        signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
        for number in STOPS:
            signal.signal(number, self._tell)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)  # only to be woken
        while True:
            code = self._run_once(heard)
            if self._told or code in (0, REFUSED):
                return code
            wait_s = self._back_off_s()
            log.warning("process ended and is started again", code=code, wait_s=round(wait_s, 3))
            if self._is_told_within(wait_s, heard):
                return code

    def _tell(self, _number: int, _frame: FrameType | None) -> None:
        self._told += 1

    def _run_once(self, heard: int) -> int:
        """Start one child, watch it to its end, and return its exit code."""
        child = self._start()
        passed_on = 0
        with selectors.DefaultSelector() as selector:
            selector.register(heard, selectors.EVENT_READ)
            selector.register(child.signs, selectors.EVENT_READ)
            while child.process.poll() is None:
                while passed_on < self._told:
                    child.process.send_signal(signal.SIGTERM)
                    passed_on += 1
                self._watch(child, selector, heard)
        os.close(child.signs)
        lived_s = time.monotonic() - child.started
        self._failed = 0 if lived_s > STEADY_AFTER_S else self._failed + 1
        return child.process.returncode

    def _start(self) -> _Child:
        signs, gives = os.pipe()
        os.set_blocking(gives, False)
        process = subprocess.Popen(  # noqa: S603 - our own command
            [*self._command, "--heartbeat-fd", str(gives)],
            pass_fds=[gives],
            process_group=0,  # Ctrl-C is for us, who pass it on in order
            preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - prctl alone, one thread
        )
        os.close(gives)
        now = time.monotonic()
        return _Child(
            process=process, signs=signs, started=now, silent_at=now + self._start_within_s
        )

    def _watch(self, child: _Child, selector: selectors.BaseSelector, heard: int) -> None:
        """Wait for a sign of life, a signal or the end of patience, and act on it."""
        ready = selector.select(max(0.0, child.silent_at - time.monotonic()))
        if not ready:
            self._kill(child)
        for key, _ in ready:
            if os.read(key.fd, READ_BYTES):
                if key.fd != heard:
                    child.silent_at = time.monotonic() + self._silent_max_s
            else:  # it has closed its end, as it is ending
                selector.unregister(key.fd)
                child.silent_at = time.monotonic() + END_WITHIN_S

    def _kill(self, child: _Child) -> None:
        """Let a silent child say where it stands, if it can, and end it."""
        log.error("process is silent and is killed", pid=child.process.pid)
        child.process.send_signal(signal.SIGQUIT)
        try:
            child.process.wait(LAST_WORDS_S)
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()

    def _back_off_s(self) -> float:
        """Return how long to wait, the longer the more often it has failed, and never the same."""
        longest_s = min(BACK_OFF_MAX_S, BACK_OFF_FIRST_S * 2 ** min(self._failed, 10))
        return random.uniform(0, longest_s) if self._failed else 0.0  # noqa: S311 - no secret

    def _is_told_within(self, wait_s: float, heard: int) -> bool:
        """Wait before the next start; say whether we were told to stop meanwhile."""
        until = time.monotonic() + wait_s
        with selectors.DefaultSelector() as selector:
            selector.register(heard, selectors.EVENT_READ)
            while not self._told and (left_s := until - time.monotonic()) > 0:
                if selector.select(left_s):
                    os.read(heard, READ_BYTES)
        return bool(self._told)
