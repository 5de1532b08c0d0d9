"""What is seen of recordings and of listening: what must not be is found, and nothing else."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from contactcentre.domain.call import arrive
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.events import CallArrived
from contactcentre.domain.ids import AdviserId, CallId, LegId, LineId, NodeId, RecordingPart
from contactcentre.domain.languages import Language
from contactcentre.simulation.ledger import LedgerData
from contactcentre.simulation.lives import Life
from contactcentre.simulation.sound import NodeLeg
from contactcentre.simulation.tapes import RecordingMedia, SimulatedShelf
from contactcentre.simulation.witness import (
    ANNOUNCED,
    LOST_MAX_S,
    Reels,
    Witness,
)

CALL, ADA = CallId("c1"), "ada"
PART = RecordingPart("p1")
CALLER, ADVISER = LegId("c1.1.n"), LegId("c1.adviser.n")


def a_call() -> Any:
    """Return a call as it stands when a part begins."""
    return arrive(
        CallArrived(
            call=CALL,
            at_ms=1,
            line=LineId("tax"),
            language=Language.ENGLISH,
            node=NodeId("media-1"),
            epoch=LegEpoch(1, "n"),
        )
    )


class Node:
    """A node with one talk, which is put on a tape."""

    def __init__(self, witness: Witness, reels: Reels, air: Any, name: str) -> None:
        self.witness = witness
        self.life = Life(("north", "centre", name), failed=lambda *_: None)
        self.media = RecordingMedia(air, self.life, legs_max=9, said=witness.said)
        self.seat(CALLER, "caller-1", hears=ADVISER)
        self.seat(ADVISER, ADA, hears=CALLER)
        shelf = SimulatedShelf(reels[name], self.life)
        self.tape = shelf.begin(a_call(), part=RecordingPart(name), at_ms=1, kept=lambda _: None)
        self.media.record(self.tape, caller=CALLER, adviser=ADVISER)

    def seat(self, leg: LegId, person: str, *, hears: LegId) -> None:
        """Let somebody be there whose sound is fresh."""
        seated = self.media.legs[leg] = NodeLeg(self.media, leg, lambda _: None)
        seated.hears[hears] = None
        sound: Any = SimpleNamespace(names=("people", "people", person), hums_hz=1.0)
        seated.sound = sound

    def sees(self, first_s: int, last_s: int, *, records: bool = True) -> None:
        """Let some seconds go by."""
        for leg in self.media.legs.values():
            leg.came_s = asyncio.get_running_loop().time()
        self.tape.is_paused = not records
        for now_s in range(first_s, last_s + 1):
            self.witness.see(self.media, now_s)


class Stage:
    """Two nodes, and who sees them."""

    def __init__(self) -> None:
        air: Any = SimpleNamespace(media=[])
        self.ledger = LedgerData(names=("north", "record"))
        self.reels: Reels = {"media-1": {}, "media-2": {}}
        self.witness = Witness(air, self.ledger, self.reels)
        self.node, self.other = (
            Node(self.witness, self.reels, air, name) for name in ("media-1", "media-2")
        )
        self.ledger.parts |= {RecordingPart("media-1"), RecordingPart("media-2")}

    @property
    def found(self) -> int:
        """Return how much was wrong with recordings."""
        return len([*self.witness.wrong, *self.witness.missing()])


@pytest.fixture
async def stage() -> Stage:
    """Give a stage."""
    return Stage()


async def test_a_second_before_the_caller_knows_is_wrong_and_one_after_it_is_not(
    stage: Stage,
) -> None:
    stage.node.sees(1, 2)
    assert stage.found == 2
    stage.witness.said(CALLER, [ANNOUNCED])
    stage.node.sees(3, 9)
    assert stage.found == 2


async def test_a_second_while_the_adviser_has_it_paused_is_wrong(stage: Stage) -> None:
    stage.witness.said(CALLER, [ANNOUNCED])
    stage.witness.paused(CALL, ADA, on=True)
    paused_s = round(asyncio.get_running_loop().time())
    stage.node.sees(paused_s + 1, paused_s + 9, records=False)
    assert stage.found == 0
    stage.node.sees(paused_s + 10, paused_s + 10)
    assert stage.found == 1
    stage.witness.paused(CALL, ADA, on=False)
    stage.node.sees(paused_s + 11, paused_s + 12)
    assert stage.found == 1


async def test_no_loss_of_a_node_ends_a_pause(stage: Stage) -> None:
    stage.witness.said(CALLER, [ANNOUNCED])
    stage.witness.paused(CALL, ADA, on=True)
    paused_s = round(asyncio.get_running_loop().time())
    stage.node.sees(paused_s, paused_s, records=False)
    stage.other.sees(paused_s + 1, paused_s + 1)
    assert stage.found == 1


async def test_a_pause_is_the_calls_also_where_it_is_told_to_somebody_who_was_asked(
    stage: Stage,
) -> None:
    stage.witness.said(CALLER, [ANNOUNCED])
    stage.witness.paused(f"{CALL}-ask-1", ADA, on=True)
    paused_s = round(asyncio.get_running_loop().time())
    stage.node.sees(paused_s + 1, paused_s + 9, records=False)
    assert stage.found == 0, "nothing is missing"


@pytest.mark.parametrize(("more_s", "wrong"), [(0, 0), (1, 1)])
async def test_no_more_than_the_last_seconds_of_a_talk_may_be_on_no_disk(
    stage: Stage, more_s: int, wrong: int
) -> None:
    stage.witness.said(CALLER, [ANNOUNCED])
    stage.node.sees(1, 5)
    stage.node.sees(6, 5 + LOST_MAX_S + more_s, records=False)
    assert stage.found == wrong


async def test_a_part_that_the_record_does_not_know_is_wrong(stage: Stage) -> None:
    assert stage.witness.is_recorded
    stage.ledger.parts.clear()
    assert (stage.witness.is_recorded, stage.found) == (False, 2)


@pytest.mark.parametrize("is_written", [True, False])
async def test_a_supervisor_who_hears_something_is_in_the_record_by_then(
    stage: Stage,
    is_written: bool,  # noqa: FBT001 - a case
) -> None:
    if is_written:
        stage.ledger.supervised.add((CALL, AdviserId("supervisor-1")))
    stage.node.seat(LegId("c1.supervisor.n"), "supervisor-1", hears=CALLER)
    stage.node.sees(1, 3)
    assert len(stage.witness.unwritten) == (not is_written)
    assert stage.witness.listened_count == 1
