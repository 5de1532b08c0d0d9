"""Outside numbers outlive their node: each is kept by itself, beside the call that it belongs to.

Whoever takes a call over goes on with the outside number that stands in its claim, and leaves a
mark where the lost node had kept it. What nobody has gone on with after a while is told goodbye by
whichever node has taken the record. A node that had only stood still finds the mark as well, and
lets go without a word: two nodes in one dialog would both send their sound.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from pydantic import ValidationError

from contactcentre.adapters.web.claims import Signatures
from contactcentre.apps.outside_call import KeptOutside
from contactcentre.domain.errors import BadClaim
from contactcentre.domain.ids import CallId, LegId, NodeId
from contactcentre.limits import KEPT_AT_ONCE_MAX, OUTSIDE_AGAIN_MS, OUTSIDE_ORPHAN_MS
from contactcentre.ports.environment import Clock
from contactcentre.ports.phones import KeptDialogs

log = structlog.get_logger()

ELSEWHERE = "elsewhere"
"""Stands in the place of what was kept of an outside number once another node has it."""
TAKEN_MAX = 2_000
"""More than a node ever rings, its own and those of a lost one."""


class Ended(Protocol):
    """A dialog that is to be ended."""

    def hang_up(self) -> None:
        """Say goodbye."""


class OutsideCalls(Protocol):
    """The outside numbers of this node."""

    def kept(self) -> Mapping[LegId, str]:
        """Return what another node needs of each that has answered."""

    def elsewhere(self, leg: LegId) -> None:
        """Let go of one that another node has."""

    taken_over: set[LegId]
    """The legs, at other nodes, of those that were taken over and not marked yet."""
    left_alone: set[LegId]
    """Those that were left to another node, and may be taken over there."""


@dataclass(slots=True, kw_only=True)
class NobodyRung:
    """The outside numbers of a node that rings none."""

    taken_over: set[LegId] = field(default_factory=set)
    left_alone: set[LegId] = field(default_factory=set)

    def kept(self) -> Mapping[LegId, str]:
        """Keep nothing."""
        return {}

    def elsewhere(self, leg: LegId) -> None:
        """Let go of nothing."""


class OutsideRescue:
    """What one node keeps of its outside numbers, and ends of lost nodes' ones."""

    def __init__(
        self,
        calls: OutsideCalls,
        kept: KeptDialogs,
        signatures: Signatures,
        clock: Clock,
        *,
        node: NodeId,
        adopt: Callable[[str], Ended],
    ) -> None:
        self._calls = calls
        self._kept = kept
        self._signatures = signatures
        self._clock = clock
        self._own = _shelf(node)
        self._adopt = adopt
        self._said: dict[LegId, tuple[str, int]] = {}
        """What was last kept of the numbers that were here then, and when."""
        self._orphans: dict[LegId, tuple[str, int]] = {}
        """Numbers that no node is known to have, as they are kept, and how long they wait so."""
        self._marked: dict[LegId, int] = {}
        """Where marks are left, and until when."""
        self._looks = True
        """There may be something on this node's shelf, be it from a former run."""

    async def take(self, lost: NodeId) -> None:
        """Take on what a lost node kept. Raises StateUnavailable."""
        taken = await self._kept.take_dialogs(
            lost=_shelf(lost), taker=self._own, calls_max=TAKEN_MAX
        )
        self._looks = self._looks or bool(taken)

    async def keep_once(self) -> None:
        """Keep what is new, let go of what is elsewhere, and end what nobody wants.

        Raises StateUnavailable.
        """
        here = self._calls.kept()
        ended = [leg for leg in self._said if leg not in here and not self._is_left(leg)]
        if self._looks:
            ended += await self._unwanted(here)
        changed = {**await self._changed(here), **self._marks()}
        await self._keep(changed, ended)
        self._said = {leg: one for leg, one in self._said.items() if leg in here}

    async def _keep(self, changed: Mapping[LegId, str], ended: Sequence[LegId]) -> None:
        """Keep and forget some numbers, so many in one step as the store has time for.

        Raises StateUnavailable.
        """
        now_ms = self._clock.monotonic_ms()
        for some in _few(list(changed)):
            sealed = {CallId(leg): self._signatures.seal_text(changed[leg]) for leg in some}
            await self._kept.keep_dialogs(self._own, sealed, [])
            self._said |= {leg: (changed[leg], now_ms) for leg in some if changed[leg] != ELSEWHERE}
        for some in _few(ended):
            await self._kept.keep_dialogs(self._own, {}, [CallId(leg) for leg in some])

    def _is_left(self, leg: LegId) -> bool:
        """Say whether a number was left to another node; from then on it waits as others' do."""
        self._looks = self._looks or leg in self._calls.left_alone
        return leg in self._calls.left_alone

    async def _changed(self, here: Mapping[LegId, str]) -> dict[LegId, str]:
        """Return what is to be kept now; what another node has is let go.

        What has not changed is kept anew all the same, now and then: whoever has taken it on from
        a node that only stood still sees so that it lives. Raises StateUnavailable.
        """
        sealed: dict[CallId, str] = {}
        for some in _few(list(here)):
            sealed |= await self._kept.look_dialogs([CallId(leg) for leg in some])
        elsewhere = {LegId(leg) for leg, one in sealed.items() if self._unsealed(one) == ELSEWHERE}
        for leg in elsewhere:
            self._calls.elsewhere(leg)
        return {
            leg: one
            for leg, one in here.items()
            if leg not in elsewhere and (CallId(leg) not in sealed or self._is_due(leg, one))
        }

    def _is_due(self, leg: LegId, said: str) -> bool:
        """Say whether a number has changed since it was kept, or that was a while ago."""
        before, at_ms = self._said.get(leg, ("", 0))
        return said != before or self._clock.monotonic_ms() - at_ms >= OUTSIDE_AGAIN_MS

    def _marks(self) -> dict[LegId, str]:
        """Return the marks to be left, again for a while: what they replace may come late."""
        now_ms, taken_over = self._clock.monotonic_ms(), self._calls.taken_over
        while taken_over:
            self._marked[taken_over.pop()] = now_ms + OUTSIDE_ORPHAN_MS
        self._marked = {leg: until for leg, until in self._marked.items() if now_ms < until}
        return dict.fromkeys(self._marked, ELSEWHERE)

    def _unsealed(self, said: str) -> str:
        try:
            return self._signatures.unseal_text(said)
        except BadClaim:
            return ""

    async def _unwanted(self, here: Mapping[LegId, str]) -> list[LegId]:
        """Return the numbers on this node's shelf that nobody has; they are ended.

        A mark stays until the store forgets it: a node may stand still for long.
        Raises StateUnavailable.
        """
        shelf = await self._kept.take_dialogs(lost=self._own, taker=self._own, calls_max=TAKEN_MAX)
        now_ms = self._clock.monotonic_ms()
        said = {LegId(leg): self._unsealed(sealed) for leg, sealed in shelf.items()}
        self._calls.left_alone.difference_update([leg for leg in said if said[leg] == ELSEWHERE])
        mine = {*here, *self._said} - self._calls.left_alone
        waiting = {leg: one for leg, one in said.items() if leg not in mine and one != ELSEWHERE}
        self._orphans = {leg: one for leg, one in self._orphans.items() if leg in waiting}
        self._looks = bool(waiting)
        return [
            leg
            for leg, one in waiting.items()
            if self._is_unwanted(leg, one, sealed=shelf[CallId(leg)], now_ms=now_ms)
        ]

    def _is_unwanted(self, leg: LegId, said: str, *, sealed: str, now_ms: int) -> bool:
        """Say whether nobody has kept or taken a number for a while, and end it then.

        No two seals of the same words are the same.
        """
        try:
            kept = KeptOutside.model_validate_json(said)
        except ValidationError as error:
            log.warning("an outside number cannot be ended", leg=leg, why=str(error))
            return True
        before, until_ms = self._orphans.get(leg, ("", 0))
        if before != sealed:
            until_ms = now_ms + (OUTSIDE_ORPHAN_MS if kept.waits else 0)
            self._orphans[leg] = sealed, until_ms
        if now_ms < until_ms:
            return False
        log.info("an outside number that nobody goes on with is told goodbye", leg=leg)
        self._adopt(kept.dialog).hang_up()
        return True


def _few(legs: Sequence[LegId]) -> Iterator[Sequence[LegId]]:
    """Give some numbers, a few at a time."""
    for at in range(0, len(legs), KEPT_AT_ONCE_MAX):
        yield legs[at : at + KEPT_AT_ONCE_MAX]


def _shelf(node: NodeId) -> NodeId:
    """Return by which name a node keeps its outside numbers."""
    return NodeId(f"{node}/outside")
