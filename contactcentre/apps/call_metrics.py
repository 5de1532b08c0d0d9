"""Which of a call's events are counted, and how."""

from collections import Counter
from collections.abc import Iterable

from contactcentre.adapters.media_aiortc.load import MediaLoad
from contactcentre.adapters.telemetry import metrics
from contactcentre.domain import events as e
from contactcentre.domain.call import Call, CallState
from contactcentre.domain.callback import is_callback
from contactcentre.domain.ids import QueueId


def measure(call: Call, event: e.CallEvent) -> None:
    """Count an event of a call that stands, after it, as `call`."""
    match event:
        case e.CallArrived(line=line):
            metrics.count_offered(line, "admitted")
        case e.CallOverflowed(from_queue=from_queue, queue=to, why=why):
            metrics.count_overflowed(from_queue, to, why)
        case e.CallTransferred(from_queue=from_queue, queue=to):
            metrics.count_transferred(from_queue, to)
        case e.CallBridged(at_ms=at_ms):
            if call.queue and call.enqueued_ms and at_ms == call.bridged_at_ms:
                metrics.record_wait(call.queue, max(0, at_ms - call.enqueued_ms) / 1_000)
            metrics.count_ring("answered")
        case e.ReservationLapsed(why=why):
            metrics.count_ring(why)
        case e.CallEnded(ending=ending) if ending is e.Ending.SYSTEM_LOST or has_come_in(call):
            metrics.count_ended(ending)
        case _:
            pass


def has_come_in(call: Call) -> bool:
    """Say whether a call was offered: one that rings a caller back is counted as a callback."""
    return not is_callback(call.id)


class Gauges:
    """What a node shows of its calls with every beat."""

    def __init__(self) -> None:
        self._queues: set[QueueId] = set()
        self._passed_over: Counter[str] = Counter()

    def show(self, calls: Iterable[Call], *, sound: MediaLoad, spooled_count: int) -> None:
        """Show the sound carried, and how many callers wait in each queue seen so far."""
        waiting = Counter(call.queue for call in calls if call.state is CallState.WAITING)
        self._queues |= {queue for queue in waiting if queue is not None}
        for queue in self._queues:
            metrics.show_waiting(queue, waiting[queue])
        metrics.show_legs(sound.legs_count)
        metrics.show_sound(late_ratio=sound.late_ratio, busy_ratio=sound.busy_ratio)
        self._count_passed_over(Counter(mishap=sound.mishap_count, flood=sound.dropped_count))
        metrics.show_spooled(spooled_count)

    def _count_passed_over(self, since_start: Counter[str]) -> None:
        """Count what was passed over since the last beat; what never was is told as 0."""
        for why, count in since_start.items():
            metrics.count_passed_over(why, count - self._passed_over[why])
        self._passed_over = since_start
