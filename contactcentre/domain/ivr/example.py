"""An example of a call: the keys somebody presses, and where that must lead."""

from dataclasses import dataclass

from contactcentre.domain.ids import StepName
from contactcentre.domain.ivr.flow import Flow
from contactcentre.domain.ivr.moves import (
    InputTimedOut,
    KeyPressed,
    PlayPrompts,
    PromptFinished,
    SeeIfTexts,
    SendText,
    TextsKnown,
    TextWent,
    Walked,
)
from contactcentre.domain.ivr.walk import begin, follow
from contactcentre.domain.languages import Language

SILENCE = "silence"
"""Stands among the keys for hearing everything and pressing nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleCall:
    """What a helpline's owner promises of a flow."""

    call: str
    """What it shows, as a sentence."""
    keys: tuple[str, ...]
    reaches: StepName
    texts: bool = False
    """The caller rings from a telephone that takes texts."""


def arrives_at(flow: Flow, call: ExampleCall, language: Language, *, patient: bool) -> StepName:
    """Return where an example leads: `patient` hears all before each key, others cut in."""
    walked = answered(flow, begin(flow, language), texts=call.texts)
    for key in call.keys:
        if patient or key == SILENCE:
            walked = listen(flow, walked, texts=call.texts)
        event = InputTimedOut() if key == SILENCE else KeyPressed(key=key)
        walked = answered(flow, follow(flow, walked[0], event), texts=call.texts)
    return listen(flow, walked, texts=call.texts)[0].step


def listen(flow: Flow, walked: Walked, *, texts: bool) -> Walked:
    """Hear everything until a key is awaited or the flow is over."""
    for _ in range(len(flow.steps) + 1):
        position, actions = walked
        if not any(isinstance(action, PlayPrompts) for action in actions):
            return walked
        walked = answered(flow, follow(flow, position, PromptFinished()), texts=texts)
    raise AssertionError("the linter lets no flow speak for ever")


def answered(flow: Flow, walked: Walked, *, texts: bool) -> Walked:
    """Go on where it is asked about texts: for whoever tries a flow and has no telephone."""
    position, actions = walked
    match actions:
        case (*_, SeeIfTexts(first=first)):
            return follow(flow, position, TextsKnown(may=texts, first=first))
        case (*_, SendText()):
            return follow(flow, position, TextWent(is_sent=texts))
        case _:
            return walked
