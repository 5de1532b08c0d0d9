"""Routes written down as models: what comes in is checked, what goes out is said once."""

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from contactcentre.adapters.web.problems import say_problems
from contactcentre.adapters.web.routes import Access, Asked, Nothing, Routes
from contactcentre.domain.errors import NotAllowed
from contactcentre.ports.accounts import Account
from contactcentre.wire.said import Said


class Sum(Said):
    """Two numbers."""

    one: int
    other: int


class Total(Said):
    """Their sum."""

    total: int


ROUTES: "Routes[Adder]" = Routes()


class Adder:
    """Adds."""

    def __init__(self) -> None:
        self.count = 0

    @ROUTES.speaks("POST", "/sum", access=Access.ANYONE, takes=Sum, gives=Total)
    async def sum(self, asked: Asked[Sum]) -> Total:
        """Add two numbers."""
        self.count += 1
        return Total(total=asked.said.one + asked.said.other)

    @ROUTES.speaks("DELETE", "/sum", access=Access.SUPERVISOR, takes=Nothing, gives=Nothing)
    async def forget(self, asked: Asked[Nothing]) -> Nothing:
        """Forget what was counted."""
        assert asked.request.path == "/sum"
        self.count = 0
        return Nothing()


class Doorkeeper:
    """Lets supervisors in by a header."""

    async def admit(self, request: web.Request, access: Access) -> Account | None:
        """Return nobody."""
        if access is Access.SUPERVISOR and "I-Am" not in request.headers:
            raise NotAllowed("That is for supervisors.")
        return None


async def test_a_route_answers_in_its_models_and_refuses_all_else() -> None:
    app = web.Application(middlewares=[say_problems])
    adder = Adder()
    ROUTES.mount(app, adder, Doorkeeper())
    async with (
        TestServer(app) as server,
        aiohttp.ClientSession(server.make_url("/")) as browser,
    ):
        async with browser.post("/sum", json={"one": 1, "other": 2}) as answer:
            assert (answer.status, await answer.json()) == (200, {"total": 3})
            assert answer.headers["Cache-Control"] == "no-store"
        for body, kind in (
            ('{"one": 1, "other": "secret"}', "application/json"),
            ('{"one": 1, "other": 2, "more": 3}', "application/json"),
            ("{", "application/json"),
            ("", "application/json"),
            ('{"one": 1, "other": 2}', "text/plain"),
        ):
            async with browser.post("/sum", data=body, headers={"Content-Type": kind}) as refused:
                assert refused.status == 400
                assert "secret" not in await refused.text()
        assert adder.count == 1
        assert (await browser.delete("/sum")).status == 403
        assert adder.count == 1
        assert (await browser.delete("/sum", headers={"I-Am": "supervisor"})).status == 204
        assert adder.count == 0


def test_no_route_is_written_down_twice() -> None:
    with pytest.raises(AssertionError, match="twice"):
        ROUTES.serves("POST", "/sum", access=Access.ANYONE)(_never)


async def _never(_: Adder, __: web.Request, ___: Account | None) -> web.StreamResponse:
    raise AssertionError
