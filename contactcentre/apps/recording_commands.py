"""`contactcentre recordings …`: what was recorded, and taking it out; who did so is kept."""

import asyncio
import getpass
import json
import os
import wave
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.adapters.ledger_postgres.recordings import PostgresRecordings
from contactcentre.adapters.media_aiortc.g711 import PCMU
from contactcentre.adapters.recording_files.archive import FileArchive
from contactcentre.adapters.recording_files.sealing import KeyRing
from contactcentre.apps.ground import fresh_keys, kept_stores
from contactcentre.apps.plan import with_defaults, with_settings
from contactcentre.domain.errors import BadRequest, UnknownName
from contactcentre.domain.ids import CallId
from contactcentre.ports.recording import SAMPLES_PER_S
from contactcentre.ports.records import RecordedPart, Recordings
from contactcentre.settings import Settings, env_name, read_settings

recordings_app = typer.Typer(
    help="List recordings of talks, and take them out.", no_args_is_help=True
)

LISTED_MAX = 10_000
CHANNELS = 2
BYTES_PER_SAMPLE = 2
SILENCE = PCMU.silence[:1]

Data = Annotated[
    Path | None, typer.Option(help="The folder of a centre that `up` runs on this machine.")
]
Done = TypeVar("Done")


@recordings_app.callback()
def recordings() -> None:
    """List recordings of talks, and take them out."""


@recordings_app.command("list")
def list_recordings(
    *,
    call: Annotated[str | None, typer.Option(help="Only those of this call.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON for each.")] = False,
    last: Annotated[int, typer.Option(min=1, max=LISTED_MAX, help="How many at most.")] = 100,
    data: Data = None,
) -> None:
    """Say what was recorded, the latest first."""
    settings = _settings(os.environ, data)
    named = None if call is None else CallId(call)
    for part in _do(settings, lambda kept: kept.parts(named, count_max=last)):
        typer.echo(json.dumps(asdict(part)) if as_json else _line(part))


@recordings_app.command()
def export(
    call: Annotated[str, typer.Argument(help="The call, as `list` names it.")],
    *,
    to: Annotated[Path, typer.Option(help="The folder for a WAV file of each part.")],
    why: Annotated[str, typer.Option(help="What for; it is kept with your name.")],
    who: Annotated[str | None, typer.Option(help="Who you are, if not this login.")] = None,
    data: Data = None,
) -> None:
    """Write a call's recordings as WAV: the caller on the left, the adviser on the right."""
    settings = _settings(os.environ, data)
    ring = settings.recording_ring()
    if settings.recordings is None or not ring:
        raise BadRequest("Set CC_RECORDINGS and CC_RECORDING_KEYS as the media nodes have them.")
    if not why.strip():
        raise BadRequest("Say what for (--why): it is kept with who took the recording out.")
    parts = _do(settings, lambda kept: kept.parts(CallId(call), count_max=LISTED_MAX))
    there = sorted(
        (part for part in parts if part.deleted_at_ms is None),
        key=lambda part: part.started_at_ms,
    )
    if not there:
        gone = " any more" if parts else ""
        raise UnknownName(f"There is no recording of the call {call}{gone}.")
    archive, keys = FileArchive(settings.recordings), KeyRing(ring)
    _do(settings, lambda kept: _note(kept, there, who=who or getpass.getuser(), why=why))
    to.mkdir(parents=True, exist_ok=True)
    for part in there:
        path = to / f"{part.part}.wav"
        write_wav(path, part, archive, keys)
        typer.echo(str(path))


def write_wav(path: Path, part: RecordedPart, archive: FileArchive, keys: KeyRing) -> None:
    """Write one part as WAV; what could not be kept is silence."""
    end = 0
    with wave.open(str(path), "wb") as file:
        file.setnchannels(CHANNELS)
        file.setsampwidth(BYTES_PER_SAMPLE)
        file.setframerate(SAMPLES_PER_S)
        for at, sound in archive.sound(part, keys):
            missing = SILENCE * CHANNELS * (at - end)
            file.writeframes(PCMU.decode(missing + sound).astype("<i2").tobytes())
            end = at + len(sound) // CHANNELS


async def _note(kept: Recordings, parts: Sequence[RecordedPart], *, who: str, why: str) -> None:
    """Write down who takes recordings out, before they can."""
    for part in parts:
        await kept.exported(part.part, who=who, why=why, at_ms=MachineClock().now_ms())


def _line(part: RecordedPart) -> str:
    began = datetime.fromtimestamp(part.started_at_ms / 1_000, UTC).isoformat(timespec="seconds")
    marks = [
        *(["cut off by a loss"] if part.is_cut else []),
        *([f"{part.gaps_ms / 1_000:.1f} s missing"] if part.gaps_ms else []),
        *(["deleted"] if part.deleted_at_ms is not None else []),
    ]
    return "\t".join(
        [part.call, began, f"{part.duration_ms / 1_000:.1f} s", part.file, ", ".join(marks)]
    ).rstrip()


def _settings(environ: Mapping[str, str], data: Path | None) -> Settings:
    """Return the settings: where they name no stores, with those that `up` keeps in its folder."""
    line = {} if data is None else {env_name("data_dir"): str(data)}
    said = with_defaults(with_settings(environ, line), fresh_keys())
    return read_settings(with_defaults(said, kept_stores(read_settings(said).data_dir)))


def _do(settings: Settings, act: Callable[[Recordings], Awaitable[Done]]) -> Done:
    async def done() -> Done:
        async with PostgresPool(
            settings.database_url, timeout_ms=settings.database_timeout_ms
        ) as pool:
            return await act(PostgresRecordings(pool))

    return asyncio.run(done())
