"""Safeguards that are missed by nobody but simulated callers and advisers."""

from tests.safeguard import STATE, Ablation

SIMULATED = (
    Ablation(
        name="node reports off, simulated",
        files=["contactcentre/apps/node_calls.py"],
        line="async for part in spread(calls, self._tools.clock):",
        instead="async for part in spread(calls[:0], self._tools.clock):",
        tests=[("tests/simulation/test_world.py", "test_nobody_is_lost_in_any_scenario")],
    ),
    Ablation(
        name="epochs off, simulated",
        files=[f"{STATE}/lua/correct_calls.lua"],
        line="if has < had or (has == had and nonce < old_nonce) then",
        instead="if false then",
        tests=[
            (
                "tests/simulation/test_world.py",
                "test_nobody_is_lost_under_faults_stacked_by_chance",
            ),
        ],
    ),
    Ablation(
        name="barrier off, simulated",
        files=[f"{STATE}/lua/match_queue.lua", f"{STATE}/lua/match_advisers.lua"],
        line="if redis.call('GET', opened) ~= store then return {'changed'} end",
        instead="",
        tests=[("tests/simulation/test_world.py", "test_nobody_is_lost_in_any_scenario")],
    ),
    Ablation(
        name="recording before it is announced, simulated",
        files=["contactcentre/apps/talk_recording.py"],
        line="if self._terms is None or self._legs is None or not self.is_announced:",
        instead="if self._terms is None or self._legs is None:",
        tests=[
            (
                "tests/simulation/test_world.py",
                "test_nobody_is_lost_under_faults_stacked_by_chance",
            ),
        ],
    ),
    Ablation(
        name="pauses of recordings off, simulated",
        files=["contactcentre/apps/talk_recording.py"],
        line="self._terms.deck.pause_recording(self._tape, on=on)",
        instead="pass",
        tests=[
            (
                "tests/simulation/test_world.py",
                "test_nobody_is_lost_under_faults_stacked_by_chance",
            ),
        ],
    ),
    Ablation(
        name="listening before it is written down, simulated",
        files=["contactcentre/apps/supervising.py"],
        line="if seq == seq_before or not await self._is_durable(seq):",
        instead="if seq == seq_before:",
        tests=[
            (
                "tests/simulation/test_world.py",
                "test_nobody_is_lost_under_faults_stacked_by_chance",
            ),
        ],
    ),
    Ablation(
        name="orders of texts off, simulated",
        files=["contactcentre/apps/conversation.py"],
        line="order=call.version + 1 if had is None else had,",
        instead="order=call.version + 1,",
        tests=[
            (
                "tests/simulation/test_world.py",
                "test_nobody_is_lost_under_faults_stacked_by_chance",
            ),
        ],
    ),
    Ablation(
        name="booked told before it is durable, simulated",
        files=["contactcentre/journey/booking.py"],
        line="is_booked = await self._promises.book(booking, slot_max=slot_max)",
        instead="is_booked = True",
        tests=[("tests/simulation/test_world.py", "test_nobody_is_lost_in_any_scenario")],
    ),
    Ablation(
        name="a keeper's callbacks are everybody's, simulated",
        files=["contactcentre/domain/silences.py"],
        line="if at_ms - since_ms >= self._lost_after_ms",
        instead="if at_ms >= since_ms",
        tests=[
            (
                "tests/simulation/test_world.py",
                "test_nobody_is_lost_under_faults_stacked_by_chance",
            ),
        ],
    ),
)
"""The same once more, seen by nobody but simulated callers and advisers."""
