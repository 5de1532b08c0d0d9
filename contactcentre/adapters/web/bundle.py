"""The desk and the board as they were built: pages, and files whose names change with their words.

A hashed file may be kept for ever; a page is asked for each time, so that it names the files of
today. Only what was there at the start is served, so no path leads out of the folder.
"""

from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

from contactcentre.domain.errors import Outage, UnknownName
from contactcentre.wire.problems import Problem

FOR_EVER = "public, max-age=31536000, immutable"
ASK_EACH_TIME = "no-cache"
NOT_BUILT = Problem(
    title="The desk has not been built",
    status=503,
    code=Outage.code,
    detail="This installation has no pages for the desk yet. Build agent_ui, then start again.",
)


class Bundle:
    """What the build has put into a folder."""

    def __init__(self, folder: Path) -> None:
        self._pages = _files(folder, "*.html")
        self._assets = _files(folder / "assets", "**/*")

    @property
    def is_built(self) -> bool:
        """Say whether there is anything to serve."""
        return "index.html" in self._pages

    def page(self, name: str) -> web.FileResponse:
        """Return a page. Raises UnknownName."""
        return _serve(self._pages, name, ASK_EACH_TIME)

    def asset(self, name: str) -> web.FileResponse:
        """Return a file that a page names. Raises UnknownName."""
        return _serve(self._assets, name, FOR_EVER)


def _files(folder: Path, pattern: str) -> Mapping[str, Path]:
    return {
        path.relative_to(folder).as_posix(): path for path in folder.glob(pattern) if path.is_file()
    }


def _serve(files: Mapping[str, Path], name: str, caching: str) -> web.FileResponse:
    path = files.get(name)
    if path is None:
        raise UnknownName("There is no such page.")
    return web.FileResponse(path, headers={"Cache-Control": caching})
