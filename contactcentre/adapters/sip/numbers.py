"""Which number was called, who says to have called it, and who has sent the call on to us."""

import re
from urllib.parse import unquote

from contactcentre.adapters.sip.messages import (
    MalformedMessage,
    Request,
    address_of,
    params_of,
    read_uri,
)

_NUMBER = re.compile(r"\+?[0-9]{3,15}")
_SEPARATORS = re.compile(r"[\s().-]")
WITHHELD = frozenset({"id", "user", "header", "full"})
"""What a phone asks for that will not have its number shown (RFC 3323 and 3325)."""
ANONYMOUS = frozenset({"anonymous", "restricted", "unavailable", "unknown"})


def called_numbers(request: Request, country: str) -> list[str]:
    """Return the number that the call is for, and the one that was dialled if it is another."""
    numbers = []
    for address in (request.uri, address_of(request.first("to"))):
        number = as_number(_user(address), country)
        if number and number not in numbers:
            numbers.append(number)
    return numbers


def caller_number(request: Request, country: str) -> str | None:
    """Return the number of the caller, by the network's word before the phone's own."""
    words = ";".join(request.every("privacy")).lower().split(";")
    if WITHHELD.intersection(map(str.strip, words)):
        return None
    asserted = request.every("p-asserted-identity")
    for value in [*asserted, request.first("from")]:
        user = _user(address_of(value))
        if user.lower() in ANONYMOUS:
            return None
        if _NUMBER.fullmatch(_bare(user)):
            return as_number(user, country)
    return None


def diverting_number(request: Request, country: str) -> str | None:
    """Return the number that has sent the call on to us, the last one if there were several."""
    for value in request.every("diversion"):
        if params_of(value).get("privacy", "off").lower() == "off":
            return as_number(_user(address_of(value)), country) or None
    return None


def as_number(user: str, country: str) -> str:
    """Return a number with its country; what is none comes back as it is."""
    bare = _bare(user)
    if not _NUMBER.fullmatch(bare):
        return user
    if bare.startswith("+"):
        return bare
    if bare.startswith("00"):
        return "+" + bare[2:]
    if bare.startswith("0"):
        return f"+{country}{bare[1:]}"
    return "+" + bare


def _bare(user: str) -> str:
    """Return a number's digits alone; any of its signs may be written as % and its code."""
    return _SEPARATORS.sub("", unquote(user))


def _user(address: str) -> str:
    try:
        return read_uri(address).user
    except MalformedMessage:
        return ""
