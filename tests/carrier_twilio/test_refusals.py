"""What is not Twilio's, or not in order: refused, counted, and no call is lost by it."""

import asyncio

import aiohttp
import pytest

from contactcentre.drills.twilio_carrier import TOKEN
from contactcentre.drills.twilio_overrides import WrongAnswer
from contactcentre.drills.twilio_phone import Phone
from contactcentre.drills.twilio_stream import Stream
from contactcentre.wire.closing import Closing
from tests.carrier_twilio.centre import (
    CALLER_HZ,
    OTHER_TOKEN,
    TelephoneCentre,
    call_of,
)
from tests.carrier_twilio.counted import counted

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def refused(both: TelephoneCentre, phone: Phone, stream: Stream) -> int | None:
    """Return the code with which a stream of somebody else is closed while a call goes on."""
    await stream.run(both.carrier.session)
    assert await phone.hears_something()
    await both.until_state(phone, "in_menu")
    return stream.close_code


async def test_a_webhook_that_twilio_has_not_signed_is_refused(both: TelephoneCentre) -> None:
    before = counted("voice", "bad-claim")
    both.carrier.tokens = ["somebody else's token"]
    phone = both.carrier.call(both.number())
    async with asyncio.timeout(5):
        await phone.over.wait()
    both.carrier.tokens = [TOKEN]
    assert phone.asked[0].status == 403
    assert phone.said == ["application error"]
    assert counted("voice", "bad-claim") == before + 1


async def test_what_is_signed_with_either_token_is_twilios(both: TelephoneCentre) -> None:
    both.carrier.tokens = [OTHER_TOKEN, TOKEN]
    phone = await both.ring()
    both.carrier.tokens = [TOKEN]
    assert await phone.hears_something()


async def test_a_request_for_another_address_is_refused_whatever_it_says_of_its_host(
    both: TelephoneCentre,
) -> None:
    phone = Phone(both.carrier, both.number(), "CA" + "7" * 32)
    there = "https://other.example/twilio/voice"
    signed = both.carrier.signed(phone, there, {})
    async with both.carrier.session.post(
        f"{both.public_url}/twilio/voice",
        data=signed.said,
        headers={"X-Twilio-Signature": signed.signature, "Host": "other.example"},
    ) as response:
        assert response.status == 403


async def test_a_number_that_is_none_of_ours_is_refused(both: TelephoneCentre) -> None:
    before = counted("voice", "unknown-number")
    phone = both.carrier.call(both.number("+441632960777"))
    async with asyncio.timeout(5):
        await phone.over.wait()
    assert phone.said == ["reject"]
    assert counted("voice", "unknown-number") == before + 1


async def test_a_call_goes_on_by_its_own_pass_alone(both: TelephoneCentre) -> None:
    one, other = await both.ring(), await both.ring()
    theirs = one.resume_url
    assert theirs is not None
    before = counted("resume", "bad-claim")
    with pytest.raises(WrongAnswer):
        await both.carrier.post(other, theirs, {})
    with pytest.raises(WrongAnswer):
        await both.carrier.post(one, theirs.replace("pass=", "pass=x"), {})
    assert counted("resume", "bad-claim") == before + 2


async def test_a_socket_that_twilio_has_not_signed_is_refused(both: TelephoneCentre) -> None:
    phone = await both.ring()
    before = counted("stream", "bad-claim")
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await both.carrier.session.ws_connect(phone.stream.url)
    assert counted("stream", "bad-claim") == before + 1


async def test_a_start_that_was_used_before_is_refused_and_its_call_goes_on(
    both: TelephoneCentre,
) -> None:
    phone = await both.ring()
    before = counted("stream", "replayed")
    again = both.carrier.stream(phone, phone.stream.url, phone.stream.parameters)
    assert await refused(both, phone, again) == Closing.REFUSED
    assert counted("stream", "replayed") == before + 1


async def test_a_start_with_the_pass_of_another_call_is_refused(both: TelephoneCentre) -> None:
    phone = await both.ring()
    before = counted("stream", "bad-claim")
    other = Phone(both.carrier, both.number(), "CA" + "9" * 32)
    stolen = both.carrier.stream(other, phone.stream.url, phone.stream.parameters)
    assert await refused(both, phone, stolen) == Closing.REFUSED
    assert counted("stream", "bad-claim") == before + 1


async def test_a_stream_that_does_not_begin_is_refused(both: TelephoneCentre) -> None:
    phone = await both.ring()
    for first in ("{}", "[", '{"event":"media"}', '{"event":"stop"}'):
        stream = both.carrier.stream(phone, phone.stream.url, {})
        stream.first = first
        before = counted("stream", "bad-request")
        assert await refused(both, phone, stream) is not None
        assert counted("stream", "bad-request") > before


GARBAGE = (
    "no JSON",
    '{"event":"media","media":{"payload":"!","chunk":"1","timestamp":"1"}}',
    '{"event":"media","media":{"payload":"","chunk":"1","timestamp":"1"}}',
    '{"event":"dtmf","dtmf":{"digit":"12"}}',
    '{"event":"who knows"}',
)


async def test_what_cannot_be_understood_in_a_call_is_left_out(both: TelephoneCentre) -> None:
    phone = await both.ring()
    before = counted("stream", "bad-request")
    for garbage in GARBAGE:
        await phone.stream.garble(garbage)
    phone.tone(CALLER_HZ)
    assert await phone.hears_something()
    assert counted("stream", "bad-request") == before + len(GARBAGE)
    assert len(phone.streams) == 1


@pytest.mark.parametrize(
    ("garbage", "outcome"), [("no JSON", "bad-request"), ("x" * 20_000, "too-long")]
)
async def test_a_stream_of_nonsense_is_closed_and_the_call_goes_on_with_the_next(
    both: TelephoneCentre, garbage: str, outcome: str
) -> None:
    phone = await both.wait_in_queue()
    (waits,) = await both.centre.state.look_calls([call_of(phone)])
    before = counted("stream", outcome)
    for _ in range(6):
        await phone.stream.garble(garbage)
    await phone.in_stream(2)
    async with asyncio.timeout(5):
        while counted("stream", outcome) == before:  # noqa: ASYNC110 - the node says so in its time
            await asyncio.sleep(0.05)
    await both.until_state(phone, "waiting")
    (still,) = await both.centre.state.look_calls([call_of(phone)])
    assert still.enqueued_ms == waits.enqueued_ms
