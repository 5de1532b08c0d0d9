"""Calls from telephones in Redis."""

from contactcentre.adapters.state_redis.blackboard import Blackboard, texts
from contactcentre.adapters.state_redis.keys import PHONE_KEPT_S, PULLED_KEPT_S
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.ids import CallId
from contactcentre.ports.phone_claims import OpenedWay


class RedisPhones(Blackboard):
    """PhoneClaims in Redis."""

    async def open_way(self, call: CallId, *, nonce: str) -> OpenedWay | None:
        """Let a caller's sound flow by a pass, once; None if that very pass was used before."""
        match await self.run(
            "open_way",
            keys={"phone": self.keys.phone(call)},
            argv={"nonce": nonce, "kept_s": PHONE_KEPT_S},
        ):
            case ["used"]:
                return None
            case ["opened", str(attempt), str(claim)]:
                return OpenedWay(attempt=int(attempt), claim=claim or None)
            case reply:
                raise AssertionError(reply)

    async def keep_claim(self, call: CallId, *, epoch: LegEpoch, claim: str) -> bool:
        """Keep a call's claim; say False if a newer leg's claim is kept already."""
        reply = await self.run(
            "keep_claim",
            keys={"phone": self.keys.phone(call)},
            argv={
                "count": epoch.count,
                "nonce": epoch.nonce,
                "claim": claim,
                "kept_s": PHONE_KEPT_S,
            },
        )
        return reply == ["kept"]

    async def kept_claim(self, call: CallId) -> str | None:
        """Return the claim that is kept; None if there is none."""
        (claim,) = texts(await self.client.ask("HMGET", self.keys.phone(call), "claim"))
        return None if claim is None else str(claim)

    async def pull(self, call: CallId, *, epoch: LegEpoch) -> bool:
        """Say whether whoever asks is to pull a call off its lost node: one at a time."""
        reply = await self.run(
            "pull_call",
            keys={
                "pulled": self.keys.pulled(call),
                "call": self.keys.call(call),
                "lost": self.keys.lost,
            },
            argv={
                "call": call,
                "count": epoch.count,
                "nonce": epoch.nonce,
                "kept_s": PULLED_KEPT_S,
            },
        )
        return reply == ["pull"]

    async def is_pulled(self, call: CallId, *, epoch: LegEpoch) -> bool:
        """Say whether somebody pulls, or has just pulled, the call off that leg."""
        (pulled,) = texts([await self.client.ask("GET", self.keys.pulled(call))])
        return bool(pulled == f"{epoch.count} {epoch.nonce}")
