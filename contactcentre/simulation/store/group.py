"""The servers of one live state: a primary, replicas that lag, and Sentinels that watch them.

What is acknowledged is not yet copied: whoever makes another server the primary loses what that one
has not heard. A former primary goes on taking writes from whoever still reaches it, unless it is
told to lack replicas, until it is told what it is; then all that it took alone is thrown away.
"""

from collections.abc import Sequence
from contextvars import copy_context

from contactcentre.simulation.loop import Simulation
from contactcentre.simulation.network import Names, Network
from contactcentre.simulation.store.data import ReplyError
from contactcentre.simulation.store.sentinels import Sentinel, Watch
from contactcentre.simulation.store.server import Kept, Server

TICK_S = 0.1
"""How often replicas hear of what is new, and Sentinels look."""
LAG_S = 0.002
DISK_LAG_S = 1.0
REPLICA_LOST_AFTER_S = 3.0
"""A replica of which nothing is heard for so long is none, to its primary."""


class Group:
    """A primary, and the others that may become it; all that happens to them happens here."""

    def __init__(
        self,
        simulation: Simulation,
        network: Network,
        servers: Sequence[Server],
        *,
        sentinels: Sequence[Names] = (),
        replicas_min: int = 0,
    ) -> None:
        """Take the servers, the primary first, and how many replicas it wants for a write."""
        self._simulation = simulation
        self._network = network
        self._replicas_min = replicas_min
        self.servers = servers
        self.watch = Watch(network, [Sentinel(names, servers[0]) for names in sentinels])
        self._follows: dict[Server, Server] = {}
        self._heard_s: dict[tuple[Server, Server], float] = {}
        """When a primary has last heard of a replica."""
        self.lags_s: dict[Server, float] = dict.fromkeys(servers, LAG_S)
        """By how much each hears later, while it is a replica."""
        self.changes_count = 0
        self.steps_lost_count = 0
        """Steps that had been done, and perhaps acknowledged, and were lost with a primary."""
        for server in servers:
            server.begin_log(disk_lag_s=DISK_LAG_S)
        for server in servers[1:]:
            self._point(server, servers[0])
        self._context = copy_context()
        self._tick()

    @property
    def sentinels(self) -> Sequence[Sentinel]:
        """Who says where the primary is; without any, clients know it themselves."""
        return self.watch.sentinels

    @property
    def primary(self) -> Server:
        """The server that was last made the primary; another may still take itself for it."""
        if not self.sentinels:
            return self.servers[0]
        return max(self.sentinels, key=lambda one: one.epoch).primary

    @property
    def primaries(self) -> list[Server]:
        """Every server that takes itself for the primary."""
        return [one for one in self.servers if one.is_primary]

    def fail_over(self, to: Server | None = None) -> Server | None:
        """Make a replica the primary at once, whatever is wrong or not with the former one.

        That one goes on until it is told. Return the new primary, None if no replica is able.
        """
        up = [one for one in self.sentinels if one.is_up]
        return self._change(max(up, key=lambda one: one.epoch), to) if up else None

    def flush(self) -> bool:
        """Empty the primary as a person might, by FLUSHALL; say whether it let itself be emptied.

        Its replicas hear of it. One that lacks replicas refuses it, and one that is down is none.
        """
        if not self.primary.is_up:
            return False
        try:
            self.primary.execute((b"FLUSHALL",))
        except ReplyError:
            return False
        return True

    def heal(self) -> None:
        """Let every server run at its usual pace; clocks and paths stay as they are."""
        for server in self.servers:
            server.slow_s = 0.0
            if server.is_hung:
                server.go_on()
            if not server.is_up:
                server.start(Kept.ALL)
        for sentinel in self.sentinels:
            sentinel.is_up = True
        self.lags_s = dict.fromkeys(self.servers, LAG_S)

    def _tick(self) -> None:
        self._simulation.loop.call_later(TICK_S, self._tick, context=self._context)
        for server in self.servers:
            self._copy(server)
        for server in self.primaries:
            server.lacks_replicas = self._replicas(server) < self._replicas_min
        if self.sentinels:
            leader = self.watch.look(TICK_S)
            if leader is not None:
                self._change(leader, None)
            for server in self.servers:
                self._put_right(server)

    def _copy(self, server: Server) -> None:
        """Let a replica hear of what is new, and a disk; shorten what all have heard."""
        now_us = self._simulation.now_us()
        if server.disk is not None and server.log is not None and server.is_up:
            server.disk.hear(now_us)
            followers = [one.copy for one, its in self._follows.items() if its is server]
            copies = [server.disk, *(one for one in followers if one and one.log is server.log)]
            server.log.shorten(min(one.position for one in copies))
        primary = self._follows.get(server)
        if primary is None or not self._hears(server, primary):
            return
        self._heard_s[primary, server] = self._simulation.now_s
        if server.copy is None or server.copy.log is not primary.log:
            server.copy_from(primary)
        server.hear(now_us, lag_s=self.lags_s[server])

    def _hears(self, server: Server, primary: Server) -> bool:
        """Say whether a replica hears its primary, which is one."""
        both = (server, primary)
        return (
            primary.is_primary
            and all(one.is_up and not one.is_hung for one in both)
            and self.watch.reaches(server.names, primary.names)
        )

    def _replicas(self, primary: Server) -> int:
        """Return of how many replicas a primary has heard lately."""
        since_s = self._simulation.now_s - REPLICA_LOST_AFTER_S
        return sum(its is primary and at_s >= since_s for (its, _), at_s in self._heard_s.items())

    def _change(self, leader: Sentinel, to: Server | None) -> Server | None:
        """Make a replica the primary that the leader reaches: the one that has heard most."""
        former = leader.primary
        able = [one for one in self._follows if self.watch.sees(leader, one)]
        if not able or (to is not None and to not in able):
            return None
        best = to or max(able, key=lambda one: one.heard_count(former))
        if former.log is not None and best.heard_count(former) >= 0:
            self.steps_lost_count += former.log.end - best.heard_count(former)
        self.changes_count += 1
        del self._follows[best]
        best.become_primary()
        self.watch.change(leader, best)
        for one in able:
            if one is not best:
                self._point(one, best)
        return best

    def _put_right(self, server: Server) -> None:
        """Let a server that follows the wrong primary, or is one, be told."""
        if self.watch.tells(server, self._follows.get(server), TICK_S):
            self._point(server, self.primary)

    def _point(self, server: Server, primary: Server) -> None:
        """Let a server copy a primary from here on; what it had alone is lost."""
        former = self._follows.get(server)
        if former is not None and self.watch.reaches(server.names, former.names):
            self._heard_s.pop((former, server), None)  # which sees the connection end
        self._follows[server] = primary
        server.become_replica()
