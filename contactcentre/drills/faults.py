"""What can be done to a centre, and how it is made whole again: each drill's one fault."""

import asyncio
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Protocol

from contactcentre.drills.centre import Centre
from contactcentre.drills.history import Answered, Broke, Healed, History, now_ms
from contactcentre.drills.stores import ManyRedis, OneRedis

RENEWED_WITHIN_S = 40.0
READY_WITHIN_S = 40.0
REDIS_AWAY_S = 1.0
REDIS_HANGS_S = 4.0
RECORD_AWAY_S = 3.0
RECORD_HANGS_S = 6.0


class How(StrEnum):
    """How something is lost."""

    KILL = "kill"
    """It is gone at once."""
    STOP = "stop"
    """It stands still, with everything open: nobody is told."""
    HANG = "hang"
    """A process stands still with the parent that would end it, as its machine does, and wakes up
    when others have gone on; a store does as with `stop`."""


class Drill(StrEnum):
    """What is lost."""

    NONE = "none"
    LOSE_MEDIA_NODE = "lose-media-node"
    LOSE_ROUTER = "lose-router"
    LOSE_DESK = "lose-desk"
    LOSE_RECORDS = "lose-records"
    LOSE_REDIS = "lose-redis"
    FLUSH_REDIS = "flush-redis"
    SWITCH_REDIS = "switch-redis"
    LOSE_POSTGRES = "lose-postgres"
    ROLLING_RESTART = "rolling-restart"


ROLES: Mapping[Drill, str] = {
    Drill.LOSE_MEDIA_NODE: "media",
    Drill.LOSE_ROUTER: "router",
    Drill.LOSE_DESK: "desk",
    Drill.LOSE_RECORDS: "records",
}
"""Whose process each drill loses."""
SIGNALS: Mapping[How, signal.Signals] = {How.KILL: signal.SIGKILL, How.STOP: signal.SIGSTOP}
HANGS_S = 15.0
"""Long enough for everybody to have gone on elsewhere."""


class Fault(Protocol):
    """One fault."""

    async def put_in(self) -> None:
        """Break it; return at once."""

    async def mend(self) -> None:
        """Do what an operator or a supervising program does, and wait until it works."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a fault is put into."""

    centre: Centre
    history: History
    chance: Random
    busy: Sequence[str] = ()
    """The media nodes that have calls, the busiest first."""


def make_fault(  # noqa: PLR0911 - one case a drill
    drill: Drill, how: How, ground: Ground, *, by_machine: bool = False
) -> Fault:
    """Return a fault that has not been put in yet."""
    match drill:
        case Drill.LOSE_MEDIA_NODE | Drill.LOSE_ROUTER | Drill.LOSE_DESK | Drill.LOSE_RECORDS:
            return LostProcess(ground, ROLES[drill], how)
        case Drill.LOSE_REDIS:
            return LostRedis(ground, how)
        case Drill.FLUSH_REDIS:
            return FlushedRedis(ground)
        case Drill.SWITCH_REDIS:
            return SwitchedRedis(ground, how)
        case Drill.LOSE_POSTGRES:
            return LostRecord(ground, how)
        case Drill.ROLLING_RESTART:
            return RollingRestart(ground, by_machine=by_machine)
        case Drill.NONE:
            return NoFault(ground)


async def heal(fault: Fault, ground: Ground, drill: Drill) -> None:
    """Mend a fault, and wait until every process says that it is ready."""
    await fault.mend()
    await ground.centre.until_ready(within_s=READY_WITHIN_S)
    ground.history.note(Healed(at_ms=now_ms(), what=drill))


class _Fault:
    """What every fault has: its ground, and its words in the history."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.centre = ground.centre

    def broke(self, what: str) -> None:
        """Write down that something is broken from now on."""
        self.ground.history.note(Broke(at_ms=now_ms(), what=what))

    def answered(self, what: str) -> None:
        """Write down that a store answers again."""
        self.ground.history.note(Answered(at_ms=now_ms(), what=what))


class NoFault(_Fault):
    """Nothing is broken: what is found then is a mistake of everyday."""

    async def put_in(self) -> None:
        """Break nothing."""
        self.broke("nothing")

    async def mend(self) -> None:
        """Mend nothing."""


class LostProcess(_Fault):
    """A process is killed, or stands still until its parent ends it."""

    def __init__(self, ground: Ground, role: str, how: How) -> None:
        super().__init__(ground)
        names = [name for name in ground.busy if name in self.centre.names(role)]
        self._name = names[0] if names else ground.chance.choice(self.centre.names(role))
        self._how = how
        self._old: int | None = None

    async def put_in(self) -> None:
        """Lose it."""
        self._old = self.centre.child(self._name)
        self.broke(f"{self._how} {self._name}")
        if self._how is How.HANG:
            self.centre.freeze(self._name)
        else:
            self.centre.hit(self._name, SIGNALS[self._how])

    async def mend(self) -> None:
        """Wait until its parent has started another one, or let it wake up."""
        if self._how is How.HANG:
            await asyncio.sleep(HANGS_S)
            await self.centre.thaw(self._name)
            return
        await self.centre.until_renewed(self._name, self._old, within_s=RENEWED_WITHIN_S)


class LostRedis(_Fault):
    """The one Redis is killed and comes back empty, or stands still for a while."""

    def __init__(self, ground: Ground, how: How) -> None:
        super().__init__(ground)
        assert isinstance(self.centre.redis, OneRedis), "there is one of them"
        self._redis = self.centre.redis
        self._how = how

    async def put_in(self) -> None:
        """Lose it."""
        self.broke(f"{self._how} redis")
        if self._how is How.KILL:
            await self._redis.kill()
        else:
            self._redis.hang()

    async def mend(self) -> None:
        """Let it come back."""
        if self._how is How.KILL:
            await asyncio.sleep(REDIS_AWAY_S)
            await self._redis.start_again()
        else:
            await asyncio.sleep(REDIS_HANGS_S)
            await self._redis.go_on()
        self.answered("redis")


class FlushedRedis(_Fault):
    """Everything in Redis is deleted."""

    async def put_in(self) -> None:
        """Delete it."""
        assert isinstance(self.centre.redis, OneRedis), "there is one of them"
        self.broke("flush redis")
        await self.centre.redis.empty()
        self.answered("redis")

    async def mend(self) -> None:
        """Nobody needs to do anything."""


class SwitchedRedis(_Fault):
    """The primary is lost, and another server takes its place."""

    def __init__(self, ground: Ground, how: How) -> None:
        super().__init__(ground)
        assert isinstance(self.centre.redis, ManyRedis), "there are several"
        self._redis = self.centre.redis
        self._how = how

    async def put_in(self) -> None:
        """Lose the primary."""
        self.broke(f"{self._how} the primary redis")
        if self._how is How.KILL:
            await self._redis.kill_primary()
        else:
            await self._redis.hang_primary()

    async def mend(self) -> None:
        """Wait for the switch, then bring the lost one back as a follower."""
        await self._redis.until_switched()
        self.answered("redis")
        await self._redis.mend(was_killed=self._how is How.KILL)


class LostRecord(_Fault):
    """PostgreSQL is killed, or stands still for a while."""

    def __init__(self, ground: Ground, how: How) -> None:
        super().__init__(ground)
        self._how = how

    async def put_in(self) -> None:
        """Lose it."""
        self.broke(f"{self._how} postgres")
        if self._how is How.KILL:
            await self.centre.record.kill()
        else:
            self.centre.record.hang()

    async def mend(self) -> None:
        """Let it come back."""
        if self._how is How.KILL:
            await asyncio.sleep(RECORD_AWAY_S)
            await self.centre.record.start_again()
        else:
            await asyncio.sleep(RECORD_HANGS_S)
            await self.centre.record.go_on()


class RollingRestart(_Fault):
    """Every process is told to end in turn and comes back, one by one or machine by machine."""

    def __init__(self, ground: Ground, *, by_machine: bool) -> None:
        super().__init__(ground)
        names = self.centre.names()
        machines: dict[str, list[str]] = {}
        for name in names:
            machines.setdefault(name.rpartition("-")[2] if by_machine else name, []).append(name)
        self._groups = list(machines.values())

    async def put_in(self) -> None:
        """Begin."""
        self.broke("restart everything in turn")

    async def mend(self) -> None:
        """Tell each to end, and wait until it is back before the next."""
        for group in self._groups:
            old = {name: self.centre.child(name) for name in group}
            for name in group:
                self.centre.end_in_order(name)
            for name in group:
                await self.centre.until_renewed(name, old[name], within_s=RENEWED_WITHIN_S)
