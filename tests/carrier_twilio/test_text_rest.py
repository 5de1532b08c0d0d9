"""What we ask of Twilio about numbers and texts; a text is asked for once, whatever happens."""

from collections.abc import AsyncIterator

import pytest

from contactcentre.adapters.carrier_twilio import rest as rests
from contactcentre.adapters.carrier_twilio.rest import FAILURES_MAX, TextRefused, TwilioRest
from contactcentre.domain.errors import CallClosed, CarrierUnavailable
from tests.carrier_twilio.test_rest import rest
from tests.carrier_twilio.text_office import CALLER
from tests.carrier_twilio.texting import TextingCarrier

SENDER = "+441632960002"


@pytest.fixture
async def carrier() -> AsyncIterator[TextingCarrier]:
    """Give a carrier."""
    async with TextingCarrier() as one:
        yield one


async def send(asking: TwilioRest, *, sender: str = SENDER) -> None:
    await asking.text(to=CALLER, body="a link", sender=sender, status_url="https://calls.example/t")


async def test_who_rings_and_what_line_that_is_can_be_found_out(carrier: TextingCarrier) -> None:
    carrier.texts.kinds[CALLER] = "mobile"
    async with rest(carrier) as asking:
        assert await asking.caller("CA" + "1" * 32) == CALLER
        assert await asking.kind_of_line(CALLER) == "mobile"
        with pytest.raises(CallClosed):
            await asking.kind_of_line("+4416329600")


@pytest.mark.parametrize(
    ("sender", "said_as"), [(SENDER, "From"), ("MG" + "a" * 32, "MessagingServiceSid")]
)
async def test_a_text_is_sent_in_the_name_that_is_set(
    carrier: TextingCarrier, sender: str, said_as: str
) -> None:
    async with rest(carrier) as asking:
        await send(asking, sender=sender)
    (text,) = carrier.texts.sent
    assert (text["To"], text["Body"], text[said_as]) == (CALLER, "a link", sender)
    assert text["StatusCallback"] == "https://calls.example/t"
    assert text["ValidityPeriod"] == str(rests.TEXT_VALID_S)


@pytest.mark.parametrize(
    ("status", "why"), [(400, TextRefused), (429, TextRefused), (500, CarrierUnavailable)]
)
async def test_a_text_that_fails_is_not_asked_for_again(
    carrier: TextingCarrier, status: int, why: type[Exception]
) -> None:
    carrier.texts.refusals = [status]
    async with rest(carrier) as asking:
        with pytest.raises(why):
            await send(asking)
    assert carrier.texts.sent == []


async def test_of_a_text_whose_answer_is_lost_nobody_says_that_it_was_not_sent(
    carrier: TextingCarrier,
) -> None:
    carrier.texts.loses_answers = True
    async with rest(carrier) as asking:
        with pytest.raises(CarrierUnavailable):
            await send(asking)
    assert len(carrier.texts.sent) == 1


async def test_numbers_that_take_no_texts_do_not_keep_others_from_getting_one(
    carrier: TextingCarrier,
) -> None:
    carrier.texts.refusals = [400] * (FAILURES_MAX + 1)
    async with rest(carrier) as asking:
        for _ in range(FAILURES_MAX + 1):
            with pytest.raises(TextRefused):
                await send(asking)
        await send(asking)
    assert len(carrier.texts.sent) == 1


async def test_look_ups_that_are_refused_keep_nobody_from_getting_a_text(
    carrier: TextingCarrier,
) -> None:
    carrier.texts.look_up_refusals = [403] * (FAILURES_MAX + 1)
    async with rest(carrier) as asking:
        for _ in range(FAILURES_MAX + 1):
            with pytest.raises(CarrierUnavailable, match="403"):
                await asking.kind_of_line(CALLER)
        await send(asking)
    assert len(carrier.texts.sent) == 1


async def test_twilio_is_left_alone_once_it_has_said_too_often_that_this_is_too_much(
    carrier: TextingCarrier,
) -> None:
    carrier.texts.look_up_refusals = [429] * FAILURES_MAX
    async with rest(carrier) as asking:
        for _ in range(FAILURES_MAX):
            with pytest.raises(CarrierUnavailable):
                await asking.kind_of_line(CALLER)
        with pytest.raises(CarrierUnavailable, match="left alone"):
            await asking.kind_of_line(CALLER)


async def test_no_text_is_asked_for_while_twilio_is_left_alone(carrier: TextingCarrier) -> None:
    carrier.texts.refusals = [500] * FAILURES_MAX
    async with rest(carrier) as asking:
        for _ in range(FAILURES_MAX):
            with pytest.raises(CarrierUnavailable):
                await send(asking)
        with pytest.raises(TextRefused, match="left alone"):
            await send(asking)
    assert carrier.texts.sent == []
