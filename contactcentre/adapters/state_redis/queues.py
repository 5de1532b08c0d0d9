"""The waiting calls, as the node that holds their legs writes them."""

from contactcentre.adapters.state_redis.blackboard import DOUBTS_MAX, Blackboard
from contactcentre.adapters.state_redis.keys import (
    CALL_KEPT_S,
    CLOSED_KEPT_S,
    PROCESS_KEPT_S,
    SERVED_KEPT_S,
)
from contactcentre.domain.call import CallState
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import CallClosed, Refusal, StaleEpoch, StaleToken
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import AdviserId, CallId, NodeId, QueueId, Token
from contactcentre.domain.presence import AwayReason
from contactcentre.limits import REPORT_CALLS_MAX
from contactcentre.ports.state import CallReport, NodeReply, NodeReport, Place

SERVED_MIN = 5
"""Fewer answers than this tell nobody how long to wait."""
SERVED_MAX = 20
"""More than this tell of a time that has passed."""


class RedisQueues(Blackboard):
    """CallQueues in Redis."""

    async def join(
        self,
        *,
        call: CallId,
        queue: QueueId,
        head_start_ms: int,
        enqueued_ms: int | None,
        epoch: LegEpoch,
        node: NodeId,
    ) -> int:
        """Put a call into its queue and return its enqueue time, given now if it had none."""
        reply = await self.run(
            "join_queue",
            keys={
                "call": self.keys.call(call),
                "queue:": self.keys.any_queue,
                "queues": self.keys.queues,
                "served": self.keys.served(queue),
                "enqueued": self.keys.enqueued,
                "wake": self.keys.wake,
            },
            argv={
                "call": call,
                "queue": queue,
                "head_start_ms": head_start_ms,
                "enqueued_ms": "" if enqueued_ms is None else enqueued_ms,
                "count": epoch.count,
                "nonce": epoch.nonce,
                "node": node,
                "kept_s": CALL_KEPT_S,
            },
        )
        match reply:
            case ["joined", time_ms]:
                return int(time_ms)
            case _:
                raise refusal(reply)

    async def give_time(self) -> int:
        """Give an enqueue time to a call that will wait later and whose wait counts from now."""
        match await self.run("give_time", keys={"enqueued": self.keys.enqueued}, argv={}):
            case ["given", time_ms]:
                return int(time_ms)
            case reply:
                raise AssertionError(reply)

    async def hide(self, *, call: CallId, epoch: LegEpoch) -> None:
        """Keep a call's rank but out of matching while its leg is silent."""
        match await self.run(
            "hide_call",
            keys={"call": self.keys.call(call), "queue:": self.keys.any_queue},
            argv={"call": call, "count": epoch.count, "nonce": epoch.nonce},
        ):
            case ["hidden"]:
                return
            case reply:
                raise refusal(reply)

    async def place(self, *, call: CallId, queue: QueueId) -> Place | None:
        """Return where a call stands; None if it does not wait in that queue."""
        match await self.run(
            "look_place",
            keys={"queue": self.keys.queue(queue), "served": self.keys.served(queue)},
            argv={"call": call, "served_min": SERVED_MIN},
        ):
            case ["none"]:
                return None
            case ["place", place, waiting_count, every_ms]:
                return Place(
                    place=place,
                    waiting_count=waiting_count,
                    served_every_ms=int(every_ms) if every_ms else None,
                )
            case reply:
                raise AssertionError(reply)

    async def take_up(self, *, call: CallId, adviser: AdviserId, token: Token) -> None:
        """Say that the call's node has the offer and its desk will ring."""
        match await self.run(
            "take_up_offer",
            keys={
                "call": self.keys.call(call),
                "adviser": self.keys.adviser(adviser),
                "reservations": self.keys.reservations,
            },
            argv={"call": call, "adviser": adviser, "token": token},
        ):
            case ["taken"]:
                return
            case _:
                raise StaleToken(GONE_BACK)

    async def answer(self, *, call: CallId, adviser: AdviserId, token: Token) -> None:
        """Say that the two talk."""
        match await self.run(
            "answer_call",
            keys={
                "call": self.keys.call(call),
                "adviser": self.keys.adviser(adviser),
                "queue:": self.keys.any_queue,
                "served:": self.keys.any_served,
                "ready_in:": self.keys.any_ready_in,
                "ready": self.keys.ready,
                "reservations": self.keys.reservations,
            },
            argv={
                "call": call,
                "adviser": adviser,
                "token": token,
                "served_max": SERVED_MAX,
                "served_kept_s": SERVED_KEPT_S,
            },
        ):
            case ["talking"]:
                return
            case ["stale"]:
                raise StaleToken(GONE_BACK)
            case reply:
                raise refusal(reply)

    async def give_back(
        self, *, call: CallId, adviser: AdviserId, token: Token, why: LapseReason
    ) -> None:
        """Put a reserved call back into its place. An old token changes nothing."""
        await self.run(
            "give_back_call",
            keys={
                "call": self.keys.call(call),
                "adviser": self.keys.adviser(adviser),
                "queue:": self.keys.any_queue,
                "queues": self.keys.queues,
                "ready_in:": self.keys.any_ready_in,
                "ready": self.keys.ready,
                "reservations": self.keys.reservations,
                "wake": self.keys.wake,
            },
            argv={"call": call, "adviser": adviser, "token": token, "why": why},
        )

    async def return_to_queue(self, *, call: CallId, adviser: AdviserId, token: Token) -> None:
        """Put a call whose talk broke back into its place; the adviser goes to away."""
        await self.run(
            "return_call",
            keys={
                "call": self.keys.call(call),
                "adviser": self.keys.adviser(adviser),
                "queue:": self.keys.any_queue,
                "queues": self.keys.queues,
                "reservations": self.keys.reservations,
                "wake": self.keys.wake,
            },
            argv={
                "call": call,
                "adviser": adviser,
                "token": token,
                "reason": AwayReason.LOST_CONNECTION,
            },
        )

    async def end(self, *, call: CallId, epoch: LegEpoch) -> None:
        """Close a call for good; who talked goes to wrap-up, who was rung to ready."""
        match await self.run(
            "end_call",
            keys={
                "call": self.keys.call(call),
                "adviser:": self.keys.any_adviser,
                "queue:": self.keys.any_queue,
                "ready_in:": self.keys.any_ready_in,
                "ready": self.keys.ready,
                "reservations": self.keys.reservations,
                "wake": self.keys.wake,
            },
            argv={
                "call": call,
                "count": epoch.count,
                "nonce": epoch.nonce,
                "closed_kept_s": CLOSED_KEPT_S,
            },
        ):
            case ["closed"]:
                return
            case reply:
                raise refusal(reply)

    async def report_node(self, report: NodeReport) -> NodeReply:
        """Take a node's beat and one chunk of its calls; put right what is missing or older here.

        The calls come first: a node's beat says that what it holds is known here.
        """
        assert len(report.calls) <= REPORT_CALLS_MAX, "a node with more calls sends several reports"
        superseded, closed = await self._report_calls(report) if report.calls else ([], [])
        match await self.run(
            "report_node",
            keys={
                "node": self.keys.node(report.node),
                "nodes": self.keys.nodes,
                "durable": self.keys.durable(report.node),
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
                "kept_s": PROCESS_KEPT_S,
            },
        ):
            case ["taken", durable_seq]:
                return NodeReply(superseded=superseded, closed=closed, durable_seq=int(durable_seq))
            case reply:
                raise AssertionError(reply)

    async def _report_calls(self, report: NodeReport) -> tuple[list[CallId], list[CallId]]:
        """Report a chunk of calls; return those that a newer leg has, and those that are closed."""
        match await self.run(
            "report_calls",
            keys={
                "call:": self.keys.any_call,
                "queue:": self.keys.any_queue,
                "queues": self.keys.queues,
                "adviser:": self.keys.any_adviser,
                "ready_in:": self.keys.any_ready_in,
                "ready": self.keys.ready,
                "reservations": self.keys.reservations,
                "token": self.keys.token,
                "enqueued": self.keys.enqueued,
                "wake": self.keys.wake,
            },
            argv={
                "node": report.node,
                "token_max": max(call.token for call in report.calls),
                "doubts_max": DOUBTS_MAX,
                "kept_s": CALL_KEPT_S,
                "calls...": [said for call in report.calls for said in _said(call)],
            },
        ):
            case ["taken", superseded, closed]:
                return [CallId(one) for one in superseded], [CallId(one) for one in closed]
            case reply:
                raise AssertionError(reply)

    async def forget_node(self, node: NodeId) -> None:
        """Take a node that has drained and stops out of the address book."""
        await self.run(
            "forget_node",
            keys={"node": self.keys.node(node), "nodes": self.keys.nodes},
            argv={"node": node},
        )


GONE_BACK = "This reservation has gone back; another may have taken its place."


def refusal(reply: list[str]) -> Refusal:
    """Return the refusal that a script gave."""
    match reply:
        case ["stale"]:
            return StaleEpoch("Another leg has taken this call since.")
        case ["closed"]:
            return CallClosed("This call has ended.")
        case _:
            raise AssertionError(reply)


BOUND: frozenset[str] = frozenset({CallState.RINGING, CallState.TALKING, CallState.ON_HOLD})
"""States in which a call has an adviser."""


def _said(call: CallReport) -> tuple[str | int, ...]:
    """Return what a report says of a call, in the script's order; on hold is talking too."""
    assert (call.adviser is not None) or call.state not in BOUND, f"{call.state} with nobody"
    return (
        call.call,
        call.queue,
        call.head_start_ms,
        call.enqueued_ms,
        call.epoch.count,
        call.epoch.nonce,
        CallState.TALKING if call.state == CallState.ON_HOLD else call.state,
        call.adviser if call.adviser is not None and call.state in BOUND else "",
        call.token,
    )
