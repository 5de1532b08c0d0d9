"""What nodes say of their calls and of themselves, and what becomes of it when they fall silent."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from contactcentre.adapters.state_redis.blackboard import DOUBTS_MAX
from contactcentre.adapters.state_redis.keys import CALL_KEPT_S, PROCESS_KEPT_S
from contactcentre.adapters.state_redis.queues import RedisQueues
from contactcentre.domain.call import CallState
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.events import Ending, LapseReason
from contactcentre.domain.ids import AdviserId, CallId, DeskId, NodeId, QueueId, Token
from contactcentre.limits import REPORT_CALLS_MAX
from contactcentre.ports.state import CallReport, CallsReply, CallStanding, NodeReport

Said = tuple[str | int, ...]
NOTHING_WRONG = CallsReply(superseded=[], closed=[])


class RedisReports(RedisQueues):
    """The reports of CallQueues in Redis."""

    async def report_calls(self, node: NodeId, calls: Sequence[CallReport]) -> CallsReply:
        """Take a node's word for some of its calls; put right what is missing or older here.

        Most of the time everything stands as the node says, so that is asked first, and alone.
        """
        assert len(calls) <= REPORT_CALLS_MAX, "a node with more calls says so in several reports"
        if not calls:
            return NOTHING_WRONG
        said = {call.call: _said(call) for call in calls}
        self.see(max(call.token for call in calls))
        match await self.run(
            "report_calls",
            keys={
                "call:": self.keys.any_call,
                "holds": self.keys.holds(node),
                "lost": self.keys.lost,
                "token": self.keys.token,
                "enqueued": self.keys.enqueued,
            },
            argv={
                "node": node,
                "token_max": self.token_seen,
                "enqueued_max_ms": max(call.enqueued_ms or 0 for call in calls),
                "kept_s": CALL_KEPT_S,
                "calls...": [word for one in said.values() for word in one],
            },
        ):
            case ["taken"]:
                return NOTHING_WRONG
            case ["taken", *wrong]:
                return await self._correct(node, [said[CallId(call)] for call in wrong])
            case reply:
                raise AssertionError(reply)

    async def _correct(self, node: NodeId, calls: Sequence[Said]) -> CallsReply:
        """Put some calls right, and let those go whose ring has ended with an older leg."""
        match await self.run(
            "correct_calls",
            keys={
                "call:": self.keys.any_call,
                "queue:": self.keys.any_queue,
                "queues": self.keys.queues,
                "adviser:": self.keys.any_adviser,
                "ready_in:": self.keys.any_ready_in,
                "ready": self.keys.ready,
                "reservations": self.keys.reservations,
                "holds:": self.keys.any_holds,
                "lost": self.keys.lost,
                "wake": self.keys.wake,
            },
            argv={
                "node": node,
                "doubts_max": DOUBTS_MAX,
                "kept_s": CALL_KEPT_S,
                "calls...": [word for one in calls for word in one],
            },
        ):
            case ["corrected", superseded, closed, rings]:
                for call, adviser, token in rings:
                    await self.give_back(
                        call=CallId(call),
                        adviser=AdviserId(adviser),
                        token=Token(int(token)),
                        why=LapseReason.NODE_LOST,
                    )
                return CallsReply(
                    superseded=[CallId(call) for call in superseded],
                    closed=[CallId(call) for call in closed],
                )
            case reply:
                raise AssertionError(reply)

    async def report_node(self, report: NodeReport) -> int:
        """Take a node's beat; return up to where its events are durable, as far as known here."""
        match await self.run(
            "report_node",
            keys={
                "node": self.keys.node(report.node),
                "nodes": self.keys.nodes,
                "durable": self.keys.durable(report.node),
                "token": self.keys.token,
            },
            argv={
                "node": report.node,
                "site": report.site,
                "beat": report.beat,
                "internal_url": report.internal_url,
                "public_url": report.public_url,
                "draining": int(report.draining),
                "legs_count": report.legs_count,
                "legs_max": report.legs_max,
                "strained": int(report.strained),
                "token_max": self.token_seen,
                "kept_s": PROCESS_KEPT_S,
            },
        ):
            case ["taken", durable_seq]:
                return int(durable_seq)
            case reply:
                raise AssertionError(reply)

    async def look_calls(self, calls: Sequence[CallId]) -> Sequence[CallStanding]:
        """Return how calls stand, in their order; those that are unknown here are left out."""
        assert len(calls) <= REPORT_CALLS_MAX, "whoever wants to see more calls looks again"
        if not calls:
            return []
        match await self.run(
            "look_calls",
            keys={"call:": self.keys.any_call, "adviser:": self.keys.any_adviser},
            argv={"calls...": calls},
        ):
            case ["calls", *found]:
                return [_standing(one) for one in found]
            case reply:
                raise AssertionError(reply)

    async def lose_calls(self, node: NodeId, *, beat: int | None) -> int:
        """Count some calls of a node as lost; return how many were looked at."""
        match await self.run(
            "lose_calls",
            keys={
                "node": self.keys.node(node),
                "holds": self.keys.holds(node),
                "call:": self.keys.any_call,
                "queue:": self.keys.any_queue,
                "adviser:": self.keys.any_adviser,
                "ready_in:": self.keys.any_ready_in,
                "ready": self.keys.ready,
                "reservations": self.keys.reservations,
                "lost": self.keys.lost,
                "lost_advisers": self.keys.lost_advisers,
                "wake": self.keys.wake,
            },
            argv={
                "node": node,
                "beat": "" if beat is None else beat,
                "count_max": REPORT_CALLS_MAX,
            },
        ):
            case ["lost", int(count)]:
                return count
            case reply:
                raise AssertionError(reply)

    async def forget_node(self, node: NodeId) -> None:
        """Take a node that has drained and stops out of the address book."""
        await self.run(
            "forget_node",
            keys={"node": self.keys.node(node), "nodes": self.keys.nodes},
            argv={"node": node},
        )


BOUND: frozenset[str] = frozenset({CallState.RINGING, CallState.TALKING, CallState.ON_HOLD})
"""States in which a call has an adviser."""
_STATES: Mapping[str, str] = MappingProxyType({CallState.ON_HOLD: CallState.TALKING})
"""What is another word for the node alone."""


def _said(call: CallReport) -> Said:
    """Return what a report says of a call, in the scripts' order; on hold is talking too."""
    assert (call.adviser is not None) or call.state not in BOUND, f"{call.state} with nobody"
    assert (call.queue is None) == (call.enqueued_ms is None), f"{call.call} has half a place"
    return (
        call.call,
        "" if call.queue is None else call.queue,
        call.head_start_ms,
        "" if call.enqueued_ms is None else call.enqueued_ms,
        call.epoch.count,
        call.epoch.nonce,
        _STATES.get(call.state, call.state) if call.queue is not None else CallState.IN_MENU,
        call.adviser if call.adviser is not None and call.state in BOUND else "",
        call.token,
    )


def _standing(said: list[str]) -> CallStanding:
    """Return what a script says of a call; of a closed one nothing but its epoch and its end."""
    call, state, node, count, nonce, queue, enqueued_ms, adviser, desk, token, ending, presumed = (
        said
    )
    is_closed = state == "closed"
    return CallStanding(
        call=CallId(call),
        state=state,
        node=NodeId(node) if node and not is_closed else None,
        epoch=LegEpoch(int(count), nonce),
        queue=QueueId(queue) if queue and not is_closed else None,
        enqueued_ms=int(enqueued_ms) if enqueued_ms and not is_closed else None,
        adviser=AdviserId(adviser) if adviser else None,
        desk=DeskId(desk) if desk else None,
        token=Token(int(token or "0")),
        ending=Ending(ending) if ending else None,
        is_presumed=presumed != "",
    )
