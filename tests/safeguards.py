"""The safeguards that are taken away one at a time, and the tests that must miss them."""

from tests.safeguard import STATE, Ablation

ABLATIONS = (
    Ablation(
        name="node reports off",
        files=["contactcentre/apps/node_calls.py"],
        line="async for part in spread(calls, self._tools.clock):",
        instead="async for part in spread(calls[:0], self._tools.clock):",
        tests=[
            (
                "tests/apps/test_store_lost.py",
                "test_an_emptied_store_knows_every_caller_again_within_two_beats",
            ),
        ],
    ),
    Ablation(
        name="listening before it is written down",
        files=["contactcentre/apps/supervising.py"],
        line="if seq == seq_before or not await self._is_durable(seq):",
        instead="if seq == seq_before:",
        tests=[
            (
                "tests/apps/test_supervising.py",
                "test_nobody_listens_while_the_record_is_away",
            ),
        ],
    ),
    Ablation(
        name="reaper off",
        files=["contactcentre/journey/rescue.py"],
        line="await _in_chunks(lambda: self._queues.lose_calls(node, beat=beat))",
        instead="0",
        tests=[
            (
                "tests/apps/test_router.py",
                "test_the_callers_of_a_silent_node_keep_their_rank_and_hold_nobody_up",
            ),
        ],
    ),
    Ablation(
        name="token check off at the node",
        files=["contactcentre/apps/node_call.py"],
        line="if offered.token <= self._call.token:",
        instead="if offered.token < 0:",
        tests=[
            (
                "tests/apps/test_store_lost.py",
                "test_an_offer_from_the_past_rings_nobody_also_while_the_store_cannot_say_so",
            ),
        ],
    ),
    Ablation(
        name="epochs off",
        files=[f"{STATE}/lua/correct_calls.lua"],
        line="if has < had or (has == had and nonce < old_nonce) then",
        instead="if false then",
        tests=[
            (
                "tests/adapters/state_redis/test_node_losses.py",
                "test_the_word_of_a_leg_that_was_overtaken_changes_nothing",
            ),
        ],
    ),
    Ablation(
        name="retries of redis-py",
        files=[f"{STATE}/client.py"],
        line="await connection.send_command(*command)",
        instead=(
            "like = ('port', 'username', 'password', 'protocol')\n"
            "                said = {one: pool.connection_kwargs.get(one) for one in like}\n"
            "                async with Redis(**said) as its_own:\n"
            "                    return await its_own.execute_command(*command)"
        ),
        tests=[
            (
                "tests/adapters/state_redis/test_client.py",
                "test_a_step_whose_connection_is_cut_is_not_tried_again",
            ),
        ],
    ),
    Ablation(
        name="a step tried again",
        files=[f"{STATE}/scripts.py"],
        line="reply = await self._client.ask(*command)",
        instead=(
            "reply = await self._client.ask(*command)\n"
            "        except StateUnavailable:\n"
            "            reply = await self._client.ask(*command)"
        ),
        tests=[
            (
                "tests/adapters/state_redis/test_client.py",
                "test_a_step_is_tried_once_and_never_again_by_itself",
            ),
            (
                "tests/adapters/state_redis/test_client.py",
                "test_a_step_whose_connection_is_cut_is_not_tried_again",
            ),
        ],
    ),
    Ablation(
        name="DO NOTHING in the upsert",
        files=["contactcentre/adapters/ledger_postgres/statements.py"],
        line='WRITE_CALLS = _read("write_calls")',
        instead='WRITE_CALLS = _read("write_calls").split("ON CONF")[0] + "ON CONFLICT DO NOTHING"',
        tests=[
            (
                "tests/adapters/ledger_postgres/test_ledger.py",
                "test_a_repeat_is_written_again_so_that_it_waits_for_the_standby",
            ),
        ],
    ),
    Ablation(
        name="barrier off",
        files=[f"{STATE}/lua/match_queue.lua", f"{STATE}/lua/match_advisers.lua"],
        line="if redis.call('GET', opened) ~= store then return {'changed'} end",
        instead="",
        tests=[
            (
                "tests/apps/test_router.py",
                "test_an_emptied_store_is_matched_on_only_when_every_node_has_reported",
            ),
        ],
    ),
    Ablation(
        name="majority off",
        files=[f"{STATE}/client.py"],
        line="if self._needs_majority and not self.sees_majority:",
        instead="if False:",
        tests=[
            (
                "tests/adapters/state_redis/test_majority.py",
                "test_who_needs_a_majority_runs_nothing_while_most_sentinels_are_out_of_reach",
            ),
        ],
    ),
    Ablation(
        name="nodes not heard again",
        files=["contactcentre/journey/rescue.py"],
        line="if not self._regained.is_over(at_ms=at_ms):",
        instead="if False:",
        tests=[
            (
                "tests/journey/test_regained.py",
                "test_nodes_that_were_cut_off_as_well_are_heard_before_anybody_is_matched",
            ),
        ],
    ),
    Ablation(
        name="a slow line is an outage",
        files=["contactcentre/domain/line.py"],
        line="return max(self._timeout_s, min(ROUND_TRIPS * self._round_trip_s, self.most_s))",
        instead="return self._timeout_s",
        tests=[
            (
                "tests/adapters/state_redis/test_line.py",
                "test_steps_succeed_on_a_line_as_slow_as_a_step_may_be_also_on_new_connections",
            ),
        ],
    ),
    Ablation(
        name="an offer over a slow line has no more time",
        files=["contactcentre/domain/take_up.py"],
        line="return min(round(line.whole_s * 1_000), OFFER_MOST_MS)",
        instead="return OFFER_WITHIN_MS",
        tests=[
            (
                "tests/journey/test_offers.py",
                "test_an_offer_has_more_time_once_its_node_has_been_slow_to_answer",
            ),
        ],
    ),
    Ablation(
        name="deaf legs kept",
        files=["contactcentre/apps/caller_part.py"],
        line="if self.is_silent and self._browser is None and not self.is_chat:",
        instead="if False:",
        tests=[
            (
                "tests/apps/test_deaf_legs.py",
                "test_a_caller_of_whom_neither_sound_nor_socket_is_heard_is_let_go",
            ),
        ],
    ),
    Ablation(
        name="evacuation off",
        files=["contactcentre/apps/node_calls.py"],
        line="for call in self._to_hand_over(spare_talks=True) if is_left() else ():",
        instead="for call in ():",
        tests=[
            (
                "tests/apps/test_moving.py",
                "test_a_caller_at_a_site_that_is_cut_off_is_sent_to_another_one_and_a_talk_stays",
            ),
        ],
    ),
    Ablation(
        name="pace off",
        files=["contactcentre/journey/matching.py"],
        line="if self._pace.allows(at_ms=self._clock.monotonic_ms()) and self._brake.allows():",
        instead="if self._brake.allows():",
        tests=[
            (
                "tests/journey/test_matching.py",
                "test_after_a_loss_the_callers_who_have_waited_are_not_matched_all_at_once",
            ),
        ],
    ),
    Ablation(
        name="race off",
        files=["contactcentre/adapters/ledger_postgres/servers.py"],
        line="if len(self._servers) > 1:",
        instead="if False:",
        tests=[
            (
                "tests/adapters/ledger_postgres/test_two_sites.py",
                "test_a_server_that_is_silent_delays_nobody",
            ),
        ],
    ),
    Ablation(
        name="timeline off",
        files=["contactcentre/adapters/ledger_postgres/servers.py"],
        line="self._timeline, self._term = link.timeline, self._term + 1",
        instead="self._term += 1",
        tests=[
            (
                "tests/adapters/ledger_postgres/test_two_sites.py",
                "test_a_former_primary_that_does_not_know_is_left_alone",
            ),
        ],
    ),
    Ablation(
        name="old connections kept",
        files=["contactcentre/adapters/ledger_postgres/servers.py"],
        line="return link.term == self._term",
        instead="return True",
        tests=[
            (
                "tests/adapters/ledger_postgres/test_two_sites.py",
                "test_a_former_primary_that_does_not_know_is_left_alone",
            ),
        ],
    ),
    Ablation(
        name="doubt off",
        files=["contactcentre/adapters/ledger_postgres/servers.py"],
        line="self._doubted.add(link.server)",
        instead="pass",
        tests=[
            (
                "tests/adapters/ledger_postgres/test_two_sites.py",
                "test_whoever_meets_a_former_primary_first_goes_on_to_the_new_one",
            ),
        ],
    ),
    Ablation(
        name="ends told before they are kept",
        files=["contactcentre/apps/call_bounds.py"],
        line="await tools.spool.on_disk()",
        instead="pass",
        tests=[
            (
                "tests/apps/test_moving.py",
                "test_an_end_is_on_the_disk_before_the_live_state_hears_of_it",
            ),
        ],
    ),
    Ablation(
        name="a second number for one attempt",
        files=["contactcentre/journey/dialling_back.py"],
        line="    if known.is_made:",
        instead="    if False:",
        tests=[
            (
                "tests/journey/test_dialling_back.py",
                "test_a_number_that_has_rung_is_rung_again_only_for_whoever_takes_it_next",
            ),
        ],
    ),
    Ablation(
        name="a caller rings on for an adviser who has gone",
        files=["contactcentre/apps/callback_dial.py"],
        line="            self._acted(AdviserLost())",
        instead="            pass",
        tests=[
            (
                "tests/apps/test_callback_dial.py",
                "test_an_adviser_who_hangs_up_or_is_lost_while_it_rings_rings_nobody_any_longer",
            ),
        ],
    ),
    Ablation(
        name="a keeper takes an answered call from its node",
        files=["contactcentre/journey/keeping.py"],
        line="if callback.id not in called:",
        instead="if callback.id:",
        tests=[
            (
                "tests/apps/test_callback_dial.py",
                "test_a_keeper_leaves_a_callback_that_is_a_call_by_now_to_its_node",
            ),
        ],
    ),
    Ablation(
        name="a pause is what the caller's page knows of it",
        files=["contactcentre/apps/call_room.py"],
        line="if part.recording_seen is not None and self._state in TALKS:",
        instead="if part is None:",
        tests=[
            (
                "tests/apps/test_recorded_talk.py",
                "test_a_pause_of_which_the_callers_page_knows_nothing_goes_on_where_the_talk_does",
            ),
        ],
    ),
)
