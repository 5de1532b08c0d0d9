"""YAML as people write it by hand: every scalar is text, and every slip is one clear sentence.

YAML's usual reading makes 0300 a number, no a falsehood and # nothing, and lets a repeated key win
silently; here none of it happens. Aliases, merge keys and tags are refused: a helpline owner should
be able to read a file from top to bottom.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from contactcentre.adapters.flow_files.forms import EXPLAINED
from contactcentre.domain.errors import BrokenFlow

Where = tuple[str | int, ...]
"""The way to a value: keys of mappings and places in lists."""
Mark = tuple[int, int]
"""Line and column, counted from 1."""
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file's values, and where in the file each of them stands."""

    path: Path
    value: Any
    marks: Mapping[Where, Mark]

    def mark(self, where: Where) -> Mark:
        """Return where a value stands, or what it would belong to if it is missing."""
        while where not in self.marks:
            where = where[:-1]
        return self.marks[where]

    def broken(self, where: Where, sentence: str) -> BrokenFlow:
        """Return a refusal that names the file, line and column."""
        line, column = self.mark(where)
        return BrokenFlow(f"{self.path}:{line}:{column}: {sentence}")


def read(path: Path) -> Document:
    """Return what a file says. Raises BrokenFlow."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as gone:
        raise BrokenFlow(f"{path}: there is no such file; write it.") from gone
    except (OSError, UnicodeDecodeError) as unreadable:
        raise BrokenFlow(f"{path}: cannot be read as UTF-8 text: {unreadable}.") from unreadable
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            _refuse_shorthand(path, event)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as wrong:
        said = (wrong.problem or "it cannot be read").rstrip(".")
        sentence = f"this is not YAML: {said}; look at indentation, quotes and colons here."
        raise _at(path, wrong.problem_mark, sentence) from wrong
    except yaml.YAMLError as wrong:
        raise BrokenFlow(f"{path}: this is not YAML: {wrong}.") from wrong
    if node is None:
        raise BrokenFlow(f"{path}:1:1: the file is empty; write what belongs into it.")
    marks: dict[Where, Mark] = {}
    return Document(path=path, value=_value(path, node, (), marks), marks=marks)


def understand(document: Document, model: type[Model]) -> Model:
    """Return a document as a model of what may stand in it. Raises BrokenFlow."""
    try:
        return model.model_validate(document.value)
    except ValidationError as wrong:
        raise _first_of(document, wrong) from wrong


def _at(path: Path, mark: Any, sentence: str) -> BrokenFlow:
    place = "" if mark is None else f":{mark.line + 1}:{mark.column + 1}"
    return BrokenFlow(f"{path}{place}: {sentence}")


def _refuse_shorthand(path: Path, event: yaml.Event) -> None:
    if isinstance(event, yaml.AliasEvent):
        raise _at(path, event.start_mark, f"*{event.anchor} is an alias; write the value out.")
    if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
        raise _at(path, event.start_mark, f"&{event.anchor} is an anchor; take it out.")
    if (tag := getattr(event, "tag", None)) is not None:
        raise _at(path, event.start_mark, f"{tag} is a tag; take it out, every value is text.")


def _value(path: Path, node: yaml.Node, where: Where, marks: dict[Where, Mark]) -> Any:
    marks.setdefault(where, _mark_of(node))
    match node:
        case yaml.ScalarNode(value=text):
            return text
        case yaml.SequenceNode(value=items):
            return [_value(path, item, (*where, i), marks) for i, item in enumerate(items)]
        case yaml.MappingNode(value=pairs):
            return _mapping(path, pairs, where, marks)
        case _:
            raise AssertionError(f"YAML has no further kind of node: {node}")


def _mapping(
    path: Path,
    pairs: Sequence[tuple[yaml.Node, yaml.Node]],
    where: Where,
    marks: dict[Where, Mark],
) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for key, item in pairs:
        if not isinstance(key, yaml.ScalarNode) or not key.value:
            raise _at(path, key.start_mark, "a key is empty; give it a name before the colon.")
        if key.value in mapping:
            sentence = f"`{key.value}` stands here a second time; keep one of them."
            raise _at(path, key.start_mark, sentence)
        marks[*where, key.value] = _mark_of(key)
        mapping[key.value] = _value(path, item, (*where, key.value), marks)
    return mapping


def _mark_of(node: yaml.Node) -> Mark:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _first_of(document: Document, wrong: ValidationError) -> BrokenFlow:
    """Return the refusal for what is wrong first in the file."""
    located = [(_where(document, error["loc"]), error) for error in wrong.errors(include_url=False)]
    misspelt = {where[:-1] for where, error in located if error["type"] == "extra_forbidden"}
    told = [
        (where, error)
        for where, error in located
        if error["type"] != "missing" or where[:-1] not in misspelt
    ]
    where, error = min(told, key=lambda pair: document.mark(pair[0]))
    more = f" (And {len(told) - 1} more.)" if len(told) > 1 else ""
    return document.broken(where, _sentence(where, error) + more)


def _where(document: Document, loc: Where) -> Where:
    """Return pydantic's way to a value without what it puts in between: `do:` tags, `[key]`."""
    where: Where = ()
    value, told_apart = document.value, False
    for part in loc:
        if part == "[key]":
            continue
        if isinstance(value, dict) and value.get("do") == part and not told_apart:
            told_apart = True
            continue
        told_apart = False
        where = (*where, part)
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int):
            value = value[part]
    return where


SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "missing": "`{name}:` is missing; add it.",
        "extra_forbidden": "`{name}` has no meaning here; take it out or look at its spelling.",
        "union_tag_not_found": "`{name}` does not say what it does; add `do:`.",
        "union_tag_invalid": "`do: {tag}` is unknown; write one of {known}.",
        "enum": "`{input}` cannot stand at `{name}`; write {known}.",
        "literal_error": "`{input}` cannot stand at `{name}`; write {known}.",
        "string_pattern_mismatch": "`{input}` cannot stand at `{name}`; {explained}.",
        "string_type": "`{name}` wants one text, not a list or a mapping.",
        "tuple_type": "`{name}` wants a list, as in [one, two].",
        "dict_type": "`{name}` wants names with values, as in `name: value`.",
        "model_type": "`{name}` wants names with values, as in `name: value`.",
        "model_attributes_type": "`{name}` wants names with values, as in `name: value`.",
        "too_short": "`{name}` is empty; put something into it.",
        "too_long": "`{name}` has {count} entries; {count_max} are the most.",
    }
)


def _sentence(where: Where, error: ErrorDetails) -> str:
    """Return what is wrong and what to do, in words for the author of the file."""
    context = error.get("ctx", {})
    known = context.get("expected", context.get("expected_tags", ""))
    return SENTENCES[error["type"]].format(
        name=next((part for part in reversed(where) if isinstance(part, str)), "the file"),
        input=error["input"],
        tag=context.get("tag", ""),
        known=known.replace("'", ""),
        explained=EXPLAINED.get(context.get("pattern", ""), ""),
        count=len(error["input"]),
        count_max=context.get("max_length", ""),
    )
