"""The accessibility rules of axe-core, run in a page that a test has open."""

import hashlib
import os
import subprocess
import tarfile
from pathlib import Path

from playwright.async_api import Page

from tests.browser.chromium import CACHE, node

VERSION = "4.14.1"
SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SCRIPT = CACHE / f"axe-core-{VERSION}.js"
RUN = """
tags => axe.run(document, { runOnly: { type: "tag", values: tags } }).then(
  ({ violations }) => violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`))
"""


async def violations(page: Page) -> list[str]:
    """Return the rules that a page breaks as it stands, each with where."""
    if not await page.evaluate("typeof axe === 'object'"):
        await page.evaluate(_script())
    return [str(broken) for broken in await page.evaluate(RUN, RULES)]


def _script() -> str:
    """Return axe-core, fetched if it is not in the cache of this checkout."""
    if not SCRIPT.exists():
        _fetch()
    text = SCRIPT.read_bytes()
    assert hashlib.sha256(text).hexdigest() == SHA256, "this is not the axe-core that was pinned"
    return text.decode()


def _fetch() -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    npm = node().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    subprocess.run(
        [node(), npm, "pack", "--silent", "--ignore-scripts", f"axe-core@{VERSION}"],
        cwd=CACHE,
        env=os.environ | {"PATH": f"{node().parent}{os.pathsep}{os.environ['PATH']}"},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    packed = CACHE / f"axe-core-{VERSION}.tgz"
    with tarfile.open(packed) as tar:
        inside = tar.extractfile("package/axe.min.js")
        assert inside is not None, "the package has its script"
        _put(SCRIPT, inside.read())
    packed.unlink()


def _put(path: Path, body: bytes) -> None:
    """Put a file there whole, or not at all."""
    new = path.with_suffix(".new")
    new.write_bytes(body)
    new.rename(path)
