"""What an adviser's page hears of a callback, from its desk and from the node that rings."""

from typing import Literal

from contactcentre.domain.callback import Attempt
from contactcentre.wire.said import Said


class CallbackNow(Said):
    """A caller who is to be rung back."""

    number: str
    """As it is keyed in the United Kingdom."""
    booked_ms: int
    """How long ago it was promised."""
    attempts_count: int
    """How often the number has been rung in vain."""


class CallbackWay(Said):
    """Where the page has the number of its callback rung: it attaches there, with this ticket."""

    node_url: str
    ticket: str


class CallerRung(Said):
    """Adviser: what becomes of the number of your callback; `bridged` follows on an answer."""

    kind: Literal["caller_rung"] = "caller_rung"
    state: Literal["dialling", "ringing", "failed"]
    is_heard: bool
    """What the network sends meanwhile, its own tone or words, can be heard."""
    why: str | None
    """Why it failed: a word of domain/dialling or a code of domain/errors."""
    found: Attempt | None
    """How the attempt has ended, as far as can be said without you; None: there was none."""
    may_again: bool
    """You may have it rung again."""
