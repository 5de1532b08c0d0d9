"""Flows whose line is open or closed at the time of the test."""

import shutil
from pathlib import Path

from contactcentre.adapters.flow_files.folders import default_flows_dir

FLOW = Path("lines/tax/flow.yaml")


def closed_flows(folder: Path) -> Path:
    """Return the delivered flows, but that the line is closed today and extra support is open."""
    flows = folder / "flows"
    shutil.copytree(
        default_flows_dir(), flows, ignore=lambda _, names: {"audio"} & {*names}, dirs_exist_ok=True
    )
    (flows / "audio").symlink_to(default_flows_dir() / "audio")
    written = (flows / FLOW).read_text(encoding="utf-8")
    always = written[written.index("hours:\n") : written.index("when_closed:")]
    never_soon = "hours:\n  weekly: {}\n  days: {2099-01-02: {hours: [08:00-18:00]}}\n"
    own = always.rstrip().replace("\n", "\n    ")
    support = "cy: Cymorth ychwanegol}\n\nsteps:"
    assert support in written
    written = written.replace(always, never_soon)
    written = written.replace(support, support.replace("\n\n", f"\n    {own}\n\n"))
    (flows / FLOW).write_text(written, encoding="utf-8")
    return flows
