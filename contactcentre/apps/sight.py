"""Whether a waiting call may be offered now: its caller is heard, and it is not set aside.

What may not be offered is hidden with its rank. The store is told at once; the node's next report
says the same, so that nothing depends on the telling.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from contactcentre.adapters.telemetry.metrics import count_call_set_aside
from contactcentre.apps.node_tools import NodeTools
from contactcentre.domain.errors import Refusal, StateUnavailable
from contactcentre.domain.ids import AdviserId
from contactcentre.limits import DESKS_FAILED_MAX, SET_ASIDE_MS
from contactcentre.ports.state import CallReport


class Sight:
    """One call, as far as matching may see it."""

    def __init__(
        self,
        tools: NodeTools,
        *,
        report: Callable[[], CallReport | None],
        failed: list[AdviserId],
    ) -> None:
        self._queues = tools.queues
        self._node = tools.node
        self._report = report
        self._spawn = tools.spawn
        self.failed = failed
        """Whose desks have failed on this call, one after the other, the last one last."""
        self.is_aside = False
        """Set aside: the call itself may be what breaks desks."""
        self._aside: asyncio.TimerHandle | None = None

    def rang(self, adviser: AdviserId, *, desk_failed: bool) -> None:
        """Note how a ring that came to nothing has ended for the desk."""
        if not desk_failed:
            self.failed.clear()
        elif adviser not in self.failed:
            self.failed.append(adviser)
        if len(self.failed) >= DESKS_FAILED_MAX:
            self._set_aside()

    def changed(self) -> None:
        """Tell the store whether the call may be offered now."""
        report = self._report()
        if report is not None and report.state in ("hidden", "waiting"):
            self._spawn(self._tell(report), "visibility")

    def close(self) -> None:
        """Wait for nothing any more."""
        if self._aside is not None:
            self._aside.cancel()

    def _set_aside(self) -> None:
        """Offer the call to nobody for a while: two desks are enough to lose to it."""
        self.close()
        self.is_aside = True
        self.failed.clear()
        count_call_set_aside()
        self._aside = asyncio.get_running_loop().call_later(SET_ASIDE_MS / 1_000, self._offer_again)

    def _offer_again(self) -> None:
        self.is_aside = False
        self.changed()

    async def _tell(self, report: CallReport) -> None:
        with suppress(StateUnavailable, Refusal):  # the node's report says so as well
            if report.state == "hidden":
                await self._queues.hide(call=report.call, epoch=report.epoch)
                return
            assert report.queue is not None, "only a queued call waits"
            await self._queues.join(
                call=report.call,
                queue=report.queue,
                head_start_ms=report.head_start_ms,
                enqueued_ms=report.enqueued_ms,
                epoch=report.epoch,
                node=self._node,
            )
