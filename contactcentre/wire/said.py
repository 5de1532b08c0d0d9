"""The one shape every message of ours has."""

from pydantic import BaseModel, ConfigDict


class Said(BaseModel):
    """Something said over a wire; what is not in the model is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
