"""How a caller got here, in words for the adviser who takes the call."""

from collections.abc import Mapping, Sequence

from contactcentre.domain import events as e
from contactcentre.domain.ids import SoundName
from contactcentre.domain.languages import Language
from contactcentre.wire.cluster import JourneyStep

CHOSEN: Mapping[Language, str] = {
    Language.ENGLISH: "Chose English",
    Language.WELSH: "Chose Cymraeg",
}


def journey(steps: Sequence[e.CallEvent], words: Mapping[SoundName, str]) -> list[JourneyStep]:
    """Return what an adviser should read of what has happened, the earliest first."""
    told = ((event.at_ms, _words(event, words)) for event in steps)
    return [JourneyStep(at_ms=at_ms, words=said) for at_ms, said in told if said is not None]


def _words(event: e.CallEvent, words: Mapping[SoundName, str]) -> str | None:  # noqa: PLR0911 - one case an event
    match event:
        case e.CallArrived():
            return "Called from the web page"
        case e.LanguageChosen(language=language):
            return CHOSEN[language]
        case e.StepReached(step=step):
            return words.get(SoundName(f"label_{step}"))
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
