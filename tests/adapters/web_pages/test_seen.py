"""The centre as the pages saw it last: Redis may be away for as long as it likes."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from contactcentre.adapters.web.pages.seen import FIGURES_FRESH_MS, SeenCentre
from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.ids import NodeId, QueueId
from contactcentre.limits import BEAT_EVERY_MS, NODE_SUSPECT_AFTER_MS
from contactcentre.ports.state import NodeStanding, Overview, QueueStanding
from tests.adapters.web_pages.house import NOW_MS, StillClock

PAYING = QueueId("tax.paying.en")
STATIC = {"north-1": "wss://north-1.example/leg"}
ONE = NodeStanding(
    node=NodeId("n1"),
    site="local",
    beat=1,
    internal_url="http://10.0.0.1:8090",
    public_url="ws://n1.example/leg",
    draining=False,
    legs_count=3,
    legs_max=10,
)
TWO = replace(ONE, node=NodeId("n2"), public_url="ws://n2.example/leg")


@dataclass
class Book:
    """An address book that may be away."""

    standing: list[NodeStanding] = field(default_factory=list)
    away: bool = False

    async def nodes(self) -> Sequence[NodeStanding]:
        """Return the nodes."""
        return self.standing

    async def node(self, node: NodeId) -> NodeStanding | None:
        """Return one node."""
        return next((each for each in self.standing if each.node == node), None)

    async def overview(self, queues: Sequence[QueueId]) -> Overview:
        """Return everything, or be away."""
        if self.away:
            raise StateUnavailable("no answer")
        waiting = [
            QueueStanding(queue=queue, waiting_count=4, oldest_enqueued_ms=NOW_MS, ready_count=0)
            for queue in queues
        ]
        return Overview(now_ms=NOW_MS, queues=waiting, advisers=[], nodes=list(self.standing))

    def beat(self) -> None:
        """Let every node live on."""
        self.standing = [replace(node, beat=node.beat + 1) for node in self.standing]


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def book() -> Book:
    return Book([ONE, TWO])


@pytest.fixture
def centre(book: Book, clock: StillClock) -> SeenCentre:
    return SeenCentre(book, [PAYING], nodes_static=STATIC, clock=clock)


async def test_before_anything_was_seen_the_nodes_of_the_settings_are_known(
    centre: SeenCentre,
) -> None:
    assert centre.nodes() == ("wss://north-1.example/leg",)
    assert centre.nodes_for_new_calls() == ("wss://north-1.example/leg",)
    assert centre.figures() is None


async def test_the_nodes_that_live_are_known(centre: SeenCentre) -> None:
    await centre.look()
    assert centre.nodes() == ("ws://n1.example/leg", "ws://n2.example/leg")


async def test_of_each_node_that_was_seen_the_site_is_known(centre: SeenCentre, book: Book) -> None:
    book.standing = [ONE, replace(TWO, site="south")]
    assert centre.sites() == {}
    await centre.look()
    assert centre.sites() == {"ws://n1.example/leg": ONE.site, "ws://n2.example/leg": "south"}


async def test_a_page_that_stays_open_may_need_a_node_of_the_settings_later(
    centre: SeenCentre,
) -> None:
    await centre.look()
    assert set(centre.nodes_ever()) == {*centre.nodes(), *STATIC.values()}


async def test_a_node_that_is_full_or_drains_gets_no_new_calls_but_keeps_its_own(
    centre: SeenCentre, book: Book
) -> None:
    book.standing = [replace(ONE, draining=True), TWO, replace(TWO, node=NodeId("n3"), legs_max=3)]
    await centre.look()
    assert centre.nodes_for_new_calls() == ("ws://n2.example/leg",)
    assert len(centre.nodes()) == 3


async def test_a_strained_node_gets_new_calls_only_where_no_other_takes_them(
    centre: SeenCentre, book: Book
) -> None:
    book.standing = [replace(ONE, strained=True), TWO]
    await centre.look()
    assert centre.nodes_for_new_calls() == ("ws://n2.example/leg",)
    book.standing = [replace(ONE, strained=True), replace(TWO, legs_count=9)]
    await centre.look()
    assert centre.nodes_for_new_calls() == ("ws://n1.example/leg",)


async def test_where_all_are_full_a_new_call_may_still_try(centre: SeenCentre, book: Book) -> None:
    book.standing = [replace(ONE, legs_max=3)]
    await centre.look()
    assert centre.nodes_for_new_calls() == ("ws://n1.example/leg",)


async def test_a_node_whose_beat_stands_still_is_left_out_until_it_beats_again(
    centre: SeenCentre, book: Book, clock: StillClock
) -> None:
    await centre.look()
    clock.ms += NODE_SUSPECT_AFTER_MS
    book.standing = [ONE, replace(TWO, beat=2)]
    await centre.look()
    assert centre.nodes() == ("ws://n2.example/leg",)
    book.standing = [replace(ONE, beat=2), replace(TWO, beat=3)]
    await centre.look()
    assert len(centre.nodes()) == 2


async def test_where_no_node_lives_none_is_given(
    centre: SeenCentre, book: Book, clock: StillClock
) -> None:
    await centre.look()
    clock.ms += NODE_SUSPECT_AFTER_MS
    await centre.look()
    assert centre.nodes() == ()
    book.standing = []
    await centre.look()
    assert centre.nodes() == ()


async def test_nodes_that_are_missing_because_live_state_was_emptied_are_known_until_they_report(
    centre: SeenCentre, book: Book, clock: StillClock
) -> None:
    await centre.look()
    standing = [replace(node, beat=node.beat + 1) for node in book.standing]
    book.standing = []
    clock.ms += BEAT_EVERY_MS
    await centre.look()
    assert len(centre.nodes()) == 2
    assert len(centre.nodes_for_new_calls()) == 2
    book.standing = standing
    clock.ms += NODE_SUSPECT_AFTER_MS
    await centre.look()
    assert len(centre.nodes()) == 2


async def test_a_node_that_is_missing_for_long_is_gone(
    centre: SeenCentre, book: Book, clock: StillClock
) -> None:
    await centre.look()
    book.standing = [TWO]
    for _ in range(NODE_SUSPECT_AFTER_MS // BEAT_EVERY_MS):
        clock.ms += BEAT_EVERY_MS
        book.beat()
        await centre.look()
    assert centre.nodes() == ("ws://n2.example/leg",)


async def test_a_call_that_lost_its_node_is_sent_to_those_of_the_settings_where_none_is_seen(
    centre: SeenCentre, clock: StillClock
) -> None:
    await centre.look()
    assert centre.nodes_for_calls_kept() == centre.nodes()
    clock.ms += NODE_SUSPECT_AFTER_MS
    await centre.look()
    assert centre.nodes() == centre.nodes_for_new_calls() == ()
    assert centre.nodes_for_calls_kept() == ("wss://north-1.example/leg",)


async def test_while_redis_is_away_the_last_nodes_stay_known(
    centre: SeenCentre, book: Book, clock: StillClock
) -> None:
    await centre.look()
    book.away = True
    clock.ms += 3_600_000
    await centre.look()
    assert centre.nodes() == ("ws://n1.example/leg", "ws://n2.example/leg")


async def test_a_node_is_not_taken_for_dead_because_nobody_could_look(
    centre: SeenCentre, book: Book, clock: StillClock
) -> None:
    await centre.look()
    book.away = True
    await centre.look()
    clock.ms += 3_600_000
    book.away = False
    await centre.look()
    assert len(centre.nodes()) == 2


async def test_figures_are_shown_while_they_are_fresh(
    centre: SeenCentre, book: Book, clock: StillClock
) -> None:
    await centre.look()
    book.away = True
    clock.ms += FIGURES_FRESH_MS
    await centre.look()
    figures = centre.figures()
    assert figures is not None
    assert [queue.waiting_count for queue in figures.queues] == [4]


async def test_figures_that_nobody_knows_to_be_true_any_more_are_not_shown(
    centre: SeenCentre, book: Book, clock: StillClock
) -> None:
    await centre.look()
    book.away = True
    clock.ms += FIGURES_FRESH_MS + 1
    await centre.look()
    assert centre.figures() is None
