"""An example of a call: the keys somebody presses, and where that must lead."""

from dataclasses import dataclass

from contactcentre.domain.ids import StepName
from contactcentre.domain.ivr.flow import Flow
from contactcentre.domain.ivr.walk import (
    InputTimedOut,
    KeyPressed,
    PlayPrompts,
    PromptFinished,
    Walked,
    begin,
    follow,
)
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


def arrives_at(flow: Flow, call: ExampleCall, language: Language, *, patient: bool) -> StepName:
    """Return where an example leads: `patient` hears all before each key, others cut in."""
    walked = begin(flow, language)
    for key in call.keys:
        if patient or key == SILENCE:
            walked = listen(flow, walked)
        event = InputTimedOut() if key == SILENCE else KeyPressed(key=key)
        walked = follow(flow, walked[0], event)
    return listen(flow, walked)[0].step


def listen(flow: Flow, walked: Walked) -> Walked:
    """Hear everything until a key is awaited or the flow is over."""
    position, actions = walked
    for _ in range(len(flow.steps) + 1):
        if not any(isinstance(action, PlayPrompts) for action in actions):
            return position, actions
        position, actions = follow(flow, position, PromptFinished())
    raise AssertionError("the linter lets no flow speak for ever")
