"""The commands on sorted sets: members by score, equal scores in the order of their bytes."""

from bisect import bisect_left, bisect_right, insort

from contactcentre.simulation.store.data import Data, ReplyError, UnknownCommand
from contactcentre.simulation.store.plain import cut


class Ranked:
    """A sorted set."""

    __slots__ = ("row", "scores")

    def __init__(self) -> None:
        self.scores: dict[bytes, float] = {}
        self.row: list[tuple[float, bytes]] = []

    def copied(self) -> "Ranked":
        """Return the same, for another server."""
        other = Ranked()
        other.scores, other.row = {**self.scores}, [*self.row]
        return other

    def put(self, member: bytes, score: float) -> bool:
        """Put a member to where its score belongs; say whether it is new."""
        before = self.scores.get(member)
        if before == score:
            return False
        if before is not None:
            del self.row[self.place(member, before)]
        self.scores[member] = score
        insort(self.row, (score, member))
        return before is None

    def take(self, member: bytes) -> bool:
        """Take a member out; say whether it was there."""
        score = self.scores.pop(member, None)
        if score is None:
            return False
        del self.row[self.place(member, score)]
        return True

    def place(self, member: bytes, score: float) -> int:
        """Return how many stand before a member."""
        return bisect_left(self.row, (score, member))


def _score(said: bytes) -> float:
    try:
        score = float(said)
    except ValueError:
        raise ReplyError("ERR value is not a valid float") from None
    if score != score:  # noqa: PLR0124 - so is only what is no number
        raise ReplyError("ERR value is not a valid float")
    return score + 0.0  # there is no -0 in a small set


def _written(score: float) -> bytes:
    """Return a score as Redis writes it."""
    return repr(score).removesuffix(".0").encode()


def zadd(data: Data, key: bytes, *pairs: bytes) -> int:
    """ZADD, without options."""
    if not pairs or len(pairs) % 2:
        raise ReplyError("ERR syntax error")
    scores = [*map(_score, pairs[::2])]
    found = data.find_or_make(key, Ranked)
    return sum(found.put(member, score) for score, member in zip(scores, pairs[1::2], strict=True))


def zrem(data: Data, key: bytes, *members: bytes) -> int:
    """ZREM."""
    found = data.find(key, Ranked)
    if found is None:
        return 0
    gone = sum(found.take(member) for member in members)
    if not found.row:
        data.forget(key)
    return gone


def zscore(data: Data, key: bytes, member: bytes) -> bytes | None:
    """ZSCORE."""
    found = data.find(key, Ranked)
    score = None if found is None else found.scores.get(member)
    return None if score is None else _written(score)


def zcard(data: Data, key: bytes) -> int:
    """ZCARD."""
    found = data.find(key, Ranked)
    return 0 if found is None else len(found.row)


def _bound(said: bytes, *, is_last: bool) -> tuple[float, bool]:
    """Return a bound of scores, and whether who has just that score stands before it."""
    is_open = said.startswith(b"(")
    try:
        return float(said[is_open:]), is_last is not is_open
    except ValueError:
        raise ReplyError("ERR min or max is not a float") from None


def zcount(data: Data, key: bytes, first: bytes, last: bytes) -> int:
    """ZCOUNT."""
    bounds = _bound(first, is_last=False), _bound(last, is_last=True)
    found = data.find(key, Ranked)
    if found is None:
        return 0
    before, until = (
        (bisect_right if passes else bisect_left)(found.row, score, key=_score_of)
        for score, passes in bounds
    )
    return max(until - before, 0)


def _score_of(pair: tuple[float, bytes]) -> float:
    return pair[0]


def zrank(data: Data, key: bytes, member: bytes) -> int | None:
    """ZRANK, without options."""
    found = data.find(key, Ranked)
    score = None if found is None else found.scores.get(member)
    return None if found is None or score is None else found.place(member, score)


def zrange(data: Data, key: bytes, first: bytes, last: bytes, *options: bytes) -> list[bytes]:
    """ZRANGE by rank, with WITHSCORES or without."""
    if options not in {(), (b"WITHSCORES",)}:
        raise UnknownCommand(f"ZRANGE with {options!r}")
    found = data.find(key, Ranked)
    if found is None:
        return []
    part = found.row[cut(len(found.row), first, last)]
    if options:
        return [one for score, member in part for one in (member, _written(score))]
    return [member for _, member in part]
