"""How a copy of the supervisors' switches is kept: in the live state, and on a node's disk."""

from typing import Literal

from pydantic import ValidationError

from contactcentre.domain.errors import BadRequest
from contactcentre.domain.ivr.switches import Switches
from contactcentre.wire.said import Said


class KeptSwitches(Said):
    """One copy."""

    v: Literal[1] = 1
    stands: Switches


def encode(stands: Switches) -> bytes:
    """Return switches as they are kept: one line of JSON."""
    return KeptSwitches(stands=stands).model_dump_json().encode()


def decode(kept: bytes | str) -> Switches:
    """Return the switches that were kept so. Raises BadRequest for what is not ours."""
    try:
        return KeptSwitches.model_validate_json(kept).stands
    except ValidationError as error:
        raise BadRequest("This is not a copy of the switches.") from error
