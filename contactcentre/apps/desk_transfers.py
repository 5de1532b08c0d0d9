"""Where an adviser may hand a caller, as it is told to the desk: what is closed is said before."""

from collections.abc import Mapping, Sequence

from contactcentre.apps.desk_told import queue_titles
from contactcentre.domain.dialling import OutsideNumber
from contactcentre.domain.ids import AdviserId, LineId
from contactcentre.domain.ivr.flow import Line
from contactcentre.domain.ivr.transfer import Target, targets
from contactcentre.domain.presence import Presence
from contactcentre.domain.seats import is_chat_seat
from contactcentre.journey.steering import Steering
from contactcentre.ports.environment import Clock
from contactcentre.ports.state import Overview, QueueStanding
from contactcentre.wire import rooms as said


class TransferSigns:
    """The queues that callers may be handed to, in words."""

    def __init__(
        self,
        lines: Mapping[LineId, Line],
        steering: Steering,
        clock: Clock,
        outside: Sequence[OutsideNumber],
    ) -> None:
        self._outside = outside
        self._lines = lines
        self._steering = steering
        self._clock = clock

    def targets(self, overview: Overview | None, who: AdviserId) -> said.TransferTargets:
        """Return every queue for calls, everybody else who is signed in, and outside numbers.

        Without an overview nobody can say who waits or works there.
        """
        stands = {} if overview is None else {one.queue: one for one in overview.queues}
        found = targets(self._lines, self._steering.of, is_chat=False, at_ms=self._clock.now_ms())
        return said.TransferTargets(
            targets=[_told(target, stands.get(target.queue.id)) for target in found],
            colleagues=[
                said.Colleague(adviser=adviser, state=standing.state)
                for adviser, standing in sorted(() if overview is None else overview.advisers)
                if standing.state is not Presence.OFFLINE
                and adviser != who
                and not is_chat_seat(adviser)
            ],
            outside=[
                said.OutsideTarget(outside=one.name, titles=dict(one.titles))
                for one in self._outside
            ],
        )


def _told(target: Target, standing: QueueStanding | None) -> said.TransferTarget:
    return said.TransferTarget(
        queue=target.queue.id,
        titles=queue_titles(target.line, target.queue),
        line_titles=dict(target.line.titles),
        is_open=target.is_open,
        waiting_count=None if standing is None else standing.waiting_count,
        ready_count=None if standing is None else standing.ready_count,
    )
