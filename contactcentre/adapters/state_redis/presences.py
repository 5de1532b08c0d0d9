"""The advisers as their desks write them, and where desks are."""

from contactcentre.adapters.state_redis.blackboard import DOUBTS_MAX, Blackboard, texts
from contactcentre.adapters.state_redis.keys import ADVISER_KEPT_S, PROCESS_KEPT_S, own_queue, place
from contactcentre.domain.ids import CallId, DeskId, Token
from contactcentre.domain.levels import AT_ONCE
from contactcentre.domain.presence import AwayReason, Presence
from contactcentre.ports.state import AdviserReport, AdviserStanding, DeskStanding

SET_BACK_MS = 2**42
"""How far a thousandth of occupancy sets an adviser back among the ready: beyond every time."""


class RedisPresences(Blackboard):
    """Presences in Redis."""

    async def report_adviser(self, report: AdviserReport) -> AdviserStanding:
        """Take the desk's word for an adviser; only a live, newer reservation outranks it."""
        places = {
            queue: place(queue, report.asked_later.get(queue, AT_ONCE).level)
            for queue in report.queues
        }
        match await self.run(
            "report_adviser",
            keys={
                "adviser": self.keys.adviser(report.adviser),
                "advisers": self.keys.advisers,
                "seats:": self.keys.any_seats,
                "lost_advisers": self.keys.lost_advisers,
                "ready_in:": self.keys.any_ready_in,
                "ready": self.keys.ready,
                "token": self.keys.token,
                "wake": self.keys.wake,
            },
            argv={
                "adviser": report.adviser,
                "desk": report.desk,
                "beat": report.beat,
                "state": report.state,
                "reason": report.reason or "",
                "call": report.call or "",
                "token": report.token,
                "queues": " ".join((*places.values(), own_queue(report.adviser))),
                "after_ms": " ".join(
                    f"{places[queue]}={asked.after_ms}"
                    for queue, asked in report.asked_later.items()
                    if queue in places
                ),
                "set_back": report.occupied * SET_BACK_MS,
                "doubts_max": DOUBTS_MAX,
                "kept_s": ADVISER_KEPT_S,
            },
        ):
            case ["standing", *said]:
                return standing(said)
            case reply:
                raise AssertionError(reply)

    async def report_desk(self, *, desk: DeskId, beat: int, internal_url: str) -> None:
        """Take a desk's beat."""
        await self.run(
            "report_desk",
            keys={"desk": self.keys.desk(desk), "desks": self.keys.desks},
            argv={
                "desk": desk,
                "internal_url": internal_url,
                "beat": beat,
                "kept_s": PROCESS_KEPT_S,
            },
        )

    async def desk(self, desk: DeskId) -> DeskStanding | None:
        """Return where a desk process is."""
        found = await self.client.ask("HMGET", self.keys.desk(desk), "internal_url", "beat")
        match texts(found):
            case [str(internal_url), str(beat)]:
                return DeskStanding(desk=desk, internal_url=internal_url, beat=int(beat))
            case _:
                return None


def standing(said: list[str]) -> AdviserStanding:
    """Return what a script says of an adviser."""
    state, reason, call, token, since_ms, *more = said
    desk, set_back = more or (None, None)
    return AdviserStanding(
        state=Presence(state),
        reason=AwayReason(reason) if reason else None,
        call=CallId(call) if call else None,
        token=Token(int(token)),
        since_ms=int(since_ms),
        desk=DeskId(desk) if desk else None,
        occupied=int(set_back or "0") // SET_BACK_MS,
    )
