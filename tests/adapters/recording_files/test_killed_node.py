"""A media node's process that is killed in the middle of a talk: the talk is on the disk."""

import asyncio
import os
import signal
import time
from pathlib import Path

import numpy as np

from contactcentre.adapters.media_aiortc.addresses import offer_addresses
from contactcentre.adapters.media_aiortc.g711 import PCMU
from contactcentre.adapters.recording_files import form
from contactcentre.adapters.recording_files.sealing import KeyRing
from contactcentre.adapters.recording_files.shelf import FileShelf
from contactcentre.bench.media import Node, connect_call
from contactcentre.bench.media_node import KEYS, LOOPBACK, NODE
from contactcentre.bench.peer import Peer, strongest_tone
from contactcentre.ports.recording import Kept

TALK_S = 4.0
LOST_MAX_S = 5.0
"""What may be lost; here the disk is not slow."""
LOST_USUALLY_S = 2.0


async def test_a_node_that_is_killed_has_lost_no_more_than_its_last_seconds(tmp_path: Path) -> None:
    offer_addresses([LOOPBACK])
    node = await Node.start(2, str(tmp_path))
    caller, adviser = Peer(seed=1), Peer(seed=2)
    async with caller, adviser:
        await connect_call(node, "c1", caller, adviser)
        caller.tone(440)
        adviser.tone(1_000)
        await node.ask("record", call="c1", legs=["l0", "l1"])
        began = time.monotonic()
        await asyncio.sleep(TALK_S)
        os.kill(node.pid, signal.SIGKILL)
        talked_s = time.monotonic() - began
        await node.stop()
    offer_addresses([])
    kept = await found(tmp_path)
    assert kept.is_cut
    assert kept.gaps_ms == 0
    lost_s = talked_s - kept.duration_ms / 1_000
    assert lost_s < LOST_USUALLY_S < LOST_MAX_S
    with (tmp_path / kept.file).open("rb") as file:
        _, pieces = form.open_sound(file, KeyRing(KEYS))
        sound = PCMU.decode(b"".join(piece for _, piece in pieces)).reshape(-1, 2)
    for channel, hz in ((0, 440), (1, 1_000)):
        assert abs(strongest_tone(sound[-8_000:, channel])[0] - hz) < 20
    assert np.abs(sound[8_000:]).max() > 4_000


async def found(folder: Path) -> Kept:
    """Return the part that the node's next run finds."""
    kept: asyncio.Queue[Kept] = asyncio.Queue(1)
    shelf = FileShelf(folder, node=NODE, keys=KeyRing(KEYS))
    shelf.start(kept.put_nowait)
    async with asyncio.timeout(5):
        one = await kept.get()
    shelf.told(one)
    await shelf.close()
    return one
