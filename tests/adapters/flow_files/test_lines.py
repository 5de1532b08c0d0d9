"""Lines are read as they are written, and every slip is one sentence with its place."""

from pathlib import Path

import pytest

from contactcentre.adapters.flow_files.lines import lint_line, load_calls, load_line, load_lines
from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.errors import BrokenFlow
from contactcentre.domain.ids import LineId
from contactcentre.domain.ivr.flow import (
    DeflectStep,
    HangUpStep,
    MenuStep,
    PlayStep,
    QueueStep,
)
from contactcentre.domain.languages import Language

BINS = LineId("bins")


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} must stand in {path.name} exactly once"
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_line_is_read_whole(flows: Path) -> None:
    line = load_line(flows, BINS)
    assert line.titles == {Language.ENGLISH: "Bins", Language.WELSH: "Biniau"}
    assert [outcome.code for outcome in (*line.outcomes, *line.flow_outcomes)] == [
        "answered",
        "told",
    ]
    assert [type(step) for step in line.flow.steps.values()] == [
        PlayStep,
        MenuStep,
        DeflectStep,
        QueueStep,
        QueueStep,
        HangUpStep,
    ]


def test_a_line_has_a_queue_for_every_need_and_language(flows: Path) -> None:
    assert [(queue.id, queue.service_class) for queue in load_line(flows, BINS).queues] == [
        ("bins.bins.en", ServiceClass.P2),
        ("bins.bins.cy", ServiceClass.P2),
        ("bins.support.en", ServiceClass.P0),
        ("bins.support.cy", ServiceClass.P0),
    ]


def test_a_queue_says_how_many_callbacks_it_promises_or_offers_none(flows: Path) -> None:
    quota = "service_class: P2\n    callbacks_per_half_hour: 12"
    rewrite(flows / "lines/bins/flow.yaml", "service_class: P2", quota)
    assert [queue.callbacks_max for queue in load_line(flows, BINS).queues] == [12, 12, None, None]


def test_a_queue_says_from_when_on_it_asks_each_level_or_asks_all_at_once(flows: Path) -> None:
    rewrite(
        flows / "lines/bins/flow.yaml",
        "service_class: P2",
        "service_class: P2\n    levels_after_s: [0, 20, 60]",
    )
    assert [
        (queue.levels_after_ms, queue.widest_ms) for queue in load_line(flows, BINS).queues
    ] == [
        ((0, 20_000, 60_000), 60_000),
        ((0, 20_000, 60_000), 60_000),
        (None, 0),
        (None, 0),
    ]


def test_all_lines_of_a_folder_are_read(flows: Path) -> None:
    assert list(load_lines(flows)) == ["bins"]


def test_what_looks_like_a_number_or_a_no_is_text(flows: Path) -> None:
    rewrite(flows / "lines/bins/outcomes.yaml", "en-GB: Answered", "en-GB: no")
    rewrite(flows / "lines/bins/outcomes.yaml", "en-GB: Told", "en-GB: 0300")
    line = load_line(flows, BINS)
    assert line.outcomes[0].titles[Language.ENGLISH] == "no"
    assert line.flow_outcomes[0].titles[Language.ENGLISH] == "0300"


def test_example_calls_are_read(flows: Path) -> None:
    assert [call.keys for call in load_calls(flows, BINS)] == [("1", "2"), 3 * ("silence",)]


def test_a_line_in_order_has_no_findings(flows: Path) -> None:
    assert lint_line(flows, BINS, durations_ms=None) == ()


def test_an_example_that_leads_elsewhere_is_told_for_each_language_and_each_caller(
    flows: Path,
) -> None:
    rewrite(flows / "lines/bins/calls.yaml", 'keys: ["1", "2"]', 'keys: ["1", "1"]')
    findings = [str(finding) for finding in lint_line(flows, BINS, durations_ms=None)]
    assert len(findings) == 4
    assert findings[0].endswith(
        "lines/bins/calls.yaml:1:3: a caller who declines the link still reaches a person: in"
        " en-GB, who hears everything reaches `bye`, not `person`; mend the flow or the example."
    )


def test_the_linter_tells_all_findings_and_the_loader_refuses_with_the_first(flows: Path) -> None:
    flow = flows / "lines/bins/flow.yaml"
    rewrite(flow, "silence: person", "silence: persno")
    rewrite(flow, "declined: person", "declined: persno")
    nowhere = "leads to `persno`, which is no step; write that step or another."
    findings = [str(finding) for finding in lint_line(flows, BINS, durations_ms=None)]
    assert findings == [
        f"{flow}:15:3: `reason` {nowhere} [route-to-nowhere]",
        f"{flow}:21:3: `link` {nowhere} [route-to-nowhere]",
    ]
    with pytest.raises(BrokenFlow) as refused:
        load_line(flows, BINS)
    assert f"{refused.value} [route-to-nowhere]" == findings[0]


BROKEN_FLOWS = {
    "an unknown step kind": (
        ("do: menu", "do: meun"),
        (
            "15:3: `do: meun` is unknown; write one of play, menu, deflect, text, queue, hang_up,"
            " closed."
        ),
    ),
    "a step that does not say what it does": (
        ("    do: menu\n", ""),
        "15:3: `reason` does not say what it does; add `do:`.",
    ),
    "a missing field": (
        ("    silence: person\n", ""),
        "15:3: `silence:` is missing; add it.",
    ),
    "a missing queue of a queue step": (
        ("{do: queue, queue: bins}", "{do: queue}"),
        "29:3: `queue:` is missing; add it.",
    ),
    "a misspelt field": (
        ("    service: missed_bin", "    servise: missed_bin"),
        "23:5: `servise` has no meaning here; take it out or look at its spelling.",
    ),
    "a field of another step": (
        ("{do: queue, queue: support}", "{do: queue, queue: support, next: bye}"),
        "30:40: `next` has no meaning here; take it out or look at its spelling.",
    ),
    "an empty value": (
        ("start: welcome", "start:"),
        (
            "4:1: `` cannot stand at `start`; a name is lower-case letters, digits, _ and -,"
            " beginning with a letter."
        ),
    ),
    "a key that is taken": (
        ('"2": person', '"0": person'),
        (
            "18:21: `0` cannot stand at `0`; a menu's keys are 1 to 8; 0 is extra support and 9 the"
            " other language."
        ),
    ),
    "a key that stands twice": (
        ('"2": person', '"1": person'),
        "18:21: `1` stands here a second time; keep one of them.",
    ),
    "a step that stands twice": (
        ("  bye: {do", "  link: {do: queue, queue: bins}\n  bye: {do"),
        "31:3: `link` stands here a second time; keep one of them.",
    ),
    "an empty key": (
        ('"2": person', '"": person'),
        "18:21: a key is empty; give it a name before the colon.",
    ),
    "a key that is a list": (
        ('"2": person', "[2]: person"),
        "18:21: a key is empty; give it a name before the colon.",
    ),
    "a list where one text belongs": (
        ("next: reason", "next: [reason]"),
        "14:43: `next` wants one text, not a list or a mapping.",
    ),
    "one text where a list belongs": (
        ("prompts: [choose_paying]", "prompts: choose_paying"),
        "17:5: `prompts` wants a list, as in [one, two].",
    ),
    "an empty list": (
        ("prompts: [choose_paying]", "prompts: []"),
        "17:5: `prompts` is empty; put something into it.",
    ),
    "one text where names with values belong": (
        ('keys: {1: link, "2": person}', "keys: link"),
        "18:5: `keys` wants names with values, as in `name: value`.",
    ),
    "a step without anything": (
        ("person: {do: queue, queue: bins}", "person:"),
        "29:3: `person` wants names with values, as in `name: value`.",
    ),
    "an unknown language": (
        ("languages: [en-GB, cy]", "languages: [en-GB, fr]"),
        "3:20: `fr` cannot stand at `languages`; write en-GB or cy.",
    ),
    "an unknown service class": (
        ("service_class: P2", "service_class: P9"),
        "8:5: `P9` cannot stand at `service_class`; write P0, P1, P2, P3 or P4.",
    ),
    "a waiting time that is no number": (
        ("service_class: P2", "service_class: P2\n    levels_after_s: [0, 20s, 60]"),
        "9:25: `20s` cannot stand at `levels_after_s`; write whole seconds, 0 to 3600.",
    ),
    "a bound that is none": (
        (
            "service_class: P2",
            "service_class: P2\n    overflow: {to: {queue: bins}, waiting: many}",
        ),
        "9:35: `many` cannot stand at `waiting`; write a whole number, 1 to 9999.",
    ),
    "a quota of callbacks that is none": (
        ("service_class: P2", "service_class: P2\n    callbacks_per_half_hour: 0"),
        "9:5: `0` cannot stand at `callbacks_per_half_hour`; write a whole number, 1 to 9999.",
    ),
    "a fourth level": (
        ("service_class: P2", "service_class: P2\n    levels_after_s: [0, 20, 60, 90]"),
        "9:5: `levels_after_s` has 4 entries; 3 are the most.",
    ),
    "a level that is asked before the one above it": (
        ("service_class: P2", "service_class: P2\n    levels_after_s: [0, 60, 20]"),
        ("9:5: a level cannot be asked before the one above it; write times that do not fall."),
    ),
    "a title that one language lacks": (
        ("titles: {en-GB: Extra support, cy: Cymorth ychwanegol}", "titles: {en-GB: Help}"),
        "12:5: there is no `cy:` here; add it.",
    ),
    "a line that is called unlike its folder": (
        ("line: bins", "line: binns"),
        "1:1: the folder is called `bins`; call the line so too.",
    ),
    "an outcome that nobody knows": (
        ("outcome: told", "outcome: tolled"),
        "31:42: `tolled` is no outcome; add it under `flow:` in outcomes.yaml.",
    ),
    "a name in capitals": (
        ("next: reason", "next: Reason"),
        (
            "14:43: `Reason` cannot stand at `next`; a name is lower-case letters, digits, _ and -,"
            " beginning with a letter."
        ),
    ),
    "a queue for chats that is none": (
        ("queues:\n", "chat: letters\nqueues:\n"),
        "6:1: `letters` is no queue; add it to `queues`.",
    ),
    "calls that wait where chats do": (
        ("queues:\n", "chat: bins\nqueues:\n"),
        "30:23: `bins` is for chats; let calls wait in another queue.",
    ),
    "a step that nobody reaches": (
        ("  bye: {do", "  attic: {do: queue, queue: bins}\n  bye: {do"),
        "31:3: nobody reaches `attic`; lead to it or take it out.",
    ),
    "a prompt without words": (
        ("prompts: [choose_paying]", "prompts: [choose_payin]"),
        "15:3: `choose_payin` has no words in en-GB; write them in prompts/en-GB.yaml.",
    ),
    "0 that leads to no queue that is never shed": (
        ("service_class: P0", "service_class: P1"),
        "30:3: 0 leads to `support`; it must lead to a queue step whose queue is P0.",
    ),
    "an alias": (
        ("declined: person", "declined: *person"),
        "28:15: *person is an alias; write the value out.",
    ),
    "an anchor": (
        ("start: welcome", "start: &first welcome"),
        "4:8: &first is an anchor; take it out.",
    ),
    "a tag": (
        ("start: welcome", "start: !!python/name:os.system welcome"),
        "4:8: tag:yaml.org,2002:python/name:os.system is a tag; take it out, every value is text.",
    ),
    "a merge key": (
        ("    service: missed_bin", "    service: missed_bin\n    <<: {do: play}"),
        "24:5: `<<` has no meaning here; take it out or look at its spelling.",
    ),
    "a tab": (
        ("    do: menu", "\tdo: menu"),
        (
            "16:1: this is not YAML: found character '\\t' that cannot start any token; look at"
            " indentation, quotes and colons here."
        ),
    ),
    "a second document": (
        ("steps:", "---\nsteps:"),
        (
            "13:1: this is not YAML: but found another document; look at indentation, quotes and"
            " colons here."
        ),
    ),
    "a key without a label": (
        ('"1": {en-GB: Missed bin, cy: Bin}, ', ""),
        "19:5: `keys` and `labels` do not both have 1; each key has a label.",
    ),
    "a label without a key": (
        ('keys: {1: link, "2": person}', "keys: {1: link}"),
        "19:5: `keys` and `labels` do not both have 2; each key has a label.",
    ),
    "a label that one language lacks": (
        ("{en-GB: Talk, cy: Siarad}", "{en-GB: Talk}"),
        "19:49: there is no `cy:` here; add it.",
    ),
    "a title that one language of an adviser lacks": (
        ("{en-GB: Missed a bin, cy: Heb gasglu bin}", "{cy: Heb gasglu bin}"),
        "24:5: there is no `en-GB:` here; add it.",
    ),
}


@pytest.mark.parametrize("slip", BROKEN_FLOWS)
def test_a_broken_flow_is_refused_with_one_clear_sentence(flows: Path, slip: str) -> None:
    (old, new), sentence = BROKEN_FLOWS[slip]
    flow = flows / "lines/bins/flow.yaml"
    rewrite(flow, old, new)
    with pytest.raises(BrokenFlow) as refused:
        load_line(flows, BINS)
    assert str(refused.value) == f"{flow}:{sentence}"
    assert refused.value.code == "broken-flow"


def test_an_empty_file_is_told(flows: Path) -> None:
    flow = flows / "lines/bins/flow.yaml"
    flow.write_text("# nothing yet\n", encoding="utf-8")
    with pytest.raises(BrokenFlow, match=r"flow\.yaml:1:1: the file is empty"):
        load_line(flows, BINS)


def test_a_file_that_is_not_there_is_told(flows: Path) -> None:
    (flows / "lines/bins/outcomes.yaml").unlink()
    with pytest.raises(BrokenFlow, match=r"outcomes.yaml: there is no such file; write it\."):
        load_line(flows, BINS)


def test_a_file_in_another_encoding_is_told(flows: Path) -> None:
    (flows / "lines/bins/flow.yaml").write_bytes("line: ŵy".encode("utf-16"))
    with pytest.raises(BrokenFlow, match="cannot be read as UTF-8 text"):
        load_line(flows, BINS)


def test_a_file_with_a_control_character_is_told(flows: Path) -> None:
    rewrite(flows / "lines/bins/flow.yaml", "start: welcome", "start: wel\x00come")
    with pytest.raises(BrokenFlow, match="this is not YAML"):
        load_line(flows, BINS)


def test_a_folder_without_lines_is_told(tmp_path: Path) -> None:
    with pytest.raises(BrokenFlow, match=r"there is no lines/<line>/flow.yaml in it"):
        load_lines(tmp_path)


def test_an_adviser_has_at_most_fifteen_outcomes_to_choose_from(flows: Path) -> None:
    outcomes = flows / "lines/bins/outcomes.yaml"
    further = "".join(f"  o{i}: {{en-GB: O, cy: O}}\n" for i in range(15))
    rewrite(outcomes, "flow:\n", f"{further}flow:\n")
    with pytest.raises(BrokenFlow, match=r":1:1: `adviser` has 16 entries; 15 are the most\."):
        load_line(flows, BINS)


def test_an_outcome_has_a_title_in_every_language(flows: Path) -> None:
    rewrite(flows / "lines/bins/outcomes.yaml", ", cy: Atebwyd", "")
    with pytest.raises(BrokenFlow, match=r"outcomes.yaml:2:3: there is no `cy:` here; add it\."):
        load_line(flows, BINS)


def test_an_example_presses_only_keys_that_a_telephone_has(flows: Path) -> None:
    rewrite(flows / "lines/bins/calls.yaml", 'keys: ["1", "2"]', "keys: [one]")
    with pytest.raises(BrokenFlow, match=r"2:10: `one` cannot stand at `keys`; write a key, 0 to"):
        load_calls(flows, BINS)
