"""Any steps in any order, each of them perhaps twice or too late, leave what the rules say."""
# ruff: noqa: D102 - a step's name says what it is

from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import Refusal, StaleEpoch, StaleToken, StoreChanged
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import AdviserId, CallId, NodeId, RequestId, Token
from contactcentre.domain.presence import AwayReason, Presence
from contactcentre.ports.state import Reservation
from tests.adapters.state_redis.centre import PAYING, Server
from tests.adapters.state_redis.ledger_of_waits import (
    BOUND,
    Held,
    KeptAdviser,
)
from tests.adapters.state_redis.steps_of_losses import ADVISERS, CALLS, NODES, NONCE, StepsOfLosses

WHICH = st.integers(0, 30)


class AnySteps(StepsOfLosses):
    """One queue, three advisers, six calls, and what should have become of them."""

    @initialize()
    def sign_in(self) -> None:
        self.runner.run(self.centre.open())
        for name in (AdviserId("ada"), AdviserId("bob"), AdviserId("eve")):
            self.runner.run(self.centre.ready(name))
            self.kept.advisers[name] = KeptAdviser()
        for n in range(4):
            self.join_anew(CallId(f"call-{n}"), NODES[n % 2])

    def join_anew(self, call: CallId, node: NodeId) -> None:
        time_ms = self.runner.run(self.centre.call(call, epoch=LegEpoch(1, NONCE), node=node))
        self.time_max_ms = time_ms
        self.kept.join(call, 1, time_ms=time_ms, head_start_ms=0, node=node)

    # Callers

    @rule(call=CALLS, head_start_ms=st.sampled_from([0, 300_000]), leg=st.sampled_from([-1, 0, 1]))
    def join(self, call: CallId, head_start_ms: int, leg: int) -> None:
        known = self.kept.known(call)
        leg_count = (known.count if known else 1) + leg
        node = known.node if known and leg != 1 else NODES[leg_count % 2]
        refusal = self.kept.refusal_to_join(call, leg_count)
        joining = self.centre.call(
            call, head_start_ms=head_start_ms, epoch=LegEpoch(leg_count, NONCE), node=node
        )
        if refusal is not None:
            self.refused(joining, refusal)
            return
        time_ms = self.runner.run(joining)
        if known is None:
            assert time_ms > self.time_max_ms, "times rise"
            self.time_max_ms = time_ms
        self.kept.join(call, leg_count, time_ms=time_ms, head_start_ms=head_start_ms, node=node)

    @rule(call=CALLS, older=st.booleans())
    def hide(self, call: CallId, *, older: bool) -> None:
        known = self.kept.calls.get(call)
        leg_count = (known.count if known else 1) - older
        hiding = self.state.hide(call=call, epoch=LegEpoch(leg_count, NONCE))
        if known is not None and older:
            self.refused(hiding, StaleEpoch)
            return
        self.runner.run(hiding)
        if known is not None and known.state == "waiting":
            known.wait("hidden")

    @rule(call=CALLS, older=st.sampled_from([True, False, False]), early=st.booleans())
    def end(self, call: CallId, *, older: bool, early: bool) -> None:
        """Let a call end, at times before it was heard of here at all."""
        known = self.kept.known(call)
        if known is None and not early:
            return
        leg_count = (known.count if known else 1) - older
        ending = self.centre.end(call, epoch=LegEpoch(leg_count, NONCE))
        if known is not None and older:
            self.refused(ending, StaleEpoch)
            return
        self.runner.run(ending)
        self.kept.end(call)

    # Routers

    @rule(adviser=ADVISERS)
    def match_adviser(self, adviser: AdviserId) -> None:
        request = self.centre.request()
        found = self.runner.run(self.state.match_adviser(adviser, request=request))
        should = adviser in self.kept.ready() and bool(self.kept.order())
        self.matched(found, request, should=should)
        assert found is None or found.adviser == adviser

    @rule()
    def match_queue(self) -> None:
        request = self.centre.request()
        found = self.runner.run(self.state.match_queue(PAYING, request=request))
        should = bool(self.kept.ready()) and bool(self.kept.order())
        self.matched(found, request, should=should)

    def matched(self, found: Reservation | None, request: RequestId, *, should: bool) -> None:
        assert (found is not None) == should
        if found is None:
            return
        assert found.call == self.kept.order()[0], "the head and nobody else"
        assert found.adviser in self.kept.ready()
        assert found.token > self.token_max, "tokens rise"
        self.token_max = found.token
        held = Held(found.call, found.adviser, found.token)
        self.kept.reserve(held)
        self.given.append((held, request))

    @precondition(lambda self: self.given)
    @rule(which=WHICH)
    def ask_again(self, which: int) -> None:
        held, request = self.pick(which)
        found = self.runner.run(self.state.match_adviser(held.adviser, request=request))
        assert (found is not None) == (held.token in self.kept.reserved())
        assert found is None or (found.call, found.token) == (held.call, held.token)

    # Nodes, perhaps with a reservation of long ago

    @precondition(lambda self: self.given)
    @rule(which=WHICH)
    def take_up(self, which: int) -> None:
        held, _ = self.pick(which)
        step = self.state.take_up(call=held.call, adviser=held.adviser, token=Token(held.token))
        if self.kept.stands(held):
            self.runner.run(step)
            self.kept.take_up(held)
        else:
            self.refused(step, StaleToken)

    @precondition(lambda self: self.given)
    @rule(which=WHICH)
    def answer(self, which: int) -> None:
        held, _ = self.pick(which)
        step = self.state.answer(call=held.call, adviser=held.adviser, token=Token(held.token))
        refusal = self.kept.refusal_to_answer(held)
        if refusal is None:
            self.runner.run(step)
            self.kept.answer(held)
        else:
            self.refused(step, refusal)

    @precondition(lambda self: self.given)
    @rule(which=WHICH, why=st.sampled_from(LapseReason))
    def give_back(self, which: int, why: LapseReason) -> None:
        held, _ = self.pick(which)
        self.runner.run(
            self.state.give_back(
                call=held.call, adviser=held.adviser, token=Token(held.token), why=why
            )
        )
        self.kept.give_back(held, why)

    @precondition(lambda self: self.given)
    @rule(which=WHICH)
    def return_to_queue(self, which: int) -> None:
        held, _ = self.pick(which)
        self.runner.run(
            self.state.return_to_queue(
                call=held.call, adviser=held.adviser, token=Token(held.token)
            )
        )
        self.kept.return_to_queue(held)

    @rule()
    def report_calls(self) -> None:
        """Let a node report its calls as they are, unless one is reserved and it cannot know."""
        if any(one.state == "reserved" for one in self.kept.calls.values()):
            return
        self.both_nodes_report()

    # Desks

    @rule(adviser=ADVISERS)
    def beat(self, adviser: AdviserId) -> None:
        """Let a desk report what it knows: all but a reservation that has not rung yet."""
        one = self.kept.advisers[adviser]
        if one.state is Presence.RESERVED:
            return
        standing = self.runner.run(
            self.centre.desk_says(
                adviser, one.state, reason=one.reason, call=one.call, token=one.token
            )
        )
        one.sent = False
        one.speak()
        assert standing.state is one.state

    @rule(adviser=ADVISERS)
    def late_beat(self, adviser: AdviserId) -> None:
        """Let a desk's word come in that left long ago, when the adviser was ready."""
        one = self.kept.advisers[adviser]
        if one.state.value in BOUND or one.token == 0:
            return
        self.runner.run(self.centre.ready(adviser, token=0))
        if not one.sent and one.state is not Presence.READY:
            one.go(Presence.READY)
        one.speak()
        one.is_seated = True

    @rule(adviser=ADVISERS, lunch=st.booleans())
    def press(self, adviser: AdviserId, *, lunch: bool) -> None:
        one = self.kept.advisers[adviser]
        if one.state.value in BOUND:
            return
        presence = Presence.AWAY if lunch else Presence.READY
        reason = AwayReason.LUNCH if lunch else None
        self.runner.run(self.centre.desk_says(adviser, presence, reason=reason, token=one.token))
        one.go(presence, reason)
        one.speak()

    # The store is lost, and everyone reports again

    @rule(really=st.sampled_from([False, False, True]))
    def lose_the_store(self, *, really: bool) -> None:
        """Lose it now and then; more often, and nothing else would be left to happen."""
        if not really:
            return
        self.runner.run(self.forget())
        with pytest.raises(StoreChanged):
            self.runner.run(self.centre.match())
        self.runner.run(self.centre.open())
        for kept in self.kept.calls.values():
            if kept.state == "reserved":
                kept.wait()
                kept.token = 0
        self.both_nodes_report()
        for name, one in self.kept.advisers.items():
            if one.state is Presence.RESERVED:
                one.go(Presence.READY)
            self.runner.run(
                self.centre.desk_says(
                    name, one.state, reason=one.reason, call=one.call, token=one.token
                )
            )
            one.sent = False
            one.speak()
        self.given.clear()
        # what had ended is known to nobody here any more
        self.kept.closed.clear()
        self.kept.presumed.clear()

    async def forget(self) -> None:
        for key in await self.state.client.ask("KEYS", f"{self.state.keys.namespace}:*"):
            await self.state.client.ask("DEL", key)

    # What must be so at every moment

    @invariant()
    def everyone_stands_where_the_rules_say(self) -> None:
        self.runner.run(self.compare())

    async def compare(self) -> None:
        assert await self.centre.order() == self.kept.order()
        waiting = await self.state.queues_waiting()
        assert waiting == [PAYING] * bool(self.kept.order())
        assert {one.token for one in await self.state.reservations()} == self.kept.reserved()
        assert set(await self.state.advisers_ready(count_max=9)) == self.kept.ready()
        ready_here = await self.state.client.ask("ZRANGE", self.state.keys.ready_in(PAYING), 0, -1)
        assert {name.decode() for name in ready_here} == self.kept.ready()
        for call, kept in self.kept.calls.items():
            key = self.state.keys.call(call)
            state, who = await self.state.client.ask("HMGET", key, "state", "adviser")
            assert (state.decode(), who and who.decode()) == (kept.state, kept.adviser)
            assert (await self.state.client.ask("HGET", key, "node")).decode() == kept.node
        await self.compare_lost()
        for name, standing in (await self.state.overview([])).advisers:
            one = self.kept.advisers[name]
            assert (standing.state, standing.reason) == (one.state, one.reason)
            assert (standing.call, standing.token) == (one.call, one.token)

    @invariant()
    def no_adviser_has_two_calls(self) -> None:
        taken = [kept.adviser for kept in self.kept.calls.values() if kept.adviser is not None]
        assert len(taken) == len(set(taken))

    # Small change

    def pick(self, which: int) -> tuple[Held, RequestId]:
        """Return one of the reservations that were given, rather a late one."""
        return self.given[-1 - which % len(self.given)]

    def refused(self, step: Coroutine[Any, Any, Any], refusal: type[Refusal]) -> None:
        """Let a step be refused."""
        with pytest.raises(refusal):
            self.runner.run(step)


def test_any_steps_in_any_order_leave_what_the_rules_say(server: Server) -> None:
    AnySteps.server = server
    run_state_machine_as_test(
        AnySteps,
        settings=settings(
            max_examples=60,
            stateful_step_count=40,
            deadline=None,
            database=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
