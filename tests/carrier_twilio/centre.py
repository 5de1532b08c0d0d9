"""A small centre that takes calls from Twilio, and the carrier that places them."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from contactcentre.adapters.embedded.server import free_port
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.apps import public
from contactcentre.apps.process import Process
from contactcentre.bench.peer import Peer
from contactcentre.domain.ids import CallId
from contactcentre.domain.presence import Presence
from contactcentre.drills.twilio_carrier import ACCOUNT, TOKEN
from contactcentre.drills.twilio_phone import Number, Phone
from contactcentre.settings import read_settings
from tests.apps.small_centre import (
    PAYING,
    SIGNING_KEY,
    LegPage,
    PlayedDesk,
    SmallCentre,
    small_centre,
)
from tests.carrier_twilio.texting import TextingCarrier

TAX = "+441632960001"
OTHER_TOKEN = "the auth token that comes after"  # noqa: S105 - of no account
CALLER_HZ, ADVISER_HZ = 440.0, 1_000.0
SEEN_WITHIN_S = 1.2
"""The public process looks at the nodes once a second."""


def call_of(phone: Phone) -> CallId:
    """Return what a call is called here."""
    return CallId(f"twilio-{phone.sid}")


@dataclass(slots=True, kw_only=True)
class TelephoneCentre:
    """The centre and the carrier."""

    centre: SmallCentre
    carrier: TextingCarrier
    public_url: str
    advisers: Iterator[str] = field(default_factory=lambda: map("ada-{}".format, itertools.count()))
    """Each talk has an adviser of its own."""

    def number(self, number: str = TAX, **more: str | int) -> Number:
        """Return a number that is set up as the documentation says."""
        return Number(
            number=number,
            voice_url=f"{self.public_url}/twilio/voice",
            status_url=f"{self.public_url}/twilio/status",
            **more,  # type: ignore[arg-type]
        )

    async def ring(self, number: str = TAX) -> Phone:
        """Let somebody ring, and wait until they are let in."""
        phone = self.carrier.call(self.number(number))
        await phone.in_stream()
        return phone

    async def wait_in_queue(self) -> Phone:
        """Let somebody ring and press what leads to the queue for paying."""
        phone = await self.ring()
        assert await phone.hears_something()
        for key in "33":
            await phone.press(key)
            await asyncio.sleep(0.05)
        await self.until_state(phone, "waiting")
        return phone

    async def talk(self) -> tuple[Phone, LegPage]:
        """Return a caller and an adviser who talk."""
        phone = await self.wait_in_queue()
        return phone, await self.answer()

    async def answer(self) -> LegPage:
        """Let an adviser come and answer whoever waits."""
        await self.centre.desk.report(next(self.advisers), Presence.READY, PAYING)
        _, adviser = await self.centre.answer_ring()
        await adviser.hear("bridged")
        return adviser

    async def until_state(self, phone: Phone, *states: str, within_s: float = 10.0) -> None:
        """Wait until the live state says of a call that it stands so."""
        async with asyncio.timeout(within_s):
            while await self.state_of(phone) not in states:  # noqa: ASYNC110 - the store says so
                await asyncio.sleep(0.05)

    async def state_of(self, phone: Phone) -> str:
        """Return how a call stands in the live state."""
        found = await self.centre.state.look_calls([call_of(phone)])
        return found[0].state if found else "unknown"


@asynccontextmanager
async def played_desk(state: RedisState) -> AsyncIterator[PlayedDesk]:
    """Give a desk process that the test plays."""
    port = free_port()
    desk = PlayedDesk(state, f"http://127.0.0.1:{port}")
    app = web.Application()
    app.add_routes(desk.routes())
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield desk
    finally:
        await runner.cleanup()


async def hear_each_other(phone: Phone, adviser: Peer) -> None:
    """Let caller and adviser hum and hear each other."""
    phone.tone(CALLER_HZ)
    adviser.tone(ADVISER_HZ)
    assert await adviser.hears(CALLER_HZ)
    assert await phone.hears(ADVISER_HZ)


@asynccontextmanager
async def telephone_centre(
    redis_url: str, folder: Path, *, nodes: int = 1, **more: str
) -> AsyncIterator[TelephoneCentre]:
    """Start a centre with a public process, and a carrier beside it."""
    async with TextingCarrier() as carrier:
        port = free_port()
        public_url = f"http://127.0.0.1:{port}"
        shared = {
            "CC_TWILIO_ACCOUNT_SID": ACCOUNT,
            "CC_TWILIO_AUTH_TOKENS": f"{TOKEN},{OTHER_TOKEN}",
            "CC_TWILIO_API_URL": carrier.url,
            "CC_PUBLIC_URL": public_url,
            **more,
        }
        async with (
            small_centre(redis_url, folder, nodes=nodes, **shared) as centre,
            asyncio.TaskGroup() as group,
        ):
            settings = read_settings(
                {
                    "CC_NODE": "public-1",
                    "CC_REDIS_URL": redis_url,
                    "CC_CLUSTER_KEY": "c" * 32,
                    "CC_SIGNING_KEYS": SIGNING_KEY,
                    "CC_INTERNAL_PORT": str(free_port()),
                    "CC_PUBLIC_PORT": str(port),
                    "CC_DATA_DIR": str(folder),
                    **shared,
                }
            )
            process = Process("public", settings, group)
            served = group.create_task(public.serve(settings, process), name="public")
            await until_listening(port)
            await _until_nodes_are_seen(centre, nodes)
            try:
                yield TelephoneCentre(centre=centre, carrier=carrier, public_url=public_url)
            finally:
                await carrier.hang_up()
                process.draining.set()
                await served
                await process.close()


async def _until_nodes_are_seen(centre: SmallCentre, count: int) -> None:
    async with asyncio.timeout(10):
        while len(await centre.state.nodes()) < count:  # noqa: ASYNC110 - the store says so
            await asyncio.sleep(0.05)
    await asyncio.sleep(SEEN_WITHIN_S)


async def until_listening(port: int) -> None:
    """Wait until somebody listens on a port of loopback."""
    async with asyncio.timeout(10):
        while True:
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                await writer.wait_closed()
                return
            await asyncio.sleep(0.02)
