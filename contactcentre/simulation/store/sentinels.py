"""The Sentinels: who has not seen the primary for a while, and what they agree on.

Each sees with its own eyes. A majority that sees one another may make another server the primary,
and the word of the highest epoch stands. A primary that is none any longer, to which a Sentinel can
speak again, is told so after a while: until then there are two.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from contactcentre.simulation.network import Names, Network
from contactcentre.simulation.store.server import Server

DOWN_AFTER_S = 1.0
"""So long unseen, and a Sentinel takes the primary for down."""
VOTE_S = 0.4
"""How long those who agree take to vote."""
TOLD_AFTER_S = 4.0
"""Who follows the wrong primary, or is one, is told after so long."""


@dataclass(slots=True)
class Sentinel:
    """One Sentinel: where it is, and what it has last heard and seen."""

    names: Names
    primary: Server
    epoch: int = 0
    is_up: bool = True
    unseen_s: float = 0.0
    strays_s: dict[str, float] = field(default_factory=dict)
    """For how long it has seen servers that are not what they should be."""


class Watch:
    """All the Sentinels of a group."""

    def __init__(self, network: Network, sentinels: Sequence[Sentinel]) -> None:
        self._network = network
        self.sentinels = sentinels

    def look(self, span_s: float) -> Sentinel | None:
        """Let a span pass; return a Sentinel that may lead a change of the primary, if any."""
        for one in self._up():
            one.unseen_s = 0.0 if self.sees(one, one.primary) else one.unseen_s + span_s
        self._tell_one_another()
        return next((one for one in self._up() if self._may_lead(one)), None)

    def change(self, leader: Sentinel, primary: Server) -> None:
        """Let whoever the leader reaches know of another primary."""
        epoch = max(one.epoch for one in self.sentinels) + 1
        for one in self._peers(leader):
            one.epoch, one.primary, one.unseen_s = epoch, primary, 0.0

    def tells(self, server: Server, followed: Server | None, span_s: float) -> bool:
        """Let a span pass; say whether a server that is what it should not be is told by now."""
        name = server.names[-1]
        for one in self._up():
            is_right = one.primary is (followed or server)
            if is_right or one.epoch < self._top() or not self.sees(one, server):
                one.strays_s.pop(name, None)
                continue
            one.strays_s[name] = one.strays_s.get(name, 0.0) + span_s
            if one.strays_s[name] >= TOLD_AFTER_S:
                del one.strays_s[name]
                return True
        return False

    def sees(self, one: Sentinel, server: Server) -> bool:
        """Say whether a server answers a Sentinel."""
        return server.is_up and not server.is_hung and self.reaches(one.names, server.names)

    def reaches(self, some: Names, other: Names) -> bool:
        """Say whether something passes between two ends, both ways."""
        return not (self._network.is_cut(some, other) or self._network.is_cut(other, some))

    def _up(self) -> list[Sentinel]:
        return [one for one in self.sentinels if one.is_up]

    def _top(self) -> int:
        return max(one.epoch for one in self.sentinels)

    def _peers(self, one: Sentinel) -> list[Sentinel]:
        """Return the Sentinels with which one can speak, itself too."""
        return [
            other for other in self._up() if other is one or self.reaches(one.names, other.names)
        ]

    def _may_lead(self, one: Sentinel) -> bool:
        if one.unseen_s < DOWN_AFTER_S + VOTE_S:
            return False
        peers = self._peers(one)
        agree = [other for other in peers if other.unseen_s >= DOWN_AFTER_S]
        majority = len(self.sentinels) // 2 + 1
        return len(peers) >= majority and len(agree) >= majority

    def _tell_one_another(self) -> None:
        if len({one.epoch for one in self.sentinels}) == 1:
            return
        for one in self._up():
            best = max(self._peers(one), key=lambda other: other.epoch)
            if best.epoch > one.epoch:
                one.epoch, one.primary, one.unseen_s = best.epoch, best.primary, 0.0
