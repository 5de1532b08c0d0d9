"""What became of callbacks, as one keeper counts it: that one was kept, once for each taking.

That a caller was reached is told more than once: by the node that rang the number, again where it
heard no answer to that, and by the adviser afterwards.
"""

from contactcentre.domain.callback import Callback, CallbackNews
from contactcentre.domain.ids import CallId, Token
from contactcentre.ports.callbacks import CountNews

KEPT_MAX = 2_000
"""So many of the last ones are remembered: they are told of again within seconds or a talk."""


class CallbackCounts:
    """The counts of one keeper."""

    def __init__(self, count: CountNews) -> None:
        self._count = count
        self._kept: dict[CallId, Token] = {}

    def add(self, callback: Callback, token: Token, news: CallbackNews) -> None:
        """Count what became of a callback as it was taken by that token."""
        if news is CallbackNews.KEPT:
            if self._kept.get(callback.id) == token:
                return
            self._kept[callback.id] = token
            if len(self._kept) > KEPT_MAX:
                del self._kept[next(iter(self._kept))]
        self._count(callback.queue, news)
