"""How a caller got here, in words for the adviser who takes the call."""

from collections.abc import Mapping, Sequence

from contactcentre.domain import events as e
from contactcentre.domain.ids import LineId, QueueId, SoundName
from contactcentre.domain.ivr.flow import step_label
from contactcentre.domain.languages import Language
from contactcentre.wire.cluster import JourneyStep

Said = Mapping[Language, str]

PHRASES: Mapping[type[e.Event], Said] = {
    e.CallArrived: {
        Language.ENGLISH: "Called from the web page",
        Language.WELSH: "Ffonio o'r dudalen we",
    },
    e.CallDialledIn: {
        Language.ENGLISH: "Called by telephone",
        Language.WELSH: "Ffonio ar y ffôn",
    },
    e.CallMade: {
        Language.ENGLISH: "Was rung back",
        Language.WELSH: "Cafodd ei ffonio'n ôl",
    },
    e.CallRedialled: {
        Language.ENGLISH: "Had waited in an earlier call, kept the place",
        Language.WELSH: "Wedi aros mewn galwad gynharach, cadw'r lle",
    },
    e.CallDeflected: {
        Language.ENGLISH: "Said the online service would do",
        Language.WELSH: "Dweud y byddai'r gwasanaeth ar-lein yn gwneud y tro",
    },
    e.CallQueued: {Language.ENGLISH: "Joined the queue", Language.WELSH: "Ymuno â'r ciw"},
    e.ReservationLapsed: {
        Language.ENGLISH: "Was offered, kept the place",
        Language.WELSH: "Cael ei gynnig, cadw'r lle",
    },
    e.CallResumed: {
        Language.ENGLISH: "Came back after a break in the line",
        Language.WELSH: "Dod yn ôl ar ôl toriad yn y llinell",
    },
    e.CallHandedOver: {
        Language.ENGLISH: "Was handed over by another adviser",
        Language.WELSH: "Trosglwyddwyd gan gynghorydd arall",
    },
    e.TalkBroken: {
        Language.ENGLISH: "Was cut off, kept the place",
        Language.WELSH: "Colli'r cysylltiad, cadw'r lle",
    },
}
CHOSEN: Mapping[Language, Said] = {
    Language.ENGLISH: {Language.ENGLISH: "Chose English", Language.WELSH: "Dewis Saesneg"},
    Language.WELSH: {Language.ENGLISH: "Chose Welsh", Language.WELSH: "Dewis Cymraeg"},
}
PASSED_ON: Mapping[e.OverflowWhy, Said] = {
    e.OverflowWhy.WAITING: {
        Language.ENGLISH: "Passed on from “{from_queue}” to “{to}”, as many waited; kept the time",
        Language.WELSH: "Symud o “{from_queue}” i “{to}” gan fod llawer yn aros; cadw'r amser",
    },
    e.OverflowWhy.PER_ADVISER: {
        Language.ENGLISH: "Passed on from “{from_queue}” to “{to}”, as few were at work;"
        " kept the time",
        Language.WELSH: "Symud o “{from_queue}” i “{to}” gan mai ychydig oedd wrth eu gwaith;"
        " cadw'r amser",
    },
    e.OverflowWhy.WAITED: {
        Language.ENGLISH: "Passed on from “{from_queue}” to “{to}” after a long wait;"
        " kept the time",
        Language.WELSH: "Symud o “{from_queue}” i “{to}” ar ôl aros yn hir; cadw'r amser",
    },
}
"""By why a queue passed the caller on."""
TRANSFERRED: Said = {
    Language.ENGLISH: "Transferred by an adviser from “{from_queue}” to “{to}”; kept the time",
    Language.WELSH: "Trosglwyddwyd gan gynghorydd o “{from_queue}” i “{to}”; cadw'r amser",
}
TOLD = frozenset({*PHRASES, e.LanguageChosen, e.StepReached, e.CallOverflowed, e.CallTransferred})
"""The events that matter to an adviser."""


def journey(
    line: LineId,
    steps: Sequence[e.CallEvent],
    words: Mapping[Language, Mapping[SoundName, str]],
    titles: Mapping[QueueId, Said],
) -> list[JourneyStep]:
    """Return what an adviser should read of what has happened, the earliest first."""
    is_phone = any(isinstance(event, e.CallDialledIn) for event in steps)
    seen = (one for one in steps if not (is_phone and isinstance(one, e.CallArrived)))
    told = ((event.at_ms, _said(event, line, words, titles)) for event in seen)
    return [JourneyStep(at_ms=at_ms, words=dict(said)) for at_ms, said in told if said]


def _said(
    event: e.CallEvent,
    line: LineId,
    words: Mapping[Language, Mapping[SoundName, str]],
    titles: Mapping[QueueId, Said],
) -> Said:
    """Return an event in words; none for what has no words of its own."""
    match event:
        case e.CallOverflowed(from_queue=from_queue, queue=to, why=why):
            return _between(PASSED_ON[why], from_queue, to, titles)
        case e.CallTransferred(from_queue=from_queue, queue=to):
            return _between(TRANSFERRED, from_queue, to, titles)
        case e.LanguageChosen(language=language):
            return CHOSEN[language]
        case e.StepReached(step=step):
            label = step_label(line, step)
            return {
                language: spoken[label] for language, spoken in words.items() if label in spoken
            }
        case _:
            return PHRASES.get(type(event), {})


def _between(said: Said, from_queue: QueueId, to: QueueId, titles: Mapping[QueueId, Said]) -> Said:
    """Return the words for a way from one queue to another."""
    return {
        language: words.format(
            from_queue=titles.get(from_queue, {}).get(language, from_queue),
            to=titles.get(to, {}).get(language, to),
        )
        for language, words in said.items()
    }
