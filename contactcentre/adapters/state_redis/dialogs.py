"""What of telephone calls outlives their node, in Redis: sealed, and moved in one step."""

from collections.abc import Mapping, Sequence

from contactcentre.adapters.state_redis.blackboard import Blackboard
from contactcentre.adapters.state_redis.keys import DIALOGS_KEPT_S, PROCESS_KEPT_S
from contactcentre.domain.ids import CallId, NodeId
from contactcentre.ports.phones import TrunkStanding

UP, DOWN, MISNAMED = "up", "down", "misnamed"


class RedisDialogs(Blackboard):
    """KeptDialogs and KeptTrunks in Redis."""

    async def keep_dialogs(
        self, node: NodeId, said: Mapping[CallId, str], ended: Sequence[CallId]
    ) -> None:
        """Keep what another node needs of a node's calls, and forget those that have ended."""
        words = [word for pair in said.items() for word in pair]
        match await self.run(
            "keep_dialogs",
            keys={"dialogs": self.keys.dialogs(node), "dialog:": self.keys.any_dialog},
            argv={
                "kept_s": DIALOGS_KEPT_S,
                "said_count": len(said),
                "calls_and_words_and_ended...": [*words, *ended],
            },
        ):
            case ["kept"]:
                return
            case reply:
                raise AssertionError(reply)

    async def take_dialogs(
        self, *, lost: NodeId, taker: NodeId, calls_max: int
    ) -> dict[CallId, str]:
        """Take up to so many calls of a lost node up; nobody else has them then."""
        match await self.run(
            "take_dialogs",
            keys={
                "lost": self.keys.dialogs(lost),
                "taker": self.keys.dialogs(taker),
                "dialog:": self.keys.any_dialog,
            },
            argv={"calls_max": calls_max},
        ):
            case ["taken", *taken]:
                return {CallId(call): said for call, said in taken}
            case reply:
                raise AssertionError(reply)

    async def look_dialogs(self, calls: Sequence[CallId]) -> dict[CallId, str]:
        """Return what is kept of some calls, whoever has them; unknown ones are left out."""
        match await self.run(
            "look_dialogs",
            keys={"dialog:": self.keys.any_dialog},
            argv={"calls...": list(calls)},
        ):
            case ["said", *found]:
                return {CallId(call): said for call, said in found}
            case reply:
                raise AssertionError(reply)

    async def keep_trunks(self, node: NodeId, standings: Mapping[str, TrunkStanding]) -> None:
        """Keep how the trunks of a node stand, in place of what was said of them before."""
        said = [
            word
            for name, standing in standings.items()
            for word in (name, _word(standing), str(standing.since_ms))
        ]
        match await self.run(
            "keep_trunks",
            keys={"trunks": self.keys.trunks(node)},
            argv={"kept_s": PROCESS_KEPT_S, "said": " ".join(said)},
        ):
            case ["kept"]:
                return
            case reply:
                raise AssertionError(reply)


def trunk_standings(said: str) -> dict[str, TrunkStanding]:
    """Return how trunks stand, as it was kept."""
    words = said.split()
    return {
        name: TrunkStanding(is_up=word == UP, since_ms=int(since_ms), is_misnamed=word == MISNAMED)
        for name, word, since_ms in zip(words[::3], words[1::3], words[2::3], strict=True)
    }


def _word(standing: TrunkStanding) -> str:
    if standing.is_up:
        return UP
    return MISNAMED if standing.is_misnamed else DOWN
