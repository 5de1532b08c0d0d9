"""The parent of one process: it kills a child whose loop has gone silent, and starts it again.

A hang is turned into a crash, and a crash into a fresh start. The child gives a sign of life over a
pipe; a stopped or blocked one gives none. By the same pipe it says what it ends by, if it can.
Nothing here waits for the child but the one `select`.

The first start after a crash is at once. A child that ends again and again before it has lived for
a while is waited for longer each time, and from the fifth time on it is only tried now and then:
somebody must look at it, and is told so once.
"""

import os
import random
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
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
STEADY_AFTER_S = 10.0
"""A child that has lived so long after its first sign was no failed start: the next is at once."""
KEEPS_ENDING_COUNT = 5
"""After so many failed starts in a row a person is needed, and nobody is served by hurry."""
SELDOM_S = (30.0, 60.0)
"""How long to wait between starts from then on."""
WORDS_MAX_BYTES = 1_000
REFUSED = 2
"""The exit code of a child that will never start as it was told to: not tried again."""
STOPS = (signal.SIGTERM, signal.SIGINT)
READ_BYTES = 4_096
LAST_WORDS = b"\n"
"""What comes after this is no sign of life, but what the child ends by."""


@dataclass(slots=True)
class _Child:
    """A child while it lives."""

    process: subprocess.Popen[bytes]
    signs: int
    """Where its signs of life are read."""
    start_until: float
    """When its first sign must have come."""
    silent_at: float
    """When it will have been silent for too long."""
    steady_at: float | None = None
    """When it will have lived for a while; None before its first sign."""
    last_words: bytes = b""


class Parent:
    """Keeps one command running until it is told to stop."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        silent_max_s: float,
        start_within_s: float = START_WITHIN_S,
        steady_after_s: float = STEADY_AFTER_S,
    ) -> None:
        self._command = command
        self._silent_max_s = silent_max_s
        self._start_within_s = start_within_s
        self._steady_after_s = steady_after_s
        self._told = 0
        self._failed = 0
        """How many starts in a row have come to nothing."""

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
            child = self._run_once(heard)
            code = child.process.returncode
            if self._told or code in (0, REFUSED):
                return code
            if self._is_told_within(self._wait_s(child), heard):
                return code

    def _tell(self, _number: int, _frame: FrameType | None) -> None:
        self._told += 1

    def _run_once(self, heard: int) -> _Child:
        """Start one child, watch it to its end, and return what there was of it."""
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
        self._hear_out(child)
        os.close(child.signs)
        steady = child.steady_at is not None and time.monotonic() > child.steady_at
        self._failed = 0 if steady else self._failed + 1
        return child

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
        os.set_blocking(signs, False)
        until = time.monotonic() + self._start_within_s
        return _Child(process=process, signs=signs, start_until=until, silent_at=until)

    def _watch(self, child: _Child, selector: selectors.BaseSelector, heard: int) -> None:
        """Wait for a sign of life, a signal or the end of patience, and act on it."""
        ready = selector.select(max(0.0, child.silent_at - time.monotonic()))
        if not ready:
            self._kill(child)
        for key, _ in ready:
            if key.fd == heard:
                os.read(heard, READ_BYTES)
                self._look_if_stopped(child)
            elif said := os.read(key.fd, READ_BYTES):
                self._hear(child, said)
            else:  # it has closed its end, as it is ending
                selector.unregister(key.fd)
                child.silent_at = time.monotonic() + END_WITHIN_S

    def _hear(self, child: _Child, said: bytes) -> None:
        """Take a sign of life, or the last words."""
        now = time.monotonic()
        child.silent_at = now + self._silent_max_s
        if child.steady_at is None:
            child.steady_at = now + self._steady_after_s
        words = said if child.last_words else b"".join(said.partition(LAST_WORDS)[1:])
        child.last_words = (child.last_words + words)[:WORDS_MAX_BYTES]

    def _hear_out(self, child: _Child) -> None:
        """Take what a child that has ended had said before."""
        with suppress(BlockingIOError):
            while said := os.read(child.signs, READ_BYTES):
                self._hear(child, said)

    def _look_if_stopped(self, child: _Child) -> None:
        """Give a child that was stopped before its first sign no more time than any other."""
        if child.steady_at is not None or child.process.poll() is not None:
            return
        events = os.WSTOPPED | os.WCONTINUED | os.WNOHANG
        found = os.waitid(os.P_PID, child.process.pid, events)
        if found is None:
            return
        if found.si_code == os.CLD_CONTINUED:
            child.silent_at = child.start_until
        else:
            child.silent_at = min(child.start_until, time.monotonic() + self._silent_max_s)

    def _kill(self, child: _Child) -> None:
        """Let a silent child say where it stands, if it can, and end it."""
        log.error("process is silent and is killed", pid=child.process.pid)
        child.process.send_signal(signal.SIGQUIT)
        try:
            child.process.wait(LAST_WORDS_S)
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()

    def _wait_s(self, child: _Child) -> float:
        """Return how long to wait before the next start, and say why there is to be one."""
        code, said = child.process.returncode, child.last_words.decode(errors="replace").strip()
        why = said or (f"killed by signal {-code}" if code < 0 else "its log says")
        wait_s = self._back_off_s()
        log.warning(
            "process ended and is started again", code=code, why=why, wait_s=round(wait_s, 3)
        )
        if self._failed == KEEPS_ENDING_COUNT:
            log.error(
                "process keeps ending and is only tried now and then: somebody must look at it",
                starts_failed=self._failed, code=code, last_words=why,
            )  # fmt: skip
        return wait_s

    def _back_off_s(self) -> float:
        """Return how long to wait, the longer the more often it has failed, and never the same."""
        if self._failed >= KEEPS_ENDING_COUNT:
            return random.uniform(*SELDOM_S)  # noqa: S311 - no secret
        if self._failed <= 1:
            return 0.0
        longest_s = BACK_OFF_FIRST_S * 2.0 ** (self._failed - 2)
        return random.uniform(longest_s / 2, longest_s)  # noqa: S311 - no secret

    def _is_told_within(self, wait_s: float, heard: int) -> bool:
        """Wait before the next start; say whether we were told to stop meanwhile."""
        until = time.monotonic() + wait_s
        with selectors.DefaultSelector() as selector:
            selector.register(heard, selectors.EVENT_READ)
            while not self._told and (left_s := until - time.monotonic()) > 0:
                if selector.select(left_s):
                    os.read(heard, READ_BYTES)
        return bool(self._told)
