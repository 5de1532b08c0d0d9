"""A recording's way to the disk: whole, sealed, and found again after a loss."""

from hashlib import sha256
from pathlib import Path

import pytest

from contactcentre.adapters.recording_files import form
from contactcentre.adapters.recording_files.sealing import KeyRing
from contactcentre.adapters.recording_files.shelf import WAITING_MAX, FileShelf
from contactcentre.domain.errors import BadRequest, Outage, UnknownName
from contactcentre.domain.ids import NodeId
from tests.adapters.recording_files.conftest import CALL, KEYS, PART, STARTED_MS, Shelves

SECOND = 8_000
FILE = f"n1/2026-09-21/{PART}.rec"


def second(number: int) -> bytes:
    """Return a second of both sides that is told from others."""
    return bytes([number % 256]) * 2 * SECOND


def opened(path: Path, keys: KeyRing | None = None) -> list[tuple[int, bytes]]:
    """Return what is sealed in a file."""
    with path.open("rb") as file:
        _, sound = form.open_sound(file, keys or KeyRing(KEYS))
        return list(sound)


async def record(shelves: Shelves, seconds: int, *, close: bool = True) -> Path:
    """Record some seconds; return the file."""
    shelf = shelves.shelf()
    tape = shelf.begin(CALL, part=PART, at_ms=STARTED_MS, kept=shelves.kept.append)
    for number in range(seconds):
        tape.write(second(number), at=number * SECOND)
        await shelves.until(lambda: not tape.waiting)
    path = shelves.folder / FILE
    if close:
        tape.close()
        await shelves.until(lambda: bool(shelves.kept))
        shelf.told(shelves.kept[0])
    else:
        path = path.with_suffix(".open")
        await shelves.until(lambda: path.stat().st_size > seconds * 2 * SECOND)
    return path


async def test_what_was_said_is_in_the_file_and_nobody_reads_it_without_the_key(
    shelves: Shelves,
) -> None:
    path = await record(shelves, 3)
    assert shelves.files == [FILE]
    assert path.stat().st_mode & 0o077 == 0, "for its owner alone"
    sound = opened(path)
    assert [at for at, _ in sound] == [0, SECOND, 2 * SECOND, 3 * SECOND]
    assert b"".join(piece for _, piece in sound) == b"".join(map(second, range(3)))
    assert second(1)[:64] not in path.read_bytes()
    with pytest.raises(UnknownName, match="'2026', which is not there"):
        opened(path, KeyRing({"2025": "j" * 32}))
    with pytest.raises(BadRequest, match="not the key"):
        opened(path, KeyRing({"2026": "x" * 32}))


async def test_the_record_of_a_part_says_what_the_file_is(shelves: Shelves) -> None:
    path = await record(shelves, 3)
    (kept,) = shelves.kept
    assert (kept.part, kept.file, kept.call, kept.key) == (PART, FILE, CALL, "2026")
    assert (kept.duration_ms, kept.gaps_ms, kept.is_cut) == (3_000, 0, False)
    assert kept.size_bytes == path.stat().st_size
    assert kept.sha256 == sha256(path.read_bytes()).hexdigest()


async def test_a_node_that_is_lost_loses_what_was_not_written_and_the_next_run_tells_the_rest(
    shelves: Shelves,
) -> None:
    left = await record(shelves, 3, close=False)
    torn = left.read_bytes() + b"\0" * 1_000
    left.write_bytes(torn)
    shelves.shelf()
    await shelves.until(lambda: bool(shelves.kept))
    (kept,) = shelves.kept
    assert (kept.part, kept.file, kept.call) == (PART, FILE, CALL)
    assert (kept.duration_ms, kept.is_cut) == (3_000, True)
    assert kept.sha256 == sha256(left.read_bytes()).hexdigest()
    assert len(left.read_bytes()) == kept.size_bytes == len(torn) - 1_000
    shelves.open[-1].told(kept)
    assert shelves.files == [FILE]
    assert len(opened(shelves.folder / FILE)) == 3


async def test_a_part_that_was_whole_but_not_told_is_told_the_same_again(shelves: Shelves) -> None:
    path = await record(shelves, 2)
    path.rename(path.with_suffix(".open"))
    shelves.shelf()
    await shelves.until(lambda: len(shelves.kept) == 2)
    assert shelves.kept[0] == shelves.kept[1]


async def test_a_disk_that_is_too_slow_leaves_gaps_that_are_known(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = shelves.shelf()
    tape = shelf.begin(CALL, part=PART, at_ms=STARTED_MS, kept=shelves.kept.append)
    monkeypatch.setattr(tape, "_tell", lambda _: None)
    for number in range(WAITING_MAX + 3):
        tape.write(second(number), at=number * SECOND)
    assert len(tape.waiting) == WAITING_MAX, "more does not wait"
    monkeypatch.undo()
    tape.write(second(99), at=(WAITING_MAX + 3) * SECOND)
    tape._tell(tape)  # noqa: SLF001 - the disk takes things again
    await shelves.until(lambda: not tape.waiting)
    tape.write(second(100), at=(WAITING_MAX + 4) * SECOND)
    tape.close()
    await shelves.until(lambda: bool(shelves.kept))
    (kept,) = shelves.kept
    assert kept.duration_ms == (WAITING_MAX + 5) * 1_000
    assert kept.gaps_ms == 4_000
    shelf.told(kept)
    assert [at // SECOND for at, _ in opened(shelves.folder / FILE)][WAITING_MAX] == WAITING_MAX + 4


@pytest.mark.parametrize("at", [-5, 20_000, 700])
async def test_whoever_changes_a_byte_is_found_out(shelves: Shelves, at: int) -> None:
    path = await record(shelves, 3)
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    with pytest.raises(BadRequest):
        opened(path)


async def test_neither_the_head_nor_the_place_of_a_second_can_be_changed(shelves: Shelves) -> None:
    path = await record(shelves, 3)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"line":"tax"', b'"line":"cab"'))
    with pytest.raises(BadRequest, match="changed"):
        opened(path)
    place = SECOND.to_bytes(8, "big")
    assert whole.count(place) == 1
    path.write_bytes(whole.replace(place, (SECOND + 1).to_bytes(8, "big")))
    with pytest.raises(BadRequest, match="changed"):
        opened(path)


async def test_a_frame_that_is_taken_out_or_moved_is_found_out(shelves: Shelves) -> None:
    path = await record(shelves, 3)
    with path.open("rb") as file:
        _, start = form.read_head(file)
        frames = list(form.read_frames(file))
    whole = path.read_bytes()
    ends = [len(start) + sum(one.size for one in frames[:number]) for number in range(4)]
    path.write_bytes(whole[: ends[0]] + whole[ends[1] :])
    with pytest.raises(BadRequest, match="changed"):
        opened(path)
    path.write_bytes(
        whole[: ends[0]] + whole[ends[1] : ends[2]] + whole[ends[0] : ends[1]] + whole[ends[2] :]
    )
    with pytest.raises(BadRequest, match="changed"):
        opened(path)


async def test_a_file_that_is_no_recording_is_left_alone(shelves: Shelves) -> None:
    odd = shelves.folder / "n1" / "2026-09-21" / "odd.open"
    odd.parent.mkdir(parents=True)
    odd.write_bytes(b"no recording")
    await record(shelves, 1)
    assert [kept.part for kept in shelves.kept] == [PART]
    assert odd.read_bytes() == b"no recording"


async def test_a_disk_that_refuses_costs_the_recording_and_nothing_else(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    shelf = shelves.shelf()
    with monkeypatch.context() as full:
        full.setattr(form, "begin", refuse)
        tape = shelf.begin(CALL, part=PART, at_ms=STARTED_MS, kept=shelves.kept.append)
        tape.write(second(0), at=0)
        await shelves.until(lambda: tape.has_failed)
        tape.close()
    await shelves.until(lambda: not tape.waiting)
    monkeypatch.undo()
    after = shelf.begin(CALL, part=PART, at_ms=STARTED_MS, kept=shelves.kept.append)
    after.write(second(0), at=0)
    after.close()
    await shelves.until(lambda: bool(shelves.kept))


async def test_a_folder_that_cannot_be_made_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(Outage, match="cannot be made"):
        FileShelf(tmp_path / "taken", node=NodeId("n1"), keys=KeyRing(KEYS))
