"""The stream on which events travel from the nodes to the records process.

It is a way, not a store: a node's spool keeps each event until the ledger has it, so that a lost
stream is sent again, and an entry leaves the stream once it is dealt with.
"""

from collections.abc import Callable, Sequence
from typing import Any

import structlog
from redis.exceptions import ResponseError

from contactcentre.adapters.state_redis.blackboard import Blackboard
from contactcentre.adapters.state_redis.keys import MARK_KEPT_S
from contactcentre.domain.errors import BadRequest, StateUnavailable
from contactcentre.domain.ids import NodeId
from contactcentre.ports.records import WrittenEvent
from contactcentre.wire.stored import decode, encode

STREAM_MAX = 100_000
"""Events that may be on their way; what has no room waits in its node's spool."""
UNREAD_MAX = 1_000
"""Unreadable entries that are kept for a person to look at, the latest first."""
GROUP = "records"
IDLE_MS = 5_000
"""An entry that its reader has not dealt with for so long is given to another."""

log = structlog.get_logger()


Entry = tuple[bytes, list[bytes]]
"""The id of an entry, and its field and value."""


class RedisEventStream:
    """EventStream in Redis."""

    def __init__(
        self, blackboard: Blackboard, *, encode: Callable[[WrittenEvent], bytes] = encode
    ) -> None:
        self._blackboard = blackboard
        self._encode = encode

    async def send(self, events: Sequence[WrittenEvent]) -> None:
        """Put events on the stream, in order."""
        match await self._blackboard.run(
            "send_events",
            keys={"events": self._blackboard.keys.events},
            argv={
                "stream_max": STREAM_MAX,
                "events...": [self._encode(event) for event in events],
            },
        ):
            case ["sent"]:
                return
            case _:
                raise StateUnavailable("The stream of events is full: records is behind")


class RedisEventInbox:
    """EventInbox in Redis: one reader of the group that shares the stream."""

    def __init__(
        self,
        blackboard: Blackboard,
        *,
        reader: str,
        decode: Callable[[bytes], WrittenEvent] = decode,
        count_unread: Callable[[], None],
    ) -> None:
        self._blackboard = blackboard
        self._reader = reader
        self._decode = decode
        self._count_unread = count_unread

    async def take(self, *, count_max: int, wait_ms: int) -> Sequence[tuple[str, WrittenEvent]]:
        """Return events not yet acknowledged: what a reader left behind, then new ones."""
        found = await self._left_behind(count_max)
        # a read that blocks for longer than a command may take could not be told from a hung server
        span_ms = int(self._blackboard.client.timeout_s * 500)
        while not found and wait_ms > 0:
            found = await self._new(count_max, block_ms=min(wait_ms, span_ms))
            wait_ms -= span_ms
        return await self._read(found)

    async def acknowledge(
        self, ids: Sequence[str], *, durable: Sequence[tuple[NodeId, int]]
    ) -> None:
        """Let go of events that are durable and tell their nodes up to which number they are."""
        keys = self._blackboard.keys
        for node, seq in durable:
            await self._blackboard.run(
                "mark_durable",
                keys={"durable": keys.durable(node)},
                argv={"seq": seq, "kept_s": MARK_KEPT_S},
            )
        if ids:
            await self._blackboard.run(
                "release_events",
                keys={"events": keys.events},
                argv={"group": GROUP, "ids...": ids},
            )

    async def _left_behind(self, count_max: int) -> list[Entry]:
        """Take over what a reader, perhaps this one, took a while ago and never let go."""
        events = self._blackboard.keys.events
        command = ("XAUTOCLAIM", events, GROUP, self._reader, IDLE_MS, "0-0", "COUNT", count_max)
        _, entries, *_ = await self._ask(*command)
        return [(entry, fields) for entry, fields in entries]

    async def _new(self, count_max: int, *, block_ms: int) -> list[Entry]:
        """Take entries that no reader has had yet."""
        events = self._blackboard.keys.events
        command = ("XREADGROUP", "GROUP", GROUP, self._reader, "COUNT", count_max)
        found = await self._ask(*command, "BLOCK", block_ms, "STREAMS", events, ">")
        return [(entry, fields) for _, entries in found or () for entry, fields in entries]

    async def _ask(self, *command: str | int) -> Any:
        """Run a command of the group, which is made if it is not there (yet, or any more)."""
        try:
            return await self._blackboard.client.ask(*command)
        except StateUnavailable as outage:
            if not _says(outage, "NOGROUP"):
                raise
        events = self._blackboard.keys.events
        try:
            await self._blackboard.client.ask("XGROUP", "CREATE", events, GROUP, "0", "MKSTREAM")
        except StateUnavailable as outage:
            if not _says(outage, "BUSYGROUP"):  # another reader was faster
                raise
        return await self._blackboard.client.ask(*command)

    async def _read(self, entries: Sequence[Entry]) -> Sequence[tuple[str, WrittenEvent]]:
        """Return the entries that can be read; set the others aside."""
        events: list[tuple[str, WrittenEvent]] = []
        for entry, (_, said) in entries:
            try:
                events.append((entry.decode(), self._decode(said)))
            except BadRequest as refusal:
                await self._set_aside(entry, said, refusal)
        return events

    async def _set_aside(self, entry: bytes, said: bytes, why: BadRequest) -> None:
        log.error("event on the stream cannot be read", entry=entry.decode(), why=str(why))
        self._count_unread()
        keys = self._blackboard.keys
        await self._blackboard.run(
            "set_aside_event",
            keys={"events": keys.events, "unread": keys.unread},
            argv={"group": GROUP, "id": entry, "entry": said, "unread_max": UNREAD_MAX},
        )


def _says(outage: StateUnavailable, word: str) -> bool:
    """Say whether it is this error by which the server refused a command."""
    return isinstance(outage.__cause__, ResponseError) and str(outage.__cause__).startswith(word)
