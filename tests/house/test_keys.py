"""Every key of the live state stands in the table of keys, with a lifetime."""

import inspect
import re

from contactcentre.adapters.state_redis import keys

ROW = re.compile(
    r"^\| ([a-z_]+:?)(?:<\w+>)? +\| *(\w+) *\| *([^|]*?) *\| *([^|]*?) *\|$", re.MULTILINE
)


def _table() -> dict[str, tuple[str, str, str]]:
    """Return type, writer and lifetime of every key in the table."""
    return {row[0]: row[1:] for row in ROW.findall(keys.__doc__ or "") if row[0] != "key"}


def _made() -> set[str]:
    """Return every key that there is, without the name that stands in it."""
    made = keys.Keys("ns")
    texts: set[str] = set()
    for name, _ in inspect.getmembers(keys.Keys, inspect.isfunction):
        if not name.startswith("_"):
            method = getattr(made, name)
            count = len(inspect.signature(method).parameters)
            texts.add(method(*["x"] * count).removeprefix("ns:"))
    for name, stands in inspect.getmembers(keys.Keys, lambda member: isinstance(member, property)):
        assert stands.fget is not None
        texts.add(getattr(made, name).removeprefix("ns:"))
    return {re.sub(r":x$", ":", text) for text in texts}


def test_every_key_has_its_row_and_every_row_its_key() -> None:
    assert _made() == _table().keys()


def test_every_key_has_a_type_a_writer_and_a_lifetime() -> None:
    assert all(all(cells) or name == "wake" for name, cells in _table().items())
