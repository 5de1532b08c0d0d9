"""A new call goes to whichever of two nodes opens its socket first."""

import asyncio
from typing import cast

import aiohttp
import pytest

from contactcentre.drills.first_open import first_open

SOON_S = 0.3


class Nodes:
    """Nodes that open a socket after a while, or never do."""

    def __init__(self, **after_s: float | None) -> None:
        self.after_s = after_s
        self.dialled: list[str] = []
        self.given_up: list[str] = []

    async def dial(self, url: str) -> aiohttp.ClientWebSocketResponse:
        """Open a socket."""
        self.dialled.append(url)
        after_s = self.after_s[url]
        try:
            await asyncio.sleep(60 if after_s is None else abs(after_s))
        except asyncio.CancelledError:
            self.given_up.append(url)
            raise
        if after_s is not None and after_s < 0:
            raise ConnectionRefusedError(url)
        return cast("aiohttp.ClientWebSocketResponse", url)

    async def reach(self, rival: str | None = "far") -> str:
        """Return who is reached."""
        url, socket = await first_open(self.dial, "near", rival, soon_s=SOON_S)
        assert cast("str", socket) == url
        return url


async def test_a_node_that_opens_its_socket_soon_has_no_rival() -> None:
    nodes = Nodes(near=0.01, far=0.0)
    assert await nodes.reach() == "near"
    assert nodes.dialled == ["near"]


async def test_a_node_that_is_slow_loses_to_its_rival_and_is_given_up() -> None:
    nodes = Nodes(near=None, far=0.01)
    assert await nodes.reach() == "far"
    assert nodes.given_up == ["near"]


async def test_a_node_that_is_slow_wins_where_its_rival_is_slower() -> None:
    nodes = Nodes(near=2 * SOON_S, far=None)
    assert await nodes.reach() == "near"
    assert nodes.given_up == ["far"]


async def test_a_node_that_refuses_loses_at_once() -> None:
    nodes = Nodes(near=-0.0001, far=0.01)
    async with asyncio.timeout(SOON_S):
        assert await nodes.reach() == "far"


@pytest.mark.parametrize("rival", [None, "far"])
async def test_nobody_is_reached_where_all_refuse(rival: str | None) -> None:
    nodes = Nodes(near=-0.0001, far=-0.0001)
    with pytest.raises(ConnectionError):
        await nodes.reach(rival)
