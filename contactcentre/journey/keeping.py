"""Keeping callbacks: each stands in its queue like a call, is offered, and is rung by an adviser.

A keeper stands towards routers, desks and the live state as a media node stands that holds calls:
it reports its callbacks every beat, so that an emptied store has them again at their old scores,
and takes their offers up. The truth is the record, from which any keeper takes on at a newer epoch
what another one has lost. Whether an adviser is at a callback is known by that adviser's desk.
"""

import asyncio
from collections.abc import Collection, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from contactcentre.domain.call import CallState
from contactcentre.domain.callback import Attempt, Callback, RingingHours, is_quiet
from contactcentre.domain.classes import head_start_ms
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import (
    LedgerUnavailable,
    Outage,
    OutOfOrder,
    Refusal,
    StaleToken,
    StateUnavailable,
    TooMany,
    UnknownName,
)
from contactcentre.domain.events import Ending, LapseReason
from contactcentre.domain.ids import AdviserId, CallId, DeskId, NodeId, Token
from contactcentre.domain.silences import Silences
from contactcentre.limits import (
    BEAT_EVERY_MS,
    CALLBACKS_MAX,
    KEEPER_LOST_AFTER_MS,
    REPORT_CALLS_MAX,
)
from contactcentre.ports.callbacks import (
    CallbackDesks,
    Callbacks,
    Conductor,
    Held,
    KeeperPlace,
    ShowStanding,
    Word,
    is_at_it,
)
from contactcentre.ports.environment import Chance, Clock
from contactcentre.ports.live import Offered
from contactcentre.ports.state import (
    AddressBook,
    AdviserStanding,
    CallQueues,
    CallReport,
    CallStanding,
    NodeReport,
    NodeStanding,
)

LATE_AFTER_MS = 3 * BEAT_EVERY_MS
"""A look so long after the last one has missed beats: whoever was silent may have spoken."""
NOT_AT_IT_LOOKS = 10
"""An adviser who is at something else in so many looks has left the callback: it waits again."""


class Keeper:
    """One keeper of callbacks; any number may run, each callback is with one of them."""

    def __init__(
        self,
        place: KeeperPlace,
        *,
        callbacks: Callbacks,
        queues: CallQueues,
        addresses: AddressBook,
        desks: CallbackDesks,
        conductor: Conductor,
        clock: Clock,
        chance: Chance,
        hours: RingingHours,
        show: ShowStanding,
        lost_after_ms: int = KEEPER_LOST_AFTER_MS,
    ) -> None:
        self._place = place
        self._callbacks = callbacks
        self._queues = queues
        self._addresses = addresses
        self._desks = desks
        self._clock = clock
        self._chance = chance
        self._hours = hours
        self._show = show
        self._conductor = conductor
        self._held: dict[CallId, Held] = {}
        self._works: dict[Held, asyncio.Task[None]] = {}
        """The offers that are conducted now."""
        self._ends: dict[CallId, LegEpoch] = {}
        """Ends that the live state has not heard of yet."""
        self._group: asyncio.TaskGroup | None = None
        self._beat = clock.now_ms()
        self._former_run_lost = False
        self._silences = Silences(lost_after_ms=lost_after_ms, late_after_ms=LATE_AFTER_MS)

    async def run(self) -> None:
        """Keep callbacks for ever."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            group.create_task(self._keep_beating(), name="keeper beat")
            group.create_task(self._keep_looking(), name="keeper look")

    async def leave(self) -> None:
        """Let other keepers take everything on at once, after `run` has ended."""
        node = self._place.node
        with suppress(LedgerUnavailable):  # they take it on once this one has been silent
            await self._callbacks.release(node)
        with suppress(StateUnavailable):
            while await self._queues.lose_calls(node, beat=None):
                pass
            await self._queues.forget_node(node)

    # The beat: what the live state is told

    async def _keep_beating(self) -> None:
        while True:
            with suppress(StateUnavailable):
                await self.beat()
            await self._clock.sleep_ms(BEAT_EVERY_MS)

    async def beat(self) -> None:
        """Report every callback, then this keeper. Raises StateUnavailable."""
        node = self._place.node
        while not self._former_run_lost:
            self._former_run_lost = await self._queues.lose_calls(node, beat=None) == 0
        self._beat += 1
        for call, epoch in [*self._ends.items()]:
            await self._tell_end(call, epoch)
        reported = self._reported
        for start in range(0, len(reported), REPORT_CALLS_MAX):
            await self._report(reported[start : start + REPORT_CALLS_MAX])
        await self._queues.report_node(
            NodeReport(
                node=node,
                site=self._place.site,
                beat=self._beat,
                internal_url=self._place.internal_url,
                public_url="",
                draining=False,
                legs_count=0,
                legs_max=0,
            )
        )

    @property
    def waiting(self) -> Sequence[Callback]:
        """Return what waits for an adviser here."""
        return [one.callback for one in self._held.values() if one.state is CallState.WAITING]

    @property
    def _reported(self) -> Sequence[Held]:
        """Return what stands in a queue here, or is offered."""
        return [one for one in self._held.values() if one.state is not CallState.ENDED]

    async def _report(self, some: Sequence[Held]) -> None:
        epochs = {one.callback.id: one.callback.epoch for one in some}
        reply = await self._queues.report_calls(
            self._place.node, [self._report_of(one) for one in some]
        )
        for call in (*reply.superseded, *reply.closed):
            held = self._held.get(call)
            is_same = held is not None and held.callback.epoch == epochs[call]
            if held is not None and is_same and held.state is not CallState.ENDED:
                self._drop(held)

    def _report_of(self, held: Held) -> CallReport:
        callback, waits = held.callback, held.state is CallState.WAITING
        is_hidden = waits and is_quiet(self._hours, self._clock.now_ms())
        return CallReport(
            call=callback.id,
            queue=callback.queue,
            head_start_ms=head_start_ms(callback.service_class),
            enqueued_ms=callback.enqueued_ms,
            epoch=callback.epoch,
            state="hidden" if is_hidden else held.state,
            adviser=None if held.offered is None or waits else held.offered.adviser,
            token=held.token,
        )

    async def _tell_end(self, call: CallId, epoch: LegEpoch) -> None:
        """Tell the live state that a callback stands there no longer. Raises StateUnavailable."""
        self._ends[call] = epoch
        with suppress(Refusal):  # closed or superseded: known as well as can be
            await self._queues.end(call=call, epoch=epoch, ending=Ending.CALLBACK)
        if self._ends.get(call) == epoch:
            del self._ends[call]

    def _drop(self, held: Held) -> None:
        """Let go of a callback that another keeper has, or that is over."""
        self._held.pop(held.callback.id, None)
        self._stop(held)

    # The look: what the record says

    async def _keep_looking(self) -> None:
        while True:
            with suppress(Outage):
                await self.look()
            self._show([one.callback for one in self._reported])
            await self._clock.sleep_ms(BEAT_EVERY_MS)

    async def look(self) -> None:
        """Let go of what is over, and take on what nobody keeps. Raises an Outage."""
        nodes = await self._nodes()
        lost = self._lost(nodes, await self._callbacks.keepers())
        gone = await self._let_go_of_gone()
        claimed = await self._callbacks.claim(
            self._place.node,
            nonce=self._chance.nonce(),
            at_ms=self._clock.now_ms(),
            lost=lost,
            held=[*self._held],
            count_max=max(0, CALLBACKS_MAX - len(self._held)),
        )
        talks = any(one.state is CallState.TALKING for one in self._held.values())
        if not claimed and not talks:
            return
        try:
            overview = await self._addresses.overview([])
        except StateUnavailable:
            advisers: Mapping[AdviserId, AdviserStanding] = {}
        else:
            advisers = dict(overview.advisers)
            await self._watch_talks(advisers, gone)
        called = await self._called(nodes, claimed)
        for callback in claimed:
            if callback.id not in called:  # what was claimed and is not held is claimed again
                self._take_on(callback, advisers)

    async def _called(
        self, nodes: Sequence[NodeStanding], claimed: Sequence[Callback]
    ) -> Collection[CallId]:
        """Return which are calls at media nodes by now, as is about to be in the record."""
        carriers = {one.node for one in nodes if one.carries_calls}
        stands: list[CallStanding] = []
        with suppress(StateUnavailable):  # nor can anybody offer them
            for start in range(0, len(claimed), REPORT_CALLS_MAX):
                some = [one.id for one in claimed[start : start + REPORT_CALLS_MAX]]
                stands += await self._queues.look_calls(some)
        return {one.call for one in stands if one.state != "closed" and one.node in carriers}

    async def _nodes(self) -> Sequence[NodeStanding]:
        """Return who beats; while nobody can say so, every clock starts over."""
        try:
            return await self._addresses.nodes()
        except StateUnavailable:
            self._silences.forget()
            raise

    def _lost(self, nodes: Sequence[NodeStanding], keepers: Collection[NodeId]) -> list[NodeId]:
        """Return which other keepers have been silent for too long, by this one's own clock."""
        beats = {one.node: one.beat for one in nodes}
        others = {one: beats.get(one) for one in keepers if one != self._place.node}
        return self._silences.lost(others, at_ms=self._clock.monotonic_ms())

    async def _let_go_of_gone(self) -> Collection[CallId]:
        """Let go of what is over or with another keeper, unless at a desk; return what that is."""
        held = self._reported
        if not held:
            return ()
        gone = set(await self._callbacks.gone(self._place.node, [one.callback for one in held]))
        for one in held:
            is_here = self._held.get(one.callback.id) is one
            is_at_desk = one.state in (CallState.TALKING, CallState.ENDED)
            if one.callback.id in gone and is_here and not is_at_desk:
                await self._withdraw(one)
        return gone

    async def _withdraw(self, held: Held) -> None:
        """Take a callback out of its queue; an adviser who is rung for it is ready again."""
        self._drop(held)
        callback, offered = held.callback, held.offered
        if offered is not None:
            with suppress(Refusal, Outage):  # the desk learns it from the live state
                await self._desks.over(callback, offered, lapse=LapseReason.CALLER_LEFT)
        with suppress(StateUnavailable):  # told again with the next beat
            await self._tell_end(callback.id, callback.epoch)

    def _take_on(self, callback: Callback, advisers: Mapping[AdviserId, AdviserStanding]) -> None:
        """Keep a callback, and go on with whoever is at it."""
        self._ends.pop(callback.id, None)
        held = self._held[callback.id] = Held(callback=callback)
        for adviser, standing in advisers.items():
            if is_at_it(standing, callback) and standing.desk is not None:
                held.state, held.token = CallState.TALKING, standing.token
                held.offered = Offered(adviser=adviser, desk=standing.desk, token=standing.token)
                self._begin(held, self._conductor.go_on(held))

    async def _watch_talks(
        self, advisers: Mapping[AdviserId, AdviserStanding], gone: Collection[CallId]
    ) -> None:
        """Give callbacks their place back that their advisers have left without a word."""
        for held in list(self._held.values()):
            if held.state is not CallState.TALKING or held.offered is None:
                continue
            standing = advisers.get(held.offered.adviser)
            is_there = standing is not None and is_at_it(standing, held.callback)
            if standing is not None and is_there and standing.desk is not None:
                held.odd_looks = 0
                held.offered = replace(held.offered, desk=standing.desk)
                continue
            held.odd_looks += 1
            if held.odd_looks >= NOT_AT_IT_LOOKS:
                self._stop(held)
                held.wait_again()
                if held.callback.id in gone:  # another keeper has written the word down
                    await self._withdraw(held)

    def _begin(self, held: Held, work: Coroutine[None, None, None]) -> None:
        assert self._group is not None, "nothing is taken up before the keeper runs"
        while not held.words.empty():
            held.words.get_nowait()
        task = self._works[held] = self._group.create_task(work, name="callback")
        task.add_done_callback(lambda _: self._is_over(held, task))

    def _stop(self, held: Held) -> None:
        task = self._works.pop(held, None)
        if task is not None:
            task.cancel()

    def _is_over(self, held: Held, task: asyncio.Task[None]) -> None:
        """Let go of a callback whose attempt is in the record."""
        if self._works.get(held) is task:
            del self._works[held]
        call = held.callback.id
        if held.state is CallState.ENDED and self._held.get(call) is held:
            del self._held[call]
            self._ends[call] = held.callback.epoch

    # What comes in from routers and desks

    async def take(self, call: CallId, offered: Offered) -> None:
        """Take a reservation up. Raises UnknownName, StaleToken, OutOfOrder."""
        held = self._find(call)
        if held.offered is not None and held.offered.token == offered.token:
            return
        if offered.token <= held.token:
            raise StaleToken("A newer reservation of this callback is known here.")
        is_hidden = is_quiet(self._hours, self._clock.now_ms())
        if held.state is not CallState.WAITING or held.offered is not None or is_hidden:
            raise OutOfOrder("This callback does not wait.")
        held.offered = offered
        try:
            await self._queues.take_up(call=call, adviser=offered.adviser, token=offered.token)
        except Refusal:
            held.offered = None
            raise
        except StateUnavailable:
            pass  # it rings all the same; the next report says so
        if self._held.get(call) is not held:
            raise UnknownName("This keeper does not have that callback any more.")
        held.state, held.token = CallState.RINGING, offered.token
        self._begin(held, self._conductor.conduct(held, offered))

    def again(self, call: CallId, adviser: AdviserId, token: Token, desk: DeskId) -> Held:
        """Speak to the desk that asks from now on; return how the callback stands.

        Raises UnknownName, StaleToken.
        """
        held, offered = self.offered_to(call, adviser, token)
        held.offered = replace(offered, desk=desk)
        return held

    def ring_left_ms(self, held: Held) -> int:
        """Return how much longer a callback rings; 0 if it does not."""
        if held.state is not CallState.RINGING:
            return 0
        return max(0, held.ring_until_ms - self._clock.monotonic_ms())

    def hear(self, call: CallId, adviser: AdviserId, token: Token, word: Word) -> None:
        """Take what the adviser does. Raises UnknownName, StaleToken, OutOfOrder, TooMany."""
        held, _ = self.offered_to(call, adviser, token)
        if held.state is CallState.RINGING and isinstance(word, Attempt):
            raise OutOfOrder("Take the callback before you say how it ended.")
        try:
            held.words.put_nowait(word)
        except asyncio.QueueFull as full:
            raise TooMany("That has been said already. Wait a moment.") from full

    def offered_to(self, call: CallId, adviser: AdviserId, token: Token) -> tuple[Held, Offered]:
        """Return what is offered to an adviser, or taken. Raises UnknownName, StaleToken."""
        held = self._find(call)
        offered = held.offered
        if offered is None or (offered.adviser, offered.token) != (adviser, token):
            raise StaleToken("This callback is not yours any more.")
        return held, offered

    def _find(self, call: CallId) -> Held:
        held = self._held.get(call)
        if held is None:
            raise UnknownName("This keeper does not have that callback.")
        return held
