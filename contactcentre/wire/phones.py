"""What the public and the media processes say to one another about calls from telephones."""

from enum import StrEnum

from contactcentre.domain.ids import CallId
from contactcentre.wire.said import Said


class Here(StrEnum):
    """How a call from a telephone stands at one node."""

    HERE = "here"
    """The node has it and keeps it."""
    LEAVING = "leaving"
    """The node has it and sends it to another one."""
    OVER = "over"
    """It has ended there."""
    UNKNOWN = "unknown"


class AskPhone(Said):
    """A public process asks a node how a call stands there, or says that its caller has gone."""

    call: CallId


class PhoneStands(Said):
    """How it stands there."""

    here: Here
