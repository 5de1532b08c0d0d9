"""What every process does: says how it is, lets its own kind in, drains and stops."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from contactcentre.adapters.embedded.server import free_port
from contactcentre.adapters.web.peers import CLUSTER_KEY_HEADER
from tests.apps import small_role

WITHIN_S = 20.0
KEY = {CLUSTER_KEY_HEADER: small_role.CLUSTER_KEY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A process, seen from outside."""

    process: subprocess.Popen[str]
    url: str
    session: aiohttp.ClientSession
    store_is_away: Path

    async def get(self, path: str) -> tuple[int, str]:
        """Return status and text of what it says."""
        async with self.session.get(self.url + path) as response:
            return response.status, await response.text()

    async def post(self, body: object, **headers: str) -> int:
        """Return the status of an offer."""
        async with self.session.post(
            self.url + "/offers", json=body, headers={**KEY, **headers}
        ) as response:
            return response.status

    async def ended(self) -> tuple[int, str, list[dict[str, object]]]:
        """Wait for its end; return its exit code, what it said and what it logged."""
        out, err = await asyncio.to_thread(self.process.communicate, timeout=WITHIN_S)
        lines = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
        return self.process.returncode, out, lines


Run = Callable[..., Awaitable[Running]]


@pytest.fixture
async def run(tmp_path: Path) -> AsyncIterator[Run]:
    """Give a way to run a small role."""
    started: list[subprocess.Popen[str]] = []
    async with aiohttp.ClientSession() as session:

        async def start(does: str = "serve", *, opens: bool = True) -> Running:
            port, away = free_port(), tmp_path / "away"
            process = subprocess.Popen(  # noqa: ASYNC220 - as quick as it gets
                [sys.executable, small_role.__file__, str(port), does, away],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            started.append(process)
            url = f"http://127.0.0.1:{port}"
            running = Running(process=process, url=url, session=session, store_is_away=away)
            if opens:
                await _until_alive(running)
            return running

        yield start
    for process in started:
        process.kill()
        process.communicate()


async def test_it_is_ready_while_its_neighbours_answer(run: Run) -> None:
    running = await run()
    assert (await running.get("/readyz"))[0] == 200
    running.store_is_away.touch()
    status, text = await running.get("/readyz")
    assert status == 503
    assert json.loads(text)["checks"] == {"state": False}
    assert (await running.get("/livez"))[0] == 200


async def test_what_is_away_is_said_once_and_what_is_back_too(run: Run) -> None:
    running = await run()
    running.store_is_away.touch()
    await asyncio.sleep(5)
    running.store_is_away.unlink()
    await asyncio.sleep(3)
    running.process.send_signal(signal.SIGTERM)
    _, _, lines = await running.ended()
    said = [line["event"] for line in lines]
    assert said.count("waits for what is away") == said.count("everything is there") == 1


async def test_what_it_only_uses_is_shown_and_keeps_it_from_nothing(run: Run) -> None:
    running = await run("use")
    running.store_is_away.touch()
    status, text = await running.get("/readyz")
    assert status == 200
    assert json.loads(text)["checks"] == {"state": False}


async def test_its_numbers_are_there_to_be_read(run: Run) -> None:
    status, text = await (await run()).get("/metrics")
    assert status == 200
    assert "contactcentre_process_loop_lag_seconds_bucket" in text


@pytest.mark.parametrize("key", ["", "the key of another centre", "ключ"])
async def test_only_processes_of_this_centre_are_let_in(run: Run, key: str) -> None:
    running = await run()
    assert await running.post({"call": "c1"}) == 200
    assert await running.post({"call": "c1"}, **{CLUSTER_KEY_HEADER: key}) == 403
    assert (await running.get("/nothing"))[0] == 403


async def test_told_to_stop_it_drains_and_ends(run: Run) -> None:
    running = await run()
    running.process.send_signal(signal.SIGTERM)
    code, out, lines = await running.ended()
    assert (code, out) == (0, "drained local\n")
    assert [line["event"] for line in lines][-2:] == ["draining", "stopped"]


async def test_what_does_not_end_by_itself_is_ended(run: Run) -> None:
    running = await run("linger")
    running.process.send_signal(signal.SIGTERM)
    await asyncio.sleep(small_role.DRAIN_S / 4)
    assert json.loads((await running.get("/readyz"))[1])["draining"]
    code, _, lines = await running.ended()
    assert code == 0
    assert "stopped before everything had ended" in [line["event"] for line in lines]


async def test_told_twice_it_ends_at_once(run: Run) -> None:
    running = await run("linger")
    for _ in range(2):
        running.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(small_role.DRAIN_S / 10)
    code, _, lines = await running.ended()
    assert code == 0
    assert "stopped before everything had ended" not in [line["event"] for line in lines]


@pytest.mark.parametrize("does", ["crash", "refuse late"])
async def test_a_mistake_ends_it_with_a_word(run: Run, does: str) -> None:
    running = await run(does)
    running.process.send_signal(signal.SIGTERM)
    code, _, lines = await running.ended()
    assert code == 1
    assert lines[-1]["event"] == "ended by a mistake of ours"
    assert "mistake" in str(lines[-1]["exception"])


async def test_what_it_refuses_at_its_start_is_said_to_whoever_starts_it(run: Run) -> None:
    running = await run("refuse", opens=False)
    _, _, lines = await running.ended()
    assert [line["event"] for line in lines] == ["starting", "stopped"]


@pytest.mark.parametrize(("does", "signs"), [("serve", True), ("refuse", False)])
def test_it_gives_signs_of_life_once_it_has_opened(
    tmp_path: Path, does: str, *, signs: bool
) -> None:
    read, gives = os.pipe()
    with subprocess.Popen(
        [
            sys.executable,
            small_role.__file__,
            str(free_port()),
            does,
            tmp_path / "away",
            str(gives),
        ],
        pass_fds=[gives],
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(gives)
        assert bool(os.read(read, 1)) == signs
        process.kill()
    os.close(read)


async def _until_alive(running: Running) -> None:
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        try:
            if (await running.get("/livez"))[0] == 200:
                return
        except aiohttp.ClientConnectionError:
            await asyncio.sleep(0.05)
    pytest.fail("it does not open")
