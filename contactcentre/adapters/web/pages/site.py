"""The caller's pages and what they ask for, as one web application.

Nothing here waits for a store: what the pages show of the centre is what was last seen of it. A
caller who calls again to a place from before is the exception, and waits for one step at most.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ValidationError

from contactcentre.adapters.web.claims import Signatures
from contactcentre.adapters.web.ice import IceServers
from contactcentre.adapters.web.pages.assets import Assets
from contactcentre.adapters.web.pages.content import (
    MINUTE_MS,
    Centre,
    Figures,
    longest_words,
    opening,
    services,
    topics,
    waiting_words,
)
from contactcentre.adapters.web.pages.protection import HEADERS, content_security_policy
from contactcentre.adapters.web.pages.rate import RateLimit
from contactcentre.adapters.web.pages.redial import Redials
from contactcentre.adapters.web.pages.words import Words, load_words
from contactcentre.adapters.web.problems import say_problems
from contactcentre.domain.announcing import ABOUT_MINUTES
from contactcentre.domain.epochs import NOT_ADMITTED
from contactcentre.domain.errors import BadRequest, ChatClosed, UnknownName
from contactcentre.domain.ids import CallId, SoundName
from contactcentre.domain.ivr.doors import chat_is_open
from contactcentre.domain.ivr.flow import Line
from contactcentre.domain.ivr.switches import LineSwitches
from contactcentre.domain.languages import Language
from contactcentre.limits import (
    CLAIM_LIFE_S,
    MESSAGE_MAX_BYTES,
    SOCKET_BEAT_EVERY_MS,
    SOCKET_DEAF_AFTER_MS,
    SOCKET_LOST_AFTER_MS,
    TEXT_MAX_CHARS,
)
from contactcentre.ports.environment import Chance, Clock
from contactcentre.wire.claims import CallerClaim
from contactcentre.wire.pages import GivenClaim, LivingNodes, NewClaim

TEMPLATES = Path(__file__).parent / "templates"
PAGES: Mapping[str, str] = {
    "home": "",
    "call": "/call",
    "chat": "/chat",
    "accessibility": "/accessibility",
    "privacy": "/privacy",
}
LIVE = ("call", "chat")
"""The pages that open sockets to nodes."""
CLAIMS_PATH = "/api/claims"
NODES_PATH = "/api/nodes"
API_PREFIX = "/api/"
CHECK_EVERY_MS = 500
"""How often a page looks whether its node is still there."""
SOUND_LOST_MS = 2_000
"""A node is gone whose sound is so silent, and its socket for `SOCKET_DEAF_AFTER_MS`."""
SOON_MS = 300
"""A new call whose first node has not opened its socket by then is offered to another site too."""
OPEN_MS = 1_500
"""How long the first socket may take; each one after a failure has more time."""
CONNECT_MS = 10_000
"""A page whose socket or sound has not come about for so long tries another node."""
NODES_EVERY_MS = 30_000
"""Nodes come and go while a call is up, and the list may be out of reach once it is needed."""
NAMES: Mapping[Language, str] = {Language.ENGLISH: "English", Language.WELSH: "Cymraeg"}
MODULES_PREFIX = "call/"

assert NAMES.keys() == set(Language), "every language is called by its own name"
assert CONNECT_MS > SOCKET_LOST_AFTER_MS, "a silent socket is seen before a silent connection"
assert CHECK_EVERY_MS * 4 <= SOUND_LOST_MS, "sound is looked for often enough to be missed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What the pages are made from."""

    line: Line
    spoken: Mapping[Language, Mapping[SoundName, str]]
    """The words of the line's sounds; the addresses of its services are among them."""
    organisation: str
    centre: Centre
    switches: Callable[[], LineSwitches]
    """How the supervisors' switches of the line stand now."""
    signatures: Signatures
    redials: Redials
    rate: RateLimit
    proxies: Collection[str]
    """Addresses whose word about who asks is believed."""
    ice_servers: IceServers
    """What helps a browser to be heard."""
    clock: Clock
    chance: Chance


class Site:
    """The pages of one line, in each of its languages."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._languages = tools.line.flow.languages
        self._words = load_words()
        self._assets = Assets({"call/words.js": _words_module(self._words)})

    def application(self) -> web.Application:
        """Return the application that serves the pages."""
        app = web.Application(
            middlewares=[say_problems, self._say_missing], client_max_size=MESSAGE_MAX_BYTES
        )
        aiohttp_jinja2.setup(
            app,
            loader=jinja2.FileSystemLoader(TEMPLATES),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        pages = {
            "home": self._home,
            "call": self._call,
            "chat": self._chat,
            "accessibility": self._accessibility,
            "privacy": self._privacy,
        }
        assert pages.keys() == PAGES.keys(), "every page has its handler"
        for name, show in pages.items():
            for language in self._languages:
                app.router.add_get(_path(PAGES[name], language), partial(show, language))
        app.router.add_post(CLAIMS_PATH, self._give_claim)
        app.router.add_get(NODES_PATH, self._living_nodes)
        app.router.add_get("/assets/{digest}/{name:.+}", self._assets.handle)
        app.router.add_get("/robots.txt", _robots)
        app.router.add_get("/favicon.ico", self._favicon)
        app.on_response_prepare.append(_protect)
        return app

    # Pages

    async def _home(self, language: Language, request: web.Request) -> web.Response:
        tools, language = self._tools, _asked(request, language)
        words, figures = self._words[language], tools.centre.figures()
        return self._render(
            request,
            "home",
            language,
            {
                "title": tools.line.titles[language],
                "down": not tools.centre.nodes(),
                "opening": opening(tools.line, tools.switches(), words, tools.clock.now_ms()),
                "notice": self._notice(language),
                "figures": None if figures is None else self._figures(language, figures),
                "chat_is_open": self._chat_is_open,
                "services": services(tools.line, tools.spoken[language], words),
            },
        )

    def _notice(self, language: Language) -> str | None:
        """Return what every caller is told first, if a supervisor has switched something on."""
        notice = self._tools.switches().notice
        return None if notice is None else self._tools.spoken[language].get(notice)

    def _figures(self, language: Language, figures: Figures) -> Mapping[str, Any]:
        words = self._words[language]
        return {
            "waiting": waiting_words(figures, words),
            "longest": longest_words(figures, words),
            "topics": topics(self._tools.line, language, figures),
        }

    async def _call(self, language: Language, request: web.Request) -> web.Response:
        return self._live(request, "call", _asked(request, language))

    async def _chat(self, language: Language, request: web.Request) -> web.Response:
        if self._tools.line.flow.chat is None:
            raise web.HTTPNotFound
        return self._live(request, "chat", _asked(request, language))

    @property
    def _chat_is_open(self) -> bool:
        tools = self._tools
        return chat_is_open(tools.line.flow, tools.switches(), tools.clock.now_ms())

    def _live(self, request: web.Request, page: str, language: Language) -> web.Response:
        """Show a page from which one calls, or chats."""
        modules = [
            name.removeprefix(MODULES_PREFIX)
            for name in self._assets.files
            if name.startswith(MODULES_PREFIX)
        ]
        response = self._render(
            request,
            page,
            language,
            {
                "line": self._tools.line.id,
                "chat_is_open": self._chat_is_open,
                "text_max": TEXT_MAX_CHARS,
                "modules": sorted(modules),
                "claims_url": CLAIMS_PATH,
                "ice_servers": _as_json(self._tools.ice_servers.told()),
                "nodes_url": NODES_PATH,
                "keep_minutes": self._tools.redials.keep_ms // MINUTE_MS,
                "nodes_every_ms": NODES_EVERY_MS,
                "wait_minutes": " ".join(str(minutes) for minutes in ABOUT_MINUTES),
                "beat_ms": SOCKET_BEAT_EVERY_MS,
                "check_ms": CHECK_EVERY_MS,
                "lost_after_ms": SOCKET_LOST_AFTER_MS,
                "silent_after_ms": SOCKET_DEAF_AFTER_MS,
                "sound_lost_ms": SOUND_LOST_MS,
                "soon_ms": SOON_MS,
                "open_ms": OPEN_MS,
                "connect_ms": CONNECT_MS,
            },
        )
        response.headers["Cache-Control"] = "no-store"  # it carries the password of a relay
        return response

    async def _accessibility(self, language: Language, request: web.Request) -> web.Response:
        return self._render(request, "accessibility", _asked(request, language), {})

    async def _privacy(self, language: Language, request: web.Request) -> web.Response:
        return self._render(request, "privacy", _asked(request, language), {})

    def _render(
        self, request: web.Request, page: str, language: Language, context: Mapping[str, Any]
    ) -> web.Response:
        words, path = self._words[language], PAGES.get(page, "")
        response = aiohttp_jinja2.render_template(
            f"{page}.html",
            request,
            {
                "language": language,
                "languages": [
                    {"tag": each, "name": NAMES[each], "href": _path(path, each)}
                    for each in self._languages
                ],
                "organisation": self._tools.organisation,
                "say": words.say,
                "list": words.list,
                "page": lambda name: _path(PAGES[name], language),
                "asset": self._assets.url,
                **context,
            },
        )
        nodes = self._tools.centre.nodes_ever() if page in LIVE else ()
        response.headers["Content-Security-Policy"] = content_security_policy(nodes)
        response.headers["Content-Language"] = language
        response.headers["Cache-Control"] = "no-cache"
        response.enable_compression()
        return response

    @web.middleware
    async def _say_missing(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Show whoever came to a page that is not there where the others are."""
        try:
            return await handler(request)
        except web.HTTPNotFound:
            if request.path.startswith(API_PREFIX):
                raise
            first = request.path.split("/")[1]
            by_path = {_path("", each).strip("/"): each for each in self._languages}
            language = _asked(request, by_path.get(first, self._languages[0]))
            response = self._render(request, "missing", language, {})
            response.set_status(HTTPStatus.NOT_FOUND)
            return response

    # What the pages ask for

    async def _give_claim(self, request: web.Request) -> web.Response:
        tools = self._tools
        tools.rate.take(_address(request, tools.proxies))
        try:
            asked = NewClaim.model_validate_json(await request.read())
        except ValidationError as error:
            raise BadRequest("A claim needs a line, a language and the page's digest.") from error
        if asked.line != tools.line.id or asked.language not in self._languages:
            raise UnknownName("There is no such line in that language.")
        if asked.chat and not self._chat_is_open:
            raise ChatClosed("Nobody answers chats now. Call us, or come back later.")
        call, kept = await tools.redials.begin(asked, CallId(tools.chance.nonce()))
        claim = CallerClaim(
            call=call,
            line=asked.line,
            language=asked.language,
            epoch_count=NOT_ADMITTED.count,
            epoch_nonce=NOT_ADMITTED.nonce,
            page=asked.page,
            chat=True if asked.chat else None,
            kept=kept,
            exp=tools.clock.now_ms() // 1_000 + CLAIM_LIFE_S,
        )
        return _json(
            GivenClaim(
                claim=tools.signatures.sign_claim(claim),
                call=call,
                life_ms=CLAIM_LIFE_S * 1_000,
                place_kept=kept is not None,
                nodes=list(tools.centre.nodes_for_new_calls()),
                sites=dict(tools.centre.sites()),
            )
        )

    async def _living_nodes(self, _: web.Request) -> web.Response:
        centre = self._tools.centre
        return _json(
            LivingNodes(nodes=list(centre.nodes_for_calls_kept()), sites=dict(centre.sites()))
        )

    async def _favicon(self, _: web.Request) -> web.Response:
        raise web.HTTPFound(self._assets.url("favicon.svg"))


async def _robots(_: web.Request) -> web.Response:
    """Let search engines find the ways to get help, and nothing that acts."""
    return web.Response(text=f"User-agent: *\nDisallow: {API_PREFIX}\nDisallow: /assets/\n")


async def _protect(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)


def _path(path: str, language: Language) -> str:
    """Return where a page is in a language: English at the root, the others below their own tag."""
    prefix = "" if language is Language.ENGLISH else f"/{language.split('-', maxsplit=1)[0]}"
    return f"{prefix}{path}" or "/"


def _asked(request: web.Request, by_path: Language) -> Language:
    """Return the language of a page: `?lang=cy` does as well as a path."""
    wanted = request.query.get("lang")
    return next((each for each in Language if each.startswith(wanted or " ")), by_path)


def _address(request: web.Request, proxies: Collection[str]) -> str:
    """Return who asks: the last address on the way here that is none of our own proxies."""
    said = request.headers.get("X-Forwarded-For", "").split(",")
    for address in (request.remote or "", *(each.strip() for each in reversed(said))):
        if address and address not in proxies:
            return address
    return request.remote or ""


def _words_module(words: Mapping[Language, Words]) -> bytes:
    """Return the words that the call page says by itself, as a module of it."""
    said = {
        language: {group: each.tree[group] for group in ("site", "call", "chat")}
        for language, each in words.items()
    }
    return f"export default {json.dumps(said, ensure_ascii=False)};\n".encode()


def _as_json(some: Sequence[BaseModel]) -> str:
    """Return what a page reads out of an attribute."""
    return json.dumps([one.model_dump() for one in some])


def _json(said: BaseModel) -> web.Response:
    return web.Response(
        body=said.model_dump_json().encode(),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
