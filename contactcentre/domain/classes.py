"""Service classes, and how far ahead of its time of arrival each one stands.

A waiting call's score never changes: `enqueued_ms - head_start_ms(class)`, lowest first. So a class
gives priority *and* ageing: whoever waits long enough is overtaken by nobody of a higher class who
comes later than the difference of their head starts.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS


class ServiceClass(StrEnum):
    """How urgent a queue's calls are; what is shed goes from the last to the second."""

    P0 = "P0"
    """Extra support, safeguarding: never shed, never deflected."""
    P1 = "P1"
    """A deadline hangs on it."""
    P2 = "P2"
    """Standard."""
    P3 = "P3"
    """Chasing progress, and what an online service would answer as well."""
    P4 = "P4"
    """Surveys and courtesy."""


HEAD_START_MS: Mapping[ServiceClass, int] = MappingProxyType(
    {
        ServiceClass.P0: DAY_MS,
        ServiceClass.P1: 5 * MINUTE_MS,
        ServiceClass.P2: 0,
        ServiceClass.P3: -2 * MINUTE_MS,
        ServiceClass.P4: -10 * MINUTE_MS,
    }
)
assert HEAD_START_MS.keys() == set(ServiceClass), "every class has its head start"


def head_start_ms(service_class: ServiceClass) -> int:
    """Return how much earlier than it came a call of this class counts as having come."""
    return HEAD_START_MS[service_class]


def score(enqueued_ms: int, service_class: ServiceClass) -> int:
    """Return the number that orders waiting calls, lowest first."""
    return enqueued_ms - head_start_ms(service_class)
