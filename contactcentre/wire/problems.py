"""How a refusal or an outage is said over HTTP (RFC 9457)."""

from contactcentre.wire.said import Said


class Problem(Said):
    """An application/problem+json body."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    """The slug of domain/errors.py."""
    detail: str
    """A sentence for people: what happened and what to do."""
