"""Metrics of calls that come from the telephone network, and of those that go there."""

from prometheus_client import Counter, Gauge

from contactcentre.adapters.telemetry.metrics import REGISTRY

_trunk_calls = Counter(
    "contactcentre_intake_trunk_messages_total",
    "What came from the telephone network and was taken or refused, by what became of it.",
    ["outcome"],
    registry=REGISTRY,
)
_twilio = Counter(
    "contactcentre_intake_twilio_asked_total",
    "What Twilio, or somebody in its name, asked: by what it was and what became of it.",
    ["asked", "outcome"],
    registry=REGISTRY,
)
_pulled = Counter(
    "contactcentre_rescue_phone_calls_pulled_total",
    "Calls from telephones that this router has had their carrier take off a lost node.",
    ["outcome"],
    registry=REGISTRY,
)
_trunk_up = Gauge(
    "contactcentre_intake_trunk_up",
    "Whether a trunk answers when this node asks it: 1, or 0.",
    ["trunk"],
    registry=REGISTRY,
)
_trunk_since = Gauge(
    "contactcentre_intake_trunk_changed_timestamp_seconds",
    "Since when a trunk answers, or does not.",
    ["trunk"],
    registry=REGISTRY,
)
_rung = Counter(
    "contactcentre_bridging_numbers_rung_total",
    "Outside numbers that were to be rung, by what became of it.",
    ["outcome"],
    registry=REGISTRY,
)
_texts = Counter(
    "contactcentre_ivr_texts_total",
    "Texts that callers have asked for, and look-ups that failed, by what became of it.",
    ["outcome"],
    registry=REGISTRY,
)
_texts_reported = Counter(
    "contactcentre_ivr_texts_reported_total",
    "What the carrier has said of texts that were sent, by their status.",
    ["status"],
    registry=REGISTRY,
)


def show_trunk(trunk: str, *, is_up: bool, since_ms: int) -> None:
    """Show whether a trunk answers, and since when."""
    _trunk_up.labels(trunk).set(is_up)
    _trunk_since.labels(trunk).set(since_ms / 1_000)


def count_rung(outcome: str) -> None:
    """Count a number that was to be rung: answered, or why not."""
    _rung.labels(outcome).inc()


def count_text(outcome: str) -> None:
    """Count a text: sent, or why not."""
    _texts.labels(outcome).inc()


def count_text_status(status: str) -> None:
    """Count what the carrier has said of a text: sent, delivered, undelivered, failed."""
    _texts_reported.labels(status).inc()


def count_trunk(outcome: str) -> None:
    """Count a call, or what was to be one, from the telephone network."""
    _trunk_calls.labels(outcome).inc()


def count_twilio(asked: str, outcome: str) -> None:
    """Count what Twilio asked, and what became of it: taken, or a refusal's code."""
    _twilio.labels(asked, outcome).inc()


def count_pulled(outcome: str) -> None:
    """Count a call that was pulled off a lost node, or the code of why that was in vain."""
    _pulled.labels(outcome).inc()
