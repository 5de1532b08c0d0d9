"""A telephone calls through the edge, and an adviser in a browser answers.

Of the platform nothing is played: Kamailio, baresip and Chromium are what callers and advisers use.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import expect

from contactcentre.bench.sip_phone import Exchange
from tests.adapters.sip.test_real_edge import edge, until_code
from tests.adapters.sip.test_real_phones import needs
from tests.adapters.sip.test_real_relay import relay
from tests.browser.calling_phone import HOST, calling
from tests.browser.centre import Centre, running_centre
from tests.browser.conftest import ADVISER_HZ, CALLER_HZ, Stage
from tests.browser.desk_phone import DeskPhone
from tests.browser.faults import kill, node_of
from tests.browser.people import Adviser

NODES = 2
LINE = "+441632960001"
BACK_WITHIN_S = 5.0


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Return what tells a centre of its trunk."""
    return DeskPhone.in_folder(tmp_path_factory.mktemp("phone")).settings()


@pytest.fixture(scope="module")
def centre(environ: Mapping[str, str]) -> Iterator[Centre]:
    """Start a centre of this module's own, whose nodes take calls from a trunk."""
    with running_centre(environ, nodes=NODES) as started:
        yield started


@pytest.fixture(params=["past the edge", "through rtpengine"])
async def edge_port(
    request: pytest.FixtureRequest, environ: Mapping[str, str], tmp_path: Path
) -> AsyncIterator[int]:
    """Put the edge in front of the nodes, once it has found one; sound goes past it or through."""
    folder = tmp_path / "edge"
    folder.mkdir()
    exchange = Exchange()
    await exchange.open()
    async with AsyncExitStack() as stack:
        is_relayed = request.param == "through rtpengine"
        told = await stack.enter_async_context(relay(folder)) if is_relayed else None
        nodes = [int(environ["CC_SIP_PORT"]) + number for number in range(NODES)]
        port = await stack.enter_async_context(edge(folder, *nodes, relay=told))
        assert await until_code(exchange.phone((HOST, port), LINE), 200)
        yield port
    await exchange.close()


@needs("baresip")
@needs("kamailio")
@needs("rtpengine")
async def test_a_telephone_reaches_an_adviser_and_both_hear_again_when_the_node_is_killed(
    stage: Stage, centre: Centre, edge_port: int, tmp_path: Path
) -> None:
    folder = tmp_path / "caller"
    folder.mkdir()
    ada = await stage.adviser_signs_in("ada")
    await ada.gets_ready()
    async with calling(LINE, edge=edge_port, hum_hz=CALLER_HZ, folder=folder) as caller:
        await caller.is_answered()
        await caller.press("3", "3")
        await ada.answers()
        await asyncio.gather(ada.hears(CALLER_HZ), caller.hears(ADVISER_HZ))

        kill(await node_of(ada, centre))
        lost_at = time.monotonic()
        await asyncio.sleep(0.2)  # what was on its way has come
        heard = caller.samples().size
        both = (caller.hears(ADVISER_HZ, after=heard), hears_again(ada))
        assert max(await asyncio.gather(*both)) - lost_at < BACK_WITHIN_S
        await caller.hangs_up()
        await ada.is_("wrap_up")
    await ada.finishes()


async def hears_again(adviser: Adviser) -> float:
    """Wait until an adviser whose line broke hears the caller; return that monotonic second."""
    await expect(adviser.page.get_by_text("You and the caller are back together.")).to_be_visible()
    await adviser.hears(CALLER_HZ)
    return time.monotonic()
