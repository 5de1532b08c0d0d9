"""The JSON schema of a flow file, made from the models, so that editors can help its author."""

import json
from pathlib import Path

from contactcentre.adapters.flow_files.models import WrittenFlow


def schema_file(directory: Path) -> Path:
    """Return where the schema lies."""
    return directory / "flow.schema.json"


def schema_text() -> str:
    """Return the schema of lines/<line>/flow.yaml as it must stand in its file."""
    schema = WrittenFlow.model_json_schema()
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
