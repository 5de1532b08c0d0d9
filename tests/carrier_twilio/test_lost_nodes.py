"""Real node processes are killed and stopped in the middle of talks with callers on telephones."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp

from contactcentre.adapters.embedded.server import free_port
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.apps import public, router
from contactcentre.apps.process import Process
from contactcentre.domain.events import Ending
from contactcentre.domain.presence import Presence
from contactcentre.drills.twilio_carrier import ACCOUNT, TOKEN, Carrier
from contactcentre.drills.twilio_phone import Number, Phone
from contactcentre.settings import Settings, read_settings
from tests.apps.small_centre import PAYING, SIGNING_KEY, LegPage, PlayedDesk
from tests.carrier_twilio.centre import (
    ADVISER_HZ,
    CALLER_HZ,
    TAX,
    call_of,
    hear_each_other,
    played_desk,
    until_listening,
)

Role = Callable[[Settings, Process], Coroutine[None, None, None]]
READY_WITHIN_S = 60.0
BACK_WITHIN_S = 15.0


class LiveCentre:
    """Nodes that are processes of their own, and what they stand on in this one."""

    def __init__(self, environ: Mapping[str, str], carrier: Carrier, folder: Path) -> None:
        self.environ = environ
        self.carrier = carrier
        self.folder = folder
        self.nodes: dict[str, subprocess.Popen[bytes]] = {}
        self.session = aiohttp.ClientSession()

    async def start_node(self, name: str) -> None:
        """Start a node and wait until it is ready."""
        internal = free_port()
        environ = {
            **{key: value for key, value in os.environ.items() if not key.startswith("CC_")},
            **self.environ,
            "CC_NODE": name,
            "CC_INTERNAL_PORT": str(internal),
            "CC_MEDIA_PORT": str(free_port()),
        }
        with (self.folder / f"{name}.log").open("wb") as log:
            self.nodes[name] = subprocess.Popen(  # noqa: ASYNC220 - it starts at once
                [sys.executable, "-m", "contactcentre", "media"],
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        async with asyncio.timeout(READY_WITHIN_S):
            url = f"http://127.0.0.1:{internal}/readyz"
            while not await self._is_ready(url):  # noqa: ASYNC110 - a process of its own
                await asyncio.sleep(0.1)
        await asyncio.sleep(1.5)  # the public process looks once a second

    def tell(self, name: str, what: signal.Signals) -> None:
        """Send a signal to a node and to the parent that watches over it."""
        parent = self.nodes[name].pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        for pid in (parent, *map(int, children)):
            with suppress(ProcessLookupError):  # a child dies with its parent
                os.kill(pid, what)

    async def close(self) -> None:
        """End every node."""
        for node in self.nodes.values():
            node.kill()  # what runs below it dies with it
            node.wait()
        await self.session.close()

    async def _is_ready(self, url: str) -> bool:
        try:
            async with self.session.get(url) as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False


@asynccontextmanager
async def here(serve: Role, role: str, environ: Mapping[str, str]) -> AsyncIterator[None]:
    """Run a role in this process."""
    async with asyncio.TaskGroup() as group:
        settings = read_settings({**environ, "CC_NODE": f"{role}-1"})
        process = Process(role, settings, group)
        served = group.create_task(serve(settings, process), name=role)
        try:
            yield
        finally:
            process.draining.set()
            await served
            await process.close()


@asynccontextmanager
async def live_centre(
    redis_url: str, folder: Path
) -> AsyncIterator[tuple[LiveCentre, PlayedDesk, RedisState]]:
    """Start everything but the nodes, and stop it again."""
    async with Carrier() as carrier:
        port = free_port()
        environ = {
            "CC_REDIS_URL": redis_url,
            "CC_CLUSTER_KEY": "c" * 32,
            "CC_SIGNING_KEYS": SIGNING_KEY,
            "CC_DATA_DIR": str(folder),
            "CC_MEDIA_ADDRESSES": "127.0.0.1",
            "CC_PUBLIC_PORT": str(port),
            "CC_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "CC_TWILIO_ACCOUNT_SID": ACCOUNT,
            "CC_TWILIO_AUTH_TOKENS": TOKEN,
            "CC_TWILIO_API_URL": carrier.url,
        }
        centre = LiveCentre(environ, carrier, folder)
        state = RedisState(redis_url)
        await state.open_matching((await state.generation()).store)
        try:
            async with (
                here(router.serve, "router", {**environ, "CC_INTERNAL_PORT": str(free_port())}),
                here(public.serve, "public", {**environ, "CC_INTERNAL_PORT": str(free_port())}),
                played_desk(state) as desk,
            ):
                await until_listening(port)
                yield centre, desk, state
        finally:
            await centre.close()
            await state.close()


async def test_the_sound_is_back_after_a_node_was_killed_and_after_one_has_hung(
    redis_url: str, tmp_path: Path
) -> None:
    """Killed: Twilio asks by itself. Hung, with its parent: a router has Twilio ask."""
    async with live_centre(redis_url, tmp_path) as (centre, desk, state):
        await centre.start_node("one")
        url = f"{centre.environ['CC_PUBLIC_URL']}/twilio/voice"
        phone = centre.carrier.call(Number(number=TAX, voice_url=url))
        adviser = await talk(centre, desk, phone)
        await hear_each_other(phone, adviser.peer)

        await centre.start_node("two")
        centre.tell("one", signal.SIGKILL)
        adviser = await back(centre, desk, phone, adviser, streams=2)
        assert centre.carrier.updates == [], "Twilio has asked by itself"

        await centre.start_node("three")
        centre.tell("two", signal.SIGSTOP)
        adviser = await back(centre, desk, phone, adviser, streams=3)
        assert [one["CallSid"] for one in centre.carrier.updates] == [phone.sid], "once"
        centre.tell("two", signal.SIGCONT)
        await asyncio.sleep(1.0)  # it reads of a `stop` that was no hang-up
        await hear_each_other(phone, adviser.peer)

        await adviser.say("hang_up")
        async with asyncio.timeout(20):
            await phone.over.wait()
        (call,) = await state.look_calls([call_of(phone)])
        assert call.ending is Ending.HANDLED
        await adviser.vanish()


async def talk(centre: LiveCentre, desk: PlayedDesk, phone: Phone) -> LegPage:
    """Let the caller wait and an adviser answer; return the adviser."""
    await phone.in_stream()
    assert await phone.hears_something()
    for key in "33":
        await phone.press(key)
        await asyncio.sleep(0.05)
    await desk.report("ada", Presence.READY, PAYING)
    async with asyncio.timeout(10):
        ring = await desk.rings.get()
    adviser = await LegPage.open(centre.session, ring.node_url, ticket=ring.ticket)
    await adviser.say("answer_call")
    await adviser.hear("bridged")
    return adviser


async def back(
    centre: LiveCentre, desk: PlayedDesk, phone: Phone, adviser: LegPage, *, streams: int
) -> LegPage:
    """Wait until caller and adviser hear each other again at another node."""
    phone.tone(None)
    began_s = asyncio.get_running_loop().time()
    await phone.in_stream(streams, within_s=BACK_WITHIN_S)
    async with asyncio.timeout(BACK_WITHIN_S):
        moved = await desk.moved.get()
    await adviser.peer.close()
    joined = await LegPage.open(centre.session, moved.node_url, ticket=moved.ticket)
    phone.tone(CALLER_HZ)
    joined.peer.tone(ADVISER_HZ)
    assert await joined.peer.hears(CALLER_HZ)
    assert await phone.hears(ADVISER_HZ)
    assert asyncio.get_running_loop().time() - began_s < BACK_WITHIN_S
    return joined
