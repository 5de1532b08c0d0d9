"""What is refused of a setting's value although it is of the right kind."""

from collections.abc import Sequence

HELPING, RELAYING = ("stun", "stuns"), ("turn", "turns")
"""How the URL of a server begins that tells a browser its address, and of one that relays sound."""


def port_range(text: str) -> str:
    """Refuse what is no range of ports that begins with an even one."""
    first, dash, last = text.partition("-")
    if not (dash and first.isdecimal() and last.isdecimal() and first.isascii()):
        raise ValueError("write the first and the last port, as in 20000-29999")
    if int(first) % 2 or not 1_024 <= int(first) < int(last) <= 65_535:  # noqa: PLR2004 - 16 bits
        raise ValueError("give an even port from 1024 on, and a later one up to 65535")
    return text


def ice_servers(urls: Sequence[str], *, has_secret: bool) -> None:
    """Refuse what is no server for browsers, and one that relays without what it is asked with."""
    for url in urls:
        scheme, colon, place = url.partition(":")
        if not (colon and place) or scheme not in {*HELPING, *RELAYING} or place[0] == "/":
            raise ValueError(
                "write stun:host:port or turn:host:port, with commas between several; "
                "turns: for TLS, and ?transport=tcp behind it for networks that let no UDP through"
            )
        if scheme in RELAYING and not has_secret:
            raise ValueError(
                "a turn: server is asked with passwords made from its secret: set CC_TURN_SECRET "
                "to what the server has as static-auth-secret"
            )


def helping(urls: Sequence[str]) -> Sequence[str]:
    """Return the servers that need no password: a node has no use for others."""
    return [url for url in urls if url.partition(":")[0] in HELPING]
