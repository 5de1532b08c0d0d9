"""Where flows, words and sound lie."""

from pathlib import Path

import contactcentre
from contactcentre.domain.errors import BrokenFlow
from contactcentre.domain.ids import LineId
from contactcentre.domain.languages import Language


def default_flows_dir() -> Path:
    """Return the flows that came with this installation, or with this checkout."""
    package = Path(contactcentre.__file__).parent
    for folder in (package / "ivr_flows", package.parent / "ivr_flows"):
        if (folder / "lines").is_dir():
            return folder
    raise BrokenFlow(f"{package}: this installation has no ivr_flows; name a folder that has.")


def line_dir(directory: Path, line: LineId) -> Path:
    """Return the folder of a line."""
    return directory / "lines" / line


def line_ids(directory: Path) -> tuple[LineId, ...]:
    """Return the names of all lines."""
    folders = sorted(flow.parent.name for flow in (directory / "lines").glob("*/flow.yaml"))
    if not folders:
        raise BrokenFlow(f"{directory}: there is no lines/<line>/flow.yaml in it; write one.")
    return tuple(LineId(folder) for folder in folders)


def prompts_file(directory: Path, language: Language) -> Path:
    """Return the file with the words of a language."""
    return directory / "prompts" / f"{language}.yaml"


def audio_dir(directory: Path) -> Path:
    """Return the folder of all sound."""
    return directory / "audio"
