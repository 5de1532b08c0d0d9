"""A call that has ended for the centre, and whose caller is with somebody outside still."""

from contactcentre.apps.call_bounds import Start
from contactcentre.domain.call import CallState, come_back, ending_of, follow
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.events import CallEnded, HungUpBy
from contactcentre.domain.ids import NodeId
from contactcentre.wire.claims import CallMemory


def left_outside(
    memory: CallMemory, *, is_closed: bool, epoch: LegEpoch, node: NodeId, at_ms: int
) -> Start | None:
    """Return such a call as it goes on here; None if it is none.

    Nothing is written down of it: the record has its end. A call whose end was known to the live
    state alone `is_closed`. Raises StaleEpoch.
    """
    if memory.outside is None or not memory.outside.is_left:
        return None
    call = come_back(memory.call, epoch=epoch, node=node)
    if call.state is not CallState.ENDED:
        if not is_closed:
            return None
        ending = ending_of(call)
        call = follow(
            call, CallEnded(call=call.id, at_ms=at_ms, ending=ending, by=HungUpBy.ADVISER)
        )
    return Start(call=call, first=None, outside=memory.outside)
