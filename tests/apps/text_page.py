"""Pages that chat: a caller's and an adviser's end of a leg that carries text."""

import hashlib
from typing import Any, Self

from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.bench.peer import Peer
from contactcentre.domain.ids import CallId, LineId
from contactcentre.domain.languages import Language
from contactcentre.ports.media import TEXT_OFFER
from contactcentre.wire.claims import CallerClaim
from contactcentre.wire.cluster import Ring
from tests.apps.small_centre import SECRET, LegPage, SmallCentre

CHATS = "tax.chat.en"


class TextPage(LegPage):
    """A page that writes and reads."""

    @classmethod
    async def come(cls, centre: SmallCentre, url: str, **first: Any) -> Self:
        """Open a socket and hear all that has been written so far."""
        page = cls(await centre.session.ws_connect(url), Peer())
        centre.close_later(page)
        await page.say("attach" if "ticket" in first else "offer", sdp=TEXT_OFFER, **first)
        await page.hear("so_far")
        return page

    async def write(self, text: str, words: str, order: int | None = None) -> dict[str, Any]:
        """Write a text, and return how the node says that it is written."""
        await self.say("write", text=text, words=words, order=order)
        return await self.hear("written", text=text)

    @property
    def read(self) -> list[tuple[str, str]]:
        """Return who wrote what, as it came."""
        return [(one["by"], one["words"]) for one in self.heard if one["kind"] == "written"]


def chat_claim(centre: SmallCentre, call: str) -> str:
    """Return a claim to a chat that does not exist yet."""
    return centre.signatures.sign_claim(
        CallerClaim(
            call=CallId(call),
            line=LineId("tax"),
            language=Language.ENGLISH,
            epoch_count=0,
            epoch_nonce="",
            chat=True,
            page=hashlib.sha256(SECRET.encode()).hexdigest(),
            exp=MachineClock().now_ms() // 1_000 + 60,
        )
    )


async def chat(centre: SmallCentre, call: str) -> TextPage:
    """Let a caller begin a chat at the first node, and wait."""
    page = await come_back(centre, chat_claim(centre, call), node=0)
    await page.hear("place")
    return page


async def come_back(centre: SmallCentre, claim: str, *, node: int, attempt: int = 0) -> TextPage:
    """Let a page come to a node with a claim."""
    url = centre.leg_urls[node]
    return await TextPage.come(centre, url, claim=claim, secret=SECRET, attempt=attempt)


async def join(centre: SmallCentre, ring: Ring) -> TextPage:
    """Let the adviser who is rung take the chat."""
    page = await TextPage.come(centre, ring.node_url, ticket=ring.ticket)
    await page.say("answer_call")
    await page.hear("bridged")
    return page
