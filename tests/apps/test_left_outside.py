"""What a claim remembers of somebody outside, and how a caller who was left there is taken up."""

import secrets
from dataclasses import replace

import pytest

from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.adapters.web.claims import SIGNED_MAX_CHARS, Signatures
from contactcentre.apps.left_outside import left_outside
from contactcentre.apps.node_core import signer
from contactcentre.domain.call import Call, CallState, arrive
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import StaleEpoch
from contactcentre.domain.events import CallArrived, Ending
from contactcentre.domain.ids import AdviserId, CallId, LegId, LineId, NodeId, OutsideName
from contactcentre.domain.languages import Language
from contactcentre.wire.claims import CallerClaim, CallMemory, OutsideMemory

NODE = NodeId("media-2")
FIRST, NEXT = LegEpoch(1, "a"), LegEpoch(2, "b")
CLAIM = CallerClaim(
    call=CallId("c1"),
    line=LineId("tax"),
    language=Language.ENGLISH,
    epoch_count=1,
    epoch_nonce="a",
    page="0" * 64,
    exp=0,
)


def call(state: CallState) -> Call:
    """Return a call that an adviser has had."""
    arrived = CallArrived(
        call=CLAIM.call,
        at_ms=1,
        line=CLAIM.line,
        language=CLAIM.language,
        node=NodeId("media-1"),
        epoch=FIRST,
    )
    talked = replace(arrive(arrived), state=state, adviser=AdviserId("ada"), bridged_at_ms=2)
    return replace(talked, ending=Ending.HANDLED if state is CallState.ENDED else None)


def memory(state: CallState, *, is_left: bool = True, kept: str = "kept") -> CallMemory:
    """Return what is remembered of it, with somebody outside."""
    outside = OutsideMemory(
        name=OutsideName("council-tax"), leg=LegId("leg"), kept=kept, is_left=is_left
    )
    return CallMemory(
        call=call(state), position=None, kept_ms=None, desk=None, failed=[], outside=outside
    )


@pytest.mark.parametrize(
    ("state", "is_left", "is_closed", "is_taken_up"),
    [
        (CallState.ENDED, True, False, True),
        (CallState.ENDED, True, True, True),
        (CallState.TALKING, True, True, True),
        (CallState.TALKING, True, False, False),
        (CallState.ENDED, False, True, False),
        (CallState.TALKING, False, True, False),
    ],
)
def test_only_a_call_that_has_ended_with_its_caller_outside_goes_on_without_a_record(
    state: CallState,
    is_left: bool,  # noqa: FBT001 - a case
    is_closed: bool,  # noqa: FBT001 - a case
    is_taken_up: bool,  # noqa: FBT001 - a case
) -> None:
    start = left_outside(
        memory(state, is_left=is_left), is_closed=is_closed, epoch=NEXT, node=NODE, at_ms=9
    )
    assert (start is not None) is is_taken_up
    if start is not None:
        assert (start.first, start.call.state) == (None, CallState.ENDED)
        assert (start.call.epoch, start.call.node) == (NEXT, NODE)
        assert start.end is not None
        assert (start.end.epoch, start.end.ending) == (NEXT, Ending.HANDLED)


def test_a_node_that_has_an_older_claim_takes_nobody_up() -> None:
    with pytest.raises(StaleEpoch):
        left_outside(memory(CallState.ENDED), is_closed=True, epoch=FIRST, node=NODE, at_ms=9)


@pytest.mark.parametrize(("routes_chars", "is_kept"), [(1_000, True), (9_000, False)])
def test_a_dialog_that_is_too_long_for_a_claim_is_left_out_of_it(
    routes_chars: int,
    is_kept: bool,  # noqa: FBT001 - a case
) -> None:
    signatures = Signatures({"k1": "s" * 32}, "k1", MachineClock())
    known = memory(CallState.TALKING, is_left=False, kept=secrets.token_hex(routes_chars // 2))
    signed = signer(signatures, MachineClock())(CLAIM, known)
    assert len(signed) <= SIGNED_MAX_CHARS
    read = signatures.unseal(signatures.read_claim(signed))
    assert read == (known if is_kept else known.model_copy(update={"outside": None}))
