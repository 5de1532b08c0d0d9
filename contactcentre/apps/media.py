"""The media node process: callers' legs, their menus, waits, rings and talks."""

import asyncio
import gc
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import structlog
from aiohttp import web

from contactcentre.adapters.environment.machine import MachineChance, MachineClock
from contactcentre.adapters.flow_files.folders import default_flows_dir
from contactcentre.adapters.flow_files.lines import load_lines
from contactcentre.adapters.flow_files.prompts import load_words
from contactcentre.adapters.flow_files.sounds import load_music, load_sounds
from contactcentre.adapters.ledger_postgres.callbacks import PostgresPromises
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.adapters.media_aiortc.media import AiortcMedia, Sounds
from contactcentre.adapters.media_aiortc.tones import keypad_tones
from contactcentre.adapters.recording_files.sealing import KeyRing
from contactcentre.adapters.recording_files.shelf import FileShelf
from contactcentre.adapters.spool_files.spool import FileSpool
from contactcentre.adapters.spool_files.switch_file import FileOfSwitches
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.adapters.telemetry import metrics
from contactcentre.adapters.web.claims import Signatures
from contactcentre.adapters.web.peers import Peers
from contactcentre.adapters.web.routes import read_said, say
from contactcentre.apps.call_metrics import Gauges
from contactcentre.apps.collecting import collector_at_rest, keep_collecting
from contactcentre.apps.keeper import ringing_hours
from contactcentre.apps.node_core import NodeCore, NodeGround, patience_of
from contactcentre.apps.node_tools import CallbackTerms, RecordingTerms
from contactcentre.apps.process import Process
from contactcentre.apps.quality import TOLD_EVERY_MS
from contactcentre.apps.switchboard import Switchboard
from contactcentre.apps.talk_recording import keeper
from contactcentre.apps.telephones import Telephones, node_place
from contactcentre.apps.texting import texting
from contactcentre.apps.trunk_entrance import TrunkEntrance, trunk_entrance
from contactcentre.domain.callback import OfferRule
from contactcentre.domain.errors import MediaUnavailable
from contactcentre.domain.expecting import WaitErrors
from contactcentre.domain.headroom import is_strained
from contactcentre.domain.ids import DeskId, LineId, NodeId
from contactcentre.domain.ivr.flow import Line
from contactcentre.domain.ivr.switches import LineSwitches
from contactcentre.domain.languages import Language
from contactcentre.limits import MESSAGE_MAX_BYTES
from contactcentre.setting_checks import helping
from contactcentre.settings import Settings
from contactcentre.wire.cluster import AskRing, OfferCall
from contactcentre.wire.recording import RecordingStep

log = structlog.get_logger()


async def serve(settings: Settings, process: Process) -> None:
    """Take calls until told to drain, then let those there are come to their end."""
    async with AsyncExitStack() as stack:
        stack.enter_context(collector_at_rest())
        node = await _build(settings, process, stack)
        # whatever still runs is over before what it uses is closed
        stack.push_async_callback(process.settle)
        await node.open()
        await process.draining.wait()
        await node.drain()


class Node:
    """One media node, put together."""

    def __init__(
        self,
        process: Process,
        settings: Settings,
        ground: NodeGround,
        *,
        media: AiortcMedia,
        core: NodeCore,
        telephones: Telephones,
        door: TrunkEntrance | None,
    ) -> None:
        self._door = door
        self._gauges = Gauges()
        self._spool = ground.spool
        self._process = process
        self._settings = settings
        self._media = media
        self._state = ground.state
        self._core = core
        self._calls = core.calls
        self._telephones = telephones

    async def open(self) -> None:
        """Begin to tick, to report and to listen."""
        await self._media.start()
        self._process.spawn(self._media.keep_ticking(), "sound")
        self._process.check("sound", self._ticks)
        self._process.uses("state", self._state.ping)
        self._process.routes(
            [
                web.post("/offers", self._take_offer),
                web.post("/rings/again", self._ring_again),
                web.post("/recordings/steps", self._step),
            ]
        )
        self._process.routes(self._telephones.internal_routes())
        self._process.spawn(self._core.keep_reporting(self._show), "node beat")
        self._process.spawn(self._tell_quality(), "quality")
        gc.collect()
        gc.freeze()  # what has been loaded by now stays: nobody is to look through it in a call
        self._process.spawn(keep_collecting(lambda: not self._calls.calls), "collecting")
        self._process.spawn(self._core.evacuate(), "evacuation")
        self._process.spawn(self._state.client.watch(), "sentinels")
        browsers = web.Application(client_max_size=MESSAGE_MAX_BYTES)
        browsers.add_routes([web.get("/leg", self._core.sockets.handle)])
        browsers.add_routes(self._telephones.carrier_routes())
        await self._process.listen(
            browsers, host=self._settings.host, port=self._settings.media_port
        )
        if self._door is not None:
            await self._door.open()
        await self._process.open()  # ready only once browsers reach it as well

    async def drain(self) -> None:
        """Take nothing new; return once the last call is gone and its record is on its way."""
        await self._core.drain(within_s=self._settings.drain_s)

    async def _take_offer(self, request: web.Request) -> web.Response:
        await self._core.take_offer(await read_said(request, OfferCall))
        return web.Response(status=204)

    async def _ring_again(self, request: web.Request) -> web.Response:
        return say(self._core.ring_again(await read_said(request, AskRing)))

    async def _step(self, request: web.Request) -> web.Response:
        return say(self._core.step(await read_said(request, RecordingStep)))

    def _show(self) -> None:
        self._gauges.show(
            self._calls.calls,
            sound=self._media.load(),
            spooled_count=self._spool.pending_count,
        )

    async def _tell_quality(self) -> None:
        while True:
            await asyncio.sleep(TOLD_EVERY_MS / 1_000)
            self._calls.tell_quality()

    async def _ticks(self) -> None:
        if not self._media.is_ticking:
            raise MediaUnavailable("The tick has stopped.")


async def _build(settings: Settings, process: Process, stack: AsyncExitStack) -> Node:
    """Put a node together from its settings."""
    clock = MachineClock()
    flows = settings.flows_dir or default_flows_dir()
    media, state = _media(settings, flows), _state(settings)
    stack.push_async_callback(media.stop)
    stack.push_async_callback(state.close)
    spool = await stack.enter_async_context(_spool(settings, clock))
    process.spawn(spool.keep_writing(), "spool")
    recording = _recording(settings, process, stack, media, spool)
    peers = await stack.enter_async_context(Peers(settings.cluster_key.get_secret_value()))
    signing, ring = settings.signing_ring()
    signatures = Signatures(ring, signing, clock)
    switches = await _switches(settings, process, state, clock)
    lines, words = load_lines(flows), load_words(flows)
    ground = NodeGround(
        place=node_place(settings, process.internal_url),
        media=media,
        state=state,
        spool=spool,
        peers=peers,
        clock=clock,
        chance=MachineChance(),
        signatures=signatures,
        lines=lines,
        switches=switches,
        words=words,
        patience=patience_of(settings),
        wait_errors=WaitErrors(metrics.record_wait_error),
        spawn=process.spawn,
        desks_static={DeskId(desk): url for desk, url in settings.desks_static.items()},
        tells_of_listening=settings.tells_of_listening,
        callbacks=await _callbacks(settings, process, stack, lines),
        recording=recording,
        is_strained=lambda: _is_strained(media),
        texts=await texting(settings, stack, state, words),
    )
    core = NodeCore(ground)
    process.spawn(core.ship(), "shipping")
    telephones = Telephones(settings, core=core, media=media, state=state, signatures=signatures)
    door = trunk_entrance(settings, ground, core, media=media, peers=peers)
    if door is not None:
        core.dialler, core.way_back = door.dialler, door.way_back
        core.number_of = door.number_of
        stack.push_async_callback(door.close)
    return Node(process, settings, ground, media=media, core=core, telephones=telephones, door=door)


async def _callbacks(
    settings: Settings, process: Process, stack: AsyncExitStack, lines: Mapping[LineId, Line]
) -> CallbackTerms | None:
    """Return how callers may book callbacks; None if no queue promises any."""
    queues = [queue for line in lines.values() for queue in line.queues]
    if all(queue.callbacks_max is None for queue in queues):
        return None
    pool = await stack.enter_async_context(
        PostgresPool(settings.database_url, timeout_ms=settings.database_timeout_ms)
    )
    process.uses("records", pool.ping)
    rule = OfferRule(
        long_wait_ms=settings.callback_wait_ms,
        ceiling_ms=settings.callback_ceiling_ms,
        again_ms=settings.callback_again_ms,
        hours=ringing_hours(settings),
    )
    return CallbackTerms(promises=PostgresPromises(pool), rule=rule)


def _is_strained(media: AiortcMedia) -> bool:
    """Say whether sound is late, or nearly so."""
    load = media.load()
    return is_strained(late_ratio=load.late_ratio, busy_ratio=load.busy_ratio)


def _recording(
    settings: Settings,
    process: Process,
    stack: AsyncExitStack,
    media: AiortcMedia,
    spool: FileSpool,
) -> RecordingTerms | None:
    """Return how talks are recorded; None where there is no folder for it. Raises Outage."""
    if settings.recordings is None:
        return None
    shelf = FileShelf(
        settings.recordings, node=NodeId(settings.node), keys=KeyRing(settings.recording_ring())
    )
    shelf.start(keeper(shelf, spool, MachineClock(), process.spawn))
    stack.push_async_callback(shelf.close)
    return RecordingTerms(deck=media, shelf=shelf, pause_max_ms=settings.recording_pause_max_ms)


def _state(settings: Settings) -> RedisState:
    return RedisState(settings.redis_url, timeout_ms=settings.redis_timeout_ms)


async def _switches(
    settings: Settings, process: Process, state: RedisState, clock: MachineClock
) -> Callable[[LineId], LineSwitches]:
    """Return what says how a line's switches stand, as this node knows; it needs no store."""
    path = settings.data_dir / "switches" / f"{settings.node}.json"
    board = Switchboard(state, FileOfSwitches(path), clock)
    await board.look()  # the first caller may already hear what is switched on
    process.spawn(board.watch(), "switches")
    return board.of


def _spool(settings: Settings, clock: MachineClock) -> FileSpool:
    folder = settings.data_dir / "spool"
    return FileSpool(folder, node=NodeId(settings.node), now_ms=clock.now_ms())


def _media(settings: Settings, flows: Path) -> AiortcMedia:
    return AiortcMedia(
        sounds=_sounds(flows),
        music=load_music(flows),
        addresses=settings.media_addresses,
        ice_servers=helping(settings.ice_servers),
        legs_max=settings.legs_max,
    )


def _sounds(flows: Path) -> Sounds:
    """Return every prompt and keypad tone, ready to be played."""
    tones = keypad_tones()
    return {
        **load_sounds(flows),
        **{(language, name): tone for language in Language for name, tone in tones.items()},
    }
