"""What advisers and supervisors say over a leg socket about who is in the room, and hear of it."""

from typing import Literal

from contactcentre.domain.consulting import ConsultEnd, ConsultState
from contactcentre.domain.events import SupervisorMode
from contactcentre.domain.ids import AdviserId, OutsideName, QueueId
from contactcentre.domain.languages import Language
from contactcentre.wire.said import Said


class Transfer(Said):
    """The adviser hands the caller to a queue, of this line or of another one."""

    kind: Literal["transfer"] = "transfer"
    queue: QueueId


class Ask(Said):
    """The adviser asks another one about the caller: one of a queue, or one by name."""

    kind: Literal["ask"] = "ask"
    queue: QueueId | None
    adviser: AdviserId | None


class AskOutside(Said):
    """The adviser asks somebody on an outside number about the caller, by the number's name."""

    kind: Literal["ask_outside"] = "ask_outside"
    outside: OutsideName
    hands_over: bool
    """The caller is left there as soon as somebody has answered."""


class Merge(Said):
    """Caller, adviser and the one who was asked are to talk together."""

    kind: Literal["merge"] = "merge"


class HandOver(Said):
    """The adviser leaves the caller to the one who was asked."""

    kind: Literal["hand_over"] = "hand_over"


class DropConsult(Said):
    """The adviser lets the one who was asked go, or asks for nobody any longer."""

    kind: Literal["drop_consult"] = "drop_consult"


class SuperviseAs(Said):
    """The supervisor wants to be there in another way."""

    kind: Literal["supervise_as"] = "supervise_as"
    mode: SupervisorMode


class Consulted(Said):
    """Adviser: how far it has come with the one who was asked, and who that is."""

    kind: Literal["consulted"] = "consulted"
    state: ConsultState
    adviser: AdviserId | None
    outside: dict[Language, str] | None
    """What the outside number is called, where somebody there was asked."""
    why: ConsultEnd | None
    """Why it is over, where this adviser has not ended it."""


class Supervising(Said):
    """Supervisor: it is written down, and so you are there in that way from now on."""

    kind: Literal["supervising"] = "supervising"
    mode: SupervisorMode


class Supervised(Said):
    """Adviser: in which ways supervisors are in your talk; in none if empty."""

    kind: Literal["supervised"] = "supervised"
    modes: list[SupervisorMode]


class NotDone(Said):
    """Adviser: what was asked for last cannot be done, and the talk goes on; `code` as below."""

    kind: Literal["not_done"] = "not_done"
    code: str
    words: str
