"""The seats of one adviser: one for voice, and some for chats, each rung and freed by itself.

To queue, matching and rescue a seat is an adviser like any other: ready or not, bound to one call
at most. What joins the seats of one person is only when they are offered anything.
"""

from collections.abc import Sequence

from contactcentre.domain.ids import AdviserId
from contactcentre.domain.presence import Presence

BETWEEN = "/"
"""Stands between a person and a seat; no account has it in its name."""


def chat_seats(adviser: AdviserId, count: int) -> Sequence[AdviserId]:
    """Return the seats at which an adviser may chat, as in `ada/c1`."""
    return tuple(AdviserId(f"{adviser}{BETWEEN}c{number + 1}") for number in range(count))


def person_of(seat: AdviserId) -> AdviserId:
    """Return whose seat it is."""
    return AdviserId(seat.partition(BETWEEN)[0])


def is_chat_seat(seat: AdviserId) -> bool:
    """Say whether a seat is one for chats."""
    return BETWEEN in seat


def may_chat(voice: Presence) -> bool:
    """Say whether an adviser may be offered a chat: not while a call is at hand, nor while away."""
    return voice is Presence.READY


def may_talk(chats: Sequence[Presence], *, beside_max: int) -> bool:
    """Say whether an adviser may be offered a call beside the chats there are."""
    at_work = (Presence.RESERVED, Presence.RINGING, Presence.TALKING)
    return sum(state in at_work for state in chats) <= beside_max
