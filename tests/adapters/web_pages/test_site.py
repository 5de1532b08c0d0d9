"""The pages as a browser gets them, and what they ask for."""

import gzip
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from html.parser import HTMLParser

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from contactcentre.adapters.web.claims import page_digest, prove_page
from contactcentre.domain.errors import BadClaim
from contactcentre.domain.languages import Language
from contactcentre.limits import CLAIM_LIFE_S
from contactcentre.wire.pages import GivenClaim
from tests.adapters.web_pages.house import AT_ONCE_MAX, NOW_MS, TAX, House

Client = TestClient[web.Request, web.Application]
Start = Callable[[House], Awaitable[Client]]

PAGE_MAX_BYTES = 60_000
PAGES = ["/", "/call", "/accessibility", "/privacy"]
BOTH = [*PAGES, "/cy", "/cy/call", "/cy/accessibility", "/cy/privacy"]
SECRET = "this page's own"  # noqa: S105 - a page's secret of these tests
VOID = {"meta", "link", "input", "br"}


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    clients: list[Client] = []

    async def started(house: House) -> Client:
        client: Client = TestClient(TestServer(house.site().application()))
        await client.start_server()
        clients.append(client)
        return client

    yield started
    for client in clients:
        await client.close()


@pytest.fixture
async def client(start: Start) -> Client:
    return await start(House())


class Outline(HTMLParser):
    """What a page consists of; a tag that is not closed is an error."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element, which must be of that kind."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note words that are to be read."""
        if self._open and self._open[-1] not in {"script", "style"}:
            self.text.append(data)

    def all(self, name: str) -> list[str]:
        """Return every value of an attribute."""
        return [value for _, attrs in self.elements if (value := attrs.get(name)) is not None]

    def close(self) -> None:
        """Say that the page is over."""
        super().close()
        assert not self._open


def outline(html: str) -> Outline:
    parsed = Outline()
    parsed.feed(html)
    parsed.close()
    return parsed


async def page(client: Client, path: str) -> Outline:
    response = await client.get(path)
    assert response.status == 200
    return outline(await response.text())


@pytest.mark.parametrize("path", BOTH)
async def test_every_page_is_whole_and_says_its_language(client: Client, path: str) -> None:
    parsed = await page(client, path)
    language = Language.WELSH if path.startswith("/cy") else Language.ENGLISH
    assert parsed.elements[0] == ("html", {"lang": language})
    tags = [tag for tag, _ in parsed.elements]
    assert (tags.count("h1"), tags.count("main"), tags.count("title")) == (1, 1, 1)
    ids = parsed.all("id")
    assert len(ids) == len(set(ids))
    named = parsed.all("aria-labelledby") + parsed.all("for")
    assert set(named) <= set(ids)


@pytest.mark.parametrize("path", BOTH)
async def test_no_page_has_script_or_style_in_itself(client: Client, path: str) -> None:
    parsed = await page(client, path)
    tags = {tag for tag, _ in parsed.elements}
    assert "style" not in tags
    assert not parsed.all("style")
    for tag, attrs in parsed.elements:
        assert not [name for name in attrs if name.startswith("on")]
        if tag == "script":
            assert attrs.get("src")


@pytest.mark.parametrize("path", BOTH)
async def test_every_link_and_asset_of_a_page_is_there(client: Client, path: str) -> None:
    parsed = await page(client, path)
    for address in {*parsed.all("href"), *parsed.all("src")}:
        if address.startswith("/"):
            assert (await client.get(address)).status == 200, address
        else:
            assert address.startswith(("#", "https://riverside.example/"))


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_and_its_other_language_lead_to_each_other(client: Client, path: str) -> None:
    welsh = f"/cy{path}".rstrip("/")
    for address in (path, welsh):
        links = {
            attrs["hreflang"]: attrs["href"]
            for _, attrs in (await page(client, address)).elements
            if "hreflang" in attrs
        }
        assert links == {"en-GB": path, "cy": welsh}


async def test_a_language_may_be_asked_for_by_its_name_too(client: Client) -> None:
    assert (await page(client, "/?lang=cy")).elements[0] == ("html", {"lang": "cy"})
    assert (await page(client, "/cy?lang=en")).elements[0] == ("html", {"lang": "en-GB"})
    assert (await page(client, "/?lang=zz")).elements[0] == ("html", {"lang": "en-GB"})


async def carried_bytes(client: Client, path: str) -> int:
    """Return what a browser that has never been here downloads for a page."""
    response = await client.get(path, headers={"Accept-Encoding": "gzip"})
    html = await response.text()
    parsed = outline(html)
    assets = {each for each in parsed.all("href") + parsed.all("src") if "/assets/" in each}
    style = next(each for each in assets if each.endswith(".css"))
    folder = style.rpartition("/")[0]
    css = await (await client.get(style)).text()
    fonts = {f"{folder}/{font}" for font in re.findall(r'url\("([^"]+)"\)', css)}
    total = len(gzip.compress(html.encode()))
    for address in assets | fonts:
        async with client.session.get(
            client.make_url(address), headers={"Accept-Encoding": "gzip"}, auto_decompress=False
        ) as asset:
            total += len(await asset.read())
    return total


@pytest.mark.parametrize("path", ["/", "/cy", "/call", "/cy/call"])
async def test_a_page_with_all_its_parts_is_small(client: Client, path: str) -> None:
    assert await carried_bytes(client, path) <= PAGE_MAX_BYTES


async def test_an_asset_of_this_version_is_kept_and_one_of_another_is_not(client: Client) -> None:
    parsed = await page(client, "/call")
    script = next(each for each in parsed.all("src") if each.endswith("call.js"))
    assert "immutable" in (await client.get(script)).headers["Cache-Control"]
    another = await client.get(re.sub(r"/assets/\w+/", "/assets/0000000000000000/", script))
    assert another.status == 200
    assert another.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", ["../site.py", "..%2fsite.py", "call/nothing.js", "call/"])
async def test_nothing_but_assets_is_served_as_an_asset(client: Client, name: str) -> None:
    assert (await client.get(f"/assets/0/{name}")).status == 404


async def test_the_font_comes_with_its_licence(client: Client) -> None:
    licence = await (await client.get("/assets/0/fonts/OFL.txt")).text()
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence


async def test_a_browser_is_told_what_to_refuse(client: Client) -> None:
    for path in (*BOTH, "/nothing", "/api/nodes", "/api/nothing"):
        headers = (await client.get(path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "camera=()" in headers["Permissions-Policy"]


async def test_only_the_call_page_may_reach_the_nodes(client: Client) -> None:
    async def policy(path: str) -> str:
        return (await client.get(path)).headers["Content-Security-Policy"]

    assert "ws://127.0.0.1:* wss://to-come.example:*" in await policy("/call")
    assert "ws:" not in await policy("/")


async def test_the_helpline_page_lists_the_online_services_of_the_flow(client: Client) -> None:
    def links(parsed: Outline) -> list[str]:
        return [each for each in parsed.all("href") if each.startswith("https:")]

    english, welsh = await page(client, "/"), await page(client, "/cy")
    assert links(english) == [
        "https://riverside.example/utr",
        "https://riverside.example/sign-in",
        "https://riverside.example/pay",
        "https://riverside.example/hardship",
    ]
    assert "https://riverside.example/talu" in links(welsh)


async def test_the_helpline_page_says_how_many_wait_and_for_what(start: Start) -> None:
    house = House().with_waiting(paying=(7, 12), paying_cy=(1, 2), general=(2, 4))
    text = " ".join((await page(await start(house), "/")).text)
    assert "10 people are waiting at the moment." in text
    assert "The longest anyone has been waiting is 12 minutes." in text
    assert re.search(r"Paying tax\s+8\s", text)
    assert re.search(r"General tax questions\s+2\s", text)


@pytest.mark.parametrize(
    ("count", "minutes", "english", "welsh"),
    [
        (0, 0, "Nobody is waiting", "Nid oes neb yn aros ar hyn o bryd"),
        (1, 1, "One person is waiting", "Mae un person yn aros"),
        (1, 3, "Nobody has been waiting for longer than 3", "Nid oes neb wedi bod yn aros am fwy"),
        (2, 4, "The longest anyone has been waiting is 4", "yn aros ers 4 munud"),
    ],
)
async def test_few_people_and_short_waits_have_words_of_their_own(
    start: Start, count: int, minutes: int, english: str, welsh: str
) -> None:
    client = await start(House().with_waiting(paying=(count, minutes)))
    assert english in " ".join((await page(client, "/")).text)
    assert welsh in " ".join((await page(client, "/cy")).text)


async def test_where_nobody_knows_how_many_wait_nothing_is_said_of_it(client: Client) -> None:
    text = " ".join((await page(client, "/")).text)
    assert "waiting" not in text
    assert "Call from this page" in text


async def test_where_no_node_lives_the_page_says_so_and_still_lists_the_services(
    start: Start,
) -> None:
    house = House().with_waiting(paying=(7, 12))
    house.centre.urls = ()
    text = " ".join((await page(await start(house), "/")).text)
    assert "Calls from this page are not working at the moment." in text
    assert "people are waiting" not in text
    assert "Ways to pay" in text


async def test_without_javascript_the_call_page_says_what_to_do(client: Client) -> None:
    parsed = await page(client, "/call")
    assert any(tag == "noscript" for tag, _ in parsed.elements)
    with_script = next(attrs for _, attrs in parsed.elements if attrs.get("id") == "with-script")
    assert "hidden" in with_script


async def test_a_page_that_is_not_there_is_shown_where_the_others_are(client: Client) -> None:
    for path, language in (("/nothing", "en-GB"), ("/cy/nothing", "cy")):
        response = await client.get(path)
        assert response.status == 404
        parsed = outline(await response.text())
        assert parsed.elements[0] == ("html", {"lang": language})
        assert "Content-Security-Policy" in response.headers


# What the pages ask for


async def ask(client: Client, **changed: object) -> ClientResponse:
    body = {"line": TAX, "language": "cy", "page": page_digest(SECRET)} | changed
    return await client.post("/api/claims", json=body)


async def test_a_page_gets_a_claim_to_a_call_of_its_own(start: Start) -> None:
    house = House()
    client = await start(house)
    given = GivenClaim.model_validate_json(await (await ask(client)).read())
    claim = house.signatures.read_claim(given.claim)
    assert (claim.call, claim.line, claim.language) == (given.call, TAX, Language.WELSH)
    assert (claim.epoch_count, claim.epoch_nonce, claim.enqueued_ms) == (0, "", None)
    assert claim.exp == NOW_MS // 1_000 + CLAIM_LIFE_S
    assert given.life_ms == CLAIM_LIFE_S * 1_000
    assert given.nodes == list(house.centre.urls)
    prove_page(claim, SECRET)
    with pytest.raises(BadClaim):
        prove_page(claim, "another page's")


async def test_no_two_claims_are_to_the_same_call(client: Client) -> None:
    calls = [GivenClaim.model_validate_json(await (await ask(client)).read()) for _ in range(2)]
    assert calls[0].call != calls[1].call


async def test_a_new_call_is_sent_to_nodes_with_room(start: Start) -> None:
    house = House()
    house.centre.roomy = ("ws://127.0.0.1:8102/leg",)
    client = await start(house)
    given = GivenClaim.model_validate_json(await (await ask(client)).read())
    assert given.nodes == ["ws://127.0.0.1:8102/leg"]
    assert (await (await client.get("/api/nodes")).json()) == {
        "nodes": list(house.centre.urls),
        "sites": {"ws://127.0.0.1:8101/leg": "north", "ws://127.0.0.1:8102/leg": "south"},
    }


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"line": "other"}, 404, "unknown-name"),
        ({"language": "fr"}, 400, "bad-request"),
        ({"page": "short"}, 400, "bad-request"),
        ({"page": "G" * 64}, 400, "bad-request"),
        ({"call": "c1"}, 400, "bad-request"),
    ],
)
async def test_a_claim_that_makes_no_sense_is_refused(
    client: Client, changed: dict[str, object], status: int, code: str
) -> None:
    response = await ask(client, **changed)
    assert response.status == status
    assert (await response.json())["code"] == code


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff\xfe", b"null", b"[" * 50_000])
async def test_what_is_no_request_is_refused(client: Client, body: bytes) -> None:
    response = await client.post("/api/claims", data=body)
    assert response.status == 400


async def test_a_request_that_is_too_long_is_refused(client: Client) -> None:
    response = await client.post("/api/claims", data=b"x" * 100_000)
    assert response.status == 413


async def test_one_address_cannot_start_calls_without_end(start: Start) -> None:
    house = House()
    client = await start(house)
    statuses = [(await ask(client)).status for _ in range(AT_ONCE_MAX + 1)]
    assert statuses == [200] * AT_ONCE_MAX + [429]
    house.clock.ms += 1_000
    assert (await ask(client)).status == 200


async def test_callers_behind_our_own_proxy_are_told_apart(start: Start) -> None:
    client = await start(House(proxies=("127.0.0.1",)))

    async def status(forwarded: str) -> int:
        body = {"line": TAX, "language": "cy", "page": page_digest(SECRET)}
        headers = {"X-Forwarded-For": forwarded}
        return (await client.post("/api/claims", json=body, headers=headers)).status

    statuses = [await status("198.51.100.7, 192.0.2.1") for _ in range(AT_ONCE_MAX + 1)]
    assert statuses[-1] == 429
    assert await status("198.51.100.7, 192.0.2.2") == 200


async def test_nobody_else_is_believed_about_who_asks(client: Client) -> None:
    body = {"line": TAX, "language": "cy", "page": page_digest(SECRET)}
    statuses = [
        (
            await client.post(
                "/api/claims", json=body, headers={"X-Forwarded-For": f"192.0.2.{last}"}
            )
        ).status
        for last in range(AT_ONCE_MAX + 1)
    ]
    assert statuses[-1] == 429
