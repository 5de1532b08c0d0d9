"""The words of the caller's pages, one file a language; every language has the same keys."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from contactcentre.domain.languages import Language

FOLDER = Path(__file__).parent / "words"

Tree = Mapping[str, "str | Sequence[str] | Tree"]


class Words:
    """The words of one language."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._flat = MappingProxyType(dict(_flatten(tree, "")))

    def keys(self) -> frozenset[str]:
        """Return every dotted key that has words."""
        return frozenset(self._flat)

    def say(self, key: str, **values: str | int) -> str:
        """Return the words under a key, with values put in."""
        words = self._flat[key]
        assert isinstance(words, str), f"{key} is a list"
        return words.format(**values) if values else words

    def list(self, key: str) -> Sequence[str]:
        """Return the list under a key."""
        words = self._flat[key]
        assert not isinstance(words, str), f"{key} is no list"
        return words


def load_words() -> Mapping[Language, Words]:
    """Return the words of every language; each says all that any other says."""
    loaded = {
        language: Words(json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8")))
        for language in Language
    }
    keys = loaded[Language.ENGLISH].keys()
    for language, words in loaded.items():
        assert words.keys() == keys, f"{language}: {sorted(words.keys() ^ keys)} in one only"
    return MappingProxyType(loaded)


def _flatten(tree: Tree, prefix: str) -> Iterator[tuple[str, str | Sequence[str]]]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
