"""What a centre that was started by a test leaves behind elsewhere than in its folder."""

import shutil
from pathlib import Path


def forget_stores(data: Path) -> None:
    """Delete, once, the record of a centre that root has started: its folder has but a link."""
    link = data / "postgres"
    if link.is_symlink():
        shutil.rmtree(link.resolve())
        link.unlink()
