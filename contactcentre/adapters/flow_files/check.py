"""Everything that can be wrong with a folder of flows, found at once."""

from collections.abc import Iterator
from pathlib import Path

from contactcentre.adapters.flow_files.folders import line_ids
from contactcentre.adapters.flow_files.lines import lint_line, shared_numbers
from contactcentre.adapters.flow_files.schema import schema_file, schema_text
from contactcentre.adapters.flow_files.sounds import durations_ms, lint_sounds
from contactcentre.domain.errors import BrokenFlow


def check(directory: Path) -> tuple[BrokenFlow, ...]:
    """Return all that is wrong with flows, words, examples, sound and schema."""
    return tuple(_findings(directory))


def _findings(directory: Path) -> Iterator[BrokenFlow]:
    try:
        wrong_sounds = lint_sounds(directory)
        lengths = None if wrong_sounds else durations_ms(directory)
        lines = line_ids(directory)
    except BrokenFlow as wrong:
        yield wrong
        return
    yield from wrong_sounds
    for line in lines:
        try:
            yield from lint_line(directory, line, durations_ms=lengths)
        except BrokenFlow as wrong:
            yield wrong
    yield from shared_numbers(directory)
    schema = schema_file(directory)
    if not schema.exists() or schema.read_text(encoding="utf-8") != schema_text():
        yield BrokenFlow(f"{schema}: is not what the models say; run contactcentre flows schema.")
