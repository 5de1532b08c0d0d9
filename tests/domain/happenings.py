"""One event of every kind, as it may happen to the call C1."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import get_args

from contactcentre.domain import events as e
from contactcentre.domain.call import Call, ending_of
from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.ids import (
    AdviserId,
    CallId,
    LineId,
    NodeId,
    OutsideName,
    QueueId,
    RecordingPart,
    StepName,
    TextId,
    Token,
)
from contactcentre.domain.languages import Language

C1 = CallId("c1")
ADA = AdviserId("ada")
TOKEN = Token(7)
CAME_MS = 1_790_000_000_000
AT_MS = CAME_MS + 60_000

ARRIVED = e.CallArrived(
    call=C1,
    at_ms=CAME_MS,
    line=LineId("tax"),
    language=Language.ENGLISH,
    node=NodeId("north-1"),
    epoch=LegEpoch(2, "aa"),
)
MADE = e.CallMade(
    call=C1,
    at_ms=AT_MS,
    line=LineId("tax"),
    language=Language.ENGLISH,
    node=NodeId("north-1"),
    epoch=LegEpoch(3, "aa"),
    queue=QueueId("tax.paying.en"),
    service_class=ServiceClass.P2,
    enqueued_ms=CAME_MS,
    adviser=ADA,
    token=TOKEN,
)
HAPPENINGS: Mapping[type[e.Event], e.CallEvent] = MappingProxyType(
    {
        type(event): event
        for event in (
            ARRIVED,
            MADE,
            e.CallDialledIn(call=C1, at_ms=AT_MS, channel=e.Channel.SIP, trunk="north"),
            e.CallRedialled(call=C1, at_ms=AT_MS, earlier=CallId("c0"), enqueued_ms=CAME_MS - 5),
            e.LanguageChosen(call=C1, at_ms=AT_MS, language=Language.WELSH),
            e.StepReached(call=C1, at_ms=AT_MS, step=StepName("reason")),
            e.CallDeflected(call=C1, at_ms=AT_MS, service="pay_online"),
            e.CallQueued(
                call=C1,
                at_ms=AT_MS,
                queue=QueueId("tax.paying.en"),
                service_class=ServiceClass.P2,
                enqueued_ms=AT_MS,
            ),
            e.CallOverflowed(
                call=C1,
                at_ms=AT_MS,
                from_queue=QueueId("tax.paying.en"),
                queue=QueueId("tax.general.en"),
                service_class=ServiceClass.P2,
                enqueued_ms=AT_MS,
                why=e.OverflowWhy.WAITING,
            ),
            e.CallTransferred(
                call=C1,
                at_ms=AT_MS,
                adviser=ADA,
                token=TOKEN,
                from_queue=QueueId("tax.paying.en"),
                queue=QueueId("tax.general.en"),
                service_class=ServiceClass.P2,
                enqueued_ms=AT_MS,
            ),
            e.PlaceTold(call=C1, at_ms=AT_MS, place=3, wait_ms=None),
            e.CallbackBooked(call=C1, at_ms=AT_MS),
            e.CallRang(call=C1, at_ms=AT_MS, adviser=ADA, token=TOKEN),
            e.ReservationLapsed(
                call=C1, at_ms=AT_MS, adviser=ADA, token=TOKEN, why=e.LapseReason.DECLINED
            ),
            e.CallBridged(call=C1, at_ms=AT_MS, adviser=ADA, token=TOKEN),
            e.CallHeld(call=C1, at_ms=AT_MS),
            e.CallTakenOffHold(call=C1, at_ms=AT_MS),
            e.TalkBroken(call=C1, at_ms=AT_MS, adviser=ADA, token=TOKEN),
            e.AdviserConsulted(call=C1, at_ms=AT_MS, adviser=AdviserId("bryn"), token=Token(8)),
            e.CallHandedOver(
                call=C1,
                at_ms=AT_MS,
                from_adviser=ADA,
                adviser=AdviserId("bryn"),
                token=Token(8),
            ),
            e.OutsideConsulted(call=C1, at_ms=AT_MS, outside=OutsideName("council-tax")),
            e.CallSentOutside(
                call=C1, at_ms=AT_MS, adviser=ADA, token=TOKEN, outside=OutsideName("council-tax")
            ),
            e.CallSupervised(
                call=C1,
                at_ms=AT_MS,
                supervisor=AdviserId("sam"),
                mode=e.SupervisorMode.WHISPER,
            ),
            e.CallResumed(call=C1, at_ms=AT_MS, node=NodeId("south-1"), epoch=LegEpoch(3, "bb")),
            e.TextWritten(
                call=C1,
                at_ms=AT_MS,
                by=e.Writer.CALLER,
                text=TextId("text-one"),
                order=7,
                words="Hello?",
            ),
            e.RecordingKept(
                call=C1,
                at_ms=AT_MS,
                part=RecordingPart("c1.1.7.00c0ffee"),
                file="n1/2026-11-26/c1.1.7.00c0ffee.rec",
                started_at_ms=AT_MS - 60_000,
                duration_ms=60_000,
                gaps_ms=0,
                is_cut=False,
                key="2026",
                size_bytes=961_000,
                sha256="0" * 64,
            ),
            e.CallEnded(call=C1, at_ms=AT_MS, ending=e.Ending.LEFT_IN_MENU, by=e.HungUpBy.CALLER),
        )
    }
)
assert HAPPENINGS.keys() == set(get_args(e.CallEvent)), "one of every kind"


def happening(kind: type[e.Event], call: Call, at_ms: int) -> e.CallEvent:
    """Return an event of a kind that happens to this call now, and ends it as it stands."""
    event = replace(HAPPENINGS[kind], call=call.id, at_ms=at_ms)
    match event:
        case e.CallEnded():
            return replace(event, ending=ending_of(call))
        case e.CallQueued() | e.CallOverflowed() | e.CallTransferred():
            given_ms = call.enqueued_ms if call.enqueued_ms is not None else at_ms
            return replace(event, enqueued_ms=given_ms)
        case _:
            return event
