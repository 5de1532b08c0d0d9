"""The commands on keys, strings, hashes, sets and lists."""

from contactcentre.simulation.store.data import (
    OK,
    Data,
    Hash,
    Items,
    Members,
    ReplyError,
    Status,
    UnknownCommand,
)

INTEGER_MIN = -(2**63)
NO_INTEGER = "ERR value is not an integer or out of range"


def integer(said: bytes, error: str = NO_INTEGER) -> int:
    """Return what an argument counts. Raises ReplyError."""
    try:
        number = int(said)
    except ValueError:
        raise ReplyError(error) from None
    if b"%d" % number != said or not INTEGER_MIN <= number <= -INTEGER_MIN - 1:
        raise ReplyError(error)
    return number


# Keys


def delete(data: Data, *keys: bytes) -> int:
    """DEL."""
    return sum(data.forget(key) for key in keys if data.has(key))


def exists(data: Data, *keys: bytes) -> int:
    """EXISTS."""
    return sum(data.has(key) for key in keys)


def expire(data: Data, key: bytes, span_s: bytes) -> int:
    """EXPIRE."""
    span = integer(span_s)
    if not data.has(key):
        return 0
    if span <= 0:
        data.forget(key)
    else:
        data.expires_ms[key] = data.now_ms + span * 1_000
    return 1


def flush_all(data: Data) -> Status:
    """FLUSHALL."""
    data.values.clear()
    data.expires_ms.clear()
    return OK


def count_keys(data: Data) -> int:
    """DBSIZE."""
    return len(data.values)


# Strings


def get(data: Data, key: bytes) -> bytes | None:
    """GET."""
    return data.find(key, bytes)


def set_(data: Data, key: bytes, value: bytes, *options: bytes) -> Status:
    """SET, with EX or without."""
    data.values[key] = value
    match options:
        case ():
            data.expires_ms.pop(key, None)
        case (b"EX", span_s):
            data.expires_ms[key] = data.now_ms + integer(span_s) * 1_000
        case _:
            raise UnknownCommand(f"SET with {options!r}")
    return OK


# Hashes


def hset(data: Data, key: bytes, *fields: bytes) -> int:
    """HSET."""
    if not fields or len(fields) % 2:
        raise ReplyError("ERR wrong number of arguments for 'hset' command")
    found = data.find_or_make(key, Hash)
    before = len(found)
    found.update(zip(fields[::2], fields[1::2], strict=True))
    return len(found) - before


def hsetnx(data: Data, key: bytes, field: bytes, value: bytes) -> int:
    """HSETNX."""
    found = data.find_or_make(key, Hash)
    if field in found:
        return 0
    found[field] = value
    return 1


def hget(data: Data, key: bytes, field: bytes) -> bytes | None:
    """HGET."""
    found = data.find(key, Hash)
    return None if found is None else found.get(field)


def hmget(data: Data, key: bytes, *fields: bytes) -> list[bytes | None]:
    """HMGET."""
    found = data.find(key, Hash)
    return [None] * len(fields) if found is None else [*map(found.get, fields)]


def hdel(data: Data, key: bytes, *fields: bytes) -> int:
    """HDEL."""
    found = data.find(key, Hash)
    if found is None:
        return 0
    gone = sum(found.pop(field, None) is not None for field in fields)
    if not found:
        data.forget(key)
    return gone


def hincrby(data: Data, key: bytes, field: bytes, by: bytes) -> int:
    """HINCRBY."""
    more = integer(by)
    found = data.find(key, Hash)
    before = b"0" if found is None else found.get(field, b"0")
    total = integer(before, "ERR hash value is not an integer") + more
    data.find_or_make(key, Hash)[field] = b"%d" % total
    return total


# Sets


def sadd(data: Data, key: bytes, *members: bytes) -> int:
    """SADD."""
    found = data.find_or_make(key, Members)
    before = len(found)
    for member in members:
        found[member] = None
    return len(found) - before


def srem(data: Data, key: bytes, *members: bytes) -> int:
    """SREM."""
    found = data.find(key, Members)
    if found is None:
        return 0
    before = len(found)
    for member in members:
        found.pop(member, None)
    gone = before - len(found)
    if not found:
        data.forget(key)
    return gone


def smembers(data: Data, key: bytes) -> list[bytes]:
    """SMEMBERS."""
    return [*(data.find(key, Members) or ())]


def scard(data: Data, key: bytes) -> int:
    """SCARD."""
    return len(data.find(key, Members) or ())


# Lists


def lpush(data: Data, key: bytes, *values: bytes) -> int:
    """LPUSH."""
    found = data.find_or_make(key, Items)
    found[:0] = reversed(values)
    return len(found)


def cut(length: int, first: bytes, last: bytes) -> slice:
    """Return the part of a row from first to last, both counted from its end if negative."""
    start, stop = integer(first), integer(last)
    start = max(start + length, 0) if start < 0 else start
    stop = stop + length if stop < 0 else stop
    return slice(start, max(stop + 1, start))


def ltrim(data: Data, key: bytes, first: bytes, last: bytes) -> Status:
    """LTRIM."""
    found = data.find(key, Items)
    if found is not None:
        found[:] = found[cut(len(found), first, last)]
        if not found:
            data.forget(key)
    return OK


def lrange(data: Data, key: bytes, first: bytes, last: bytes) -> list[bytes]:
    """LRANGE."""
    found = data.find(key, Items)
    return [] if found is None else [*found[cut(len(found), first, last)]]


def llen(data: Data, key: bytes) -> int:
    """LLEN."""
    return len(data.find(key, Items) or ())
