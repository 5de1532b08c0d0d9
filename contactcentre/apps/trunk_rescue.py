"""Telephone calls outlive their node: what they are is kept, and a living node takes them up.

A page comes back by itself; a phone must be fetched. Each node keeps what another needs to go on
with its calls, soon after each change and with every beat. Whoever sees a node neither beat nor
answer takes its calls, some at a time, and offers its own sound in each dialog. A node that has
started again does so with its own.
What is kept of outside numbers beside them is `apps.outside_rescue`'s.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from itertools import count
from typing import Protocol

import structlog
from pydantic import ValidationError

from contactcentre.adapters.web.claims import Signatures
from contactcentre.apps.outside_rescue import OutsideRescue
from contactcentre.apps.trunk_caller import KeptCall
from contactcentre.apps.trunk_calls import TrunkCalls
from contactcentre.domain.errors import BadClaim, Outage, StateUnavailable
from contactcentre.domain.ids import CallId, NodeId
from contactcentre.limits import BEAT_EVERY_MS, KEPT_AT_ONCE_MAX
from contactcentre.ports.environment import Clock
from contactcentre.ports.phones import Caller, KeptDialogs, Phone
from contactcentre.ports.state import AddressBook, NodeStanding

log = structlog.get_logger()

LOOK_EVERY_MS = 500
BEAT_MISSED_AFTER_MS = 1_500
"""A node that has not beaten for so long is asked if it lives: it may only have lost the store."""
LIVES_WITHIN_MS = 1_000
TAKEN_AT_ONCE_MAX = 5
"""So many calls of a lost node one other takes at a time, so that all have a share."""
OWN_MAX = 2_000
"""More than a node ever had."""
GATHERED_MS = 50
"""So long after a change it is kept, with what has changed besides."""
ALL_AGAIN_EVERY_BEATS = 10


class AdoptedPhone(Phone, Protocol):
    """A dialog that goes on here, before anybody is told what its phone does."""

    def belongs_to(self, caller: Caller) -> None:
        """Tell this one."""


class TrunkRescue:
    """What one node keeps of its telephone calls, and takes up of others'."""

    def __init__(
        self,
        trunk: TrunkCalls,
        kept: KeptDialogs,
        book: AddressBook,
        signatures: Signatures,
        clock: Clock,
        *,
        node: NodeId,
        adopt: Callable[[str], AdoptedPhone],
        outside: OutsideRescue,
        lives: Callable[[str], Awaitable[bool]],
        sees_most: Callable[[], bool],
    ) -> None:
        """Make it; a node that does not see most of the centre takes itself for the lost one."""
        self._trunk = trunk
        self._kept = kept
        self._book = book
        self._signatures = signatures
        self._clock = clock
        self._node = node
        self._adopt = adopt
        self._outside = outside
        self._lives = lives
        self._sees_most = sees_most
        self._said: dict[CallId, str] = {}
        """What was last kept of each call."""
        self._beats: dict[NodeId, tuple[NodeStanding, int]] = {}
        """Each other node as it last changed, and when that was seen."""

    async def keep(self) -> None:
        """Keep what has changed, for ever; first take up what a former run had."""
        has_looked = False
        for beat in count():
            due_ms = self._clock.monotonic_ms() + BEAT_EVERY_MS
            try:
                if not has_looked:
                    await self._take(self._node, OWN_MAX)
                    has_looked = True
                if beat % ALL_AGAIN_EVERY_BEATS == 0:  # the store may have been emptied
                    self._said = dict.fromkeys(self._said, "")
                await self.keep_once()
                await self._keep_changes(due_ms)
            except StateUnavailable:
                log.debug("telephone calls are kept a little later")
            await asyncio.sleep(max(0, due_ms - self._clock.monotonic_ms()) / 1_000)

    async def _keep_changes(self, until_ms: int) -> None:
        """Keep what changes until the next beat. Raises StateUnavailable."""
        while (left_ms := until_ms - self._clock.monotonic_ms()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left_ms / 1_000):
                    await self._trunk.has_changed.wait()
                    await asyncio.sleep(GATHERED_MS / 1_000)
            if self._trunk.has_changed.is_set():
                self._trunk.has_changed.clear()
                changed, self._trunk.changed = self._trunk.changed, set()
                await self._keep(self._trunk.kept(changed))

    async def keep_once(self) -> None:
        """Keep what has changed. Raises StateUnavailable."""
        now = self._trunk.kept()
        await self._keep(now, ended=[call for call in self._said if call not in now])
        await self._outside.keep_once()

    async def _keep(self, now: Mapping[CallId, str], *, ended: Sequence[CallId] = ()) -> None:
        """Keep what is new of some calls, and forget ended ones. Raises StateUnavailable."""
        changed = {call: said for call, said in now.items() if self._said.get(call) != said}
        some = dict(list(changed.items())[:KEPT_AT_ONCE_MAX])
        if some or ended:
            sealed = {call: self._signatures.seal_text(said) for call, said in some.items()}
            await self._kept.keep_dialogs(self._node, sealed, ended[:KEPT_AT_ONCE_MAX])
        for call in ended[:KEPT_AT_ONCE_MAX]:
            del self._said[call]
        self._said |= some

    async def watch(self) -> None:
        """Take up the calls of whichever node is lost, for ever."""
        while True:
            try:
                for lost in await self.look():
                    if not await self._lives(lost.internal_url) and self._sees_most():
                        await self._take_from(lost.node)
                if not self._sees_most():
                    self._beats.clear()  # whoever is silent may be so for this node alone
            except StateUnavailable:
                self._beats.clear()  # nobody can beat while the store is away
            await asyncio.sleep(LOOK_EVERY_MS / 1_000)

    async def look(self) -> list[NodeStanding]:
        """Return the other nodes whose beats have stopped, or that are listed no more.

        Raises StateUnavailable.
        """
        now_ms = self._clock.monotonic_ms()
        listed = {one.node: one for one in await self._book.nodes() if one.node != self._node}
        for node, standing in listed.items():
            if node not in self._beats or self._beats[node][0].beat != standing.beat:
                self._beats[node] = (standing, now_ms)
        gone = [one for node, (one, _) in self._beats.items() if node not in listed]
        for one in gone:
            del self._beats[one.node]
        late = [
            one
            for one, since_ms in self._beats.values()
            if now_ms - since_ms >= BEAT_MISSED_AFTER_MS and one.carries_calls
        ]
        return [*late, *gone]

    async def _take_from(self, lost: NodeId) -> None:
        """Take up the calls of another node, a few at a time. Raises StateUnavailable."""
        while self._trunk.may_take_up:
            if not await self._take(lost, TAKEN_AT_ONCE_MAX):
                break
            await asyncio.sleep(0)  # the first may be seated before the next are taken
        await self._outside.take(lost)

    async def _take(self, lost: NodeId, calls_max: int) -> int:
        """Take up some calls of a node and return how many. Raises StateUnavailable."""
        taken = await self._kept.take_dialogs(lost=lost, taker=self._node, calls_max=calls_max)
        self._said |= dict.fromkeys(taken, "")
        self._take_up(taken)
        return len(taken)

    def _take_up(self, taken: Mapping[CallId, str]) -> None:
        for call, sealed in taken.items():
            try:
                kept = KeptCall.model_validate_json(self._signatures.unseal_text(sealed))
                claim = self._signatures.read_claim(kept.claim)
            except (BadClaim, ValidationError, Outage) as error:
                log.warning("a telephone call cannot be gone on with", call=call, why=str(error))
                continue
            log.info("a telephone call is taken up", call=call)
            phone = self._adopt(kept.dialog)
            phone.belongs_to(self._trunk.take_up(kept, claim, phone))
