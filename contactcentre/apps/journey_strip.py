"""How a caller got here, in words for the adviser who takes the call."""

from collections.abc import Mapping, Sequence

from contactcentre.domain import events as e
from contactcentre.domain.ids import LineId, SoundName
from contactcentre.domain.ivr.flow import step_label
from contactcentre.domain.languages import Language
from contactcentre.wire.cluster import JourneyStep

CHOSEN: Mapping[Language, str] = {
    Language.ENGLISH: "Chose English",
    Language.WELSH: "Chose Cymraeg",
}


def journey(steps: Sequence[e.CallEvent], words: Mapping[SoundName, str]) -> list[JourneyStep]:
    """Return what an adviser should read of what has happened, the earliest first."""
    line = next(event.line for event in steps if isinstance(event, e.CallArrived))
    told = ((event.at_ms, _words(event, line, words)) for event in steps)
    return [JourneyStep(at_ms=at_ms, words=said) for at_ms, said in told if said is not None]


def _words(  # noqa: PLR0911 - one case an event
    event: e.CallEvent, line: LineId, words: Mapping[SoundName, str]
) -> str | None:
    match event:
        case e.CallArrived():
            return "Called from the web page"
        case e.LanguageChosen(language=language):
            return CHOSEN[language]
        case e.StepReached(step=step):
            return words.get(step_label(line, step))
        case e.CallDeflected():
            return "Said the online service would do"
        case e.CallQueued():
            return "Joined the queue"
        case e.ReservationLapsed():
            return "Was offered, kept the place"
        case e.TalkBroken():
            return "Was cut off, kept the place"
        case _:
            return None
