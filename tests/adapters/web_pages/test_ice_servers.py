"""What the call page is told of servers that help it to be heard."""

import json
from html import unescape

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from contactcentre.adapters.web.ice import GOOD_FOR_S, turn_password
from tests.adapters.web_pages.house import NOW_MS, House

SECRET = "shared with the relay"  # noqa: S105 - of these tests
HELPS, RELAYS = "stun:one.example:3478", "turn:two.example:3478"


async def told(house: House, *, times: int = 1) -> list[list[dict[str, str]]]:
    """Return what each of some pages is told."""
    server = TestServer(house.site().application())
    client: TestClient[web.Request, web.Application]
    async with TestClient(server) as client:
        pages = [await (await client.get("/call")).text() for _ in range(times)]
    said = [page.partition('data-ice-servers="')[2].partition('"')[0] for page in pages]
    return [json.loads(unescape(one)) for one in said]


async def test_the_call_page_has_a_password_for_the_relay_that_is_its_own_for_a_day() -> None:
    house = House(ice_servers=(HELPS, RELAYS), turn_secret=SECRET)
    (helping, relaying), (_, of_another) = await told(house, times=2)
    assert helping == {"urls": HELPS, "username": "", "credential": ""}
    assert relaying["urls"] == RELAYS
    until, _, name = relaying["username"].partition(":")
    assert int(until) == NOW_MS // 1_000 + GOOD_FOR_S
    assert name
    assert relaying["credential"] == turn_password(SECRET, relaying["username"])
    assert of_another["username"] != relaying["username"]


async def test_a_page_with_a_password_is_kept_by_nobody() -> None:
    client: TestClient[web.Request, web.Application]
    async with TestClient(TestServer(House().site().application())) as client:
        answers = [await client.get(path) for path in ("/call", "/privacy")]
    assert [one.headers["Cache-Control"] for one in answers] == ["no-store", "no-cache"]


async def test_without_servers_the_call_page_is_told_of_none() -> None:
    assert await told(House()) == [[]]


def test_a_password_is_what_a_relay_makes_of_the_name() -> None:
    """By `printf 1700000000:ada | openssl dgst -sha1 -hmac secret -binary | base64`."""
    assert turn_password("secret", "1700000000:ada") == "lV8v9c9TsajfLXLkZIc5nnmtEng="
