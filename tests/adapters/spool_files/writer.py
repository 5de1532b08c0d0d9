"""A process that writes events without pause until it is killed.

It prints the number of the last event that it was told is on the disk, as often as it is told so.
"""

import asyncio
import sys
from pathlib import Path

from contactcentre.adapters.spool_files.spool import FileSpool
from contactcentre.domain.call import arrive
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.events import CallArrived
from contactcentre.domain.ids import CallId, LineId, NodeId
from contactcentre.domain.languages import Language


async def main(folder: Path) -> None:
    """Write on."""
    node = NodeId("north-1")
    async with (
        FileSpool(folder, node=node, now_ms=1, segment_bytes=20_000) as spool,
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(spool.keep_writing())
        number = 0
        replayed_count = spool.pending_count
        while True:
            for _ in range(7):
                number += 1
                event = CallArrived(
                    call=CallId(f"c{number}"),
                    at_ms=number,
                    line=LineId("tax"),
                    language=Language.ENGLISH,
                    node=node,
                    epoch=LegEpoch(1, "aa"),
                )
                spool.write(event, arrive(event))
            await asyncio.sleep(0.001)
            on_disk = spool.pending(after_seq=0, count_max=100_000)
            if len(on_disk) > replayed_count:
                sys.stdout.write(f"{on_disk[-1].seq}\n")
                sys.stdout.flush()


asyncio.run(main(Path(sys.argv[1])))
