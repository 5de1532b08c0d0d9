"""One small flow with every kind of step, in two languages."""

import pytest

from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.ids import LineId, OutcomeCode, SoundName, StepName
from contactcentre.domain.ivr.flow import (
    DeflectStep,
    Flow,
    HangUpStep,
    MenuStep,
    PlayStep,
    QueueDefinition,
    QueueName,
    QueueStep,
    ServiceName,
    Step,
    queue_id,
)
from contactcentre.domain.languages import Language

LINE = LineId("bins")


def queues(
    name: str, service_class: ServiceClass
) -> dict[tuple[QueueName, Language], QueueDefinition]:
    return {
        (QueueName(name), language): QueueDefinition(
            id=queue_id(LINE, QueueName(name), language),
            line=LINE,
            name=QueueName(name),
            language=language,
            service_class=service_class,
            titles={language: name},
        )
        for language in Language
    }


STEPS: dict[str, Step] = {
    "welcome": PlayStep(prompts=(SoundName("hello"),), next=StepName("reason")),
    "reason": MenuStep(
        prompts=(SoundName("choose"),),
        again=(SoundName("choose_slowly"),),
        keys={"1": StepName("report"), "2": StepName("day")},
        silence=StepName("person"),
    ),
    "report": DeflectStep(
        prompts=(SoundName("report_how"),),
        link=SoundName("report_link"),
        service=ServiceName("missed_bin"),
        accepted=StepName("bye"),
        declined=StepName("person"),
    ),
    "day": MenuStep(
        prompts=(SoundName("which_day"),),
        keys={"1": StepName("calendar"), "2": StepName("person")},
        silence=StepName("person"),
    ),
    "calendar": PlayStep(prompts=(SoundName("calendar"),), next=StepName("bye")),
    "person": QueueStep(queue=QueueName("bins"), prompts=(SoundName("crew"),)),
    "support": QueueStep(queue=QueueName("support")),
    "bye": HangUpStep(prompts=(SoundName("bye"),), outcome=OutcomeCode("told")),
}


@pytest.fixture
def flow() -> Flow:
    return Flow(
        line=LINE,
        languages=(Language.ENGLISH, Language.WELSH),
        start=StepName("welcome"),
        extra_support=StepName("support"),
        steps={StepName(name): step for name, step in STEPS.items()},
        queues={**queues("bins", ServiceClass.P2), **queues("support", ServiceClass.P0)},
    )
