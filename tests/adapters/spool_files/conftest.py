"""A spool in a folder of the test's own, and events to write into it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from contactcentre.adapters.spool_files.spool import FileSpool
from contactcentre.domain.call import Call, arrive
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.events import CallArrived
from contactcentre.domain.ids import CallId, LineId, NodeId
from contactcentre.domain.languages import Language

NOW_MS = 1_790_000_000_000

OpenSpool = Callable[..., AbstractAsyncContextManager[FileSpool]]
WriteCalls = Callable[..., list[str]]


def arrival(number: int) -> tuple[CallArrived, Call]:
    """Return the arrival of a call, and the call."""
    event = CallArrived(
        call=CallId(f"c{number}"),
        at_ms=NOW_MS + number,
        line=LineId("tax"),
        language=Language.WELSH,
        node=NodeId("north-1"),
        epoch=LegEpoch(1, "aa"),
    )
    return event, arrive(event)


@pytest.fixture
def open_spool(tmp_path: Path) -> OpenSpool:
    """Open the spool of a node as its process does, with its disk being written."""

    @asynccontextmanager
    async def opened(*, now_ms: int = NOW_MS, **bounds: Any) -> AsyncIterator[FileSpool]:
        spool = FileSpool(tmp_path, node=NodeId("north-1"), now_ms=now_ms, **bounds)
        async with spool:
            writing = asyncio.ensure_future(spool.keep_writing())
            try:
                yield spool
            finally:
                writing.cancel()
                await asyncio.wait([writing])

    return opened


@pytest.fixture
def write_calls() -> WriteCalls:
    """Write the arrivals of calls, and return the calls' names."""

    def write(spool: FileSpool, count: int, *, first: int = 1) -> list[str]:
        calls = [arrival(number) for number in range(first, first + count)]
        for event, call in calls:
            spool.write(event, call)
        return [event.call for event, _ in calls]

    return write
