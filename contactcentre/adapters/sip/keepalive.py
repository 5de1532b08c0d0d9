"""Whether a trunk is there: an OPTIONS outside of any call asks it (RFC 3261, section 11)."""

import asyncio
import secrets

from contactcentre.adapters.sip.dialog import SDP, Ours, new_tag
from contactcentre.adapters.sip.messages import Request
from contactcentre.adapters.sip.ways import Peer

ANSWER_MAX_S = 5
TAKES_NO_CALLS = frozenset({408, 503})
"""Nobody behind it answers, or it is out of service; every other answer is one of somebody."""


async def answers(ours: Ours, transport: str, peer: Peer) -> bool:
    """Ask a trunk, and say whether it answers as one that takes calls."""
    try:
        async with asyncio.timeout(ANSWER_MAX_S):
            response = await ours.transactions.ask(
                _question(ours, transport, peer), ours.ways.to(transport, peer)
            )
    except (TimeoutError, OSError, ValueError):  # nobody, or no way to an address of that kind
        return False
    return response is not None and response.code not in TAKES_NO_CALLS


def _question(ours: Ours, transport: str, peer: Peer) -> Request:
    host, port = peer
    shown = f"[{host}]" if ":" in host else host
    suffix = "" if transport == "udp" else f";transport={transport}"
    address = f"sip:{shown}:{port}{suffix}"
    contact = ours.contact(transport, address)
    return Request(
        method="OPTIONS",
        uri=address,
        headers=[
            ("via", ours.via(transport)),
            ("max-forwards", "70"),
            ("from", f"{contact};tag={new_tag()}"),
            ("to", f"<{address}>"),
            ("call-id", secrets.token_hex(16)),
            ("cseq", "1 OPTIONS"),
            ("contact", contact),
            ("accept", SDP),
        ],
    )
