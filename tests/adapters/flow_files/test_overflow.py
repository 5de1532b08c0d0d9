"""A queue says when it passes callers on, and finds the queues of other lines."""

import shutil
from pathlib import Path

import pytest

from contactcentre.adapters.flow_files.lines import load_line
from contactcentre.domain.errors import BrokenFlow
from contactcentre.domain.ids import LineId
from contactcentre.domain.ivr.flow import OverflowRule, QueueName, ToQueue
from tests.adapters.flow_files.test_lines import BINS, rewrite


def test_a_queue_says_when_it_passes_callers_on_and_where_to(flows: Path) -> None:
    shutil.copytree(flows / "lines/bins", flows / "lines/parks")
    rewrite(flows / "lines/parks/flow.yaml", "line: bins", "line: parks")
    rewrite(
        flows / "lines/bins/flow.yaml",
        "titles: {en-GB: Bins, cy: Biniau}\n  support:",
        """titles: {en-GB: Bins, cy: Biniau}
    overflow: {to: {queue: depot}, waiting: 40, waited_s: 600}
  depot:
    service_class: P2
    titles: {en-GB: Depot, cy: Depo}
    overflow: {to: {line: parks, queue: bins}, per_adviser: 8}
  support:""",
    )
    assert [queue.overflow for queue in load_line(flows, BINS).queues][::2] == [
        OverflowRule(
            to=ToQueue(line=BINS, queue=QueueName("depot")), waiting_max=40, waited_ms=600_000
        ),
        OverflowRule(to=ToQueue(line=LineId("parks"), queue=QueueName("bins")), per_adviser_max=8),
        None,
    ]
    rewrite(flows / "lines/bins/flow.yaml", "queue: bins}, per", "queue: moon}, per")
    with pytest.raises(BrokenFlow, match="`moon`, which is no queue of the line `parks`"):
        load_line(flows, BINS)
