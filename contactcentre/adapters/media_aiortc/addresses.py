"""Which of this machine's addresses are offered to callers: a setting, not a guess.

The ICE library leaves the loopback address out and offers every other one; a node behind a public
address, a laptop and a test each need something else.
"""

from collections.abc import Sequence
from ipaddress import ip_address

import aioice.ice

_every_address = aioice.ice.get_host_addresses


def offer_addresses(addresses: Sequence[str]) -> None:
    """Offer these from now on, in the whole process; none means every one but loopback."""
    chosen = [str(ip_address(address)) for address in addresses]

    def host_addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:  # noqa: FBT001 - aioice's signature
        """Return the chosen addresses of the wanted families."""
        wanted = {4: use_ipv4, 6: use_ipv6}
        return [address for address in chosen if wanted[ip_address(address).version]]

    aioice.ice.get_host_addresses = host_addresses if chosen else _every_address
