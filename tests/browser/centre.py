"""A running centre, as its operator starts it and as a browser test reaches it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.stores import forget_stores

READY_WITHIN_S = 150.0
STOPPED_WITHIN_S = 60.0
PORTS = range(20_000 + os.getpid() % 200 * 40, 30_000, 40)
"""Not where another run on this machine looks first."""
MEDIA_AFTER = 21
"""Where the nodes' ports begin, counted from the centre's first one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """A running centre."""

    caller_url: str
    desk_url: str
    board_url: str
    passwords: Mapping[str, str]
    """The demo's people, and what they sign in with."""
    data: Path
    media_port: int
    """Of the first node; the others' follow."""
    pid: int
    """The process that started all others."""


@contextmanager
def running_centre(environ: Mapping[str, str], *, nodes: int = 1) -> Iterator[Centre]:
    """Start a centre by the command that a newcomer types, and stop it in the end."""
    folder = Path(mkdtemp(prefix="contactcentre-browser-"))
    folder.chmod(0o755)
    used = (0, 1, *range(MEDIA_AFTER, MEDIA_AFTER + nodes))
    port = next(port for port in PORTS if _is_free(port + offset for offset in used))
    said = folder / "said"
    command = [sys.executable, "-m", "contactcentre", "up", "--nodes", str(nodes)]
    with said.open("wb") as out:
        process = subprocess.Popen(
            [*command, "--port", str(port), "--data", folder],
            env=os.environ | {"CC_DRAIN_S": "1"} | dict(environ),
            stdout=out,
            stderr=out,
        )
    try:
        _wait_until_ready(process, said)
        yield Centre(
            caller_url=f"http://127.0.0.1:{port}/",
            desk_url=f"http://127.0.0.1:{port + 1}/",
            board_url=f"http://127.0.0.1:{port + 1}/board",
            passwords=json.loads((folder / "demo-accounts.json").read_text()),
            data=folder,
            media_port=port + MEDIA_AFTER,
            pid=process.pid,
        )
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(STOPPED_WITHIN_S)
        forget_stores(folder)
        shutil.rmtree(folder)


def _wait_until_ready(process: subprocess.Popen[bytes], said: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while "Ctrl-C stops everything" not in said.read_text():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"the centre did not start:\n{said.read_text()}")
        time.sleep(0.1)


def _is_free(ports: Iterator[int]) -> bool:
    """Say whether nobody listens on any of these ports."""
    for port in ports:
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return False
    return True
