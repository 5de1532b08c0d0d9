"""How slow the line to another process or store is, and which deadlines fit it.

A step in the live state has `CC_REDIS_TIMEOUT_MS`. Where the way to the server and back takes
nearly as long, as between two sites on a bad day, every step would be late of which one packet is
lost, and no new connection could ever be made. So a step is given more, up to four times as much,
but only as far as the line has shown itself to be slow. On a line that is fast a server that hangs
is an outage as soon as ever.
"""

ROUND_TRIPS = 4
"""A step may take so many round trips: a packet that is lost is sent again within three."""
MOST_FACTOR = 4
"""No step may take longer than so many times what is set, however slow the line is."""
SIGNING_IN_FACTOR = 2
"""On a slow line a step that needs a new connection first may take so many times as long."""
SINKS_BY = 0.3
"""A line that is slower is believed at once, one that is faster bit by bit: one packet may be
lucky."""


class Line:
    """The line to one server, as it has been seen of late."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._round_trip_s = 0.0

    def took(self, span_s: float) -> None:
        """Take how long a step or a connection took that came about."""
        former_s = self._round_trip_s
        self._round_trip_s = max(span_s, former_s + SINKS_BY * (span_s - former_s))

    @property
    def within_s(self) -> float:
        """Return how long a step may take."""
        return max(self._timeout_s, min(ROUND_TRIPS * self._round_trip_s, self.most_s))

    @property
    def whole_s(self) -> float:
        """Return how long a step may take that needs a new connection first."""
        within_s = self.within_s
        return SIGNING_IN_FACTOR * within_s if within_s > self._timeout_s else within_s

    @property
    def most_s(self) -> float:
        """Return how long a step may take at most on a connection that is there."""
        return MOST_FACTOR * self._timeout_s
