"""Any commands that the store knows, on a few keys, right and wrong ones."""

from collections.abc import Sequence
from random import Random
from typing import Any

Command = Sequence[str | int]

KEYS = ("a", "b", "c", "d")
NAMES = ("x", "y", "z", "xx", "é")
NUMBERS = (
    "1",
    "-0",
    "5000000000000001",
    "-3",
    "2.5",
    "1764178657123456",
    "-86400000",
    "0.1",
    "no",
)
BOUNDS = ("-inf", "+inf", "1", "(1", "-3", "(-3", "2.5", "(2.5", "(1764178657123456", "(no")


class AnyCommands:
    """Commands as the dice fall."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)  # noqa: S311 - no secret
        self._ids = ["0-1"]
        """Ids of entries that a server has given."""

    def next(self) -> Command:
        """Return one more command."""
        kind = self.dice.choice((self._ranked, self._hashed, self._plain, self._streamed))
        return kind(self.dice.choice(KEYS))

    def hear(self, command: Command, reply: Any) -> None:
        """Take what a server has replied, for the commands that come."""
        if command[0] == "XADD":
            self._ids = [*self._ids[-8:], reply.decode()]

    def _ranked(self, key: str) -> Command:
        dice = self.dice
        name, other, number = dice.choice(NAMES), dice.choice(NAMES), dice.choice(NUMBERS)
        first, last = dice.randint(-4, 3), dice.randint(-4, 5)
        commands: Sequence[Command] = (
            ("ZADD", key, number, name, dice.choice(NUMBERS), other),
            ("ZADD", key, number, name),
            ("ZREM", key, name, other),
            ("ZSCORE", key, name),
            ("ZRANK", key, name),
            ("ZCARD", key),
            ("ZCOUNT", key, dice.choice(BOUNDS), dice.choice(BOUNDS)),
            ("ZRANGE", key, first, last),
            ("ZRANGE", key, first, last, "WITHSCORES"),
        )
        return dice.choice(commands)

    def _hashed(self, key: str) -> Command:
        dice = self.dice
        name, other, number = dice.choice(NAMES), dice.choice(NAMES), dice.choice(NUMBERS)
        commands: Sequence[Command] = (
            ("HSET", key, name, number, other, number),
            ("HSET", key, name),
            ("HSETNX", key, name, number),
            ("HGET", key, name),
            ("HMGET", key, name, other, "none"),
            ("HDEL", key, name, other),
            ("HINCRBY", key, name, dice.randint(-2, 5)),
        )
        return dice.choice(commands)

    def _plain(self, key: str) -> Command:
        dice = self.dice
        name, other = dice.choice(NAMES), dice.choice(NAMES)
        first, last = dice.randint(-4, 3), dice.randint(-4, 5)
        commands: Sequence[Command] = (
            ("SADD", key, name, other),
            ("SREM", key, name, other),
            ("SMEMBERS", key),
            ("SCARD", key),
            ("SPOP", key, 100),
            ("LPUSH", key, name, other),
            ("LTRIM", key, first, last),
            ("LRANGE", key, first, last),
            ("LLEN", key),
            ("GET", key),
            ("SET", key, name),
            ("SET", key, name, "EX", 100),
            ("EXPIRE", key, dice.choice((50, 0, 100_000))),
            ("DEL", key, dice.choice(KEYS)),
            ("EXISTS", key, key, dice.choice(KEYS)),
            ("DBSIZE",),
        )
        return dice.choice(commands)

    def _streamed(self, key: str) -> Command:
        dice = self.dice
        key, group = f"{key}events", dice.choice(("g", "h"))
        entry, other = (dice.choice(self._ids) for _ in range(2))
        commands: Sequence[Command] = (
            ("XADD", key, "*", "event", dice.choice(NAMES)),
            ("XADD", key, "*", "event", dice.choice(NAMES)),
            ("XLEN", key),
            ("XRANGE", key, "-", "+", "COUNT", 1),
            ("XGROUP", "CREATE", key, group, "0", "MKSTREAM"),
            ("XREADGROUP", "GROUP", group, "r1", "COUNT", 2, "STREAMS", key, ">"),
            ("XAUTOCLAIM", key, group, "r2", dice.choice((0, 10**9)), "0-0", "COUNT", 2),
            ("XACK", key, group, entry, other),
            ("XDEL", key, entry, other),
        )
        return dice.choice(commands)
