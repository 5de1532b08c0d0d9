"""A ring whose adviser takes the sound on a phone."""

import asyncio

from contactcentre.domain.events import LapseReason
from contactcentre.ports.live import (
    AdviserAnswered,
    AdviserAttached,
    PhoneRung,
    PhoneUnanswered,
)
from tests.journey.test_bridging import ADAS_LEG, Ring


async def test_an_adviser_whose_phone_rings_has_longer_to_pick_it_up() -> None:
    ring = Ring()
    ring.act(PhoneRung(within_ms=10_000))
    ringing = asyncio.create_task(ring.bridging.ring(ring_ms=50))
    await asyncio.sleep(0.1)
    assert ring.bridging.ring_left_ms > 9_000
    ring.act(AdviserAttached(leg=ADAS_LEG), AdviserAnswered())
    assert await ringing is None
    assert [what for what, _ in ring.desks.told].count("ring") == 2


async def test_a_phone_that_nobody_picks_up_is_a_ring_that_nobody_answers() -> None:
    ring = Ring()
    ring.act(PhoneRung(within_ms=10_000), PhoneUnanswered())
    assert await ring.bridging.ring(ring_ms=1_000) is LapseReason.NO_ANSWER
    assert not ring.bridging.desk_failed


async def test_an_adviser_on_a_phone_who_does_not_press_answer_is_no_failed_desk() -> None:
    ring = Ring()
    ring.live.is_adviser_there = True  # without a leg: that comes with the phone
    assert await ring.bridging.ring(ring_ms=50) is LapseReason.NO_ANSWER
    assert not ring.bridging.desk_failed


async def test_a_phone_that_rings_for_too_long_is_no_failed_desk_either() -> None:
    ring = Ring()
    ring.live.is_adviser_there = True
    ring.act(PhoneRung(within_ms=50))
    assert await ring.bridging.ring(ring_ms=1_000) is LapseReason.NO_ANSWER
    assert not ring.bridging.desk_failed
