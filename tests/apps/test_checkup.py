"""What the doctor finds in two looks, where it needs no store to see it."""

import pytest

from contactcentre.adapters.state_redis.census import EventsLook
from contactcentre.apps.checkup import Checkup, Look, StateLook, findings
from contactcentre.domain.ids import QueueId
from contactcentre.ports.state import Generation, Overview, QueueStanding

PAYING = QueueId("tax.paying.en")
NOW_MS = 1_700_000_000_000


def look(*, waited_ms: int) -> Look:
    """Return a centre where a caller waits and an adviser of some level is ready."""
    queue = QueueStanding(
        queue=PAYING, waiting_count=1, oldest_enqueued_ms=NOW_MS - waited_ms, ready_count=1
    )
    state = StateLook(
        server="127.0.0.1:1",
        generation=Generation(store="a:b", opened="a:b"),
        desks=(),
        lost_calls=(),
        lost_advisers=(),
        overview=Overview(now_ms=NOW_MS, queues=(queue,), advisers=(), nodes=()),
        events=EventsLook(waiting_count=0, oldest=None, unread_count=0),
        is_storm=False,
        held=frozenset(),
        keepers={},
        calls={},
    )
    return Look(state=state, ledger=None, in_progress=(), outages=())


@pytest.mark.parametrize(("waited_ms", "is_told"), [(59_000, False), (61_000, True)])
def test_a_queue_that_waits_for_its_next_level_lacks_no_router(
    waited_ms: int, *, is_told: bool
) -> None:
    seen = look(waited_ms=waited_ms)
    checkup = Checkup(first=seen, second=seen, accounts=None, widest_ms={PAYING: 60_000})
    told = [one for one in findings(checkup) if "callers wait though advisers are ready" in one]
    assert bool(told) is is_told
