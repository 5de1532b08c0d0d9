"""Which commands the store knows: those of the scripts and of the adapters, and no other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from contactcentre.simulation.store import plain, ranked, streams
from contactcentre.simulation.store.data import Data, UnknownCommand


@dataclass(frozen=True, slots=True)
class Command:
    """What a command does, and whether it writes."""

    run: Callable[..., Any]
    writes: bool


def _spop(data: Data, key: bytes, count: bytes) -> list[bytes]:
    """SPOP with a count; whoever copies the data is told what was taken."""
    members = plain.smembers(data, key)
    chosen = data.dice.sample(members, min(plain.integer(count), len(members)))
    if chosen:
        plain.srem(data, key, *chosen)
    return chosen


READS: Mapping[str, Callable[..., Any]] = {
    "DBSIZE": plain.count_keys,
    "EXISTS": plain.exists,
    "GET": plain.get,
    "HGET": plain.hget,
    "HMGET": plain.hmget,
    "LLEN": plain.llen,
    "LRANGE": plain.lrange,
    "SCARD": plain.scard,
    "SMEMBERS": plain.smembers,
    "XLEN": streams.xlen,
    "XRANGE": streams.xrange_,
    "ZCARD": ranked.zcard,
    "ZCOUNT": ranked.zcount,
    "ZRANGE": ranked.zrange,
    "ZRANK": ranked.zrank,
    "ZSCORE": ranked.zscore,
}
WRITES: Mapping[str, Callable[..., Any]] = {
    "DEL": plain.delete,
    "EXPIRE": plain.expire,
    "FLUSHALL": plain.flush_all,
    "HDEL": plain.hdel,
    "HINCRBY": plain.hincrby,
    "HSET": plain.hset,
    "HSETNX": plain.hsetnx,
    "LPUSH": plain.lpush,
    "LTRIM": plain.ltrim,
    "SADD": plain.sadd,
    "SET": plain.set_,
    "SPOP": _spop,
    "SREM": plain.srem,
    "XACK": streams.xack,
    "XADD": streams.xadd,
    "XAUTOCLAIM": streams.xautoclaim,
    "XDEL": streams.xdel,
    "XGROUP": streams.xgroup,
    "XREADGROUP": streams.xreadgroup,
    "ZADD": ranked.zadd,
    "ZREM": ranked.zrem,
}
COMMANDS: Mapping[bytes, Command] = MappingProxyType(
    {name.encode(): Command(run, writes=False) for name, run in READS.items()}
    | {name.encode(): Command(run, writes=True) for name, run in WRITES.items()}
)
"""The commands on data; a server adds those on itself."""


def command(name: bytes) -> Command:
    """Return a command by its name. Raises UnknownCommand."""
    found = COMMANDS.get(name.upper())
    if found is None:
        raise UnknownCommand(
            f"The simulated store does not know {name.decode(errors='replace')}: "
            "teach it in contactcentre/simulation/store, as Redis does it."
        )
    return found


def apply(data: Data, found: Command, words: tuple[bytes, ...]) -> Any:
    """Run a command on the data, and keep what it wrote for whoever copies it."""
    reply = found.run(data, *words)
    if found.writes and reply is not None:  # as it is where a reader finds nothing
        if found.run is _spop:
            data.effects.append((plain.srem, (words[0], *reply), data.now_ms))
        else:
            data.effects.append((found.run, words, data.now_ms))
    return reply
