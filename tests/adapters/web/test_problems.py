"""Every refusal and outage has one way to be said over HTTP."""

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from contactcentre.adapters.web.problems import (
    MEDIA_TYPE,
    REFUSALS,
    SAYINGS,
    problem_of,
    say_problems,
)
from contactcentre.domain.errors import LedgerUnavailable, Outage, Refusal, StaleToken
from contactcentre.wire.problems import Problem


@pytest.mark.parametrize("kind", list(SAYINGS))
def test_every_kind_is_said_with_its_code_and_a_sentence(kind: type[Refusal | Outage]) -> None:
    problem = problem_of(kind("It can't be done."))
    assert problem.code == kind.code
    assert 400 <= problem.status < 600
    assert problem.detail.endswith(".")


def test_every_code_belongs_to_one_refusal() -> None:
    assert len(REFUSALS) == sum(issubclass(kind, Refusal) for kind in SAYINGS)


async def test_the_asker_reads_a_refusal_but_never_the_inside_of_an_outage() -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        match request.query["meet"]:
            case "refusal":
                raise StaleToken("A newer reservation stands.")
            case "outage":
                raise LedgerUnavailable("connection to 10.0.0.7 failed")
            case "redirect":
                raise web.HTTPSeeOther("/elsewhere")
            case _:
                raise AssertionError("secret")

    app = web.Application(middlewares=[say_problems])
    app.router.add_get("/", handle)
    async with TestServer(app) as server, aiohttp.ClientSession(server.make_url("/")) as browser:
        said: list[Problem] = []
        for path in ("/?meet=refusal", "/?meet=outage", "/?meet=mistake", "/no-such-path"):
            response = await browser.get(path)
            assert response.content_type == MEDIA_TYPE
            assert response.headers["Cache-Control"] == "no-store"
            said.append(Problem.model_validate_json(await response.read()))
        assert (await browser.get("/?meet=redirect", allow_redirects=False)).status == 303
        assert (await browser.post("/")).status == 405
    assert [problem.status for problem in said] == [409, 503, 500, 404]
    assert said[0].detail == "A newer reservation stands."
    assert not any("10.0.0.7" in problem.detail or "secret" in problem.detail for problem in said)
