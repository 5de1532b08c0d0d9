"""What the store holds, beside what it should hold by the ledger that is kept by hand."""

from contactcentre.domain.epochs import LegEpoch
from tests.adapters.state_redis.centre import Centre
from tests.adapters.state_redis.ledger_of_waits import LedgerOfWaits
from tests.adapters.state_redis.seen_store import Seen
from tests.adapters.state_redis.steps_of_losses import NODES, QUEUES, epoch


def compare(seen: Seen, kept: LedgerOfWaits) -> None:
    """Compare what lies under the keys."""
    _compare_calls(seen, kept)
    _compare_advisers(seen, kept)
    for queue in QUEUES:
        assert seen.queues[queue] == kept.order(queue)
        assert seen.ready_in[queue] == kept.ready(queue)
    assert seen.ready == kept.ready()


async def compare_told(centre: Centre, kept: LedgerOfWaits) -> None:
    """Compare what the ports tell."""
    for queue in QUEUES:
        assert await centre.order(queue) == kept.order(queue)
    waiting = {queue for queue in QUEUES if kept.order(queue)}
    matchable = await centre.state.matchable(advisers_max=9)
    assert set(matchable.queues) == waiting
    assert set(matchable.advisers) == {one for queue in waiting for one in kept.ready(queue)}
    assert {one.token for one in await centre.state.reservations()} == kept.reserved()
    assert set(await centre.all_ready()) == kept.ready()
    lost = {one.call: one.epoch for one in await centre.state.lost_calls()}
    calls = kept.calls.items()
    assert lost == {call: epoch(one.leg) for call, one in calls if one.is_lost}
    for name, standing in (await centre.state.overview([])).advisers:
        one = kept.advisers[name]
        assert (standing.state, standing.reason) == (one.state, one.reason)
        assert (standing.call, standing.token) == (one.call, one.token)


def _compare_calls(seen: Seen, kept: LedgerOfWaits) -> None:
    calls = kept.calls
    for call, one in calls.items():
        fields = seen.calls[call]
        said = fields["state"], fields.get("adviser"), fields["node"], fields["queue"]
        assert said == (one.state, one.adviser, one.node, one.queue)
        assert LegEpoch(int(fields["count"]), fields["nonce"]) == epoch(one.leg)
        assert seen.places(call) == (one.state in ("waiting", "reserved")), "one place each"
    for call in kept.closed | kept.presumed.keys():
        assert seen.calls[call]["state"] == "closed"
        assert ("presumed" in seen.calls[call]) == (call in kept.presumed)
        assert seen.places(call) == 0
    ended_count = len(kept.closed) + len(kept.presumed)
    assert seen.calls_count == len(calls) + ended_count, "whoever came is somewhere"
    assert seen.lost == {call for call, one in calls.items() if one.is_lost}
    assert seen.holds == {node: kept.held_by(node) for node in NODES}


def _compare_advisers(seen: Seen, kept: LedgerOfWaits) -> None:
    advisers = kept.advisers
    for name, one in advisers.items():
        fields = seen.advisers[name]
        assert (fields["state"], fields["reason"]) == (one.state, one.reason or "")
        assert (fields["call"], int(fields["token"])) == (one.call or "", one.token)
    assert seen.seats == {name for name, one in advisers.items() if one.is_seated}
    assert seen.lost_advisers == {name for name, one in advisers.items() if one.is_lost}
