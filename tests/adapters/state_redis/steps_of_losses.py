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
from tests.adapters.state_redis.centre import DESK, NORTH, PAYING, SOUTH, WELSH, Centre, Server
from tests.adapters.state_redis.ledger_of_waits import BOUND, Held, KeptCall, LedgerOfWaits
from tests.adapters.state_redis.seen_store import Looker

ALL_CALLS = tuple(CallId(f"call-{n}") for n in range(6))
ALL_ADVISERS = tuple(AdviserId(name) for name in ("ada", "bob", "eve"))
CALLS = st.sampled_from(ALL_CALLS)
ADVISERS = st.sampled_from(ALL_ADVISERS)
NODES = (NORTH, SOUTH)
QUEUES = (PAYING, WELSH)
NONCES = ("aaaa", "bbbb")
NAMESPACES = count(1)
THOROUGH = "thorough"
"""The profile in which many more steps are walked."""


def epoch(leg: int) -> LegEpoch:
    """Return the epoch of a call's n-th leg: two have the same count and differ by their nonce."""
    return LegEpoch(1 + leg // 2, NONCES[leg % 2])


class StepsOfLosses(RuleBasedStateMachine):
    """Two nodes with their calls and a desk with its advisers, any of which may be lost."""

    server: ClassVar[Server]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.state = self.new_state(f"steps{next(NAMESPACES)}")
        self.centre = Centre(self.state)
        self.looker = Looker(
            self.server.url,
            self.state.keys,
            queues=QUEUES,
            nodes=NODES,
            desk=DESK,
            calls=ALL_CALLS,
            advisers=ALL_ADVISERS,
        )
        self.kept = LedgerOfWaits()
        self.given: list[tuple[Held, RequestId]] = []
        self.time_max_ms = 0
        self.token_max = 0

    def new_state(self, namespace: str) -> RedisState:
        return RedisState(self.server.url, namespace=namespace, timeout_ms=5_000)

    def teardown(self) -> None:
        self.looker.close()
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
                kept.doubts = 0

    def report(self, call_and_kept: tuple[CallId, KeptCall]) -> CallReport:
        call, kept = call_and_kept
        return CallReport(
            call=call,
            queue=kept.queue,
            head_start_ms=kept.head_start_ms,
            enqueued_ms=kept.time_ms,
            epoch=epoch(kept.leg),
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
        leg = known.leg + (-1 if older else 1)
        node = NODES[leg % 2]
        report = self.report((call, known))
        is_talk = known.state == "talking"
        report = replace(
            report,
            epoch=epoch(leg),
            state="talking" if is_talk else "waiting",
            adviser=report.adviser if is_talk else None,
            token=Token(known.token),
        )
        reply = self.runner.run(self.state.report_calls(node, [report]))
        assert (reply.superseded, reply.closed) == ([call] * older, [])
        if not older:
            self.kept.resume(call, leg, node=node)

    @rule(call=CALLS, older=st.booleans())
    def presume_over(self, call: CallId, *, older: bool) -> None:
        known = self.kept.known(call)
        leg = (known.leg if known else 1) - older
        lost = LostCall(call=call, epoch=epoch(leg))
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
