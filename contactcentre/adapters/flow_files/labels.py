"""Words that are shown and never spoken: beside keys on the caller's page, and to the adviser."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from contactcentre.adapters.flow_files import folders
from contactcentre.adapters.flow_files.models import (
    Titles,
    WrittenDeflect,
    WrittenFlow,
    WrittenLabels,
    WrittenMenu,
    WrittenPlay,
    WrittenText,
)
from contactcentre.adapters.flow_files.strict_yaml import read, understand
from contactcentre.domain.callback import SLOT_MS
from contactcentre.domain.ids import LineId, SoundName, StepName
from contactcentre.domain.ivr.flow import (
    ACCEPT_KEY,
    DECLINE_KEY,
    DEFLECT_LABELS,
    EXTRA_SUPPORT_LABEL,
    OTHER_LANGUAGE_LABEL,
    step_label,
    text_label,
)
from contactcentre.domain.languages import Language

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS


def load_labels(directory: Path) -> Mapping[Language, Mapping[SoundName, str]]:
    """Return the words of every label by language. Raises BrokenFlow."""
    titled = tuple(_titled(directory))
    return {
        language: {name: titles[language] for name, titles in titled if language in titles}
        for language in Language
    }


def _titled(directory: Path) -> Iterator[tuple[SoundName, Titles]]:
    labels = understand(read(directory / "labels.yaml"), WrittenLabels)
    yield EXTRA_SUPPORT_LABEL, labels.extra_support
    yield OTHER_LANGUAGE_LABEL, labels.other_language
    yield DEFLECT_LABELS[ACCEPT_KEY], labels.accept
    yield DEFLECT_LABELS[DECLINE_KEY], labels.decline
    yield SoundName("label_callback"), labels.callback
    yield SoundName("label_callback_done"), labels.callback_done
    yield SoundName("label_callback_leave"), labels.callback_leave
    yield SoundName("label_callback_right"), labels.callback_right
    yield SoundName("label_callback_again"), labels.callback_again
    yield SoundName("label_callback_turn"), labels.callback_turn
    yield SoundName("label_callback_choose"), labels.callback_choose
    yield SoundName("label_callback_later"), labels.callback_later
    yield from _slots(labels.callback_slot)
    for line in folders.line_ids(directory):
        written = understand(read(folders.line_dir(directory, line) / "flow.yaml"), WrittenFlow)
        yield from _titled_in(line, written)


def _slots(titles: Titles) -> Iterator[tuple[SoundName, Titles]]:
    """Yield every half hour of a day."""
    for begins_ms in range(0, DAY_MS, SLOT_MS):
        times = {"from": _clock(begins_ms), "to": _clock((begins_ms + SLOT_MS) % DAY_MS)}
        label = SoundName(f"label_slot_{times['from'].replace(':', '')}")
        yield label, {language: words.format(**times) for language, words in titles.items()}


def _clock(at_ms: int) -> str:
    minutes = at_ms // MINUTE_MS
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _titled_in(line: LineId, written: WrittenFlow) -> Iterator[tuple[SoundName, Titles]]:
    for name, step in written.steps.items():
        label = step_label(line, StepName(name))
        if isinstance(step, WrittenPlay | WrittenMenu | WrittenDeflect) and step.title is not None:
            yield label, step.title
        if isinstance(step, WrittenText):
            yield text_label(line, StepName(name)), step.text
        if isinstance(step, WrittenMenu):
            for key, titles in step.labels.items():
                yield SoundName(f"{label}_{key}"), titles
