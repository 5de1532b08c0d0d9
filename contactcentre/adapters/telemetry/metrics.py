"""The numbers of a process, in the form Prometheus reads; names and labels stand here alone.

`contactcentre_<stage>_<noun>_<unit>`. A label takes few values that are known beforehand: never a
call, an adviser or anything a caller sent.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

SHORT_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
"""For a step in a store and for lag of the loop."""
LONG_S = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 180.0, 600.0, 1_800.0)
"""For what a caller notices: setup and waits."""

_offered = Counter(
    "contactcentre_intake_calls_offered_total",
    "Calls that came in, by what became of the offer.",
    ["line", "outcome"],
    registry=REGISTRY,
)
_legs = Gauge(
    "contactcentre_intake_legs_open", "Audio connections open on this node.", registry=REGISTRY
)
_waiting = Gauge(
    "contactcentre_queueing_waiting_calls",
    "Callers of this node who wait in a queue.",
    ["queue"],
    registry=REGISTRY,
)
_waited = Histogram(
    "contactcentre_queueing_wait_seconds",
    "Time from joining a queue to the first adviser's answer.",
    ["queue"],
    buckets=LONG_S,
    registry=REGISTRY,
)
_wait_errors = Histogram(
    "contactcentre_queueing_wait_error_ratio",
    "By how much a wait missed what was expected, as a part of it; 0 within a minute.",
    ["queue"],
    buckets=(0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2, 5),
    registry=REGISTRY,
)
_rings = Counter(
    "contactcentre_matching_rings_total",
    "Rings at an adviser's desk, by how they ended.",
    ["outcome"],
    registry=REGISTRY,
)
_ended = Counter(
    "contactcentre_bridging_calls_ended_total",
    "Calls that have ended, by how.",
    ["outcome"],
    registry=REGISTRY,
)
_written = Counter(
    "contactcentre_records_events_written_total",
    "Events of calls written to the record.",
    registry=REGISTRY,
)
_closed_provisionally = Counter(
    "contactcentre_records_calls_closed_provisionally_total",
    "Records of calls whose end never came from their node, by the end that was written for now.",
    ["outcome"],
    registry=REGISTRY,
)
_set_aside = Counter(
    "contactcentre_records_events_set_aside_total",
    "Events that nobody can read or write and that wait for a person to look at them.",
    registry=REGISTRY,
)
_spooled = Gauge(
    "contactcentre_records_spool_events",
    "Events on this node's disk that are not durable in the record yet.",
    registry=REGISTRY,
)
_dropped = Counter(
    "contactcentre_process_inbox_dropped_total",
    "Things that a full inbox dropped.",
    ["inbox"],
    registry=REGISTRY,
)
_violations = Counter(
    "contactcentre_invariant_violations_total",
    "Times that something was seen which must never be, by the promise it breaks.",
    ["invariant"],
    registry=REGISTRY,
)
_lost_nodes = Counter(
    "contactcentre_rescue_nodes_lost_total",
    "Media nodes that this router has seen fall silent.",
    registry=REGISTRY,
)
_lost_desks = Counter(
    "contactcentre_rescue_desks_lost_total",
    "Desk processes that this router has seen fall silent.",
    registry=REGISTRY,
)
_hidden_calls = Counter(
    "contactcentre_rescue_calls_hidden_total",
    "Calls of silent nodes that this router has kept from being offered until they are back.",
    registry=REGISTRY,
)
_lost_calls = Counter(
    "contactcentre_rescue_calls_lost_total",
    "Calls that this router has presumed to be over, as nobody came back in time.",
    registry=REGISTRY,
)
_hidden_advisers = Counter(
    "contactcentre_rescue_advisers_hidden_total",
    "Advisers of silent desks that this router has kept from being matched until they are back.",
    registry=REGISTRY,
)
_lost_advisers = Counter(
    "contactcentre_rescue_advisers_signed_off_total",
    "Advisers whom this router has signed off, as they did not come back in time.",
    registry=REGISTRY,
)
_opened = Histogram(
    "contactcentre_rescue_barrier_seconds",
    "Time from a changed store's first answer until matching was opened on it.",
    buckets=LONG_S,
    registry=REGISTRY,
)
_matching_open = Gauge(
    "contactcentre_matching_open",
    "1 while matching is open on the store that answers, 0 while it waits for nodes to report.",
    registry=REGISTRY,
)
_late_ratio = Gauge(
    "contactcentre_bridging_late_ticks_ratio",
    "Of the ticks of sound in the last minute: begun a whole tick late, or left out.",
    registry=REGISTRY,
)
_busy_ratio = Gauge(
    "contactcentre_bridging_busy_ratio",
    "Of the last minute: spent moving sound.",
    registry=REGISTRY,
)
_passed_over = Counter(
    "contactcentre_bridging_passed_over_total",
    "Packets, legs and recordings of a tick that were passed over, by why.",
    ["why"],
    registry=REGISTRY,
)
_unrecorded = Counter(
    "contactcentre_bridging_unrecorded_seconds_total",
    "Sound of recorded talks that could not be kept, as the disk was too slow or failed.",
    registry=REGISTRY,
)
_lag = Histogram(
    "contactcentre_process_loop_lag_seconds",
    "By how much the loop came late to its own beat.",
    buckets=SHORT_S,
    registry=REGISTRY,
)
_lag_now = Gauge(
    "contactcentre_process_loop_lag_last_seconds",
    "By how much the loop came late to its last beat.",
    registry=REGISTRY,
)


_resumed = Counter(
    "contactcentre_rescue_resumed_calls_total",
    "Calls taken up from another node, by where they stood.",
    ["state"],
    registry=REGISTRY,
)
_calls_set_aside = Counter(
    "contactcentre_matching_calls_set_aside_total",
    "Calls that several desks failed on and that were offered to nobody for a while.",
    registry=REGISTRY,
)
_overflowed = Counter(
    "contactcentre_queueing_overflowed_calls_total",
    "Calls that a full queue has passed on to another one, by the bound that was passed.",
    ["queue", "to", "why"],
    registry=REGISTRY,
)

_transferred = Counter(
    "contactcentre_bridging_transferred_calls_total",
    "Calls that an adviser has handed on to a queue.",
    ["queue", "to"],
    registry=REGISTRY,
)

_callbacks = Counter(
    "contactcentre_queueing_callbacks_total",
    "Callbacks, by what became of them: each is counted once for everything that did.",
    ["queue", "news"],
    registry=REGISTRY,
)
_callbacks_standing = Gauge(
    "contactcentre_queueing_callbacks_standing",
    "Callbacks that this process keeps in a queue, those that advisers are at among them.",
    ["queue"],
    registry=REGISTRY,
)
_callbacks_oldest = Gauge(
    "contactcentre_queueing_callbacks_oldest_wait_seconds",
    "Time since the caller joined the queue whose callback has stood for longest; 0 without any.",
    ["queue"],
    registry=REGISTRY,
)
_storms = Counter(
    "contactcentre_matching_storms_total",
    "How often the desks of several advisers failed on being rung, and matching was slowed down.",
    registry=REGISTRY,
)
_storm = Gauge(
    "contactcentre_matching_storm",
    "1 while one adviser at a time is rung as desks fail on it, 0 while everybody is.",
    registry=REGISTRY,
)


def count_offered(line: str, outcome: str) -> None:
    """Count a call that came in: admitted, or refused and why (a refusal's code)."""
    _offered.labels(line=line, outcome=outcome).inc()


def count_resumed(state: str) -> None:
    """Count a call that was taken up from another node, by where it stood."""
    _resumed.labels(state=state).inc()


def count_overflowed(queue: str, to: str, why: str) -> None:
    """Count a call that a full queue has passed on, and because of which bound."""
    _overflowed.labels(queue=queue, to=to, why=why).inc()


def count_transferred(queue: str, to: str) -> None:
    """Count a call that an adviser has handed on to a queue."""
    _transferred.labels(queue=queue, to=to).inc()


def count_callback(queue: str, news: str) -> None:
    """Count what became of a callback."""
    _callbacks.labels(queue=queue, news=news).inc()


def show_callbacks(queue: str, count: int, oldest_ms: int) -> None:
    """Show how many callbacks stand in a queue here, and how long ago the oldest joined it."""
    _callbacks_standing.labels(queue=queue).set(count)
    _callbacks_oldest.labels(queue=queue).set(oldest_ms / 1_000)


def count_storm() -> None:
    """Count that matching is slowed down as advisers' desks fail on being rung."""
    _storms.inc()


def show_storm(*, is_storm: bool) -> None:
    """Show whether only one adviser at a time is rung."""
    _storm.set(is_storm)


def count_call_set_aside() -> None:
    """Count a call that several desks have failed on and that is offered to nobody for a while."""
    _calls_set_aside.inc()


def show_legs(count: int) -> None:
    """Show how many audio connections are open."""
    _legs.set(count)


def show_waiting(queue: str, count: int) -> None:
    """Show how many callers of this node wait in a queue."""
    _waiting.labels(queue=queue).set(count)


def record_wait(queue: str, seconds: float) -> None:
    """Record how long a caller waited until an adviser answered."""
    _waited.labels(queue=queue).observe(seconds)


def record_wait_error(queue: str, ratio: float) -> None:
    """Record by how much a wait missed what was expected, as a part of what was expected."""
    _wait_errors.labels(queue=queue).observe(ratio)


def count_ring(outcome: str) -> None:
    """Count a ring that ended: answered, or the reason of its lapse."""
    _rings.labels(outcome=outcome).inc()


def count_ended(outcome: str) -> None:
    """Count a call that ended."""
    _ended.labels(outcome=outcome).inc()


def count_written(events: int) -> None:
    """Count events that are in the record."""
    _written.inc(events)


def count_closed_provisionally(outcome: str) -> None:
    """Count a record that was closed for now."""
    _closed_provisionally.labels(outcome=outcome).inc()


def count_unrecorded(seconds: float) -> None:
    """Count sound of recorded talks that could not be kept."""
    _unrecorded.inc(seconds)


def count_set_aside() -> None:
    """Count an event that nobody can read or write."""
    _set_aside.inc()


def show_spooled(events: int) -> None:
    """Show how many events wait on disk."""
    _spooled.set(events)


def count_dropped(inbox: str) -> None:
    """Count what a full inbox dropped."""
    _dropped.labels(inbox=inbox).inc()


def count_violation(invariant: str) -> None:
    """Count that an invariant (I1 to I13, or conservation) was seen broken."""
    _violations.labels(invariant=invariant).inc()


def count_lost_node() -> None:
    """Count a media node that has fallen silent."""
    _lost_nodes.inc()


def count_lost_desk() -> None:
    """Count a desk process that has fallen silent."""
    _lost_desks.inc()


def count_hidden_calls(calls: int) -> None:
    """Count calls that wait for a node to report them again."""
    _hidden_calls.inc(calls)


def count_lost_call() -> None:
    """Count a call that is presumed to be over."""
    _lost_calls.inc()


def count_hidden_advisers(advisers: int) -> None:
    """Count advisers who wait for a desk to report them again."""
    _hidden_advisers.inc(advisers)


def count_signed_off() -> None:
    """Count an adviser who did not come back in time."""
    _lost_advisers.inc()


def record_barrier(seconds: float) -> None:
    """Record how long matching waited for the nodes' reports."""
    _opened.observe(seconds)


def show_matching_open(*, is_open: bool) -> None:
    """Show whether anybody can be matched."""
    _matching_open.set(is_open)


def show_sound(*, late_ratio: float, busy_ratio: float) -> None:
    """Show how well a node keeps time, and how much room it has left."""
    _late_ratio.set(late_ratio)
    _busy_ratio.set(busy_ratio)


def count_passed_over(why: str, count: int) -> None:
    """Count what a tick of sound has passed over: by a mistake of ours, or by its bound."""
    _passed_over.labels(why=why).inc(count)


def record_loop_lag(seconds: float) -> None:
    """Record by how much the loop was late."""
    _lag.observe(seconds)
    _lag_now.set(seconds)


def metrics_page() -> tuple[bytes, str]:
    """Return all numbers of this process and the type of that text."""
    return generate_latest(REGISTRY), CONTENT_TYPE_LATEST
