"""The commands on streams and their groups of readers."""

from dataclasses import dataclass, field, replace

from contactcentre.simulation.store.data import (
    OK,
    Data,
    ReplyError,
    Status,
    UnknownCommand,
)
from contactcentre.simulation.store.plain import integer

Id = tuple[int, int]
Entry = list[bytes | list[bytes]]
"""The id of an entry, and its fields and values."""

FIRST: Id = (0, 0)
ATTEMPTS_PER_ENTRY = 10
"""So many entries are looked at for each that is asked for, before a claim gives up."""


@dataclass(slots=True)
class Taken:
    """An entry that a reader has taken and not let go."""

    reader: bytes
    at_ms: int


@dataclass(slots=True)
class Group:
    """Readers who share a stream."""

    last: Id
    taken: dict[Id, Taken] = field(default_factory=dict)


class Stream:
    """A stream."""

    __slots__ = ("entries", "groups", "last")

    def __init__(self) -> None:
        self.entries: dict[Id, list[bytes]] = {}
        self.groups: dict[bytes, Group] = {}
        self.last = FIRST

    def copied(self) -> "Stream":
        """Return the same, for another server."""
        other = Stream()
        other.entries = {**self.entries}
        other.last = self.last
        for name, group in self.groups.items():
            taken = {entry: replace(one) for entry, one in group.taken.items()}
            other.groups[name] = Group(group.last, taken)
        return other

    def entry(self, at: Id) -> Entry:
        """Return an entry as it is replied."""
        return [_written(at), self.entries[at]]


def _written(at: Id) -> bytes:
    return b"%d-%d" % at


def _read(said: bytes) -> Id:
    try:
        ms, _, seq = said.partition(b"-")
        return int(ms), int(seq or b"0")
    except ValueError:
        raise ReplyError("ERR Invalid stream ID specified as stream command argument") from None


def _group(data: Data, key: bytes, name: bytes) -> tuple[Stream, Group] | None:
    stream = data.find(key, Stream)
    group = None if stream is None else stream.groups.get(name)
    return None if stream is None or group is None else (stream, group)


def _no_group(key: bytes, name: bytes, where: str = "") -> ReplyError:
    return ReplyError(
        f"NOGROUP No such key '{key.decode()}' or consumer group '{name.decode()}'{where}"
    )


def xadd(data: Data, key: bytes, at: bytes, *fields: bytes) -> bytes:
    """XADD with an id that is given here."""
    if at != b"*":
        raise UnknownCommand(f"XADD with the id {at!r}")
    if not fields or len(fields) % 2:
        raise ReplyError("ERR wrong number of arguments for 'xadd' command")
    stream = data.find_or_make(key, Stream)
    ms, seq = stream.last
    stream.last = (data.now_ms, 0) if data.now_ms > ms else (ms, seq + 1)
    stream.entries[stream.last] = [*fields]
    return _written(stream.last)


def xlen(data: Data, key: bytes) -> int:
    """XLEN."""
    stream = data.find(key, Stream)
    return 0 if stream is None else len(stream.entries)


def xrange_(data: Data, key: bytes, first: bytes, last: bytes, *options: bytes) -> list[Entry]:
    """XRANGE of the whole stream, with COUNT or without."""
    match first, last, options:
        case b"-", b"+", ():
            count_max = None
        case b"-", b"+", (b"COUNT", said):
            count_max = integer(said)
        case _:
            raise UnknownCommand(f"XRANGE with {(first, last, *options)!r}")
    stream = data.find(key, Stream)
    return [] if stream is None else [stream.entry(at) for at in [*stream.entries][:count_max]]


def xdel(data: Data, key: bytes, *ids: bytes) -> int:
    """XDEL."""
    asked = [*map(_read, ids)]
    stream = data.find(key, Stream)
    if stream is None:
        return 0
    return sum(stream.entries.pop(at, None) is not None for at in asked)


def xack(data: Data, key: bytes, name: bytes, *ids: bytes) -> int:
    """XACK."""
    found = _group(data, key, name)
    if found is None:
        return 0
    return sum(found[1].taken.pop(at, None) is not None for at in map(_read, ids))


def xgroup(data: Data, *words: bytes) -> Status:
    """XGROUP CREATE, from the beginning or the end."""
    match words:
        case (b"CREATE", key, name, start, b"MKSTREAM"):
            stream = data.find_or_make(key, Stream)
        case _:
            raise UnknownCommand(f"XGROUP with {words!r}")
    if name in stream.groups:
        raise ReplyError("BUSYGROUP Consumer Group name already exists")
    stream.groups[name] = Group(stream.last if start == b"$" else _read(start))
    return OK


def xreadgroup(data: Data, *words: bytes) -> list[list[bytes | list[Entry]]] | None:
    """XREADGROUP of one stream, for entries that nobody has taken; None if there are none."""
    match words:
        case (b"GROUP", name, reader, b"COUNT", said, b"STREAMS", key, b">"):
            count_max = integer(said)
        case (b"GROUP", name, reader, b"COUNT", said, b"BLOCK", _, b"STREAMS", key, b">"):
            count_max = integer(said)
        case _:
            raise UnknownCommand(f"XREADGROUP with {words!r}")
    found = _group(data, key, name)
    if found is None:
        raise _no_group(key, name, " in XREADGROUP with GROUP option")
    stream, group = found
    if group.last >= stream.last:
        return None
    taken = [at for at in stream.entries if at > group.last][: count_max or None]
    if not taken:
        return None
    group.last = taken[-1]
    for at in taken:
        group.taken[at] = Taken(reader, data.now_ms)
    return [[key, [stream.entry(at) for at in taken]]]


def xautoclaim(data: Data, *words: bytes) -> list[bytes | list[Entry] | list[bytes]]:
    """XAUTOCLAIM: take what another reader has not let go for a while."""
    match words:
        case (key, name, reader, idle, start, b"COUNT", said):
            idle_ms, count_max, first = integer(idle), integer(said), _read(start)
        case _:
            raise UnknownCommand(f"XAUTOCLAIM with {words!r}")
    found = _group(data, key, name)
    if found is None:
        raise _no_group(key, name)
    stream, group = found
    waiting = sorted(at for at in group.taken if at >= first)
    claimed: list[Entry] = []
    gone: list[bytes] = []
    looked = 0
    for at in waiting[: count_max * ATTEMPTS_PER_ENTRY]:
        if len(claimed) + len(gone) >= count_max:
            break
        looked += 1
        if at not in stream.entries:
            del group.taken[at]
            gone.append(_written(at))
        elif data.now_ms - group.taken[at].at_ms >= idle_ms:
            group.taken[at] = Taken(reader, data.now_ms)
            claimed.append(stream.entry(at))
    after = waiting[looked] if looked < len(waiting) else FIRST
    return [_written(after), claimed, gone]
