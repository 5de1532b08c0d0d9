"""What routers do when something is lost, and the barrier that a changed store puts up."""

from collections.abc import Sequence

from contactcentre.adapters.state_redis.queues import RedisQueues
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.events import Ending
from contactcentre.domain.ids import AdviserId, CallId, DeskId
from contactcentre.limits import REPORT_CALLS_MAX
from contactcentre.ports.state import DeskStanding, Generation, LostAdviser, LostCall

LOST_MAX = 1_000
"""More are looked at when these, the longest lost, are found again or closed."""


class RedisRescue(RedisQueues):
    """Rescue in Redis."""

    async def desks(self) -> Sequence[DeskStanding]:
        """Return the desk processes that have reported within the last hour."""
        match await self.run(
            "look_desks",
            keys={"desks": self.keys.desks, "desk:": self.keys.any_desk},
            argv={},
        ):
            case ["desks", *found]:
                return sorted(
                    (
                        DeskStanding(desk=DeskId(desk), internal_url=url, beat=int(beat))
                        for desk, url, beat in found
                    ),
                    key=lambda desk: desk.desk,
                )
            case reply:
                raise AssertionError(reply)

    async def lose_advisers(self, desk: DeskId, *, beat: int) -> int:
        """Keep some advisers of a lost desk process from being matched; return how many."""
        match await self.run(
            "lose_advisers",
            keys={
                "desk": self.keys.desk(desk),
                "seats": self.keys.seats(desk),
                "adviser:": self.keys.any_adviser,
                "ready_in:": self.keys.any_ready_in,
                "ready": self.keys.ready,
                "lost_advisers": self.keys.lost_advisers,
            },
            argv={"desk": desk, "beat": beat, "count_max": REPORT_CALLS_MAX},
        ):
            case ["lost", int(count)]:
                return count
            case reply:
                raise AssertionError(reply)

    async def lost_calls(self) -> Sequence[LostCall]:
        """Return some of the lost calls, the longest lost first."""
        match await self.run(
            "look_lost_calls",
            keys={"lost": self.keys.lost, "call:": self.keys.any_call},
            argv={"count_max": LOST_MAX},
        ):
            case ["lost", *found]:
                return [
                    LostCall(call=CallId(call), epoch=LegEpoch(int(count), nonce))
                    for call, count, nonce in found
                ]
            case reply:
                raise AssertionError(reply)

    async def close_lost(self, lost: LostCall) -> bool:
        """Presume a call that is still lost to be over, and let its adviser go."""
        reply = await self.close_call(
            lost.call, lost.epoch, ending=Ending.SYSTEM_LOST, is_presumed=True
        )
        return reply == ["closed"]

    async def lost_advisers(self) -> Sequence[LostAdviser]:
        """Return some of the lost advisers, the longest lost first."""
        match await self.run(
            "look_lost_advisers",
            keys={"lost_advisers": self.keys.lost_advisers, "adviser:": self.keys.any_adviser},
            argv={"count_max": LOST_MAX},
        ):
            case ["lost", *found]:
                return [
                    LostAdviser(adviser=AdviserId(adviser), beat=int(beat))
                    for adviser, beat in found
                ]
            case reply:
                raise AssertionError(reply)

    async def sign_off(self, lost: LostAdviser) -> bool:
        """Take an adviser who is still lost to offline, unless bound to a call; say whether."""
        reply = await self.run(
            "sign_off",
            keys={
                "adviser": self.keys.adviser(lost.adviser),
                "lost_advisers": self.keys.lost_advisers,
            },
            argv={"adviser": lost.adviser, "beat": lost.beat},
        )
        return reply == ["offline"]

    async def generation(self) -> Generation:
        """Return which store answers, and whether matching is open on it."""
        match await self.run("look_generation", keys={"opened": self.keys.opened}, argv={}):
            case ["generation", store, opened]:
                return Generation(store=store, opened=opened)
            case reply:
                raise AssertionError(reply)

    async def open_matching(self, store: str) -> None:
        """Open matching on a store; nothing happens if another one answers by now."""
        await self.run(
            "open_matching",
            keys={
                "opened": self.keys.opened,
                "token": self.keys.token,
                "wake": self.keys.wake,
            },
            argv={"store": store, "token_max": self.token_seen},
        )
