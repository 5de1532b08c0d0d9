"""Settings that are too long for the environment: a file each, in TOML, read at the start."""

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from contactcentre.domain.errors import BadRequest

Model = TypeVar("Model", bound=BaseModel)


def read_toml(path: Path, model: type[Model]) -> Model:
    """Return what a file says. Raises BadRequest, which names every mistake at once."""
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadRequest(f"{path} cannot be read ({error.strerror}).") from error
    except (UnicodeError, tomllib.TOMLDecodeError) as error:
        raise BadRequest(f"{path} is not TOML: {error}.") from error
    try:
        return model.model_validate(written)
    except ValidationError as error:
        mistakes = error.errors(include_url=False, include_context=False, include_input=False)
        sentences = [f"{path}: {'.'.join(map(str, e['loc']))}: {e['msg']}." for e in mistakes]
        raise BadRequest("\n".join(sentences)) from error
