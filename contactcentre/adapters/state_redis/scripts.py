"""The scripts of lua/: each is one transition, and its first lines are its signature.

    -- One sentence that says what it does.
    --
    -- KEYS   names of keys, in order; a name that ends in a colon is the beginning of keys
    -- ARGV   names of arguments, in order; a last name that ends in ... takes any number
    -- GIVES  the replies, each of which begins with a word

Keys and arguments are given by name; the loader puts them in order and refuses any other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha1
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from redis.exceptions import NoScriptError

from contactcentre.adapters.state_redis.client import StoreClient
from contactcentre.domain.errors import StateUnavailable

Argument = str | bytes | int
MANY = "..."
CONTINUED = "--" + 8 * " "


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One script, as its file says it is called."""

    name: str
    keys: tuple[str, ...]
    argv: tuple[str, ...]
    source: str
    sha: str

    def ordered(
        self, keys: Mapping[str, str], argv: Mapping[str, Argument | Sequence[Argument]]
    ) -> list[Argument]:
        """Return the number of keys, the keys and the arguments in the script's order."""
        assert keys.keys() == set(self.keys), f"{self.name}: keys are {self.keys}, not {[*keys]}"
        assert argv.keys() == set(self.argv), f"{self.name}: argv is {self.argv}, not {[*argv]}"
        given: list[Argument] = [len(keys), *(keys[name] for name in self.keys)]
        for name in self.argv:
            value = argv[name]
            if isinstance(value, str | bytes | int):
                assert not name.endswith(MANY), f"{self.name}: {name} takes a sequence"
                given.append(value)
            else:
                assert name.endswith(MANY), f"{self.name}: {name} takes one value"
                given.extend(value)
        return given


def read_script(name: str, source: str) -> Script:
    """Return a script with the signature that its header states."""
    said: dict[str, list[str]] = {}
    part = ""
    for line in source.splitlines():
        if not line.startswith("--"):
            break
        match line.removeprefix("--").split():
            case ["KEYS" | "ARGV" | "GIVES" as part, *names]:
                assert part not in said, f"{name}: {part} is stated twice"
                said[part] = names
            case names if part and line.startswith(CONTINUED):
                said[part] += names
            case [] if "GIVES" in said:
                break
            case _:
                part = ""
    assert [*said] == ["KEYS", "ARGV", "GIVES"], f"{name}: the header states {[*said]}"
    assert not any(one.endswith(MANY) for one in said["ARGV"][:-1]), f"{name}: {MANY} comes last"
    return Script(
        name=name,
        keys=tuple(said["KEYS"]),
        argv=tuple(said["ARGV"]),
        source=source,
        sha=sha1(source.encode()).hexdigest(),  # noqa: S324 - how Redis names a script
    )


@cache
def all_scripts() -> Mapping[str, Script]:
    """Return the scripts of lua/ by name."""
    folder = files("contactcentre.adapters.state_redis").joinpath("lua")
    found = {
        name: read_script(name, file.read_text(encoding="utf-8"))
        for file in folder.iterdir()
        if (name := file.name.removesuffix(".lua")) != file.name
    }
    return MappingProxyType(found)


class Scripts:
    """Runs scripts by name, and tells them to a server that does not know them."""

    def __init__(self, client: StoreClient) -> None:
        self._client = client
        self._scripts = all_scripts()

    async def run(
        self,
        name: str,
        *,
        keys: Mapping[str, str],
        argv: Mapping[str, Argument | Sequence[Argument]],
    ) -> list[Any]:
        """Run a script once and return its reply. Raises StateUnavailable."""
        script = self._scripts[name]
        command = ("EVALSHA", script.sha, *script.ordered(keys, argv))
        try:
            reply = await self._client.ask(*command)
        except NoScriptError:
            reply = await self._teach_and_ask(script, command)
        assert isinstance(reply, list), f"{name} gave {reply!r}"
        return reply

    async def _teach_and_ask(self, script: Script, command: tuple[Argument, ...]) -> Any:
        """Load a script that the server has forgotten (it ran nothing yet), and run it."""
        await self._client.ask("SCRIPT", "LOAD", script.source)
        try:
            return await self._client.ask(*command)
        except NoScriptError as error:
            raise StateUnavailable("Redis forgets its scripts as fast as they are told") from error
