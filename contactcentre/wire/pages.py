"""What a caller's page and the public server say to one another over HTTP.

POST /api/claims   NewClaim   200 GivenClaim, or 429 after too many
GET  /api/nodes    -          200 LivingNodes
"""

from contactcentre.domain.ids import CallId, LineId
from contactcentre.domain.languages import Language
from contactcentre.wire.claims import Digest
from contactcentre.wire.said import Said


class NewClaim(Said):
    """A page that has not called yet wants a claim to a call of its own."""

    line: LineId
    language: Language
    page: Digest
    """Of the secret that the page keeps to itself."""


class LivingNodes(Said):
    """The leg sockets that a page may open, in no particular order."""

    nodes: list[str]
    sites: dict[str, str]
    """The site of each of them of which it is known: a page whose node is out of reach goes to
    another site."""


class GivenClaim(LivingNodes):
    """A claim to a call that no node has admitted yet."""

    claim: str
    call: CallId
    life_ms: int
    """How long a page may come back with a claim after it was given."""
