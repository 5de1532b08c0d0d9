"""Losses among any steps: nodes and desks are lost, and what they held comes back or does not."""
# ruff: noqa: D102 - a step's name says what it is

import asyncio
from dataclasses import replace
from itertools import count
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.ids import AdviserId, CallId, NodeId, RequestId, Token
from contactcentre.domain.presence import Presence
from contactcentre.ports.state import CallReport, LostAdviser, LostCall
from tests.adapters.state_redis.centre import DESK, NORTH, PAYING, SOUTH, Centre, Server
from tests.adapters.state_redis.ledger_of_waits import BOUND, Held, KeptCall, LedgerOfWaits

CALLS = st.sampled_from([CallId(f"call-{n}") for n in range(6)])
ADVISERS = st.sampled_from([AdviserId(name) for name in ("ada", "bob", "eve")])
NODES = (NORTH, SOUTH)
NONCE = "aaaa"
NAMESPACES = count(1)


class StepsOfLosses(RuleBasedStateMachine):
    """Two nodes with their calls and a desk with its advisers, any of which may be lost."""

    server: ClassVar[Server]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.state = self.new_state(f"steps{next(NAMESPACES)}")
        self.centre = Centre(self.state)
        self.kept = LedgerOfWaits()
        self.given: list[tuple[Held, RequestId]] = []
        self.time_max_ms = 0
        self.token_max = 0

    def new_state(self, namespace: str) -> RedisState:
        return RedisState(self.server.url, namespace=namespace, timeout_ms=5_000)

    def teardown(self) -> None:
        self.runner.run(self.state.close())
        self.runner.close()

    def both_nodes_report(self) -> None:
        for node in NODES:
            calls = {call: kept for call, kept in self.kept.calls.items() if kept.node == node}
            reply = self.runner.run(
                self.centre.node_says(*map(self.report, calls.items()), node=node)
            )
            assert (reply.superseded, reply.closed) == ([], [])
            for kept in calls.values():
                kept.be_held(node)

    def report(self, call_and_kept: tuple[CallId, KeptCall]) -> CallReport:
        call, kept = call_and_kept
        return CallReport(
            call=call,
            queue=PAYING,
            head_start_ms=kept.head_start_ms,
            enqueued_ms=kept.time_ms,
            epoch=LegEpoch(kept.count, NONCE),
            state="waiting" if kept.state == "reserved" else kept.state,
            adviser=None if kept.state == "reserved" else kept.adviser,
            token=Token(0 if kept.state == "reserved" else kept.token),
        )

    # A node is lost, and its calls come back elsewhere or not at all

    @rule(node=st.sampled_from(NODES), is_known=st.booleans())
    def lose_node(self, node: NodeId, *, is_known: bool) -> None:
        if is_known:
            self.runner.run(self.centre.node_beats(node, beat=7))
            assert self.runner.run(self.state.lose_calls(node, beat=6)) == 0
        count = self.runner.run(self.state.lose_calls(node, beat=7 if is_known else None))
        assert count == len(self.kept.held_by(node))
        self.kept.lose_node(node)

    @rule(call=CALLS, older=st.sampled_from([True, False, False]))
    def resume(self, call: CallId, *, older: bool) -> None:
        """Let a call come back on another node, or a node that was away speak of it."""
        known = self.kept.known(call)
        if known is None:
            return
        leg_count = known.count + (-1 if older else 1)
        node = NODES[leg_count % 2]
        report = self.report((call, known))
        is_talk = known.state == "talking"
        report = replace(
            report,
            epoch=LegEpoch(leg_count, NONCE),
            state="talking" if is_talk else "waiting",
            adviser=report.adviser if is_talk else None,
            token=Token(known.token),
        )
        reply = self.runner.run(self.state.report_calls(node, [report]))
        assert (reply.superseded, reply.closed) == ([call] * older, [])
        if not older:
            self.kept.resume(call, leg_count, node=node)

    @rule(call=CALLS, older=st.booleans())
    def presume_over(self, call: CallId, *, older: bool) -> None:
        known = self.kept.known(call)
        leg_count = (known.count if known else 1) - older
        lost = LostCall(call=call, epoch=LegEpoch(leg_count, NONCE))
        is_over = known is not None and known.is_lost and not older
        assert self.runner.run(self.state.close_lost(lost)) == is_over
        if is_over:
            self.kept.presume_over(call)

    @rule(is_known=st.booleans())
    def lose_desk(self, *, is_known: bool) -> None:
        self.runner.run(self.centre.desk_beats(beat=7))
        count = self.runner.run(self.state.lose_advisers(DESK, beat=7 if is_known else 6))
        seated = [one for one in self.kept.advisers.values() if one.is_seated] if is_known else []
        assert count == len(seated)
        for one in seated:
            one.is_seated, one.is_lost = False, True

    @rule(adviser=ADVISERS, beat=st.sampled_from([1, 1, 2]))
    def sign_off(self, adviser: AdviserId, beat: int) -> None:
        one = self.kept.advisers[adviser]
        is_off = one.is_lost and beat == 1 and one.state.value not in BOUND
        lost = LostAdviser(adviser=adviser, beat=beat)
        assert self.runner.run(self.state.sign_off(lost)) == is_off
        if is_off:
            one.go(Presence.OFFLINE, sent=one.sent)
            one.is_lost = False

    async def compare_lost(self) -> None:
        calls, advisers = self.kept.calls.items(), self.kept.advisers.items()
        lost = {one.call: one.epoch.count for one in await self.state.lost_calls()}
        assert lost == {call: kept.count for call, kept in calls if kept.is_lost}
        lost_advisers = {one.adviser for one in await self.state.lost_advisers()}
        assert lost_advisers == {name for name, one in advisers if one.is_lost}
        for node in NODES:
            held = await self.state.client.ask("SMEMBERS", self.state.keys.holds(node))
            assert {call.decode() for call in held} == self.kept.held_by(node)
        seated = await self.state.client.ask("SMEMBERS", self.state.keys.seats(DESK))
        assert {name.decode() for name in seated} == {
            name for name, one in advisers if one.is_seated
        }
