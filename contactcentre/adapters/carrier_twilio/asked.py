"""What Twilio says with its requests: of all its parameters those that we use.

Twilio adds parameters without notice, so that what is not known is no mistake here.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from contactcentre.domain.errors import BadRequest
from contactcentre.domain.ids import CallId

CallSid = Annotated[str, StringConstraints(pattern=r"^CA[0-9a-f]{32}$")]
AccountSid = Annotated[str, StringConstraints(pattern=r"^AC[0-9a-f]{32}$")]

TextStatus = Literal[
    "accepted",
    "scheduled",
    "queued",
    "sending",
    "sent",
    "delivered",
    "undelivered",
    "failed",
    "canceled",
    "read",
]
PREFIX = "twilio-"
ENDED = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
"""What Twilio calls a call that is over."""
_CALL = re.compile(rf"{PREFIX}(CA[0-9a-f]{{32}})")


class CallAsked(BaseModel):
    """What every request about a call says."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    call_sid: CallSid = Field(alias="CallSid")
    account_sid: AccountSid = Field(alias="AccountSid")
    status: str = Field(alias="CallStatus", max_length=32)
    called: str = Field(default="", alias="To", max_length=64)
    """The number that was dialled."""
    failed_url: str = Field(default="", alias="ErrorUrl")
    """The address that Twilio has asked before, where that has failed."""

    @property
    def call(self) -> CallId:
        """Return which call it is: however often it is asked about, the same one."""
        return call_of(self.call_sid)

    @property
    def rings(self) -> bool:
        """Say whether nobody has answered yet."""
        return self.status == "ringing"

    @property
    def is_over(self) -> bool:
        """Say whether the caller is gone."""
        return self.status in ENDED


class TextAsked(BaseModel):
    """What a request about a text says."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    account_sid: AccountSid = Field(alias="AccountSid")
    status: TextStatus = Field(alias="MessageStatus")


Asked = TypeVar("Asked", CallAsked, TextAsked)


def read_asked(said: Mapping[str, str], model: type[Asked]) -> Asked:
    """Return what a request says. Raises BadRequest."""
    try:
        return model.model_validate(said)
    except ValidationError as error:
        names = ", ".join(sorted({str(one["loc"][0]) for one in error.errors()}))
        raise BadRequest(f"That is no request about a call or a text: {names}.") from error


def call_of(call_sid: str) -> CallId:
    """Return the call of ours that one of Twilio's is."""
    return CallId(f"{PREFIX}{call_sid}")


def sid_of(call: CallId) -> str | None:
    """Return what Twilio calls a call of ours; None if it came another way."""
    found = _CALL.fullmatch(call)
    return None if found is None else found[1]
