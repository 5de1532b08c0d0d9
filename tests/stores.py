"""What a centre that was started by a test leaves behind elsewhere than in its folder."""

import shutil
from pathlib import Path


def forget_stores(data: Path) -> None:
    """Delete the record of a centre that root has started, once: its folder has but a link to it."""
    link = data / "postgres"
    if link.is_symlink():
        shutil.rmtree(link.resolve())
        link.unlink()
