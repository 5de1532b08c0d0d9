"""The scripts' headers are their signatures, and a server that forgot a script is told it again."""

import asyncio
import re

import pytest

from contactcentre.adapters.state_redis.scripts import Script, Scripts, all_scripts, read_script
from contactcentre.adapters.state_redis.state import RedisState
from tests.adapters.state_redis.centre import EARLY, Centre, Server

LINES_MAX = 80
COLUMNS_MAX = 100
SAMPLE = """\
-- Do a thing.
--
-- KEYS   one two:
-- ARGV   a
--        more...
-- GIVES  {"done"}
--
-- ARGV here is a word of a sentence.
return {'done'}
"""


def test_a_header_is_read_as_the_signature() -> None:
    script = read_script("do_thing", SAMPLE)
    assert (script.keys, script.argv) == (("one", "two:"), ("a", "more..."))
    given = script.ordered(keys={"two:": "k2", "one": "k1"}, argv={"more...": ["x", 1], "a": 0})
    assert given == [2, "k1", "k2", 0, "x", 1]


@pytest.mark.parametrize(
    ("keys", "argv"),
    [
        ({"one": "k1"}, {"a": 0, "more...": []}),
        ({"one": "k1", "two:": "k2", "three": "k3"}, {"a": 0, "more...": []}),
        ({"one": "k1", "two:": "k2"}, {"a": 0}),
        ({"one": "k1", "two:": "k2"}, {"a": 0, "b": 1, "more...": []}),
        ({"one": "k1", "two:": "k2"}, {"a": ["x"], "more...": []}),
        ({"one": "k1", "two:": "k2"}, {"a": 0, "more...": "x"}),
    ],
)
def test_other_keys_or_arguments_than_the_header_names_are_refused(
    keys: dict[str, str], argv: dict[str, str | int | list[str]]
) -> None:
    with pytest.raises(AssertionError, match="do_thing"):
        read_script("do_thing", SAMPLE).ordered(keys, argv)


@pytest.mark.parametrize(
    "source",
    [
        "return {'done'}",
        "-- KEYS a\n-- ARGV b\nreturn {'done'}",
        "-- ARGV b\n-- KEYS a\n-- GIVES {}\nreturn {}",
        "-- KEYS a\n-- KEYS b\n-- ARGV c\n-- GIVES {}\nreturn {}",
        "-- KEYS a\n-- ARGV many... one\n-- GIVES {}\nreturn {}",
    ],
)
def test_a_header_that_states_no_signature_is_refused(source: str) -> None:
    with pytest.raises(AssertionError, match="broken"):
        read_script("broken", source)


@pytest.mark.parametrize("script", all_scripts().values(), ids=lambda script: script.name)
def test_every_script_is_short_and_begins_with_a_sentence(script: Script) -> None:
    lines = script.source.splitlines()
    assert re.fullmatch(r"-- [A-Z].*\.", lines[0])
    assert len(lines) <= LINES_MAX
    assert max(len(line) for line in lines) <= COLUMNS_MAX


@pytest.mark.parametrize("script", all_scripts().values(), ids=lambda script: script.name)
def test_every_reply_of_a_script_is_one_that_its_header_gives(script: Script) -> None:
    header, _, body = script.source.partition("-- GIVES")
    stated = set(re.findall(r'\{"([a-z ]+)"', body.split("\n\n")[0].split("\n--\n")[0]))
    given = set(re.findall(r"return \{'([a-z ]+)'", script.source))
    found = set(re.findall(r"local (?:found|given) = \{?'([a-z ]+)'", script.source))
    words = given | found | set(re.findall(r"given = '([a-z]+)'", script.source))
    assert words == stated, header


@pytest.mark.parametrize("script", all_scripts().values(), ids=lambda script: script.name)
def test_no_script_makes_a_key_of_its_own(script: Script) -> None:
    code = "\n".join(line for line in script.source.splitlines() if not line.startswith("--"))
    assert "cc:" not in code
    assert not re.search(r"redis\.call\('(?!INFO)[A-Z]+', '", code), "a key was given by name"


async def test_a_server_that_forgot_the_scripts_is_told_them_again(
    centre: Centre, server: Server
) -> None:
    first_ms = await centre.call()
    server.ask("SCRIPT", "FLUSH")
    assert await centre.call() == first_ms
    server.ask("SCRIPT", "FLUSH")
    found = await asyncio.gather(*(centre.call() for _ in range(20)))
    assert set(found) == {first_ms}
    assert await centre.order() == [EARLY]


async def test_a_script_that_is_not_there_cannot_be_run(state: RedisState) -> None:
    with pytest.raises(KeyError):
        await Scripts(state.client).run("join_nothing", keys={}, argv={})
