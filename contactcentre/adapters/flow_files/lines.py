"""Lines as their files describe them: flow, queues, outcomes and example calls."""

from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path

from contactcentre.adapters.flow_files import folders
from contactcentre.adapters.flow_files.models import (
    Titles,
    WrittenCalls,
    WrittenClosed,
    WrittenDeflect,
    WrittenFlow,
    WrittenHangUp,
    WrittenMenu,
    WrittenOutcomes,
    WrittenOverflow,
    WrittenPlay,
    WrittenQueue,
    WrittenQueueDefinition,
    WrittenRecording,
    WrittenStep,
    WrittenText,
)
from contactcentre.adapters.flow_files.opening import read_hours
from contactcentre.adapters.flow_files.prompts import load_prompts
from contactcentre.adapters.flow_files.strict_yaml import Document, Where, read, understand
from contactcentre.domain.errors import BrokenFlow
from contactcentre.domain.ids import LineId, OutcomeCode, PhoneNumber, SoundName, StepName
from contactcentre.domain.ivr.example import ExampleCall, arrives_at
from contactcentre.domain.ivr.findings import Finding
from contactcentre.domain.ivr.flow import (
    ClosedStep,
    DeflectStep,
    Flow,
    HangUpStep,
    Line,
    MenuStep,
    Outcome,
    OverflowRule,
    PlayStep,
    QueueDefinition,
    QueueName,
    QueueStep,
    RecordingRule,
    ServiceName,
    Step,
    TextStep,
    ToQueue,
    queue_id,
    text_label,
)
from contactcentre.domain.ivr.lint import Durations, lint
from contactcentre.domain.ivr.overflow_lint import FlowOf
from contactcentre.domain.languages import Language
from contactcentre.domain.levels import LevelsAfter, wrong_in

LINK_IN_TEXT = "{link}"
TEXT_CHARS_MAX = 250
"""Of a text before its address is put in: so much goes in two texts, or four in Welsh."""


def load_lines(directory: Path) -> Mapping[LineId, Line]:
    """Return every line of a folder of flows. Raises BrokenFlow."""
    lines = {line: load_line(directory, line) for line in folders.line_ids(directory)}
    for shared in shared_numbers(directory):
        raise shared
    return lines


def load_line(directory: Path, line: LineId) -> Line:
    """Return one line, of which the linter has nothing to say. Raises BrokenFlow."""
    document, read_line = _read_line(directory, line)
    words, flow_of = load_prompts(directory), _flows(directory, read_line)
    for finding in lint(read_line.flow, words=words, flow_of=flow_of):
        raise document.broken(_where(finding), finding.sentence)
    return read_line


def load_calls(directory: Path, line: LineId) -> tuple[ExampleCall, ...]:
    """Return a line's example calls. Raises BrokenFlow."""
    document = read(folders.line_dir(directory, line) / "calls.yaml")
    written = understand(document, WrittenCalls)
    return tuple(
        ExampleCall(
            call=call.call,
            keys=call.keys,
            reaches=StepName(call.reaches),
            texts=call.telephone == "takes texts",
        )
        for call in written.root
    )


def lint_line(
    directory: Path, line: LineId, *, durations_ms: Durations | None
) -> tuple[BrokenFlow, ...]:
    """Return all that is wrong with a line and its examples; raise BrokenFlow if unreadable."""
    document, read_line = _read_line(directory, line)
    found = tuple(
        document.broken(_where(finding), f"{finding.sentence} [{finding.rule}]")
        for finding in lint(
            read_line.flow,
            words=load_prompts(directory),
            durations_ms=durations_ms,
            flow_of=_flows(directory, read_line),
        )
    )
    return found or tuple(_broken_examples(directory, read_line))


def shared_numbers(directory: Path) -> Iterator[BrokenFlow]:
    """Yield every telephone number that two lines have; a line that is unreadable has none."""
    taken: dict[PhoneNumber, LineId] = {}
    for line in folders.line_ids(directory):
        try:
            document, read_line = _read_line(directory, line)
        except BrokenFlow:
            continue
        for at, number in enumerate(read_line.numbers):
            if number in taken:
                sentence = f"{number} reaches `{taken[number]}` already; a number reaches one line."
                yield document.broken(("numbers", at), sentence)
            taken[number] = line


def _flows(directory: Path, own: Line) -> FlowOf:
    """Return what knows the flows of all lines of a folder, and reads those it is asked for."""
    known = {own.id: own.flow}

    def flow_of(line: LineId) -> Flow | None:
        if line not in known and line in folders.line_ids(directory):
            known[line] = _read_line(directory, line)[1].flow
        return known.get(line)

    return flow_of


def _broken_examples(directory: Path, line: Line) -> Iterator[BrokenFlow]:
    document = read(folders.line_dir(directory, line.id) / "calls.yaml")
    for at, call in enumerate(load_calls(directory, line.id)):
        for language, patient in product(line.flow.languages, (True, False)):
            reached = arrives_at(line.flow, call, language, patient=patient)
            if reached != call.reaches:
                how = "hears everything" if patient else "presses at once"
                yield document.broken(
                    (at,),
                    f"{call.call}: in {language}, who {how} reaches `{reached}`, not"
                    f" `{call.reaches}`; mend the flow or the example.",
                )


def _read_line(directory: Path, line: LineId) -> tuple[Document, Line]:
    document = read(folders.line_dir(directory, line) / "flow.yaml")
    written = understand(document, WrittenFlow)
    if written.line != line:
        raise document.broken(("line",), f"the folder is called `{line}`; call the line so too.")
    _refuse_missing_titles(document, ("titles",), written.titles, written.languages)
    for name, queue in written.queues.items():
        where = ("queues", name, "titles")
        _refuse_missing_titles(document, where, queue.titles, written.languages)
        _refuse_wrong_levels(document, ("queues", name, "levels_after_s"), queue)
    _refuse_wrong_chat(document, written)
    _refuse_missing_labels(document, written)
    _refuse_wrong_texts(document, written)
    outcomes = _read_outcomes(directory, line, written.languages)
    _refuse_unknown_outcomes(document, written, outcomes)
    return document, Line(
        id=line,
        titles=written.titles,
        flow=_flow(document, written, line),
        outcomes=_outcomes(outcomes.adviser),
        flow_outcomes=_outcomes(outcomes.flow),
        numbers=tuple(PhoneNumber(number) for number in written.numbers),
    )


def _read_outcomes(
    directory: Path, line: LineId, languages: tuple[Language, ...]
) -> WrittenOutcomes:
    document = read(folders.line_dir(directory, line) / "outcomes.yaml")
    written = understand(document, WrittenOutcomes)
    for part, outcomes in (("adviser", written.adviser), ("flow", written.flow)):
        for code, titles in outcomes.items():
            _refuse_missing_titles(document, (part, code), titles, languages)
    return written


def _refuse_missing_titles(
    document: Document, where: Where, titles: Titles, languages: tuple[Language, ...]
) -> None:
    for language in languages:
        if language not in titles:
            raise document.broken(where, f"there is no `{language}:` here; add it.")


def _refuse_wrong_levels(document: Document, where: Where, queue: WrittenQueueDefinition) -> None:
    if queue.levels_after_s is None:
        return
    wrong = wrong_in(tuple(int(after_s) for after_s in queue.levels_after_s))
    if wrong is not None:
        raise document.broken(where, wrong)


def _refuse_wrong_chat(document: Document, written: WrittenFlow) -> None:
    if written.chat is None:
        return
    if written.chat not in written.queues:
        sentence = f"`{written.chat}` is no queue; add it to `queues`."
        raise document.broken(("chat",), sentence)
    for name, step in written.steps.items():
        if isinstance(step, WrittenQueue) and step.queue == written.chat:
            sentence = f"`{written.chat}` is for chats; let calls wait in another queue."
            raise document.broken(("steps", name, "queue"), sentence)


def _refuse_wrong_texts(document: Document, written: WrittenFlow) -> None:
    for name, step in written.steps.items():
        if not isinstance(step, WrittenText):
            continue
        where = ("steps", name, "text")
        _refuse_missing_titles(document, where, step.text, written.languages)
        for language, words in step.text.items():
            if words.count(LINK_IN_TEXT) != 1:
                sentence = f"the text must say {LINK_IN_TEXT} once, where its address is to stand."
                raise document.broken((*where, language), sentence)
            if len(words) > TEXT_CHARS_MAX:
                sentence = f"the text has {len(words)} characters; {TEXT_CHARS_MAX} are the most."
                raise document.broken((*where, language), sentence)


def _refuse_missing_labels(document: Document, written: WrittenFlow) -> None:
    for name, step in written.steps.items():
        where = ("steps", name)
        if isinstance(step, WrittenPlay | WrittenMenu | WrittenDeflect) and step.title is not None:
            _refuse_missing_titles(document, (*where, "title"), step.title, written.languages)
        if not isinstance(step, WrittenMenu):
            continue
        for key in sorted(step.keys.keys() ^ step.labels.keys()):
            sentence = f"`keys` and `labels` do not both have {key}; each key has a label."
            raise document.broken((*where, "labels"), sentence)
        for key, titles in step.labels.items():
            _refuse_missing_titles(document, (*where, "labels", key), titles, written.languages)


def _refuse_unknown_outcomes(
    document: Document, written: WrittenFlow, outcomes: WrittenOutcomes
) -> None:
    for name, step in written.steps.items():
        if isinstance(step, WrittenHangUp | WrittenClosed) and step.outcome not in {
            None,
            *outcomes.flow,
        }:
            raise document.broken(
                ("steps", name, "outcome"),
                f"`{step.outcome}` is no outcome; add it under `flow:` in outcomes.yaml.",
            )


def _where(finding: Finding) -> Where:
    return () if finding.step is None else ("steps", finding.step)


def _outcomes(written: Mapping[str, Titles]) -> tuple[Outcome, ...]:
    return tuple(Outcome(code=OutcomeCode(code), titles=titles) for code, titles in written.items())


def _flow(document: Document, written: WrittenFlow, line: LineId) -> Flow:
    return Flow(
        line=line,
        languages=written.languages,
        start=StepName(written.start),
        extra_support=StepName(written.extra_support),
        steps={StepName(name): _step(line, name, step) for name, step in written.steps.items()},
        queues=_queues(document, written, line),
        hours=read_hours(document, ("hours",), written.hours),
        notices=_sounds(written.notices),
        chat=None if written.chat is None else QueueName(written.chat),
        recording=_recording(written.recording),
        when_closed=None if written.when_closed is None else StepName(written.when_closed),
    )


def _queues(
    document: Document, written: WrittenFlow, line: LineId
) -> Mapping[tuple[QueueName, Language], QueueDefinition]:
    return {
        (QueueName(name), language): QueueDefinition(
            id=queue_id(line, QueueName(name), language),
            line=line,
            name=QueueName(name),
            language=language,
            service_class=queue.service_class,
            titles=queue.titles,
            hours=read_hours(document, ("queues", name, "hours"), queue.hours),
            levels_after_ms=_levels_after_ms(queue),
            overflow=_overflow(line, queue.overflow),
            callbacks_max=_whole(queue.callbacks_per_half_hour),
        )
        for name, queue in written.queues.items()
        for language in written.languages
    }


def _levels_after_ms(queue: WrittenQueueDefinition) -> LevelsAfter | None:
    after_s = queue.levels_after_s
    return None if after_s is None else tuple(1_000 * int(one) for one in after_s)


def _overflow(line: LineId, written: WrittenOverflow | None) -> OverflowRule | None:
    if written is None:
        return None
    waiting, per_adviser, waited_s = (
        None if bound is None else int(bound)
        for bound in (written.waiting, written.per_adviser, written.waited_s)
    )
    return OverflowRule(
        to=ToQueue(line=LineId(written.to.line or line), queue=QueueName(written.to.queue)),
        waiting_max=waiting,
        per_adviser_max=per_adviser,
        waited_ms=None if waited_s is None else 1_000 * waited_s,
    )


def _recording(written: WrittenRecording | None) -> RecordingRule | None:
    if written is None:
        return None
    said = written.announced_by
    return RecordingRule(announced_by=None if said is None else SoundName(said))


def _whole(number: str | None) -> int | None:
    return None if number is None else int(number)


def _step(line: LineId, name: str, written: WrittenStep) -> Step:  # noqa: PLR0911 - one case a step
    match written:
        case WrittenPlay():
            return PlayStep(prompts=_sounds(written.prompts), next=StepName(written.next))
        case WrittenMenu():
            return MenuStep(
                prompts=_sounds(written.prompts),
                again=_sounds(written.again),
                keys={key: StepName(step) for key, step in written.keys.items()},
                silence=StepName(written.silence),
            )
        case WrittenDeflect():
            return DeflectStep(
                prompts=_sounds(written.prompts),
                link=SoundName(written.link),
                service=ServiceName(written.service),
                accepted=StepName(written.accepted),
                declined=StepName(written.declined),
            )
        case WrittenText():
            return TextStep(
                prompts=_sounds(written.prompts),
                text=text_label(line, StepName(name)),
                link=SoundName(written.link),
                service=ServiceName(written.service),
                accepted=StepName(written.accepted),
                declined=StepName(written.declined),
                otherwise=StepName(written.otherwise),
            )
        case WrittenQueue():
            return QueueStep(queue=QueueName(written.queue), prompts=_sounds(written.prompts))
        case WrittenHangUp():
            outcome = None if written.outcome is None else OutcomeCode(written.outcome)
            return HangUpStep(prompts=_sounds(written.prompts), outcome=outcome)
        case WrittenClosed():
            return ClosedStep(
                prompts=_sounds(written.prompts),
                extra_support=_sounds(written.extra_support),
                online=_sounds(written.online),
                link=SoundName(written.link),
                outcome=OutcomeCode(written.outcome),
            )


def _sounds(names: tuple[str, ...]) -> tuple[SoundName, ...]:
    return tuple(SoundName(name) for name in names)
