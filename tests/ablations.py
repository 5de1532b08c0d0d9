"""Takes one safeguard away at a time, in a copy of the tree, and sees the tests go red.

    python -m tests.ablations [name ...]

Each ablation is one line of code that is replaced, and the tests that must not pass without it. One
JSON line each; the command fails if one of them stays green, as then a test is missing.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
WITHIN_S = 300.0
STATE = "contactcentre/adapters/state_redis"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ablation:
    """One safeguard, and what goes wrong without it."""

    name: str
    files: Sequence[str]
    line: str
    instead: str
    tests: Sequence[tuple[str, str]]
    """Each as its file and its name."""


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
        line="if self._needs_majority and not self._sees_majority:",
        instead="if False:",
        tests=[
            (
                "tests/adapters/state_redis/test_sentinel.py",
                "test_who_needs_a_majority_runs_nothing_while_most_sentinels_are_out_of_reach",
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
        files=["contactcentre/apps/node_call.py"],
        line="await self._tools.spool.on_disk()",
        instead="pass",
        tests=[
            (
                "tests/apps/test_moving.py",
                "test_an_end_is_on_the_disk_before_the_live_state_hears_of_it",
            ),
        ],
    ),
)


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
)
"""The same once more, seen by nobody but simulated callers and advisers."""


def run(ablation: Ablation) -> bool:
    """Return whether the tests go red without the safeguard."""
    with TemporaryDirectory(prefix="contactcentre-ablation-") as folder:
        # as root the PostgreSQL of a test runs as somebody else, who must come through here
        Path(folder).chmod(0o755)
        tree = Path(folder) / "tree"
        _copy(tree)
        for file in ablation.files:
            _replace(tree / file, ablation)
        tests = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
        said = subprocess.run(
            [*tests, *map("::".join, ablation.tests)],
            cwd=tree,
            env={**os.environ, "PYTHONPATH": str(tree)},
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )
    if said.returncode not in (0, 1):
        raise SystemExit(f"{ablation.name}: the tests did not run\n{said.stdout}{said.stderr}")
    last = said.stdout.strip().splitlines()[-1]
    is_red = said.returncode == 1 and "failed" in last
    _say(ablation=ablation.name, red=is_red, tests=last)
    return is_red


def _replace(path: Path, ablation: Ablation) -> None:
    """Take the safeguard out of a file, in which it stands once."""
    source = path.read_text(encoding="utf-8")
    if source.count(ablation.line) != 1:
        raise SystemExit(f"{ablation.name}: {path.name} has not that line once: {ablation.line}")
    path.write_text(source.replace(ablation.line, ablation.instead), encoding="utf-8")


def _copy(tree: Path) -> None:
    """Copy what is ours: every file that git knows or would take."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - as a developer calls it
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(lambda name: (ROOT / name).is_file(), listed.stdout.splitlines()):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, tree / name)


def _say(**said: object) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def main(names: Sequence[str]) -> int:
    """Run the ablations that are named, or all; return how many stayed green."""
    every = (*ABLATIONS, *SIMULATED)
    unknown = set(names) - {one.name for one in every}
    if unknown:
        raise SystemExit(f"There is no ablation called {', '.join(sorted(unknown))}.")
    chosen = [one for one in every if not names or one.name in names]
    return sum(not run(one) for one in chosen)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
