"""What an adviser does beside talking is said until it is done, and undone once it may go on."""

import asyncio

import pytest

from contactcentre.drills import handing
from contactcentre.drills.handing import Handing, Parting, Patience, Way
from contactcentre.drills.leg import Said

QUEUE = "tax.general.en"
DONE_WITHIN_S = 5.0
BRISK = Patience(again_s=0.02, within_s=0.2, together_s=0.02, takes_no=False)
"""As patient as over a fault, in less time."""
CONSULTED = {"ask": "talking", "ask_outside": "talking", "merge": "merged", "drop_consult": "none"}


class Node:
    """A node that does what it is asked, but for the first time, and when that was."""

    def __init__(self, patience: Patience) -> None:
        self.heard: list[str] = []
        self.handing = Handing(self.say, patience=patience, before=self._before)

    async def say(self, said: Said) -> bool:
        """Refuse each kind once, and do it then."""
        kind = f"hold {said['on']}" if said["kind"] == "hold" else said["kind"]
        self.heard.append(kind)
        if self.heard.count(kind) == 1:
            self.handing.hear({"kind": "not_done"})
        elif said["kind"] == "hold":
            self.handing.hear({"kind": "held", "on": said["on"]})
        elif kind in CONSULTED:
            self.handing.hear({"kind": "consulted", "state": CONSULTED[kind]})
        return True

    async def _before(self) -> None:
        self.heard.append("it may go on")


async def heard(way: Way, patience: Patience) -> list[str]:
    """Return what a node has heard that was asked for something."""
    node = Node(patience)
    async with asyncio.timeout(DONE_WITHIN_S):
        await node.handing.do(Parting(way=way, queue=QUEUE))
    return node.heard


@pytest.mark.parametrize(
    ("way", "said"),
    [
        (Way.HOLD, ["hold True", "hold True", "it may go on", "hold False", "hold False"]),
        (
            Way.MEET,
            [*2 * ["ask"], "it may go on", *2 * ["merge"], *2 * ["drop_consult"]],
        ),
        (Way.TRANSFER, ["it may go on", *10 * ["transfer"]]),
        (
            Way.ASK_OUTSIDE,
            [
                *2 * ["ask_outside"],
                "it may go on",
                *2 * ["merge"],
                *2 * ["drop_consult"],
            ],
        ),
        (Way.LEAVE_OUTSIDE, [*2 * ["ask_outside"], *10 * ["hand_over"]]),
    ],
)
async def test_what_is_refused_is_said_again_and_nothing_is_undone_too_early(
    way: Way, said: list[str]
) -> None:
    assert await heard(way, BRISK) == said


async def test_nothing_goes_on_for_a_colleague_who_does_not_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(handing, "ASKED_WITHIN_S", 0.05)
    monkeypatch.setitem(CONSULTED, "ask", "waiting")
    assert "it may go on" not in await heard(Way.MEET, BRISK)


async def test_who_believes_a_refusal_says_nothing_twice() -> None:
    believing = Patience(again_s=0.02, within_s=0.2, together_s=0.02)
    assert await heard(Way.TRANSFER, believing) == ["it may go on", "transfer"]


async def test_on_another_leg_all_stands_as_its_node_says() -> None:
    node = Node(BRISK)
    node.handing.hear({"kind": "held", "on": True})
    node.handing.begin_anew()
    await node.handing.do(Parting(way=Way.HOLD, queue=""))
    assert node.heard[:2] == ["hold True", "hold True"], "it is not held there yet"
