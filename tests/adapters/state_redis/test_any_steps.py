"""Any steps in any order, each of them perhaps twice or too late, leave what the rules say.

For many more of them, never the same: pytest tests/adapters/state_redis/test_any_steps.py with
--hypothesis-profile=thorough.
"""
# ruff: noqa: D102 - a step's name says what it is

import os
from collections.abc import Coroutine, Sequence
from dataclasses import replace
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

from contactcentre.domain.errors import Refusal, StaleEpoch, StaleToken, StoreChanged
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import AdviserId, CallId, NodeId, QueueId, RequestId, Token
from contactcentre.domain.presence import AwayReason, Presence
from contactcentre.ports.state import CallReport, Reservation
from tests.adapters.state_redis.centre import PAYING, WELSH, Server
from tests.adapters.state_redis.compared import compare, compare_told
from tests.adapters.state_redis.ledger_of_waits import (
    BOUND,
    DOUBTS_MAX,
    Held,
    KeptAdviser,
)
from tests.adapters.state_redis.steps_of_losses import (
    ADVISERS,
    ALL_ADVISERS,
    ALL_CALLS,
    CALLS,
    NODES,
    QUEUES,
    THOROUGH,
    StepsOfLosses,
    epoch,
)

WHICH = st.integers(0, 30)
FIRST_LEG = 2
SERVED = ((PAYING, WELSH), (PAYING,), (WELSH,))


class AnySteps(StepsOfLosses):
    """Two queues, three advisers, six calls, and what should have become of them."""

    @initialize()
    def sign_in(self) -> None:
        self.runner.run(self.centre.open())
        for name, queues in zip(ALL_ADVISERS, SERVED, strict=True):
            self.runner.run(self.centre.ready(name, queues=queues))
            self.kept.advisers[name] = KeptAdviser(queues=queues)
        for n in range(4):
            self.let_join(ALL_CALLS[n], FIRST_LEG, QUEUES[n // 2], 0, NODES[n % 2])

    def let_join(
        self, call: CallId, leg: int, queue: QueueId, head_start_ms: int, node: NodeId
    ) -> None:
        is_new = self.kept.known(call) is None
        time_ms = self.runner.run(
            self.centre.call(
                call, queue=queue, head_start_ms=head_start_ms, epoch=epoch(leg), node=node
            )
        )
        if is_new:
            assert time_ms > self.time_max_ms, "times rise"
            self.time_max_ms = time_ms
        self.kept.join(
            call, leg, queue=queue, time_ms=time_ms, head_start_ms=head_start_ms, node=node
        )

    # Callers

    @rule(
        call=CALLS,
        queue=st.sampled_from([PAYING, PAYING, WELSH]),
        head_start_ms=st.sampled_from([0, 300_000]),
        more=st.sampled_from([-1, 0, 1]),
    )
    def join(self, call: CallId, queue: QueueId, head_start_ms: int, more: int) -> None:
        known = self.kept.known(call)
        leg = (known.leg if known else FIRST_LEG) + more
        node = known.node if known and more != 1 else NODES[leg % 2]
        refusal = self.kept.refusal_to_join(call, leg)
        if refusal is None:
            self.let_join(call, leg, queue, head_start_ms, node)
            return
        self.refused(self.centre.call(call, queue=queue, epoch=epoch(leg), node=node), refusal)

    @rule(call=CALLS, older=st.booleans())
    def hide(self, call: CallId, *, older: bool) -> None:
        known = self.kept.calls.get(call)
        leg = (known.leg if known else FIRST_LEG) - older
        hiding = self.state.hide(call=call, epoch=epoch(leg))
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
        leg = (known.leg if known else FIRST_LEG) - older
        ending = self.centre.end(call, epoch=epoch(leg))
        if known is not None and older:
            self.refused(ending, StaleEpoch)
            return
        self.runner.run(ending)
        self.kept.end(call)

    # Routers

    @rule(advisers=st.lists(ADVISERS, min_size=1, max_size=3))
    def match_advisers(self, advisers: Sequence[AdviserId]) -> None:
        request = self.centre.request()
        found = [*self.runner.run(self.state.match_advisers(advisers, request=request))]
        for adviser in advisers:
            best = self.kept.best(adviser) if adviser in self.kept.ready() else None
            its = found.pop(0) if found and found[0].adviser == adviser else None
            self.matched(its, request, best)
        assert not found, "each adviser at most once, in their order"

    @rule(queue=st.sampled_from(QUEUES))
    def match_queue(self, queue: QueueId) -> None:
        request = self.centre.request()
        found = self.runner.run(self.state.match_queue(queue, request=request))
        head = self.kept.order(queue)[:1] if self.kept.ready(queue) else []
        self.matched(found, request, head[0] if head else None)

    def matched(self, found: Reservation | None, request: RequestId, should: CallId | None) -> None:
        """Compare what was reserved with the call that should have been."""
        assert (found and found.call) == should, "the best head and nobody else"
        if found is None:
            return
        assert found.adviser in self.kept.ready(found.queue)
        assert found.token > self.token_max, "tokens rise"
        self.token_max = found.token
        held = Held(found.call, found.adviser, found.token)
        self.kept.reserve(held)
        self.given.append((held, request))

    @precondition(lambda self: self.given)
    @rule(which=WHICH)
    def ask_again(self, which: int) -> None:
        held, request = self.pick(which)
        found = self.runner.run(self.state.match_advisers([held.adviser], request=request))
        granted = {(one.call, one.token) for one, its in self.given if its == request}
        standing = {one for one in granted if one[1] in self.kept.reserved()}
        assert {(one.call, one.token) for one in found} == standing

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

    @precondition(lambda self: self.given)
    @rule(which=WHICH, queue=st.sampled_from(QUEUES), head_start_ms=st.sampled_from([0, 300_000]))
    def transfer(self, which: int, queue: QueueId, head_start_ms: int) -> None:
        held, _ = self.pick(which)
        self.runner.run(
            self.state.transfer(
                call=held.call,
                adviser=held.adviser,
                token=Token(held.token),
                queue=queue,
                head_start_ms=head_start_ms,
            )
        )
        self.kept.transfer(held, queue, head_start_ms)

    @rule()
    def report_calls(self) -> None:
        """Let a node report its calls as they are, unless one is reserved and it cannot know."""
        if any(one.state == "reserved" for one in self.kept.calls.values()):
            return
        self.both_nodes_report()

    @precondition(lambda self: self.kept.bound())
    @rule(which=WHICH, times=st.integers(1, DOUBTS_MAX))
    def say_what_has_crossed(self, which: int, times: int) -> None:
        """Let a node report that a call waits which has been held for an adviser meanwhile."""
        bound = self.kept.bound()
        call = bound[which % len(bound)]
        for _ in range(times):
            kept = self.kept.calls[call]
            said = replace(self.report((call, kept)), state="waiting", adviser=None)
            if kept.state in BOUND:
                self.report_stale(call, replace(said, token=Token(0)))
                self.kept.disbelieve(call)

    @precondition(lambda self: self.given)
    @rule(which=WHICH)
    def say_an_old_ring(self, which: int) -> None:
        """Let a node report a ring whose call has been held anew since."""
        held, _ = self.pick(which)
        kept = self.kept.calls.get(held.call)
        if kept is None or held.token >= kept.token or kept.doubts + 1 == DOUBTS_MAX:
            return
        said = replace(self.report((held.call, kept)), state="ringing", adviser=held.adviser)
        self.report_stale(held.call, replace(said, token=Token(held.token)))
        self.kept.disbelieve(held.call)

    def report_stale(self, call: CallId, said: CallReport) -> None:
        """Let a node say something of a call of its own that is not so any longer."""
        reply = self.runner.run(self.state.report_calls(self.kept.calls[call].node, [said]))
        assert (reply.superseded, reply.closed) == ([], []), "the leg is the newest"

    # Desks

    @rule(adviser=ADVISERS)
    def beat(self, adviser: AdviserId) -> None:
        """Let a desk report what it knows: all but a reservation that has not rung yet."""
        one = self.kept.advisers[adviser]
        if one.state is Presence.RESERVED:
            return
        standing = self.runner.run(
            self.centre.desk_says(
                adviser,
                one.state,
                reason=one.reason,
                call=one.call,
                token=one.token,
                queues=one.queues,
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
        self.runner.run(self.centre.ready(adviser, token=0, queues=one.queues))
        if not one.sent and one.state is not Presence.READY:
            one.go(Presence.READY)
        one.speak()
        one.is_seated = True

    @rule(adviser=ADVISERS, lunch=st.booleans(), queues=st.sampled_from(SERVED))
    def press(self, adviser: AdviserId, *, lunch: bool, queues: tuple[QueueId, ...]) -> None:
        """Let a person press Ready or go to lunch, by now perhaps moved to other queues."""
        one = self.kept.advisers[adviser]
        if one.state.value in BOUND:
            return
        presence = Presence.AWAY if lunch else Presence.READY
        reason = AwayReason.LUNCH if lunch else None
        self.runner.run(
            self.centre.desk_says(adviser, presence, reason=reason, token=one.token, queues=queues)
        )
        one.go(presence, reason)
        one.queues = queues
        one.speak()

    # The store is lost, and everyone reports again

    @rule(really=st.sampled_from([False, False, True]))
    def lose_the_store(self, *, really: bool) -> None:
        """Lose it now and then; more often, and nothing else would be left to happen."""
        if not really:
            return
        self.server.ask("FLUSHALL")
        self.server.ask("SCRIPT", "FLUSH")
        with pytest.raises(StoreChanged):
            self.runner.run(self.centre.match())
        self.runner.run(self.centre.open())
        for kept in self.kept.calls.values():
            if kept.state == "reserved":
                kept.wait()
                kept.token = 0
            kept.doubts = 0
        self.both_nodes_report()
        for name, one in self.kept.advisers.items():
            if one.state is Presence.RESERVED:
                one.go(Presence.READY)
            self.runner.run(
                self.centre.desk_says(
                    name,
                    one.state,
                    reason=one.reason,
                    call=one.call,
                    token=one.token,
                    queues=one.queues,
                )
            )
            one.sent = False
            one.speak()
        self.given.clear()
        # what had ended is known to nobody here any more
        self.kept.closed.clear()
        self.kept.presumed.clear()

    # What must be so at every moment

    @invariant()
    def everyone_stands_where_the_rules_say(self) -> None:
        compare(self.looker.look(), self.kept)

    @invariant()
    def no_adviser_has_two_calls(self) -> None:
        taken = [kept.adviser for kept in self.kept.calls.values() if kept.adviser is not None]
        assert len(taken) == len(set(taken))

    @rule()
    def ask_how_all_stands(self) -> None:
        """Let the ports tell what the keys have shown."""
        self.runner.run(compare_told(self.centre, self.kept))

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
    is_thorough = settings.get_current_profile_name() == THOROUGH
    run_state_machine_as_test(
        AnySteps,
        settings=settings(
            max_examples=3_000 if is_thorough else 110,
            stateful_step_count=80 if is_thorough else 45,
            derandomize="CI" in os.environ and not is_thorough,
            deadline=None,
            database=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
