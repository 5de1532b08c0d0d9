"""Recordings by the command line: listed, taken out with a note of it, and deleted in the end."""

import asyncio
import json
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from contactcentre.adapters.environment.machine import MachineChance, MachineClock
from contactcentre.adapters.ledger_postgres.ledger import PostgresLedger
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.adapters.ledger_postgres.recordings import PostgresRecordings
from contactcentre.adapters.media_aiortc.g711 import PCMU
from contactcentre.adapters.recording_files.archive import FileArchive
from contactcentre.adapters.recording_files.sealing import KeyRing
from contactcentre.adapters.recording_files.shelf import FileShelf
from contactcentre.apps.recording_commands import recordings_app
from contactcentre.apps.talk_recording import recorded
from contactcentre.domain.call import arrive
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import BadRequest, UnknownName
from contactcentre.domain.events import CallArrived, CallEvent
from contactcentre.domain.ids import CallId, LineId, NodeId, RecordingPart
from contactcentre.domain.languages import Language
from contactcentre.journey.retaining import Sweeper
from contactcentre.ports.recording import Kept
from contactcentre.ports.records import WrittenEvent
from tests.adapters.media.conftest import tone

KEY = "r" * 32
STARTED_MS = 1_700_000_000_000
"""Long ago, so that it is kept no longer."""
ARRIVED = CallArrived(
    call=CallId("c1"),
    at_ms=STARTED_MS,
    line=LineId("tax"),
    language=Language.ENGLISH,
    node=NodeId("n1"),
    epoch=LegEpoch(1, "a"),
)


class Centre:
    """A folder of recordings, the record of them, and the command as a person runs it."""

    def __init__(self, pool: PostgresPool, url: str, folder: Path) -> None:
        self.recordings = PostgresRecordings(pool)
        self.pool = pool
        self.folder = folder
        self.file = folder / "n1" / "2023-11-14" / "c1.1.7.0123.rec"
        self._environ = {
            "CC_DATABASE_URL": url,
            "CC_RECORDINGS": str(folder),
            "CC_RECORDING_KEYS": f"2026:{KEY}",
        }

    async def record(self) -> None:
        """Record a talk of two seconds in which something could not be kept."""
        kept: asyncio.Queue[Kept] = asyncio.Queue(1)
        shelf = FileShelf(self.folder, node=NodeId("n1"), keys=KeyRing({"2026": KEY}))
        shelf.start(kept.put_nowait)
        tape = shelf.begin(
            arrive(ARRIVED),
            part=RecordingPart("c1.1.7.0123"),
            at_ms=STARTED_MS,
            kept=kept.put_nowait,
        )
        both = np.stack([tone(440, 1), tone(1_000, 1)], axis=1).reshape(-1)
        tape.write(PCMU.encode(both), at=0)
        tape.write(PCMU.encode(both), at=12_000)
        tape.close()
        part = await kept.get()
        shelf.told(part)
        await shelf.close()
        happened: list[CallEvent] = [ARRIVED, recorded(part, at_ms=STARTED_MS)]
        events = [
            WrittenEvent(node=NodeId("n1"), seq=number, event=event, call=part.call)
            for number, event in enumerate(happened, start=1)
        ]
        await PostgresLedger(self.pool).write_events(events)

    async def run(self, *arguments: str, **environ: str | None) -> Result:
        """Run the command."""
        said = self._environ | environ
        return await asyncio.to_thread(
            lambda: CliRunner().invoke(recordings_app, arguments, env=said)
        )

    async def acts(self) -> list[tuple[str, str, str]]:
        """Return what was done with recordings."""
        async with self.pool.connection() as connection:
            rows = await connection.fetch(
                "SELECT act, who, why FROM recording_acts ORDER BY number"
            )
        return [(row["act"], row["who"], row["why"]) for row in rows]

    async def audit(self) -> list[tuple[str, str, str, int]]:
        """Return the audit trail."""
        async with self.pool.connection() as connection:
            rows = await connection.fetch("SELECT who, did, call, at_ms FROM audit")
        return [(row["who"], row["did"], row["call"], row["at_ms"]) for row in rows]


@pytest.fixture
async def centre(database_url: str, tmp_path: Path) -> AsyncIterator[Centre]:
    """Give a centre with one recording."""
    async with PostgresPool(database_url) as pool:
        one = Centre(pool, database_url, tmp_path / "recordings")
        await one.record()
        yield one


async def test_what_was_recorded_is_listed(centre: Centre) -> None:
    said = await centre.run("list")
    assert said.exit_code == 0, said.output
    (line,) = said.stdout.splitlines()
    assert line.split("\t") == [
        "c1",
        "2023-11-14T22:13:20+00:00",
        "2.5 s",
        "n1/2023-11-14/c1.1.7.0123.rec",
        "0.5 s missing",
    ]
    told = json.loads((await centre.run("list", "--json", "--call", "c1")).stdout)
    assert (told["call"], told["key"], told["is_cut"]) == ("c1", "2026", False)
    assert (await centre.run("list", "--call", "c2")).stdout == ""


async def test_it_is_taken_out_in_two_channels_and_who_did_so_is_kept(
    centre: Centre, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    said = await centre.run(
        "export", "c1", "--to", str(out), "--why", "complaint 17", "--who", "sam"
    )
    assert said.exit_code == 0, said.output
    assert said.stdout.split() == [str(out / "c1.1.7.0123.wav")]
    with wave.open(str(out / "c1.1.7.0123.wav")) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 8_000, 2)
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    assert len(sound) == 20_000
    assert not sound[8_000:12_000].any(), "what could not be kept is silence of its length"
    for channel, hz in ((0, 440), (1, 1_000)):
        spectrum = np.abs(np.fft.rfft(sound[:8_000, channel]))
        assert int(np.argmax(spectrum)) == hz
    assert await centre.acts() == [("exported", "sam", "complaint 17")]
    ((who, did, call, at_ms),) = await centre.audit()
    assert (who, did, call) == ("sam", "export", "c1")
    assert at_ms > STARTED_MS


async def test_nothing_is_taken_out_without_a_reason_or_a_key(
    centre: Centre, tmp_path: Path
) -> None:
    asked = ("export", "c1", "--to", str(tmp_path / "out"))
    assert (await centre.run(*asked)).exit_code == 2, "--why is asked for"
    assert isinstance((await centre.run(*asked, "--why", " ")).exception, BadRequest)
    for missing in ({"CC_RECORDINGS": None}, {"CC_RECORDINGS": None, "CC_RECORDING_KEYS": None}):
        refused = await centre.run(*asked, "--why", "complaint", **missing)
        assert isinstance(refused.exception, BadRequest)
        assert "CC_RECORDING" in str(refused.exception)
    unknown = await centre.run("export", "c2", "--to", str(tmp_path), "--why", "complaint")
    assert isinstance(unknown.exception, UnknownName)
    assert await centre.acts() == []
    assert await centre.audit() == []


async def test_a_file_that_was_changed_is_not_taken_for_a_recording(
    centre: Centre, tmp_path: Path
) -> None:
    centre.file.write_bytes(centre.file.read_bytes()[:-40])
    said = await centre.run("export", "c1", "--to", str(tmp_path), "--why", "complaint")
    assert isinstance(said.exception, BadRequest)
    assert "not as it was" in str(said.exception)


async def test_what_is_kept_no_longer_is_deleted_and_stays_in_the_record(
    centre: Centre, tmp_path: Path
) -> None:
    elsewhere = FileArchive(tmp_path / "of-another-machine")
    for archive, is_there in ((elsewhere, True), (FileArchive(centre.folder), False)):
        sweeper = Sweeper(centre.recordings, archive, MachineClock(), MachineChance(), keep_days={})
        await sweeper.sweep()
        assert centre.file.exists() is is_there
    assert await centre.acts() == [("deleted", "retention", "kept for long enough")]
    assert (await centre.run("list")).stdout.rstrip().endswith("deleted")
    gone = await centre.run("export", "c1", "--to", str(tmp_path), "--why", "complaint")
    assert "any more" in str(gone.exception)
