"""The talks that go on, and a supervisor's way to one of them.

Whoever asks is a supervisor: the route checks it. Listening itself begins at the node, once the
record has who listens.
"""

from dataclasses import dataclass

from contactcentre.adapters.web.claims import Signatures
from contactcentre.apps.desk_told import Signs
from contactcentre.apps.desk_transfers import TransferSigns
from contactcentre.domain.errors import CallClosed, StateUnavailable
from contactcentre.domain.ids import AdviserId, CallId, QueueId
from contactcentre.domain.languages import Language
from contactcentre.domain.presence import Presence
from contactcentre.domain.seats import is_chat_seat
from contactcentre.journey.supervision import Supervision
from contactcentre.limits import TICKET_LIFE_S
from contactcentre.ports.environment import Clock
from contactcentre.ports.state import AdviserStanding, CallQueues, CallStanding
from contactcentre.wire import rooms as said
from contactcentre.wire.claims import SupervisorTicket

TALKING = "talking"
SHOWN_MAX = 50
"""More talks than these are counted, and found by the adviser's name."""
GONE = "That talk has ended. Choose another one."


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskRooms:
    """What a desk process tells of others' rooms."""

    transfers: TransferSigns
    talks: "Talks"


class Talks:
    """The talks of the centre, as supervisors see them."""

    def __init__(
        self,
        *,
        queues: CallQueues,
        supervision: Supervision,
        signs: Signs,
        signatures: Signatures,
        clock: Clock,
    ) -> None:
        self._queues = queues
        self._supervision = supervision
        self._signs = signs
        self._signatures = signatures
        self._clock = clock

    async def found(self, sought: str, language: Language) -> said.Talks:
        """Return the talks of advisers whose names have `sought` in them, the longest first.

        Raises StateUnavailable.
        """
        overview = self._supervision.overview
        if overview is None:
            raise StateUnavailable("there is no overview")
        talks = sorted(
            (standing.since_ms, adviser, standing.call)
            for adviser, standing in overview.advisers
            if standing.call is not None
            and _talks(adviser, standing)
            and sought.casefold() in adviser.casefold()
        )
        shown = talks[:SHOWN_MAX]
        calls = await self._queues.look_calls([call for _, _, call in shown])
        queues = {one.call: one.queue for one in calls if self._url(one) is not None}
        return said.Talks(
            count=len(talks),
            talks=[
                said.BoardTalk(
                    call=call,
                    adviser=adviser,
                    queue=self._titled(queues[call], language),
                    talked_ms=max(0, overview.now_ms - since_ms),
                )
                for since_ms, adviser, call in shown
                if call in queues
            ],
        )

    async def way(self, call: CallId, *, who: AdviserId) -> said.WayToTalk:
        """Return a supervisor's way to a talk. Raises CallClosed, StateUnavailable."""
        found = await self._queues.look_calls([call])
        standing = found[0] if found else None
        url = None if standing is None else self._url(standing)
        if url is None or standing is None or standing.node is None:
            raise CallClosed(GONE)
        ticket = SupervisorTicket(
            call=call,
            supervisor=who,
            node=standing.node,
            exp=self._clock.now_ms() // 1_000 + TICKET_LIFE_S,
        )
        return said.WayToTalk(node_url=url, ticket=self._signatures.sign_supervisor_ticket(ticket))

    def _url(self, standing: CallStanding) -> str | None:
        """Return where a talk can be listened to; None if there is nobody on the line."""
        overview = self._supervision.overview
        nodes = () if overview is None else overview.nodes
        for node in nodes:
            if node.node == standing.node and node.carries_calls and standing.state == TALKING:
                return node.public_url
        return None

    def _titled(self, queue: QueueId | None, language: Language) -> str | None:
        return None if queue is None else self._signs.title(queue, language)


def _talks(adviser: AdviserId, standing: AdviserStanding) -> bool:
    """Say whether somebody talks with a caller who is on the line."""
    return standing.state is Presence.TALKING and not is_chat_seat(adviser)
