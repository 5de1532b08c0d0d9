"""What we ask of Twilio: once more where that helps, never for ever, and not at all for a while."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from contactcentre.adapters.carrier_twilio.rest import FAILURES_MAX, TwilioRest
from contactcentre.adapters.environment.machine import MachineChance, MachineClock
from contactcentre.domain.errors import CallClosed, CarrierUnavailable
from contactcentre.drills.twilio_carrier import ACCOUNT, TOKEN, Carrier
from contactcentre.drills.twilio_phone import Number, Phone

URL = "https://calls.example/twilio/resume?pass=x"
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
async def carrier() -> AsyncIterator[Carrier]:
    """Give a carrier."""
    async with Carrier() as one:
        yield one


def rest(carrier: Carrier, *, token: str = TOKEN) -> TwilioRest:
    return TwilioRest(
        account_sid=ACCOUNT,
        auth_token=token,
        api_url=carrier.url,
        clock=MachineClock(),
        chance=MachineChance(),
    )


def in_progress(carrier: Carrier) -> Phone:
    """Return a call that is up, and does nothing."""
    phone = Phone(carrier, Number(number="+441632960001", voice_url=NOWHERE), "CA" + "1" * 32)
    phone.status = "in-progress"
    carrier.phones[phone.sid] = phone
    return phone


async def test_a_call_is_told_where_to_ask_once_more_if_twilio_has_failed_once(
    carrier: Carrier,
) -> None:
    phone = in_progress(carrier)
    carrier.fails = 1
    async with rest(carrier) as asking:
        await asking.pull(phone.sid, url=URL)
    assert carrier.updates == 2 * [{"CallSid": phone.sid, "Url": URL, "Method": "POST"}]


async def test_a_call_that_is_over_is_not_asked_for_again(carrier: Carrier) -> None:
    phone = in_progress(carrier)
    phone.status = "completed"
    async with rest(carrier) as asking:
        with pytest.raises(CallClosed):
            await asking.pull(phone.sid, url=URL)
        with pytest.raises(CallClosed):
            await asking.pull("CA" + "2" * 32, url=URL)
    assert len(carrier.updates) == 2


async def test_what_twilio_refuses_us_is_not_asked_again(carrier: Carrier) -> None:
    async with rest(carrier, token="wrong") as asking:  # noqa: S106 - meant to be
        with pytest.raises(CarrierUnavailable, match="401"):
            await asking.pull(in_progress(carrier).sid, url=URL)
    assert carrier.updates == []


async def test_twilio_is_left_alone_for_a_while_once_it_has_failed_again_and_again(
    carrier: Carrier,
) -> None:
    phone = in_progress(carrier)
    carrier.fails = 100
    async with rest(carrier) as asking:
        for _ in range(FAILURES_MAX):
            with pytest.raises(CarrierUnavailable):
                await asking.pull(phone.sid, url=URL)
        asked = len(carrier.updates)
        async with asyncio.timeout(0.1):
            with pytest.raises(CarrierUnavailable, match="left alone"):
                await asking.pull(phone.sid, url=URL)
    assert asked == len(carrier.updates) == FAILURES_MAX
