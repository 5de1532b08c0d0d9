"""What the processes of a test have counted."""

from contactcentre.adapters.telemetry.metrics import REGISTRY


def counted(asked: str, outcome: str) -> float:
    """Return how often something that Twilio asked has come to this."""
    labels = {"asked": asked, "outcome": outcome}
    return REGISTRY.get_sample_value("contactcentre_intake_twilio_asked_total", labels) or 0.0
