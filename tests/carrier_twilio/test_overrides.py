"""What stands behind the # of an address at Twilio."""

import asyncio
import socket
from collections.abc import Iterator

import aiohttp
import pytest

from contactcentre.adapters.carrier_twilio import answers
from contactcentre.apps.twilio_door import SOON_ELSEWHERE, resume_url
from contactcentre.drills.twilio_carrier import Carrier
from contactcentre.drills.twilio_overrides import Overrides, WrongAnswer, overrides
from contactcentre.drills.twilio_phone import Number, Phone
from contactcentre.drills.twilio_telephone import OVERRIDES

NUMBER = "+441632960001"


def test_an_address_that_says_nothing_is_asked_as_twilio_asks_by_itself() -> None:
    assert overrides("https://calls.example/voice?x=1") == Overrides()


def test_what_an_address_says_holds() -> None:
    said = overrides(f"https://calls.example/voice{OVERRIDES}")
    assert (said.retries, said.connect_s, said.read_s, said.total_s) == (1, 1.0, 4.0, 6.0)


def test_where_a_call_goes_on_is_asked_as_impatiently_as_the_number_itself() -> None:
    assert SOON_ELSEWHERE == OVERRIDES
    asked = resume_url("https://calls.example", "a pass")
    told = answers.hold({}, pause_s=1, again_url=asked)
    assert asked in told.replace("&amp;", "&")


@pytest.mark.parametrize(
    ("policy", "error", "is_tried"),
    [
        ("ct", aiohttp.ConnectionTimeoutError(), True),
        ("ct", TimeoutError(), False),
        ("ct,rt", TimeoutError(), True),
        ("4xx", WrongAnswer(404), True),
        ("4xx", WrongAnswer(503), False),
        ("all", WrongAnswer(503), True),
    ],
)
def test_only_what_the_policy_names_is_tried_again(
    policy: str, error: Exception, *, is_tried: bool
) -> None:
    assert overrides(f"https://calls.example#rp={policy}").is_tried_again(error) is is_tried


@pytest.fixture
def silent() -> Iterator[str]:
    """Give the address of a site that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/voice"


async def test_all_tries_together_end_when_the_address_says_so(silent: str) -> None:
    async with Carrier() as carrier:
        url = f"{silent}#rc=5&rp=rt&rt=200&tt=500"
        phone = Phone(carrier, Number(number=NUMBER, voice_url=url), "CA" + "1" * 32)
        phone.begin()
        async with asyncio.timeout(10):
            await phone.over.wait()
    assert len(phone.asked) == 3
    assert phone.said == ["application error"]
