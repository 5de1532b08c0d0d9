"""The keepers of callbacks, as a media node that rings a number reaches them."""

from contactcentre.apps.reach import RING_DEADLINE_MS, PeerWay
from contactcentre.domain.errors import Outage, PeerUnavailable
from contactcentre.ports.state import AddressBook
from contactcentre.wire.claims import AdviserTicket
from contactcentre.wire.cluster import AskDial, CallbackAnswered, DialFacts, DialOver


class DialKeepers:
    """The keepers, by the ticket of the adviser for whom a number is rung."""

    def __init__(self, peers: PeerWay, book: AddressBook) -> None:
        self._peers = peers
        self._book = book

    async def ask(self, ticket: AdviserTicket, dial: str) -> DialFacts:
        """Ask whether a number may be rung, or rung on. Raises PeerUnavailable and refusals."""
        asked = AskDial(call=ticket.call, adviser=ticket.adviser, token=ticket.token, dial=dial)
        return await self._peers.ask(
            _own(ticket),
            "/callbacks/dials",
            asked,
            gives=DialFacts,
            deadline_ms=RING_DEADLINE_MS,
        )

    async def over(self, ticket: AdviserTicket, dial: str, *, is_made: bool) -> None:
        """Tell that a number is rung no longer. Raises PeerUnavailable and refusals."""
        said = DialOver(
            call=ticket.call,
            adviser=ticket.adviser,
            token=ticket.token,
            dial=dial,
            is_made=is_made,
        )
        await self._peers.post(
            _own(ticket), "/callbacks/dials/over", said, deadline_ms=RING_DEADLINE_MS
        )

    async def answered(self, ticket: AdviserTicket) -> None:
        """Have any keeper write down that somebody has answered; its own is asked first.

        Raises an Outage where none could, UnknownName where there is no such callback.
        """
        said = CallbackAnswered(call=ticket.call, adviser=ticket.adviser, token=ticket.token)
        trouble: Outage = PeerUnavailable("No keeper of callbacks can be reached.")
        for url in await self._urls(_own(ticket)):
            try:
                await self._peers.post(
                    url, "/callbacks/answers", said, deadline_ms=RING_DEADLINE_MS
                )
            except Outage as error:
                trouble = error
            else:
                return
        raise trouble

    async def _urls(self, own: str) -> list[str]:
        """Return where keepers are."""
        try:
            nodes = await self._book.nodes()
        except Outage:
            return [own]
        others = [one.internal_url for one in nodes if not one.carries_calls]
        return [own, *(url for url in others if url != own)]


def _own(ticket: AdviserTicket) -> str:
    """Return where the keeper is that the ticket names."""
    assert ticket.keeper_url is not None, "a number is rung by a ticket that names a keeper"
    return ticket.keeper_url
