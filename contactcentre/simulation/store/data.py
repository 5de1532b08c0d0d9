"""The keys of one server and their values, and what has been written since it was last asked.

Everything is bytes, as on the wire. A reply is bytes, an integer, None or a list of replies; a
`Status` is bytes to a client and a table to a script.
"""

from collections.abc import Callable
from random import Random
from typing import Any, TypeVar

from contactcentre.simulation.loop import SimulationError

Kind = TypeVar("Kind")
Effect = tuple[Callable[..., Any], tuple[bytes, ...], int]
"""A command that wrote, its arguments, and the server's time in milliseconds."""

WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value"


class UnknownCommand(SimulationError):
    """Something is asked of the store that it cannot do as Redis does it."""


class ReplyError(Exception):
    """A command that Redis answers with an error; the text begins with the error's name."""


class Status(bytes):
    """A reply such as OK."""

    __slots__ = ()


OK = Status(b"OK")


class Hash(dict[bytes, bytes]):
    """Fields and values."""

    __slots__ = ()

    def copied(self) -> "Hash":
        """Return the same, for another server."""
        return Hash(self)


class Members(dict[bytes, None]):
    """A set, in the order in which its members came."""

    __slots__ = ()

    def copied(self) -> "Members":
        """Return the same, for another server."""
        return Members(self)


class Items(list[bytes]):
    """A list, its head first."""

    __slots__ = ()

    def copied(self) -> "Items":
        """Return the same, for another server."""
        return Items(self)


class Data:
    """The keys of one server."""

    __slots__ = ("dice", "effects", "expires_ms", "is_copy", "now_ms", "values")

    def __init__(self, dice: Random, *, is_copy: bool = False) -> None:
        self.dice = dice
        self.values: dict[bytes, Any] = {}
        self.expires_ms: dict[bytes, int] = {}
        self.now_ms = 0
        """The server's time at the command that is being run."""
        self.effects: list[Effect] = []
        """What has been written, for whoever copies it."""
        self.is_copy = is_copy
        """A copy lets nothing expire by itself; it is told."""

    def find(self, key: bytes, kind: type[Kind]) -> Kind | None:
        """Return the value of a key, None if it has none. Raises ReplyError."""
        expires_ms = self.expires_ms
        if key in expires_ms and expires_ms[key] < self.now_ms and not self.is_copy:
            self.expire(key)
        value = self.values.get(key)
        if value is not None and value.__class__ is not kind:
            raise ReplyError(WRONG_TYPE)
        return value

    def find_or_make(self, key: bytes, kind: Callable[[], Kind]) -> Kind:
        """Return the value of a key, which is made if it has none. Raises ReplyError."""
        value = self.find(key, kind)  # type: ignore[arg-type]  # a class makes its own
        if value is None:
            value = self.values[key] = kind()
        return value

    def has(self, key: bytes) -> bool:
        """Say whether a key has a value, of whatever kind."""
        if key in self.expires_ms and self.expires_ms[key] < self.now_ms and not self.is_copy:
            self.expire(key)
        return key in self.values

    def expire(self, key: bytes) -> None:
        """Forget a key whose time has come."""
        self.forget(key)
        self.effects.append((forget, (key,), self.now_ms))

    def forget(self, key: bytes) -> bool:
        """Forget a key; say whether it had a value."""
        self.expires_ms.pop(key, None)
        return self.values.pop(key, None) is not None

    def copied(self) -> "Data":
        """Return a copy that is told what changes."""
        other = Data(self.dice, is_copy=True)
        for key, value in self.values.items():
            other.values[key] = value if value.__class__ is bytes else value.copied()
        other.expires_ms = {**self.expires_ms}
        return other

    def sweep(self) -> None:
        """Let everything expire whose time has come."""
        for key in [key for key, at_ms in self.expires_ms.items() if at_ms < self.now_ms]:
            self.expire(key)


def forget(data: Data, key: bytes) -> int:
    """Forget one key."""
    return int(data.forget(key))
