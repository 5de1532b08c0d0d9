"""The folder of all recordings, as those see it who take recordings out or delete them."""

import asyncio
from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path

from contactcentre.adapters.recording_files import form
from contactcentre.adapters.recording_files.sealing import KeyRing
from contactcentre.domain.errors import BadRequest, Outage, UnknownName
from contactcentre.ports.records import RecordedPart


class FileArchive:
    """The Archive port, and the way to what was recorded."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def delete(self, part: RecordedPart) -> bool:
        """Delete a file; say whether it is gone for certain."""
        return await asyncio.to_thread(self._delete, part)

    def sound(self, part: RecordedPart, keys: KeyRing) -> Iterator[tuple[int, bytes]]:
        """Yield a part's sound piece by piece, with where each begins.

        Raises UnknownName without the file or the key, BadRequest for what has been changed.
        """
        path = self._path(part)
        try:
            file = path.open("rb")
        except OSError as error:
            raise UnknownName(
                f"There is no file {path}; is CC_RECORDINGS the folder of {part.file}?"
            ) from error
        with file:
            if file_digest(file, "sha256").hexdigest() != part.sha256:
                raise BadRequest(f"The recording {path} is not as it was when it was made.")
            file.seek(0)
            _, sound = form.open_sound(file, keys)
            yield from sound

    def _path(self, part: RecordedPart) -> Path:
        """Return where a part is. Raises BadRequest for what is not in the folder."""
        path = (self._folder / part.file).resolve()
        if not path.is_relative_to(self._folder.resolve()):
            raise BadRequest(f"The recording {part.part} is said to be outside of CC_RECORDINGS.")
        return path

    def _delete(self, part: RecordedPart) -> bool:
        nodes_own = self._folder / Path(part.file).parts[0]
        try:
            path = self._path(part)
        except BadRequest:
            return False
        try:
            if not nodes_own.is_dir():
                return False
            path.unlink(missing_ok=True)
            path.with_suffix(".open").unlink(missing_ok=True)
        except OSError as error:
            raise Outage(f"The recording {path} cannot be deleted: {error.strerror}.") from error
        return True
