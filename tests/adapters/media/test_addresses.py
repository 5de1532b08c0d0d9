"""Which addresses a node offers."""

from collections.abc import Iterator

import aioice.ice
import pytest

from contactcentre.adapters.media_aiortc.addresses import offer_addresses
from contactcentre.bench.peer import Peer


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    yield
    offer_addresses([])


async def offered() -> set[str]:
    """Return the addresses in an offer."""
    async with Peer() as peer:
        lines = (await peer.offer()).splitlines()
    return {line.split()[4] for line in lines if line.startswith("a=candidate")}


async def test_the_addresses_of_the_setting_are_offered_and_no_others() -> None:
    offer_addresses(["127.0.0.1", "127.0.0.2"])
    assert await offered() == {"127.0.0.1", "127.0.0.2"}


async def test_without_a_setting_loopback_is_not_offered() -> None:
    offer_addresses([])
    assert "127.0.0.1" not in await offered()


def test_an_address_of_another_family_is_left_out_where_it_is_not_wanted() -> None:
    offer_addresses(["192.0.2.7", "2001:db8::7"])
    assert aioice.ice.get_host_addresses(True, False) == ["192.0.2.7"]  # noqa: FBT003 - aioice's signature
    assert aioice.ice.get_host_addresses(False, True) == ["2001:db8::7"]  # noqa: FBT003 - likewise


def test_what_is_no_address_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="not-an-address"):
        offer_addresses(["not-an-address"])
