"""The project's own scripts, run by Lua 5.1 as Redis runs them.

One Lua serves every server: a script is one step, keeps nothing and shares nothing. What it may use
is what Redis lets it use and the scripts do use; a global that is not there is an error.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from lupa.lua51 import LuaError, LuaRuntime, lua_type  # type: ignore[import-untyped]

from contactcentre.simulation.store.data import ReplyError, Status, UnknownCommand

Call = Callable[..., Any]
"""What a script's redis.call does: bytes and numbers in, a reply out."""

PRELUDE = b"""
local call = ...
local function refuse(_, name)
  error('Script attempted to access nonexistent global variable \\'' .. tostring(name) .. '\\'', 2)
end
local mathematics = {}
for name, value in pairs(math) do mathematics[name] = value end
mathematics.random, mathematics.randomseed = nil, nil
local names = setmetatable({
  redis = setmetatable({call = call}, {__index = refuse}), string = string, table = table,
  math = setmetatable(mathematics, {__index = refuse}), ipairs = ipairs, pairs = pairs, next = next,
  unpack = unpack, select = select, tonumber = tonumber, tostring = tostring, type = type,
  error = error, assert = assert,
}, {__index = refuse, __newindex = refuse})
return function(source)
  local script, mistake = loadstring('local KEYS, ARGV = ... ' .. source, '@user_script')
  if not script then return mistake end
  return setfenv(script, names)
end
"""


class Scripting:
    """One Lua, and the scripts that it has read."""

    def __init__(self) -> None:
        self._lua = LuaRuntime(
            encoding=None,
            unpack_returned_tuples=True,
            register_eval=False,
            register_builtins=False,
        )
        self._call: Call | None = None
        self._read = self._lua.compile(PRELUDE)(self._called)
        self._scripts: dict[bytes, Any] = {}

    def read(self, sha: bytes, source: bytes) -> None:
        """Read a script once. Raises ReplyError if it is none."""
        if sha not in self._scripts:
            script = self._read(source)
            if isinstance(script, bytes):
                raise ReplyError(f"ERR Error compiling script: {script.decode(errors='replace')}")
            self._scripts[sha] = script

    def run(self, sha: bytes, keys: list[bytes], argv: list[bytes], call: Call) -> Any:
        """Run a script that has been read and return its reply. Raises ReplyError."""
        self._call = call
        table = self._lua.table_from
        try:
            return _reply(self._scripts[sha](table(keys), table(argv)))
        except LuaError as error:
            first, *_ = str(error).splitlines()
            raise ReplyError(f"ERR {first} script: {sha.decode()}") from error

    def _called(self, name: bytes, *words: bytes | float) -> Any:
        """Run one command of a script and return its reply as Lua has it."""
        assert self._call is not None, "a script is being run"
        said = [
            one if one.__class__ is bytes else b"%.17g" % one  # type: ignore[str-format]
            for one in words
        ]
        reply = self._call(name, tuple(said))
        kind = reply.__class__
        if kind is bytes or kind is int:
            return reply
        if reply is None:
            return False
        if kind is Status:
            return self._lua.table_from({b"ok": bytes(reply)})
        if reply and reply[0].__class__ is list:
            raise UnknownCommand(f"{name.decode()} in a script, with lists in its reply")
        return self._lua.table_from([False if one is None else one for one in reply])


@cache
def scripting() -> Scripting:
    """Return the Lua of this process."""
    return Scripting()


def _reply(given: Any) -> Any:
    """Return what a script gives as Redis replies it. Raises ReplyError."""
    kind = given.__class__
    if kind is bytes:
        return given
    if kind is int or kind is float:
        return int(given)
    if given is True:
        return 1
    if lua_type(given) == "table":
        found: list[Any] = []
        for place in range(1, len(given) + 1):
            one = given[place]
            if one is None:
                break
            found.append(_reply(one))
        if not found:
            if (error := given[b"err"]) is not None:
                raise ReplyError(error.decode())
            if (status := given[b"ok"]) is not None:
                return Status(status)
        return found
    return None
