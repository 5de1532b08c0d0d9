"""One server: its data, its clock, its role and who it is in this life of its process."""

from collections.abc import Callable
from enum import StrEnum
from hashlib import sha1
from typing import Any

from contactcentre.simulation.environment import SimulatedClock
from contactcentre.simulation.loop import Simulation
from contactcentre.simulation.network import Names
from contactcentre.simulation.store.commands import COMMANDS, apply, command
from contactcentre.simulation.store.copies import Copy, Log
from contactcentre.simulation.store.data import OK, Data, ReplyError, UnknownCommand
from contactcentre.simulation.store.scripting import scripting

Words = tuple[bytes, ...]
Answer = Callable[[Any], object]
"""Takes the reply to a command: a ReplyError if it is an error, Gone if there will be none."""
Hear = Callable[[bytes | None], object]
"""Hears what is published on a channel; None if the connection has ended."""

SWEEP_EVERY = 5_000
"""After so many commands, what has expired is looked for."""
READ_ONLY = "READONLY You can't write against a read only replica."
NO_REPLICAS = "NOREPLICAS Not enough good replicas to write."
NO_SCRIPT = "NOSCRIPT No matching script."


class Gone(Exception):
    """The connection has ended: the server's process has, or it closes the connection."""


class Kept(StrEnum):
    """What a server that starts again finds of its data."""

    ALL = "all"
    """Its process alone had failed, and the disk had been told everything."""
    SNAPSHOT = "snapshot"
    """What the disk had by then."""
    NOTHING = "nothing"


class Server:
    """A server as its clients meet it; faults are changes of what it is."""

    def __init__(self, simulation: Simulation, *names: str, ahead_ms: int = 0) -> None:
        """Take the names that it goes by on the network, its own last."""
        self._simulation = simulation
        self._dice = simulation.dice(f"server/{names[-1]}")
        self.names: Names = names
        self.clock = SimulatedClock(simulation, ahead_ms=ahead_ms)
        self.data = Data(self._dice)
        self.is_primary = True
        self.lacks_replicas = False
        """A primary that lacks replicas takes no writes."""
        self.replication_id = self.new_id()
        self.run_id = self.new_id()
        self.is_up = True
        self.is_hung = False
        self.slow_s = 0.0
        """By how much longer every command takes."""
        self.life = 0
        """Which connections are good: those that were made in this life."""
        self.log: Log | None = None
        """What it has written, if there is anybody to hear of it."""
        self.copy: Copy | None = None
        """What a replica has heard of its primary: its data."""
        self.disk: Copy | None = None
        """What a server with a disk finds on it after its machine has failed."""
        self.mistakes: list[str] = []
        """Scripts that have failed, which is a mistake in them."""
        self._scripts: set[bytes] = set()
        self._kept: list[tuple[Words, int, Answer]] = []
        """What has come while it hung."""
        self._blocked: list[_Blocked] = []
        self._channels: dict[bytes, list[Hear]] = {}
        self._commands_count = 0

    def new_id(self) -> str:
        """Return an id as servers give themselves."""
        return f"{self._dice.getrandbits(160):040x}"

    # What happens to it

    def drop_connections(self) -> None:
        """Close every connection; what is asked on one of them is not answered."""
        self.life += 1
        for blocked in self._blocked:
            blocked.end(Gone())
        self._blocked.clear()
        for _, _, answer in self._kept:
            answer(Gone())
        self._kept.clear()
        for hearers in self._channels.values():
            for hear in hearers:
                hear(None)
        self._channels.clear()

    def kill(self) -> None:
        """End the process; whoever is connected hears of it."""
        self.is_up = self.is_hung = False
        self.drop_connections()

    def start(self, kept: Kept) -> None:
        """Start the process again, as what it was: a primary or a replica."""
        if kept is Kept.NOTHING:
            self._begin(Data(self._dice))
        elif kept is Kept.SNAPSHOT and self.disk is not None:
            self._begin(self.disk.data)
        else:
            self._begin(self.data)
        self.run_id = self.new_id()
        self._scripts.clear()
        self.is_up = True

    def begin_log(self, *, disk_lag_s: float) -> None:
        """Keep what is written from here on, for replicas and for the disk."""
        self.log = Log(self._simulation)
        self.disk = Copy(self.data, self.log, lag_s=disk_lag_s)

    def become_primary(self) -> None:
        """Take writes from here on."""
        self.is_primary, self.lacks_replicas = True, False
        self._begin(self.data)

    def become_replica(self) -> None:
        """Take no writes from here on; who is connected is thrown out."""
        self.is_primary, self.copy = False, None
        self.drop_connections()

    def copy_from(self, primary: "Server") -> None:
        """Throw away what is here and begin with all that a primary has."""
        assert primary.log is not None, "a primary of replicas keeps a log"
        self.copy = Copy(primary.data, primary.log, lag_s=0.0)
        self.data, self.replication_id = self.copy.data, primary.replication_id

    def hear(self, now_us: int, *, lag_s: float) -> None:
        """Let a replica hear what its primary has written, up to some time ago."""
        assert self.copy is not None, "it has begun to copy"
        self.copy.lag_s = lag_s
        self.copy.hear(now_us)

    def heard_count(self, primary: "Server") -> int:
        """Return how many of a primary's steps a replica has; -1 if it copies another history."""
        copy = self.copy
        return -1 if copy is None or copy.log is not primary.log else copy.position

    def _begin(self, data: Data) -> None:
        """Begin a history of one's own with some data."""
        self.data, self.copy = data, None
        data.is_copy = not self.is_primary
        self.replication_id = self.new_id()
        if self.disk is not None:
            self.begin_log(disk_lag_s=self.disk.lag_s)

    def hang(self) -> None:
        """Let it stand still; what comes meanwhile waits, for longer than who asked."""
        self.is_hung = True

    def go_on(self) -> None:
        """Let it go on: it does what has come meanwhile, also for those who gave up."""
        self.is_hung = False
        kept, self._kept = self._kept, []
        for words, life, answer in kept:
            self.take(words, life, answer)

    # What it is asked

    def take(self, words: Words, life: int | None, answer: Answer) -> None:
        """Take a command that has come on a connection of some life, or a new one."""
        life = self.life if life is None else life
        if not self.is_up or life != self.life:
            answer(Gone())
        elif self.is_hung:
            self._kept.append((words, life, answer))
        elif self.slow_s:
            self._simulation.loop.call_later(self.slow_s, self._answer, words, life, answer)
        else:
            self._answer(words, life, answer)

    def _answer(self, words: Words, life: int, answer: Answer) -> None:
        if not self.is_up or life != self.life:
            answer(Gone())
            return
        try:
            reply = self.execute(words)
        except (ReplyError, UnknownCommand) as error:
            answer(error)
            return
        if reply is None and b"BLOCK" in words:
            self._block(words, answer)
        else:
            answer(reply)

    def execute(self, words: Words) -> Any:
        """Run one command and return its reply. Raises ReplyError and UnknownCommand."""
        data = self.data
        data.now_ms = self.clock.now_ms()
        self._commands_count += 1
        if self._commands_count % SWEEP_EVERY == 0 and self.is_primary:
            data.sweep()
        try:
            own = OWN.get(words[0])
            return self._run(words[0], words[1:]) if own is None else own(self, words[1:])
        finally:
            if data.effects:
                self._tell(data, wakes=words[0] != b"XREADGROUP")

    def _run(self, name: bytes, words: Words) -> Any:
        """Run a command on the data, of a client or of a script."""
        found = COMMANDS.get(name) or command(name)
        if found.writes and (self.lacks_replicas or not self.is_primary):
            raise ReplyError(NO_REPLICAS if self.is_primary else READ_ONLY)
        return apply(self.data, found, words)

    def _tell(self, data: Data, *, wakes: bool) -> None:
        """Tell of what has been written: those who copy it, and those who wait for it.

        What a reader of a group writes of itself is nothing for other readers to wake for.
        """
        effects, data.effects = data.effects, []
        if self.log is not None:
            self.log.add(effects)
        if self._blocked and wakes:
            waiting, self._blocked = self._blocked, []
            for blocked in waiting:
                self._simulation.loop.call_soon(self._try_again, blocked)

    # Reads that block

    def _block(self, words: Words, answer: Answer) -> None:
        span_ms = int(words[words.index(b"BLOCK") + 1])
        blocked = _Blocked(words, answer)
        if span_ms:
            blocked.until(self._simulation, span_ms)
        self._blocked.append(blocked)

    def _try_again(self, blocked: "_Blocked") -> None:
        if blocked.is_over:
            return
        if not self.is_up:
            blocked.end(Gone())
            return
        try:
            reply = self.execute(blocked.words)
        except ReplyError as error:
            blocked.end(error)
            return
        if reply is None:
            self._blocked.append(blocked)
        else:
            blocked.end(reply)

    # Channels

    def subscribe(self, channel: bytes, hear: Hear) -> None:
        """Let somebody hear what is published, in this life."""
        self._channels.setdefault(channel, []).append(hear)

    def unsubscribe(self, channel: bytes, hear: Hear) -> None:
        """Let somebody hear no more."""
        if hear in self._channels.get(channel, ()):
            self._channels[channel].remove(hear)

    def _publish(self, words: Words) -> int:
        channel, said = words
        heard = self._channels.get(channel, ())
        for hear in heard:
            hear(said)
        return len(heard)

    # What a server says of itself

    def _time(self, words: Words) -> list[bytes]:
        _none(words)
        seconds, us = divmod(self.clock.now_us(), 1_000_000)
        return [b"%d" % seconds, b"%d" % us]

    def _info(self, words: Words) -> bytes:
        match words:
            case (b"server",):
                said = f"# Server\r\nrun_id:{self.run_id}\r\n"
            case (b"replication",):
                role = "master" if self.is_primary else "slave"
                said = f"# Replication\r\nrole:{role}\r\nmaster_replid:{self.replication_id}\r\n"
            case _:
                raise UnknownCommand(f"INFO with {words!r}")
        return said.encode()

    def _role(self, words: Words) -> list[bytes]:
        _none(words)
        return [b"master" if self.is_primary else b"slave"]

    def _ping(self, words: Words) -> bytes:
        _none(words)
        return b"PONG"

    def _client(self, words: Words) -> bytes:
        if words != (b"INFO",):
            raise UnknownCommand(f"CLIENT with {words!r}")
        return f"id=1 laddr={self.names[-1]}\n".encode()

    # Scripts

    def _script(self, words: Words) -> bytes:
        match words:
            case (b"LOAD", source):
                sha = sha1(source).hexdigest().encode()  # noqa: S324 - how Redis names a script
                scripting().read(sha, source)
                self._scripts.add(sha)
                return sha
            case (b"FLUSH",):
                self._scripts.clear()
                return OK
            case _:
                raise UnknownCommand(f"SCRIPT with {words!r}")

    def _evalsha(self, words: Words) -> Any:
        sha, count, *rest = words
        if sha not in self._scripts:
            raise ReplyError(NO_SCRIPT)
        keys_count = int(count)
        try:
            return scripting().run(sha, rest[:keys_count], rest[keys_count:], self._called)
        except ReplyError as error:
            if not str(error).startswith((READ_ONLY, NO_REPLICAS)):
                self.mistakes.append(str(error))
            raise

    def _called(self, name: bytes, words: Words) -> Any:
        """Run a command of a script."""
        own = OWN_IN_SCRIPTS.get(name)
        return self._run(name, words) if own is None else own(self, words)


class _Blocked:
    """A read that waits until there is something to read, or its time is over."""

    def __init__(self, words: Words, answer: Answer) -> None:
        self.words = words
        self.is_over = False
        self._answer = answer

    def until(self, simulation: Simulation, span_ms: int) -> None:
        """Let it end with nothing after some time."""
        simulation.loop.call_later(span_ms / 1_000, self.end, None)

    def end(self, reply: Any) -> None:
        """Answer it, once."""
        if not self.is_over:
            self.is_over = True
            self._answer(reply)


def _none(words: Words) -> None:
    if words:
        raise UnknownCommand(f"arguments {words!r} to a command that takes none")


Own = Callable[[Server, Words], Any]
OWN_IN_SCRIPTS: dict[bytes, Own] = {
    b"INFO": Server._info,  # noqa: SLF001 - a table of what is above
    b"PUBLISH": Server._publish,  # noqa: SLF001
    b"TIME": Server._time,  # noqa: SLF001
}
OWN: dict[bytes, Own] = OWN_IN_SCRIPTS | {
    b"CLIENT": Server._client,  # noqa: SLF001
    b"EVALSHA": Server._evalsha,  # noqa: SLF001
    b"PING": Server._ping,  # noqa: SLF001
    b"ROLE": Server._role,  # noqa: SLF001
    b"SCRIPT": Server._script,  # noqa: SLF001
}
