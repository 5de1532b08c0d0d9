"""A parent and its child: real processes, really stopped, blocked, crashed and killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

WITHIN_S = 30.0
SILENT_MAX_S = 1.0
PARENT = """
import sys
from contactcentre.apps import parent

parent.SELDOM_S = (float(sys.argv[5]),) * 2
parent.BACK_OFF_FIRST_S = 0.1
command = [sys.executable, "-c", sys.argv[1], sys.argv[2]]
raise SystemExit(
    parent.Parent(
        command, silent_max_s=float(sys.argv[3]), steady_after_s=float(sys.argv[4])
    ).keep()
)
"""
CHILD = """
import faulthandler, os, signal, sys, time

notes, fd = open(sys.argv[1], "a", buffering=1), int(sys.argv[3])
faulthandler.register(signal.SIGQUIT)
going = [True]

def told(*_):
    notes.write("told\\n")
    going.clear()

signal.signal(signal.SIGTERM, told)
notes.write(f"started {os.getpid()} {time.monotonic()}\\n")
time.sleep(FIRST)
while going:
    os.write(fd, b".")
    time.sleep(0.05)
    DO
"""


class Watched:
    """A parent with its child, as somebody sees them from outside."""

    def __init__(self, notes: Path, child: str, steady_after_s: float, seldom_s: float) -> None:
        self.notes = notes
        spans = [str(SILENT_MAX_S), str(steady_after_s), str(seldom_s)]
        self.parent = subprocess.Popen(
            [sys.executable, "-c", PARENT, child, notes, *spans],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def children(self, count: int) -> list[int]:
        """Return every child there has been, once there have been so many."""

        def started() -> list[int]:
            lines = self.notes.read_text().splitlines() if self.notes.exists() else []
            return [int(line.split()[1]) for line in lines if line.startswith("started")]

        wait_until(lambda: len(started()) >= count)
        return started()

    def starts(self) -> list[float]:
        """Return when each child was started."""
        lines = self.notes.read_text().splitlines()
        return [float(line.split()[2]) for line in lines if line.startswith("started")]

    def end(self) -> str:
        """Let the parent stop; return what it wrote."""
        self.parent.terminate()
        return self.parent.communicate(timeout=WITHIN_S)[0]


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Callable[..., Watched]]:
    """Give a way to start a parent whose child does something each time round."""
    started: list[Watched] = []

    def start(
        does: str = "pass", *, first_s: float = 0, steady_after_s: float = 5, seldom_s: float = 60
    ) -> Watched:
        child = CHILD.replace("DO", does).replace("FIRST", str(first_s))
        started.append(Watched(tmp_path / "notes", child, steady_after_s, seldom_s))
        return started[-1]

    yield start
    for one in started:
        one.parent.kill()
        one.parent.communicate()


def test_a_child_that_is_stopped_is_killed_and_started_again(
    watch: Callable[..., Watched],
) -> None:
    watched = watch()
    (child,) = watched.children(1)
    os.kill(child, signal.SIGSTOP)
    first, second = watched.children(2)
    assert first == child != second
    assert not is_alive(first)
    assert is_alive(second)


def test_a_child_that_is_blocked_says_where_and_is_killed(watch: Callable[..., Watched]) -> None:
    watched = watch("time.sleep(600)")
    watched.children(2)
    assert "most recent call first" in watched.end()


def test_a_child_that_takes_its_time_to_start_is_given_it(watch: Callable[..., Watched]) -> None:
    watched = watch("print('up', file=notes)", first_s=2 * SILENT_MAX_S)
    wait_until(lambda: watched.notes.exists() and "up" in watched.notes.read_text())
    assert len(watched.children(1)) == 1


def test_a_child_that_crashes_is_started_again_and_again(watch: Callable[..., Watched]) -> None:
    watched = watch("raise SystemExit(1)")
    assert len(set(watched.children(3))) == 3


def test_a_child_that_refuses_its_settings_is_not_tried_again(
    watch: Callable[..., Watched],
) -> None:
    watched = watch("raise SystemExit(2)")
    assert watched.parent.wait(WITHIN_S) == 2
    assert len(watched.children(1)) == 1


def test_a_parent_that_is_told_to_stop_lets_its_child_end(watch: Callable[..., Watched]) -> None:
    watched = watch()
    (child,) = watched.children(1)
    watched.end()
    assert watched.parent.returncode == 0
    first, last = watched.notes.read_text().splitlines()
    assert first.startswith(f"started {child} ")
    assert last == "told"


def test_a_child_is_told_as_often_as_its_parent(watch: Callable[..., Watched]) -> None:
    watched = watch("going.append(1)")
    watched.children(1)
    watched.parent.terminate()
    wait_until(lambda: watched.notes.read_text().count("told") == 1)
    watched.parent.terminate()
    wait_until(lambda: watched.notes.read_text().count("told") == 2)


def test_a_child_does_not_outlive_its_parent(watch: Callable[..., Watched]) -> None:
    watched = watch()
    (child,) = watched.children(1)
    watched.parent.kill()
    wait_until(lambda: not is_alive(child))


def test_a_child_that_is_stopped_before_its_first_sign_is_killed_as_soon(
    watch: Callable[..., Watched],
) -> None:
    watched = watch(first_s=30)
    (child,) = watched.children(1)
    os.kill(child, signal.SIGSTOP)
    began = time.monotonic()
    watched.children(2)
    assert time.monotonic() - began < 3 * SILENT_MAX_S


def test_a_child_that_goes_on_before_its_first_sign_is_left_to_start(
    watch: Callable[..., Watched],
) -> None:
    watched = watch("print('up', file=notes)", first_s=2 * SILENT_MAX_S)
    (child,) = watched.children(1)
    os.kill(child, signal.SIGSTOP)
    time.sleep(SILENT_MAX_S / 4)
    os.kill(child, signal.SIGCONT)
    wait_until(lambda: "up" in watched.notes.read_text())
    assert len(watched.children(1)) == 1


def test_a_child_that_keeps_ending_is_reported_once_and_only_tried_now_and_then(
    watch: Callable[..., Watched],
) -> None:
    watched = watch("os.write(fd, b'\\nOSError: no. 98'); raise SystemExit(1)", seldom_s=2)
    watched.children(7)
    said = watched.end()
    assert said.count("keeps ending and is only tried now and then") == 1
    assert "OSError: no. 98" in said
    at = watched.starts()
    pauses = [later - earlier for earlier, later in pairwise(at)]
    assert max(pauses[:2]) < 1.5
    assert min(pauses[4:6]) >= 2


def test_a_child_that_has_lived_for_a_while_is_started_again_at_once(
    watch: Callable[..., Watched],
) -> None:
    watched = watch(steady_after_s=0.2)
    for count in range(1, 8):
        child = watched.children(count)[-1]
        wait_until(lambda: is_alive(child))  # noqa: B023 - asked at once
        time.sleep(0.5)
        os.kill(child, signal.SIGKILL)
    watched.children(8)
    said = watched.end()
    assert "keeps ending" not in said
    assert "killed by signal 9" in said


def wait_until(reached: Callable[[], object]) -> None:
    """Wait for something that is bound to come."""
    deadline = time.monotonic() + WITHIN_S
    while not reached():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Say whether a process runs; one that has ended and was not asked after does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False
