"""What the platform's own user may do in Redis: what our scripts and adapter need, and no more."""

import ast
import re
from collections.abc import AsyncIterator, Iterator
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from redis import Redis

from contactcentre.adapters.embedded.rights import (
    CENTRE,
    COMMANDS,
    REPLICA,
    SENTINEL,
    user_line,
)
from contactcentre.adapters.embedded.valkey import Valkey
from contactcentre.adapters.state_redis.scripts import all_scripts
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.domain.errors import StateUnavailable
from tests.adapters.state_redis.centre import Centre, Server

CALLED = re.compile(r"redis\.p?call\(\s*'([A-Za-z]+)'")
OF_THE_LIBRARY = {"subscribe", "unsubscribe"}
"""What redis-py asks by itself as we use it."""
USERS = Path(__file__).parents[3] / "deploy" / "redis" / "users.acl"


@pytest.fixture
def admin(valkey: Valkey) -> Server:
    """Give the server to somebody who may do everything."""
    return Server(url=valkey.admin_url, pid=valkey.program.process.pid)


@pytest.fixture
async def state(redis_url: str) -> AsyncIterator[RedisState]:
    """Give live state as our processes see it."""
    state = RedisState(redis_url, timeout_ms=5_000)
    yield state
    await state.close()


def _used(admin: Server) -> set[str]:
    """Return the commands that scripts and adapter use, without their subcommands."""
    with Redis.from_url(admin.url, decode_responses=True, protocol=2) as client:
        client.response_callbacks.clear()  # they take this reply for another one
        names: list[str] = client.execute_command("COMMAND", "LIST")
    known = {name.partition("|")[0] for name in names}
    used = set(OF_THE_LIBRARY)
    for script in all_scripts().values():
        used |= {name.lower() for name in CALLED.findall(script.source)}
    for file in files("contactcentre.adapters.state_redis").iterdir():
        if file.name.endswith(".py"):
            words = _first_words(ast.parse(file.read_text(encoding="utf-8")))
            used |= {word.lower() for word in words if word.isupper() and word.lower() in known}
    return used


def _first_words(code: ast.Module) -> Iterator[str]:
    """Yield the words with which calls and tuples begin."""
    for one in ast.walk(code):
        match one:
            case (
                ast.Call(args=[ast.Constant(value=str(word)), *_])
                | ast.Tuple(elts=[ast.Constant(value=str(word)), *_])
            ):
                yield word
            case _:
                pass


def test_our_user_may_do_what_scripts_and_adapter_do_and_nothing_else(admin: Server) -> None:
    assert {name.partition("|")[0] for name in COMMANDS} == _used(admin)
    assert list(COMMANDS) == sorted(COMMANDS)


def test_every_command_is_allowed_on_our_keys_alone(admin: Server) -> None:
    for name in ("GET", "HSET", "XADD", "ZRANGE", "SPOP"):
        for key, said in (("cc:calls", "OK"), ("other:calls", "no permissions"), ("cc", "no perm")):
            more = {"HSET": ["f", "v"], "XADD": ["*", "f", "v"], "ZRANGE": ["0", "-1"]}
            found = admin.ask("ACL", "DRYRUN", CENTRE, name, key, *more.get(name, []))
            assert said in found, (name, key)


@pytest.mark.parametrize(
    "command",
    [
        "FLUSHALL",
        "FLUSHDB",
        "KEYS *",
        "SCAN 0",
        "DBSIZE",
        "CONFIG GET *",
        "SHUTDOWN",
        "ACL LIST",
        "REPLICAOF NO ONE",
        "CLIENT LIST",
        "CLIENT KILL TYPE normal",
        "SCRIPT FLUSH",
        "EVAL return 0",
        "MONITOR",
        "SELECT 1",
        "XGROUP DESTROY cc:events records",
        "GET somebody:else",
        "PUBLISH somebody:wake now",
        "SUBSCRIBE somebody:wake",
        "PSUBSCRIBE *",
    ],
)
async def test_our_user_may_not(state: RedisState, command: str) -> None:
    with pytest.raises(StateUnavailable, match="NoPermissionError"):
        await state.client.ask(*command.split())


async def test_nor_may_a_script_of_ours(state: RedisState) -> None:
    for forbidden in ("redis.call('FLUSHALL')", "redis.call('GET', 'somebody:else')"):
        sha = await state.client.ask("SCRIPT", "LOAD", forbidden)
        with pytest.raises(StateUnavailable, match="permission"):
            await state.client.ask("EVALSHA", sha, 0)


async def test_with_these_rights_a_call_is_matched_and_the_wake_is_heard(state: RedisState) -> None:
    centre = Centre(state)
    await centre.open()
    async with state.client.listening(state.keys.wake) as heard:
        await centre.call()
        await centre.ready()
        assert await state.client.hear(heard, within_s=2) == "message"
    await centre.reserve()


def test_the_users_to_deploy_are_those_of_our_own_stores() -> None:
    lines = USERS.read_text(encoding="ascii").splitlines()
    off, *users = lines
    assert off == "user default off"
    assert users == [
        user_line(user, f"{user.upper()}-PASSWORD") for user in (CENTRE, REPLICA, SENTINEL)
    ]


def test_a_url_names_our_user(valkey: Valkey) -> None:
    assert urlsplit(valkey.url).username == CENTRE
    assert not urlsplit(valkey.admin_url).username
