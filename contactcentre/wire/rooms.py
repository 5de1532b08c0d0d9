"""What a desk process tells of rooms: where callers may be handed, and whose talks go on."""

from contactcentre.domain.ids import AdviserId, CallId, OutsideName, QueueId
from contactcentre.domain.languages import Language
from contactcentre.domain.presence import Presence
from contactcentre.wire.said import Said


class TransferTarget(Said):
    """A queue that a caller may be handed to."""

    queue: QueueId
    titles: dict[Language, str]
    line_titles: dict[Language, str]
    is_open: bool
    waiting_count: int | None
    """None while the live state cannot be read, and so is `ready_count`."""
    ready_count: int | None


class Colleague(Said):
    """Another adviser, who may be asked about a caller."""

    adviser: AdviserId
    state: Presence


class OutsideTarget(Said):
    """An outside number that a caller may be handed to, and that may be asked about one."""

    outside: OutsideName
    titles: dict[Language, str]


class TransferTargets(Said):
    """Every queue that a caller may be handed to, those of a line together."""

    targets: list[TransferTarget]
    colleagues: list[Colleague]
    """Who is signed in; empty while nobody can say."""
    outside: list[OutsideTarget]


class BoardTalk(Said):
    """A talk that goes on."""

    call: CallId
    adviser: AdviserId
    queue: str | None
    """By its title."""
    talked_ms: int


class Talks(Said):
    """The talks that go on, or those of them that were asked for."""

    count: int
    """More than are in `talks` where there are very many."""
    talks: list[BoardTalk]


class WayToTalk(Said):
    """Where a supervisor's browser may listen, with a ticket."""

    node_url: str
    ticket: str
