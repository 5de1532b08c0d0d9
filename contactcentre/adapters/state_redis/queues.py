"""The waiting calls, as the node that holds their legs writes them."""

from contactcentre.adapters.state_redis.blackboard import Blackboard
from contactcentre.adapters.state_redis.keys import CALL_KEPT_S, CLOSED_KEPT_S, SERVED_KEPT_S
from contactcentre.domain.classes import ServiceClass, head_start_ms
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import CallClosed, Refusal, StaleEpoch, StaleToken
from contactcentre.domain.events import Ending, LapseReason
from contactcentre.domain.ids import AdviserId, CallId, NodeId, QueueId, Token
from contactcentre.domain.presence import AwayReason
from contactcentre.ports.state import Place

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
                "holds:": self.keys.any_holds,
                "lost": self.keys.lost,
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
            keys={
                "queue": self.keys.queue(queue),
                "served": self.keys.served(queue),
                "call": self.keys.call(call),
            },
            argv={"queue": queue, "call": call, "served_min": SERVED_MIN},
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
        self.see(token)
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
                "lost_advisers": self.keys.lost_advisers,
                "wake": self.keys.wake,
            },
            argv={"call": call, "adviser": adviser, "token": token, "why": why},
        )

    async def return_to_queue(
        self, *, call: CallId, adviser: AdviserId, token: Token, wishes: bool = False
    ) -> None:
        """Put a call whose talk broke back into its place; the adviser goes to away."""
        await self.run(
            "return_call",
            keys={
                "call": self.keys.call(call),
                "adviser": self.keys.adviser(adviser),
                "queue:": self.keys.any_queue,
                "queues": self.keys.queues,
                "reservations": self.keys.reservations,
                "wishes": self.keys.wishes,
                "wake": self.keys.wake,
            },
            argv={
                "call": call,
                "adviser": adviser,
                "token": token,
                "reason": AwayReason.LOST_CONNECTION,
                "wish_start_ms": head_start_ms(ServiceClass.P0) if wishes else "",
            },
        )

    async def transfer(
        self,
        *,
        call: CallId,
        adviser: AdviserId,
        token: Token,
        queue: QueueId,
        head_start_ms: int,
    ) -> None:
        """Put a call whose adviser hands it on into a queue, at its time; the adviser wraps up."""
        await self.run(
            "transfer_call",
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
                "queue": queue,
                "head_start_ms": head_start_ms,
            },
        )

    async def hand_over(
        self,
        *,
        call: CallId,
        adviser: AdviserId,
        token: Token,
        consult: CallId,
        other: AdviserId,
        other_token: Token,
        node: NodeId,
    ) -> None:
        """Let whoever was asked in a consultation have the call; the first adviser wraps up."""
        await self.run(
            "hand_over_call",
            keys={
                "call": self.keys.call(call),
                "adviser": self.keys.adviser(adviser),
                "asked": self.keys.call(consult),
                "other": self.keys.adviser(other),
                "holds": self.keys.holds(node),
            },
            argv={
                "call": call,
                "adviser": adviser,
                "token": token,
                "asked": consult,
                "other": other,
                "other_token": other_token,
                "closed_kept_s": CLOSED_KEPT_S,
            },
        )

    async def end(self, *, call: CallId, epoch: LegEpoch, ending: Ending) -> None:
        """Close a call for good; who talked goes to wrap-up, who was rung to ready."""
        match await self.close_call(call, epoch, ending=ending, is_presumed=False):
            case ["closed"]:
                return
            case reply:
                raise refusal(reply)

    async def close_call(
        self, call: CallId, epoch: LegEpoch, *, ending: Ending, is_presumed: bool
    ) -> list[str]:
        """Close a call; one that is only presumed to be over must still be lost."""
        return await self.run(
            "end_call",
            keys={
                "call": self.keys.call(call),
                "adviser:": self.keys.any_adviser,
                "queue:": self.keys.any_queue,
                "ready_in:": self.keys.any_ready_in,
                "ready": self.keys.ready,
                "reservations": self.keys.reservations,
                "holds:": self.keys.any_holds,
                "lost": self.keys.lost,
                "lost_advisers": self.keys.lost_advisers,
                "wake": self.keys.wake,
            },
            argv={
                "call": call,
                "count": epoch.count,
                "nonce": epoch.nonce,
                "ending": ending,
                "presumed": int(is_presumed),
                "closed_kept_s": CLOSED_KEPT_S,
            },
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
