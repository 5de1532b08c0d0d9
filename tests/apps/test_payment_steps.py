"""A payment page that lets a talk not be recorded: a real desk process; the node is played."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

import aiohttp
import pytest
from pydantic import BaseModel

from contactcentre.apps import payment_steps
from contactcentre.domain.ids import AdviserId, CallId
from contactcentre.domain.presence import Presence
from contactcentre.wire.problems import Problem
from contactcentre.wire.recording import PaymentStep, PaymentStepNow, Recorded
from tests.apps.desk_centre import ADA, SUE, DeskCentre, desk_centre, talks
from tests.apps.desk_node import PAUSE_LEFT_MS, reported

KEY = "p" * 32


class PaymentPage:
    """What an adviser's payment page asks with."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def ask(self, asked: BaseModel, *, key: str | None = KEY) -> tuple[int, bytes]:
        """Ask, and return status and answer."""
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        body = asked.model_dump(mode="json")
        async with self._session.post(
            self._url + "/api/payment-steps", json=body, headers=headers
        ) as response:
            return response.status, await response.read()

    async def step(self, *, on: bool) -> PaymentStepNow:
        """Let a step of Ada's begin or end."""
        status, answer = await self.ask(PaymentStep(adviser=ADA.id, on=on))
        assert status == HTTPStatus.OK, answer
        return PaymentStepNow.model_validate_json(answer)

    async def refused(self, asked: BaseModel, *, key: str | None = KEY) -> Problem:
        """Ask for what is refused."""
        status, answer = await self.ask(asked, key=key)
        problem = Problem.model_validate_json(answer)
        assert problem.status == status
        return problem


@asynccontextmanager
async def talking(
    redis_url: str, database_url: str
) -> AsyncIterator[tuple[DeskCentre, PaymentPage]]:
    """Give a centre in which Ada talks, and her payment page; her node does not have the call."""
    async with (
        desk_centre(redis_url, database_url, CC_PAYMENT_KEY=KEY) as centre,
        aiohttp.ClientSession() as session,
        centre.ready() as (_, page),
        centre.node.asked_by_desks(),
    ):
        ring = await talks(centre.node, page)
        await centre.node.report(centre.state, reported(ring, "talking", adviser=ADA.id))
        await centre.standing(Presence.TALKING)
        async with page.listening():
            await asyncio.sleep(1.2)  # a look of the desk process has seen it
            yield centre, PaymentPage(session, centre.url)


async def test_a_payment_page_is_answered_once_the_node_records_nothing(
    redis_url: str, database_url: str
) -> None:
    async with talking(redis_url, database_url) as (centre, payments):
        centre.node.recorded = Recorded.PAUSED
        now = await payments.step(on=True)
        assert now == PaymentStepNow(
            call=CallId("call-1"), recorded=Recorded.PAUSED, left_ms=PAUSE_LEFT_MS
        )
        assert [(step.call, step.on) for step in centre.node.steps] == [("call-1", True)]
        centre.node.recorded = Recorded.ON
        assert (await payments.step(on=False)).recorded is Recorded.ON
        assert centre.node.steps[-1].on is False


async def test_a_call_that_moves_is_looked_for_until_a_node_has_it(
    redis_url: str, database_url: str
) -> None:
    async with talking(redis_url, database_url) as (centre, payments):
        asked = asyncio.create_task(payments.step(on=True))
        async with asyncio.timeout(5):
            while len(centre.node.steps) < 3:  # noqa: ASYNC110 - another process asks
                await asyncio.sleep(0.05)
        centre.node.recorded = Recorded.PAUSED
        assert (await asked).recorded is Recorded.PAUSED


async def test_a_payment_page_gets_no_leave_where_nobody_knows_how_the_recording_stands(
    redis_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payment_steps, "WITHIN_MS", 600)
    async with talking(redis_url, database_url) as (centre, payments):
        step = PaymentStep(adviser=ADA.id, on=True)
        assert (await payments.refused(step)).code == "peer-unavailable"
        centre.node.recorded = Recorded.PAUSED
        await centre.redis.cut()
        assert (await payments.refused(step)).status == HTTPStatus.SERVICE_UNAVAILABLE
        await centre.redis.mend()


async def test_only_a_page_with_the_key_may_ask_and_only_of_somebody_who_talks(
    redis_url: str, database_url: str
) -> None:
    async with talking(redis_url, database_url) as (centre, payments):
        centre.node.recorded = Recorded.PAUSED
        for key in (None, "", "q" * 32, KEY + "p"):
            problem = await payments.refused(PaymentStep(adviser=ADA.id, on=True), key=key)
            assert problem.code == "not-allowed"
        for adviser in (SUE.id, AdviserId("nobody")):
            problem = await payments.refused(PaymentStep(adviser=adviser, on=True))
            assert problem.code == "out-of-order"
        assert centre.node.steps == []


async def test_without_a_key_there_are_no_payment_steps(redis_url: str, database_url: str) -> None:
    async with (
        desk_centre(redis_url, database_url) as centre,
        aiohttp.ClientSession() as session,
    ):
        payments = PaymentPage(session, centre.url)
        problem = await payments.refused(PaymentStep(adviser=ADA.id, on=True))
        assert problem.status == HTTPStatus.NOT_FOUND
