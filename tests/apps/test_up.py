"""The whole centre by one command: real processes, real stores, more than one on a machine."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.stores import forget_stores

READY_WITHIN_S = 150.0
GONE_WITHIN_S = 40.0
PORTS = range(10_000 + os.getpid() % 200 * 40, 20_000, 40)
"""Not where another run on this machine looks first."""
PORTS_USED = (0, 1, 21)


class Up:
    """A centre that somebody has started in a terminal."""

    def __init__(self, folder: Path, port: int, said: Path, **settings: str) -> None:
        self.folder = folder
        self.port = port
        self.said = said
        with self.said.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "contactcentre", "up", "--nodes", "1",
                 "--data", folder, "--port", str(port)],
                env={**os.environ, "CC_DRAIN_S": "1", **settings}, stdout=out, stderr=out,
            )  # fmt: skip

    def until_ready(self) -> str:
        """Wait until it says that it is ready; return all that it has said."""
        deadline = time.monotonic() + READY_WITHIN_S
        while "Ctrl-C stops everything" not in self.said.read_text():
            assert self.process.poll() is None, self.said.read_text()
            assert time.monotonic() < deadline, self.said.read_text()
            time.sleep(0.1)
        return self.said.read_text()

    def stop(self) -> int:
        """Press Ctrl-C, and wait for the end."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(GONE_WITHIN_S)

    def family(self) -> list[int]:
        """Return every process below it."""
        below: dict[int, list[int]] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(stat.read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            below.setdefault(parent, []).append(int(stat.parent.name))
        found, ask = [], [self.process.pid]
        while ask:
            children = below.get(ask.pop(), [])
            found += children
            ask += children
        return found


Start = Callable[..., Up]


@pytest.fixture
def start() -> Iterator[Start]:
    """Give a way to start a centre, with a folder of its own or the one that is named."""
    root = Path(mkdtemp(prefix="contactcentre-up-"))
    root.chmod(0o755)
    started: list[Up] = []

    def up(name: str = "a", port: int | None = None, **settings: str) -> Up:
        used = {one.port for one in started}
        free = port or next(one for one in PORTS if one not in used and _is_free(one))
        started.append(Up(root / name, free, root / f"said-{len(started)}", **settings))
        return started[-1]

    yield up
    for one in started:
        one.process.kill()
        one.process.wait()
        _until_gone(one.family())
        forget_stores(one.folder)
    shutil.rmtree(root)


def test_two_centres_on_one_machine_keep_apart_and_keep_what_they_know(start: Start) -> None:
    first, second = start("a"), start("b")
    said = first.until_ready()
    second.until_ready()
    assert f"http://127.0.0.1:{first.port}/\n" in said
    assert f"http://127.0.0.1:{first.port + 1}/board\n" in said
    sign_ins = _sign_ins(said)
    assert set(sign_ins) == {"ada", "bryn", "carys", "sam"}
    assert sign_ins != _sign_ins(second.said.read_text())

    third = start("a")
    assert third.process.wait(READY_WITHIN_S) == 2
    assert "Another contactcentre runs with the folder" in third.said.read_text()

    family = first.family()
    assert first.stop() == 0
    assert "Everything has been stopped." in first.said.read_text()
    assert second.process.poll() is None
    _until_gone(family)

    again = start("a")
    assert _sign_ins(again.until_ready()) == sign_ins
    assert again.stop() == second.stop() == 0


def test_whatever_is_killed_the_centre_goes_on_or_is_gone_as_a_whole(start: Start) -> None:
    up = start()
    up.until_ready()
    router = _pid_of(up, "router")
    assert router is not None
    os.kill(router, signal.SIGKILL)
    _wait_for(lambda: _pid_of(up, "router") not in {None, router})
    assert "router has ended" in up.said.read_text()

    others = [_pid_of(up, role) for role in ("media", "desk", "records")]
    for store, name in (("valkey-server", "live state"), ("postgres", "record")):
        os.kill(_store_of(up, store), signal.SIGKILL)
        _wait_for(lambda: f"The {name} is back after" in up.said.read_text())  # noqa: B023 - at once
    assert [_pid_of(up, role) for role in ("media", "desk", "records")] == others

    family = up.family()
    assert len(family) > 10
    up.process.kill()
    up.process.wait()
    _until_gone(family)


def test_a_store_of_somebody_else_that_is_away_is_waited_for(start: Start) -> None:
    for setting, url in (
        ("CC_REDIS_URL", "redis://:secret@127.0.0.1:1/0"),
        ("CC_REDIS_URL", "sentinel://:secret@127.0.0.1:1,127.0.0.1:2/live"),
        ("CC_DATABASE_URL", "postgresql://cc:secret@127.0.0.1:1/cc"),
    ):
        up = start(setting + url[:3], **{setting: url})
        _wait_for(lambda: f"({setting})" in up.said.read_text())  # noqa: B023 - at once
        assert up.stop() == 0
        said = up.said.read_text()
        assert "Waiting for the" in said
        assert "Traceback" not in said
        assert "secret" not in said


def test_a_taken_port_is_one_sentence_before_anything_is_started(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        up = start(port=port - 1)
        assert up.process.wait(READY_WITHIN_S) == 2
    assert up.said.read_text() == (
        f"Port {port} of 127.0.0.1 cannot be used (Address already in use), and the desk needs it. "
        f"Choose other ports: contactcentre up --port {port + 1_000}\n"
    )
    assert not up.folder.exists()


def test_a_process_that_cannot_start_is_named_with_its_reason(start: Start) -> None:
    up = start()
    _wait_for(lambda: "record " in up.said.read_text())
    with socket.create_server(("127.0.0.1", up.port + 21)):
        assert up.process.wait(2 * READY_WITHIN_S) == 1
    said = up.said.read_text()
    assert "media-1 does not get ready. ended by a mistake of ours: OSError" in said
    assert "Everything has been stopped." not in said


def test_it_can_be_stopped_while_it_is_still_setting_up(start: Start) -> None:
    up = start()
    _wait_for(lambda: "Setting up" in up.said.read_text())
    family = up.family()
    assert up.stop() == 0
    _until_gone(family)


def _sign_ins(said: str) -> dict[str, str]:
    """Return names and passwords as they are shown."""
    shown = said.partition("Sign in as")[2]
    return dict(re.findall(r"^    (\w+) +(\S+) +\w+$", shown, re.MULTILINE))


def _pid_of(up: Up, role: str) -> int | None:
    """Return the parent that watches over a role."""
    for pid in up.family():
        try:
            command = Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if command[-1] == role:
            return pid
    return None


def _store_of(up: Up, program: str) -> int:
    """Return the server program below it that is a store, and no process of that store."""
    for pid in up.family():
        stat = Path(f"/proc/{pid}/stat").read_text()
        parent = int(stat.rpartition(")")[2].split()[1])
        if f"({program})" in stat and parent == up.process.pid:
            return pid
    raise AssertionError(program)


def _is_free(first: int) -> bool:
    """Say whether nobody listens on the ports of a centre that begins here."""
    for offset in PORTS_USED:
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", first + offset)) == 0:
                return False
    return True


def _until_gone(pids: list[int]) -> None:
    _wait_for(lambda: not any(map(_is_alive, pids)))


def _wait_for(reached: Callable[[], object]) -> None:
    deadline = time.monotonic() + GONE_WITHIN_S
    while not reached():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)


def _is_alive(pid: int) -> bool:
    """Say whether a process runs; one that has ended and was not asked after does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
