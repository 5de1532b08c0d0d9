"""A small role, run as every role is: `small_role.py <internal port> <what> <file> [<fd>]`.

Its store is away while the file is there; on the fd it gives its signs of life.
"""

import asyncio
import sys
from pathlib import Path

from aiohttp import web

from contactcentre.apps.process import Process, run_process
from contactcentre.domain.errors import BadRequest, StateUnavailable
from contactcentre.settings import Settings, read_settings

CLUSTER_KEY = "the key of a small centre"
DRAIN_S = 0.5


async def serve(settings: Settings, process: Process) -> None:
    """Do what the command line says."""
    does = sys.argv[2]
    if does == "refuse":
        raise BadRequest("There is nothing here to serve.")
    process.routes([web.post("/offers", _take)])
    depends = process.uses if does == "use" else process.check
    depends("state", _ask)
    await process.open()
    await process.draining.wait()
    match does:
        case "crash":
            raise RuntimeError("a mistake")
        case "refuse late":
            raise BadRequest("That is a mistake by now.")
        case "linger":
            await asyncio.sleep(600)
        case _:
            sys.stdout.write(f"drained {settings.site}\n")


async def _take(request: web.Request) -> web.Response:
    return web.json_response(await request.json())


async def _ask() -> None:
    if Path(sys.argv[3]).exists():
        raise StateUnavailable("The store is away.")


if __name__ == "__main__":
    run_process(
        "small",
        read_settings(
            {
                "CC_CLUSTER_KEY": CLUSTER_KEY,
                "CC_SIGNING_KEYS": f"k:{'s' * 32}",
                "CC_INTERNAL_PORT": sys.argv[1],
                "CC_DRAIN_S": str(DRAIN_S),
            }
        ),
        serve,
        heartbeat_fd=int(sys.argv[4]) if len(sys.argv) > 4 else None,
    )
