"""What a router counts and writes down of everything that is lost."""

import structlog

from contactcentre.adapters.telemetry import metrics
from contactcentre.adapters.telemetry.monitors import violated
from contactcentre.domain.consulting import is_consult
from contactcentre.domain.ids import DeskId, NodeId
from contactcentre.ports.state import LostAdviser, LostCall

log = structlog.get_logger()


class LoggedFindings:
    """Findings of the rescue stage, as numbers and lines."""

    def node_lost(self, node: NodeId, *, beat: int) -> None:
        """Note once that a node is silent."""
        metrics.count_lost_node()
        log.warning("media node silent", of=node, beat=beat)

    def calls_hidden(self, node: NodeId, *, calls_count: int) -> None:
        """Note that some of its calls wait for another node to take them up."""
        metrics.count_hidden_calls(calls_count)
        log.warning("calls of a silent node hidden", of=node, calls_count=calls_count)

    def desk_lost(self, desk: DeskId, *, beat: int) -> None:
        """Note once that a desk process is silent."""
        metrics.count_lost_desk()
        log.warning("desk process silent", of=desk, beat=beat)

    def advisers_hidden(self, desk: DeskId, *, advisers_count: int) -> None:
        """Note that some of its advisers are not matched until a desk reports them."""
        metrics.count_hidden_advisers(advisers_count)
        log.warning("advisers of a silent desk hidden", of=desk, advisers_count=advisers_count)

    def call_lost(self, lost: LostCall) -> None:
        """Note that nobody came back for a call."""
        if is_consult(lost.call):
            log.info("a consultation is over with its node", call=lost.call)
            return
        metrics.count_lost_call()
        violated("I1", call=lost.call, epoch_count=lost.epoch.count)

    def adviser_signed_off(self, lost: LostAdviser) -> None:
        """Note that an adviser did not come back."""
        metrics.count_signed_off()
        log.warning("adviser signed off, not seen again", adviser=lost.adviser)

    def store_away(self) -> None:
        """Note once that the live state does not answer, and nobody is matched."""
        metrics.show_matching_open(is_open=False)
        log.warning("live state away, matching waits")

    def matching_waits(self, *, store: str, nodes_count: int) -> None:
        """Note that the store has changed, and for how many nodes matching waits."""
        metrics.show_matching_open(is_open=False)
        log.warning("store changed, matching waits", store=store, nodes_count=nodes_count)

    def matching_opened(self, *, store: str, waited_ms: int) -> None:
        """Note that this router has opened matching."""
        metrics.record_barrier(waited_ms / 1_000)
        log.info("matching opened", store=store, waited_ms=waited_ms)

    def matching_goes_on(self) -> None:
        """Note that callers are matched, from the start on or again."""
        metrics.show_matching_open(is_open=True)
