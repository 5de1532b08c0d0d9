"""How a line's switches are told to the board, and how it turns them."""

from collections.abc import Iterator, Mapping

from contactcentre.domain.ids import AdviserId, LineId, SoundName
from contactcentre.domain.ivr.doors import how_stands
from contactcentre.domain.ivr.flow import Line
from contactcentre.domain.ivr.switches import LineSwitches, Turn
from contactcentre.domain.languages import Language
from contactcentre.journey.steering import Steering
from contactcentre.ports.environment import Clock
from contactcentre.wire import desk as said


class SteeringSigns:
    """The switches in words."""

    def __init__(
        self,
        steering: Steering,
        lines: Mapping[LineId, Line],
        words: Mapping[Language, Mapping[SoundName, str]],
        clock: Clock,
    ) -> None:
        self._steering = steering
        self._lines = lines
        self._words = words
        self._clock = clock

    async def turn(self, asked: said.TurnSwitch, *, who: AdviserId) -> None:
        """Turn a switch. Raises UnknownName, OutOfOrder, SwitchNotTurned."""
        turn = Turn(line=asked.line, kind=asked.kind, subject=asked.subject, value=asked.value)
        await self._steering.turn(turn, who=who, why=asked.why.strip())

    def lines(self, language: Language) -> list[said.BoardLine]:
        """Return every line; none while nobody can say how the switches stand."""
        stands = self._steering.stands
        if stands is None:
            return []
        return [self._line(line, stands.of(line.id), language) for line in self._lines.values()]

    def _line(self, line: Line, switches: LineSwitches, language: Language) -> said.BoardLine:
        words = self._words[language]
        return said.BoardLine(
            line=line.id,
            title=line.titles[language],
            is_open=how_stands(line.flow, None, self._clock.now_ms()).is_open,
            may_be_shut=line.flow.when_closed is not None,
            is_shut=switches.is_shut,
            notice=switches.notice,
            notices=[said.BoardNotice(name=name, words=words[name]) for name in line.flow.notices],
            diverts=list(_diverts(line, switches, language)),
            last=self._last(line.id),
        )

    def _last(self, line: LineId) -> said.BoardTurn | None:
        for turned in self._steering.last:
            if turned.turn.line == line:
                return said.BoardTurn(who=turned.who, at_ms=turned.at_ms, why=turned.why)
        return None


def _diverts(line: Line, switches: LineSwitches, language: Language) -> Iterator[said.BoardDivert]:
    first, fixed = line.flow.languages[0], line.flow.extra_support_queue(line.flow.languages[0])
    for (name, spoken), queue in line.flow.queues.items():
        if spoken is first and not line.flow.is_chat(name):
            yield said.BoardDivert(
                queue=name,
                title=queue.titles[language],
                to=switches.diverts.get(name),
                is_emptied=name in switches.emptied,
                is_fixed=name == fixed.name,
            )
