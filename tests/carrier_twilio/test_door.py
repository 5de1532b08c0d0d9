"""What Twilio is told of calls, by public processes without nodes or with nodes that are full."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from contactcentre.adapters.embedded.server import free_port
from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.adapters.telemetry.metrics import REGISTRY
from contactcentre.adapters.web.claims import Signatures
from contactcentre.adapters.web.pages.seen import LOOK_EVERY_MS
from contactcentre.apps import public
from contactcentre.apps.process import Process
from contactcentre.apps.twilio_door import NEW_TRIES_MAX
from contactcentre.domain.errors import BadRequest
from contactcentre.domain.ids import LineId, NodeId
from contactcentre.domain.languages import Language
from contactcentre.drills.twilio_carrier import ACCOUNT, TOKEN, Carrier
from contactcentre.drills.twilio_phone import Number, Phone
from contactcentre.limits import NODE_SUSPECT_AFTER_MS, PHONE_CALL_MAX_S
from contactcentre.ports.state import NodeReport
from contactcentre.settings import read_settings
from contactcentre.wire.claims import PhonePass
from tests.apps.small_centre import SIGNING_KEY
from tests.carrier_twilio.centre import TAX, call_of, until_listening

NODE_URL = "ws://127.0.0.1:9/leg"
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
async def carrier() -> AsyncIterator[Carrier]:
    """Give a carrier whose patience is short."""
    async with Carrier() as one:
        one.pace = 0.01
        yield one


@asynccontextmanager
async def public_process(redis_url: str, folder: Path, **more: str) -> AsyncIterator[str]:
    """Run a public process that answers Twilio; give its address."""
    port = free_port()
    settings = read_settings(
        {
            "CC_REDIS_URL": redis_url,
            "CC_CLUSTER_KEY": "c" * 32,
            "CC_SIGNING_KEYS": SIGNING_KEY,
            "CC_PUBLIC_PORT": str(port),
            "CC_INTERNAL_PORT": str(free_port()),
            "CC_DATA_DIR": str(folder),
            "CC_PUBLIC_URL": f"http://127.0.0.1:{port}/",
            "CC_TWILIO_ACCOUNT_SID": ACCOUNT,
            "CC_TWILIO_AUTH_TOKENS": TOKEN,
            "CC_ORGANISATION": "Anytown council",
        }
        | more
    )
    async with asyncio.TaskGroup() as group:
        process = Process("public", settings, group)
        served = group.create_task(public.serve(settings, process), name="public")
        await until_listening(port)
        yield f"http://127.0.0.1:{port}"
        process.draining.set()
        await served
        await process.close()


async def report(redis_url: str, *, legs_count: int, site: str = "local") -> None:
    """Let a node beat that nobody can reach."""
    state = RedisState(redis_url, timeout_ms=2_000)
    await state.report_node(
        NodeReport(
            node=NodeId("n1"),
            site=site,
            beat=1,
            internal_url=NOBODY,
            public_url=NODE_URL,
            draining=False,
            legs_count=legs_count,
            legs_max=10,
        )
    )
    await state.close()


def number_at(url: str, **more: str | int) -> Number:
    return Number(number=TAX, voice_url=f"{url}/twilio/voice", **more)  # type: ignore[arg-type]


async def called(carrier: Carrier, number: Number) -> Phone:
    """Ring, and return once the call is over."""
    phone = carrier.call(number)
    async with asyncio.timeout(10):
        await phone.over.wait()
    return phone


async def answer(carrier: Carrier, phone: Phone, url: str, **more: str) -> ET.Element:
    """Return what Twilio is told when it asks an address about a call."""
    return ET.fromstring(await carrier.post(phone, url, more))  # noqa: S314 - our own


def passed(element: ET.Element) -> PhonePass:
    """Return the pass that a stream is opened with."""
    (parameter,) = element.iter("Parameter")
    signatures = Signatures({"k1": "s" * 32}, "k1", MachineClock())
    return signatures.read_pass(parameter.get("value", ""))


async def test_a_webhook_that_is_asked_again_leads_to_the_same_call(
    redis_url: str, tmp_path: Path, carrier: Carrier
) -> None:
    await report(redis_url, legs_count=0)
    async with public_process(redis_url, tmp_path) as url:
        phone = Phone(carrier, number_at(url), "CA" + "1" * 32)
        asked = [await answer(carrier, phone, phone.number.voice_url) for _ in range(2)]
        first, second = map(passed, asked)
        assert first.call == second.call == call_of(phone)
        assert first.nonce != second.nonce, "each is good once"
        (stream,) = asked[0].iter("Stream")
        assert stream.get("url") == f"{NODE_URL}/twilio"


async def test_while_every_node_is_full_a_caller_is_told_so_and_what_else_there_is(
    redis_url: str, tmp_path: Path, carrier: Carrier
) -> None:
    name, labels = "contactcentre_intake_calls_offered_total", {"line": "tax", "outcome": "full"}
    before = REGISTRY.get_sample_value(name, labels) or 0
    await report(redis_url, legs_count=10)
    async with public_process(redis_url, tmp_path) as url:
        phone = await called(carrier, number_at(url))
    english, welsh = phone.said
    assert english.startswith("Thank you for calling Anytown council. We cannot take another call")
    assert "from our web page, at 127.0.0.1" in english
    assert welsh.startswith("Diolch am ffonio Anytown council.")
    assert REGISTRY.get_sample_value(name, labels) == before + 1


@pytest.mark.parametrize(("begun", "verb"), [(True, "Connect"), (False, "Say")])
async def test_a_call_that_has_begun_is_not_turned_away_while_nobody_knows_it_and_all_are_full(
    redis_url: str, tmp_path: Path, carrier: Carrier, *, begun: bool, verb: str
) -> None:
    await report(redis_url, legs_count=10)
    async with public_process(redis_url, tmp_path) as url:
        phone = Phone(carrier, number_at(url), "CA" + "1" * 32, status="in-progress")
        given = PhonePass(
            use="resume",
            call=call_of(phone),
            line=LineId("tax"),
            language=Language.ENGLISH,
            attempt=2,
            begun=begun,
            node=NodeId("lost"),
            nonce="n",
            exp=int(time.time()) + PHONE_CALL_MAX_S,
        )
        signed = Signatures({"k1": "s" * 32}, "k1", MachineClock()).sign_pass(given)
        told = await answer(carrier, phone, f"{url}/twilio/resume?pass={signed}")
    assert next(element.tag for element in told) == verb


async def test_without_any_node_a_caller_is_told_when_to_ring_again(
    redis_url: str, tmp_path: Path, carrier: Carrier
) -> None:
    async with public_process(redis_url, tmp_path) as url:
        phone = await called(carrier, number_at(url))
    assert "Please ring again in half an hour." in phone.said[0]


async def test_a_site_that_sees_no_node_leaves_a_new_caller_to_the_other_one_first(
    redis_url: str, tmp_path: Path, carrier: Carrier
) -> None:
    await report(redis_url, legs_count=0, site="south")
    async with public_process(redis_url, tmp_path, CC_SITE="north") as url:
        await asyncio.sleep((NODE_SUSPECT_AFTER_MS + 2 * LOOK_EVERY_MS) / 1_000)
        phone = await called(carrier, number_at(url))
        assert [one.status for one in phone.asked[:1]] == [503]
        fallback = await called(carrier, number_at(url, fallback_url=f"{url}/twilio/voice?again=1"))
    assert [one.status for one in fallback.asked[:2]] == [503, 200]
    assert "Please ring again in half an hour." in fallback.said[0], "nobody else is asked then"


async def test_a_call_that_no_node_takes_in_is_not_tried_for_ever(
    redis_url: str, tmp_path: Path, carrier: Carrier
) -> None:
    await report(redis_url, legs_count=0)
    async with public_process(redis_url, tmp_path) as url:
        phone = await called(carrier, number_at(url))
    assert 1 < len(phone.streams) <= NEW_TRIES_MAX
    assert phone.said[0].startswith("Thank you for calling")


async def test_the_fallback_at_the_other_site_goes_on_with_the_same_call(
    redis_url: str, tmp_path: Path, carrier: Carrier
) -> None:
    """The first site does not answer in Twilio's time, and then not at all."""
    await report(redis_url, legs_count=0)
    gone = asyncio.Event()

    async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gone.wait()
        writer.close()

    hung = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = hung.sockets[0].getsockname()[1]
    async with AsyncExitStack() as stack:
        stack.callback(hung.close)
        other = await stack.enter_async_context(public_process(redis_url, tmp_path))
        first = Number(
            number=TAX,
            voice_url=f"http://127.0.0.1:{port}/twilio/voice#rc=1&rp=rt&rt=300",
            fallback_url=f"{other}/twilio/voice",
        )
        phone = await called(carrier, first)
        assert [one.status for one in phone.asked[:3]] == [None, None, 200]
        assert phone.asked[2].said["ErrorUrl"] == f"http://127.0.0.1:{port}/twilio/voice"
        assert phone.streams, "the other site has sent the caller to a node"
        gone.set()
        await asyncio.sleep(0.05)


async def test_half_an_account_is_refused_at_the_start(redis_url: str, tmp_path: Path) -> None:
    for name in ("CC_TWILIO_AUTH_TOKENS", "CC_PUBLIC_URL"):
        environ = {
            "CC_REDIS_URL": redis_url,
            "CC_CLUSTER_KEY": "c" * 32,
            "CC_SIGNING_KEYS": SIGNING_KEY,
            "CC_DATA_DIR": str(tmp_path),
            "CC_PUBLIC_URL": "https://calls.example",
            "CC_TWILIO_ACCOUNT_SID": ACCOUNT,
            "CC_TWILIO_AUTH_TOKENS": TOKEN,
        }
        del environ[name]
        settings = read_settings(environ)
        async with asyncio.TaskGroup() as group:
            process = Process("public", settings, group)
            with pytest.raises(BadRequest, match=name):
                await public.serve(settings, process)
            await process.close()
