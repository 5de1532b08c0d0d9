"""What a centre is told that may ring outside numbers, and whoever is rung."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from contactcentre.bench.phone import PhonePeer
from tests.adapters.sip.answering import Answering, answering

OUTSIDE_HZ = 1_900.0
NAME = "council-tax"
TITLES = {"en-GB": "Council tax", "cy": "Treth y cyngor"}
TRUNKS = """
[trunks.north]
addresses = ["127.0.0.1"]
out = {{ address = "127.0.0.1", port = {port}, refer = {refer} }}
"""
NUMBERS = """
own = ["+441632960001"]
allowed = ["+441632960"]
calls_max = 1

[numbers.council-tax]
number = "+441632960100"
titles = { en-GB = "Council tax", cy = "Treth y cyngor" }
"""


def outside_settings(
    folder: Path, port: int, *, rtp_ports: str, refer: bool = False
) -> dict[str, str]:
    """Return what nodes are told of a trunk at a port, and of one number behind it."""
    trunks, numbers = folder / "trunks.toml", folder / "numbers.toml"
    trunks.write_text(TRUNKS.format(port=port, refer=str(refer).lower()))
    numbers.write_text(NUMBERS)
    return {
        "CC_SIP_TRUNKS": str(trunks),
        "CC_OUTSIDE_NUMBERS": str(numbers),
        "CC_RTP_PORTS": rtp_ports,
    }


@asynccontextmanager
async def phone() -> AsyncIterator[tuple[Answering, PhonePeer]]:
    """Give a trunk with a phone that rings and is not picked up, and the sound of that phone."""
    sound = PhonePeer()
    async with answering() as trunk:
        await sound.open()
        trunk.script = lambda rung: rung.respond(180)
        yield trunk, sound
        await sound.close()
