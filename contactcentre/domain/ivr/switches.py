"""What a supervisor may switch while calls wait: a notice, a line shut, a queue diverted.

Switches change what happens to new callers; whoever waits is moved only where a diversion is turned
for them as well, and keeps the time of joining. Every turn of one is a row that
is never changed; what stands is what all turns together come to, and has the number of the last
one, so that of two copies the later is known.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from contactcentre.domain.errors import OutOfOrder, UnknownName
from contactcentre.domain.ids import AdviserId, LineId, QueueId, SoundName
from contactcentre.domain.ivr.flow import Flow, QueueDefinition, QueueName


class SwitchKind(StrEnum):
    """Which switch it is."""

    NOTICE = "notice"
    """Said before the menu; `value` is one of the line's notices, None for none."""
    SHUT = "shut"
    """Closed now, whatever the hours say; `value` is None for as planned."""
    DIVERT = "divert"
    """New callers of the queue `subject` wait in the queue `value` instead; None for as planned."""
    DIVERT_ALL = "divert_all"
    """As DIVERT, and whoever waits in `subject` is moved as well."""


SHUT = "shut"
"""The value of a line that is shut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One turn of a switch, as a supervisor asks for it."""

    line: LineId
    kind: SwitchKind
    subject: QueueName | None = None
    value: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """One turn as it is written down."""

    number: int
    turn: Turn
    who: AdviserId
    why: str
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSwitches:
    """How the switches of one line stand."""

    notice: SoundName | None = None
    is_shut: bool = False
    diverts: Mapping[QueueName, QueueName] = field(default_factory=dict)
    emptied: frozenset[QueueName] = frozenset()
    """The diverted queues from which whoever waits is moved as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """How all switches stand."""

    number: int = 0
    """Of the last turn; it rises for ever."""
    lines: Mapping[LineId, LineSwitches] = field(default_factory=dict)

    def of(self, line: LineId) -> LineSwitches:
        """Return how a line's switches stand."""
        return self.lines.get(line, AS_PLANNED)


AS_PLANNED = LineSwitches()
NEVER_TURNED = Switches()


def standing_of(turns: Iterable[Turn], *, number: int) -> Switches:
    """Return what turns come to, the earliest first."""
    lines: dict[LineId, LineSwitches] = {}
    for turn in turns:
        lines[turn.line] = _after(lines.get(turn.line, AS_PLANNED), turn)
    return Switches(number=number, lines=lines)


def _after(before: LineSwitches, turn: Turn) -> LineSwitches:
    match turn.kind:
        case SwitchKind.NOTICE:
            notice = None if turn.value is None else SoundName(turn.value)
            return replace(before, notice=notice)
        case SwitchKind.SHUT:
            return replace(before, is_shut=turn.value is not None)
        case SwitchKind.DIVERT | SwitchKind.DIVERT_ALL:
            return _after_divert(before, turn)


def _after_divert(before: LineSwitches, turn: Turn) -> LineSwitches:
    diverts = {queue: to for queue, to in before.diverts.items() if queue != turn.subject}
    emptied = before.emptied - {turn.subject}
    if turn.subject is not None and turn.value is not None:
        diverts[turn.subject] = QueueName(turn.value)
        if turn.kind is SwitchKind.DIVERT_ALL:
            emptied |= {turn.subject}
    return replace(before, diverts=diverts, emptied=frozenset(emptied))


def refuse(flow: Flow, stands: LineSwitches, turn: Turn) -> None:
    """Refuse a turn that cannot be. Raises UnknownName, OutOfOrder."""
    match turn.kind:
        case SwitchKind.NOTICE if turn.value is not None and turn.value not in flow.notices:
            raise UnknownName("The line has no such notice. Choose one of those that it has.")
        case SwitchKind.SHUT if turn.value is not None and flow.when_closed is None:
            raise OutOfOrder(
                "The flow has nothing to say when it is closed: give it `when_closed`."
            )
        case SwitchKind.DIVERT | SwitchKind.DIVERT_ALL:
            _refuse_divert(flow, stands, turn)
        case _:
            return


def _refuse_divert(flow: Flow, stands: LineSwitches, turn: Turn) -> None:
    names = {name for name, _ in flow.queues}
    if turn.subject not in names or (turn.value is not None and turn.value not in names):
        raise UnknownName("The line has no such queue. Choose one of those that it has.")
    if turn.value is None:
        return
    if flow.chat in {turn.subject, turn.value}:
        raise OutOfOrder("Chats and calls are never sent into one another's queues.")
    if turn.subject == flow.extra_support_queue(flow.languages[0]).name:
        raise OutOfOrder("Extra support is never diverted: its callers need the people there.")
    if turn.subject in _way(_after(stands, turn).diverts, QueueName(turn.value)):
        raise OutOfOrder("That would lead callers in a circle. End the other diversion first.")


def diverted(flow: Flow, stands: LineSwitches, queue: QueueId) -> QueueDefinition | None:
    """Return where new callers of a queue wait instead, in their language; None: nowhere else."""
    here = next(one for one in flow.queues.values() if one.id == queue)
    *_, last = _way(stands.diverts, here.name)
    found = flow.queues.get((last, here.language))
    return None if found is None or found.id == queue else found


def moved(flow: Flow, stands: LineSwitches, queue: QueueId) -> QueueDefinition | None:
    """Return where whoever waits in a queue is to wait from now on; None: there."""
    here = next(one for one in flow.queues.values() if one.id == queue)
    return diverted(flow, stands, queue) if here.name in stands.emptied else None


def _way(diverts: Mapping[QueueName, QueueName], begin: QueueName) -> Iterator[QueueName]:
    """Yield a queue and those that diversions lead on to, none of them twice."""
    seen: set[QueueName] = set()
    onward: QueueName | None = begin
    while onward is not None and onward not in seen:
        seen.add(onward)
        yield onward
        onward = diverts.get(onward)
