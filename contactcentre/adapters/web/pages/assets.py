"""Style, scripts, fonts and pictures of the pages, served from memory.

All of them lie under the digest of all of them, so that a browser may keep each for ever and never
mixes two versions. A page of an older or newer server asks under another digest: it gets what there
is, and is told not to keep it.
"""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

from aiohttp import web

FOLDER = Path(__file__).parent / "assets"

MEDIA_TYPES: Mapping[str, str] = MappingProxyType(
    {
        ".css": "text/css; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".svg": "image/svg+xml",
        ".txt": "text/plain; charset=utf-8",
        ".woff2": "font/woff2",
    }
)
FOR_EVER = "public, max-age=31536000, immutable"
DIGEST_CHARS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file as it is sent."""

    body: bytes
    zipped: bytes | None
    """None where it would be no smaller."""
    media_type: str


def _asset(name: str, body: bytes) -> Asset:
    zipped = gzip.compress(body, mtime=0)
    return Asset(
        body=body,
        zipped=zipped if len(zipped) < len(body) else None,
        media_type=MEDIA_TYPES[Path(name).suffix],
    )


class Assets:
    """All of them, under one digest."""

    def __init__(self, made: Mapping[str, bytes]) -> None:
        found = {
            str(path.relative_to(FOLDER)): path.read_bytes()
            for path in sorted(FOLDER.rglob("*"))
            if path.is_file()
        } | dict(made)
        self.files = MappingProxyType({name: _asset(name, body) for name, body in found.items()})
        whole = sha256()
        for name, body in sorted(found.items()):
            whole.update(f"{name}:{len(body)}:".encode())
            whole.update(body)
        self._digest = whole.hexdigest()[:DIGEST_CHARS]

    def url(self, name: str) -> str:
        """Return where a page finds an asset."""
        assert name in self.files, f"there is no asset {name}"
        return f"/assets/{self._digest}/{name}"

    async def handle(self, request: web.Request) -> web.Response:
        """Send one."""
        asset = self.files.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound
        current = request.match_info["digest"] == self._digest
        headers = {
            "Content-Type": asset.media_type,
            "Cache-Control": FOR_EVER if current else "no-cache",
            "Vary": "Accept-Encoding",
        }
        if asset.zipped is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
            return web.Response(body=asset.zipped, headers=headers | {"Content-Encoding": "gzip"})
        return web.Response(body=asset.body, headers=headers)
