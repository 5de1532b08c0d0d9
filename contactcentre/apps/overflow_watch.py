"""How full the queues are, as one process sees it, and where its callers go on waiting then.

Every process looks for itself, once for all its calls; nobody but a call's own node moves it. While
the live state cannot be read nobody is passed on.
"""

from collections.abc import Callable, Mapping

import structlog

from contactcentre.domain.call import Call
from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.ids import LineId, QueueId
from contactcentre.domain.ivr.doors import how_stands
from contactcentre.domain.ivr.flow import Line, QueueDefinition
from contactcentre.domain.ivr.switches import LineSwitches
from contactcentre.domain.overflow import Onward, Overflowing, Waiter
from contactcentre.limits import LOADS_EVERY_MS
from contactcentre.ports.environment import Clock
from contactcentre.ports.loads import QueueLoads
from contactcentre.ports.state import Place

log = structlog.get_logger()


class OverflowWatch:
    """The queues that overflow."""

    def __init__(
        self,
        state: QueueLoads,
        lines: Mapping[LineId, Line],
        switches: Callable[[LineId], LineSwitches],
        clock: Clock,
    ) -> None:
        self._state = state
        self._lines = lines
        self._switches = switches
        self._clock = clock
        self._overflowing = Overflowing(queue for line in lines.values() for queue in line.queues)
        self._watched = self._overflowing.watched
        self._now_ms = 0
        """By the store's clock, when last looked."""

    async def watch(self) -> None:
        """Look again and again, if any queue may overflow at all."""
        while self._watched:
            await self.look()
            await self._clock.sleep_ms(LOADS_EVERY_MS)

    async def look(self) -> None:
        """Look once."""
        if not self._watched:
            return
        before = {*self._overflowing.full}
        try:
            seen = await self._state.loads(self._watched)
        except StateUnavailable:
            self._overflowing.see({})
            return
        self._now_ms = seen.now_ms
        self._overflowing.see(seen.queues)
        after = self._overflowing.full
        for queue in sorted(after.keys() - before):
            log.info("a queue overflows", queue=queue, why=after[queue].why)
        for queue in sorted(before - after.keys()):
            log.info("a queue overflows no more", queue=queue)

    def pass_on(self, call: Call, place: Place) -> Onward | None:
        """Return where a waiting call is to wait from now on, None if it is to stay.

        Whoever has talked with an adviser already is left to the advisers of that queue.
        """
        assert call.queue is not None, "whoever has a place has a queue"
        assert call.service_class is not None, "and a class"
        assert call.enqueued_ms is not None, "and a time"
        if call.bridged_at_ms is not None:
            return None
        waiter = Waiter(
            queue=call.queue,
            service_class=call.service_class,
            place=place.place,
            waited_ms=self._now_ms - call.enqueued_ms,
        )
        return self._overflowing.onward(waiter, is_taking=self._is_taking)

    def leads_to(self, queue: QueueId) -> QueueId | None:
        """Return where a queue passes callers on now, None if it keeps them."""
        return self._overflowing.leads_to(queue, is_taking=self._is_taking)

    def _is_taking(self, queue: QueueDefinition) -> bool:
        """Say whether a queue takes callers: it is open, and nobody has shut or diverted it."""
        flow, stands = self._lines[queue.line].flow, self._switches(queue.line)
        is_open = how_stands(flow, queue.name, self._clock.now_ms()).is_open
        return is_open and not stands.is_shut and queue.name not in stands.diverts
