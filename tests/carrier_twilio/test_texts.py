"""A caller is texted the link that a step offers: once, by a key, and only where it can be."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from contactcentre.adapters.carrier_twilio.text_rules import read_text_rules
from contactcentre.adapters.embedded.server import free_port
from contactcentre.adapters.embedded.valkey import Valkey
from contactcentre.adapters.state_redis.texts import RedisTexts
from contactcentre.adapters.telemetry.metrics import REGISTRY
from contactcentre.apps import texting
from contactcentre.domain.errors import BadRequest
from contactcentre.domain.events import Ending
from contactcentre.drills.twilio_carrier import TOKEN
from contactcentre.drills.twilio_phone import Phone
from contactcentre.ports.texts import TextMark
from tests.adapters.sip.entrance import until
from tests.apps.test_trunk_calls import Town
from tests.carrier_twilio.centre import TelephoneCentre, call_of, telephone_centre
from tests.carrier_twilio.counted import counted
from tests.carrier_twilio.text_office import TextOffice
from tests.stores import empty

pytestmark = pytest.mark.asyncio(loop_scope="module")

RULES = 'sender = "+441632960002"\ncountries = ["+44"]\nper_number_a_day = 2\n'
LINK = "https://riverside.example/utr"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(
    valkey: Valkey, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[TelephoneCentre]:
    """Give a centre of one node that texts its callers."""
    await empty(valkey.admin_url)
    folder = tmp_path_factory.mktemp("centre")
    rules = folder / "texts.toml"
    rules.write_text(RULES)
    trunks = folder / "trunks.toml"
    trunks.write_text('[trunks.north]\naddresses = ["127.0.0.1"]\n')
    more: dict[str, Any] = {
        "CC_TEXTS": str(rules),
        "CC_SIP_PORT": str(free_port()),
        "CC_SIP_TRUNKS": str(trunks),
        "CC_RTP_PORTS": "28000-28199",
    }
    async with telephone_centre(valkey.url, folder, nodes=1, **more) as one:
        yield one


@pytest.fixture
def office(both: TelephoneCentre) -> TextOffice:
    """Give the carrier's texts; the caller rings from a new mobile telephone."""
    office = both.carrier.texts
    new_telephone(office, "mobile")
    office.sent.clear()
    return office


def new_telephone(office: TextOffice, kind: str) -> None:
    """Let everybody ring from a telephone of this kind that nobody knows yet."""
    office.caller = f"+44163296{len(office.kinds):04}"
    office.kinds[office.caller] = kind


async def press(both: TelephoneCentre, keys: str) -> Phone:
    """Let somebody ring and press these keys."""
    phone = await both.ring()
    assert await phone.hears_something()
    for key in keys:
        await phone.press(key)
        await asyncio.sleep(0.05)
    return phone


async def until_sent(office: TextOffice, count: int = 1) -> None:
    async with asyncio.timeout(5):
        while len(office.sent) < count:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.02)


async def ending_of(both: TelephoneCentre, phone: Phone) -> Ending | None:
    """Return how a call has ended, once it has."""
    await both.until_state(phone, "closed", within_s=20)
    return (await both.centre.state.look_calls([call_of(phone)]))[0].ending


def texts(outcome: str) -> float:
    """Return how many texts there were of which this became."""
    return REGISTRY.get_sample_value("contactcentre_ivr_texts_total", {"outcome": outcome}) or 0


async def until_counted(outcome: str, count: float) -> None:
    async with asyncio.timeout(5):
        while texts(outcome) < count:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.02)


async def test_a_caller_who_presses_1_gets_the_link_as_a_text_and_may_hang_up(
    both: TelephoneCentre, office: TextOffice
) -> None:
    phone = await press(both, "11")
    await until_sent(office)
    (text,) = office.sent
    assert text["Body"] == (
        f"Riverside Revenue: see your tax reference in your online account: {LINK}"
        " Do not reply to this message."
    )
    assert (text["From"], text["To"]) == ("+441632960002", office.caller)
    assert await phone.hears_something()
    await asyncio.sleep(0.2)
    await phone.hang_up()
    assert await ending_of(both, phone) is Ending.DEFLECTED


@pytest.mark.parametrize(
    ("asks", "is_texted"),
    [([], True), ([("privacy", "id")], False), ([("privacy", "user; header")], False)],
)
async def test_a_caller_from_a_trunk_whose_number_is_shown_gets_it_as_well(
    both: TelephoneCentre,
    office: TextOffice,
    asks: list[tuple[str, str]],
    is_texted: bool,  # noqa: FBT001 - a case
) -> None:
    town = Town(both.centre)
    await town.exchange.open()
    phone = await town.dial(caller=office.caller, headers=asks)
    await phone.press("11")
    if is_texted:
        await until_sent(office)
        assert (office.sent[0]["To"], LINK in office.sent[0]["Body"]) == (office.caller, True)
    else:
        assert await until(lambda: phone.call.is_over, within_s=0.5) is False
        assert office.sent == []
    await phone.close()
    await town.exchange.close()


async def test_the_text_is_in_the_language_of_the_call(
    both: TelephoneCentre, office: TextOffice
) -> None:
    phone = await press(both, "911")
    await until_sent(office)
    assert office.sent[0]["Body"].startswith("Riverside Revenue: gweld eich cyfeirnod treth")
    await phone.hang_up()


async def test_one_step_of_a_call_sends_no_second_text(
    both: TelephoneCentre, office: TextOffice
) -> None:
    before = texts("sent")
    phone = await press(both, "11")
    await until_sent(office)
    for key in "#11":
        await phone.press(key)
        await asyncio.sleep(0.1)
    await until_counted("sent", before + 2)  # the caller is told that it is on its way
    assert len(office.sent) == 1
    await phone.hang_up()


async def test_a_caller_who_presses_2_is_texted_nothing_and_told_the_address(
    both: TelephoneCentre, office: TextOffice
) -> None:
    phone = await press(both, "121")
    assert await ending_of(both, phone) is Ending.DEFLECTED
    assert office.sent == []


async def test_whose_telephone_takes_no_texts_is_offered_none(
    both: TelephoneCentre, office: TextOffice
) -> None:
    for kind in ("landline", "nonFixedVoip"):
        new_telephone(office, kind)
        phone = await press(both, "11")
        assert await ending_of(both, phone) is Ending.DEFLECTED, "1 says that the address will do"
    assert office.sent == []


async def test_nobody_waits_for_a_look_up_that_takes_long(
    both: TelephoneCentre, office: TextOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texting, "OFFER_WITHIN_MS", 100)
    monkeypatch.setattr(office, "look_up_s", 2.0)
    before = texts("not-known-in-time")
    phone = await press(both, "11")
    assert await ending_of(both, phone) is Ending.DEFLECTED
    assert texts("not-known-in-time") == before + 1
    assert office.sent == []


async def test_a_number_gets_so_many_texts_a_day_and_is_looked_up_once(
    both: TelephoneCentre, office: TextOffice
) -> None:
    office.looked_up.clear()
    before = texts("number-full")
    for sent in (1, 2):
        phone = await press(both, "11")
        await until_sent(office, sent)
        await phone.hang_up()
    phone = await press(both, "11")
    assert await ending_of(both, phone) is Ending.DEFLECTED, "the address was told instead"
    assert texts("number-full") == before + 1
    assert len(office.sent) == 2
    assert office.looked_up == [office.caller]


async def test_a_number_that_may_not_be_looked_up_is_offered_no_text(
    both: TelephoneCentre, office: TextOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object, is_paid: bool, **_more: object) -> TextMark:
        return TextMark.LOOK_UPS_FULL if is_paid else TextMark.OPEN

    monkeypatch.setattr(RedisTexts, "may_text", full)
    before = texts("look-ups-full")
    office.looked_up.clear()
    phone = await press(both, "11")
    assert await ending_of(both, phone) is Ending.DEFLECTED
    assert texts("look-ups-full") == before + 1
    assert office.looked_up == []


async def test_a_text_that_twilio_refuses_may_be_asked_for_again(
    both: TelephoneCentre, office: TextOffice
) -> None:
    before = texts("refused")
    office.refusals = [429]
    phone = await press(both, "11")
    await until_counted("refused", before + 1)
    for key in "#1":
        await phone.press(key)
        await asyncio.sleep(0.1)
    await until_sent(office)
    await phone.hang_up()


async def test_a_text_whose_answer_was_lost_is_not_sent_again(
    both: TelephoneCentre, office: TextOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office, "loses_answers", True)
    before = texts("unsure")
    phone = await press(both, "11")
    await until_counted("unsure", before + 1)
    for key in "#1":
        await phone.press(key)
        await asyncio.sleep(0.1)
    await until_counted("unsure", before + 2)
    assert len(office.sent) == 1
    await phone.hang_up()


async def test_what_became_of_a_text_is_counted_if_twilio_says_it(
    both: TelephoneCentre, office: TextOffice
) -> None:
    phone = await press(both, "11")
    await until_sent(office)
    await phone.hang_up()
    (text,) = office.sent
    name, labels = "contactcentre_ivr_texts_reported_total", {"status": "delivered"}
    before = REGISTRY.get_sample_value(name, labels) or 0
    forged = counted("text", "bad-claim")
    assert await office.report(text, "delivered", token=TOKEN) == 204
    assert await office.report(text, "delivered", token="another") == 403  # noqa: S106 - of no account
    assert await office.report(text, "read by nobody we know", token=TOKEN) == 400
    assert REGISTRY.get_sample_value(name, labels) == before + 1
    assert counted("text", "bad-claim") == forged + 1


@pytest.mark.parametrize(
    ("number", "allowed"),
    [("+441632960999", True), ("+15550100", False), ("anonymous", False), ("", False)],
)
async def test_only_numbers_of_the_countries_that_are_set_are_texted(
    tmp_path: Path, number: str, *, allowed: bool
) -> None:
    path = tmp_path / "texts.toml"
    path.write_text(RULES)
    assert read_text_rules(path).allow(number) is allowed


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ("", "sender: Field required"),
        ('sender = "+44"\ncountries = ["+44"]', "sender: "),
        ('sender = "Riverside"\ncountries = []', "countries: "),
        ('sender = "Riverside"\ncountries = ["44"]', "countries.0: "),
        ("sender", "is not TOML"),
    ],
)
async def test_rules_that_are_wrong_are_refused(tmp_path: Path, rules: str, why: str) -> None:
    path = tmp_path / "texts.toml"
    path.write_text(rules)
    with pytest.raises(BadRequest, match=why):
        read_text_rules(path)
