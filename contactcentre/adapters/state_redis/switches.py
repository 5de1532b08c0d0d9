"""The copy of the supervisors' switches in Redis: nodes read it, desks put it back."""

from contactcentre.adapters.state_redis.blackboard import Blackboard, texts
from contactcentre.domain.ivr.switches import Switches
from contactcentre.wire.switches import decode, encode


class RedisSwitches(Blackboard):
    """SwitchState in Redis."""

    async def keep_switches(self, stands: Switches) -> Switches:
        """Put a copy there if it is newer than the one that is; return the one that is then."""
        match await self.run(
            "keep_switches",
            keys={"switches": self.keys.switches},
            argv={"number": stands.number, "said": encode(stands)},
        ):
            case ["switches", str(said)]:
                return decode(said)
            case reply:
                raise AssertionError(reply)

    async def look_switches(self) -> Switches | None:
        """Return the copy; None if there is none."""
        (said,) = texts(await self.client.ask("HMGET", self.keys.switches, "said"))
        return None if said is None else decode(said)
