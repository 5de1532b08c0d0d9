"""What a caller's page and the public server say to one another over HTTP.

POST /api/claims   NewClaim   200 GivenClaim, or 429 after too many
GET  /api/nodes    -          200 LivingNodes
"""

from pydantic import Field

from contactcentre.domain.ids import CallId, LineId
from contactcentre.domain.languages import Language
from contactcentre.wire.claims import Digest
from contactcentre.wire.said import Said


class LeftCall(Said):
    """A page's last claim to a call that its caller has left, with the secret that proves it."""

    claim: str = Field(max_length=4_096)
    secret: str = Field(min_length=16, max_length=128)


class NewClaim(Said):
    """A page that has not called yet wants a claim to a call of its own."""

    line: LineId
    language: Language
    chat: bool = False
    """The caller will write, and not speak."""
    page: Digest
    """Of the secret that the page keeps to itself."""
    left: LeftCall | None = None
    """The call whose place the caller would like to have back."""


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
    place_kept: bool = False
    """The caller's wait, if there is one, counts from when the call that was left began its own."""
