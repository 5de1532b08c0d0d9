"""Log lines: JSON, a static sentence with fields, and nothing by which a caller could be known.

What must not be in a line is left out where the line is written. The redaction here is the second
lock: it covers what looks like a telephone number, and every field that holds keys or words.
"""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any

import orjson
import structlog

COVERED = "[covered]"
PRIVATE_FIELDS = frozenset(
    {"number", "caller_number", "key", "keys", "digits", "notes", "secret", "password", "claim"}
)
"""Fields whose value is never written, whatever it is."""
_NUMBER = re.compile(r"(?<![\w.:-])(?:\+|00|0)\d(?:[ ()-]{0,2}\d){6,14}(?![\w.:])")
"""A telephone number in any of the ways people write it; not the digits inside of an id."""
_LEVELS = logging.getLevelNamesMapping()


def start_logs(level: str) -> None:
    """Write lines to standard error from now on, our own and those of libraries alike."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        cover,
    ]
    write: Any = structlog.processors.JSONRenderer(serializer=_dumps)
    structlog.configure(
        processors=[*shared, write],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, write],
        )
    )
    # what libraries have to say below a warning is for their authors
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def log_context(**fields: str) -> None:
    """Put these fields into every line that this task and its children write."""
    structlog.contextvars.bind_contextvars(**fields)


def cover(_logger: Any, _method: str, line: Any) -> Any:
    """Cover in a line's fields what could tell who called or what was keyed."""
    return {
        name: COVERED if name in PRIVATE_FIELDS else _covered(value) for name, value in line.items()
    }


def _covered(value: Any) -> Any:
    """Return a value with telephone numbers covered, at any depth."""
    if isinstance(value, str):
        return _NUMBER.sub(COVERED, value)
    if isinstance(value, Mapping):
        return cover(None, "", value)
    if isinstance(value, list | tuple):
        return [_covered(part) for part in value]
    return value


def _dumps(line: Any, **_: Any) -> str:
    """Return a line as JSON; what JSON does not know is written as text."""
    return orjson.dumps(line, default=str).decode()
