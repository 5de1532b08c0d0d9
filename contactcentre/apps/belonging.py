"""How the parts of a call know the call that they belong to: none of them holds it.

A call holds its parts. If they held it as well, nothing of a call that is over would be given back
before the collector came round, and the collector holds up the sound of all the others. So a part
has the call by a weak reference. Whoever does something for a call has the call itself.
"""

from collections.abc import Callable, Coroutine, Generator
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import ParamSpec, TypeVar
from weakref import WeakMethod, ref

from contactcentre.apps.node_tools import NodeTools

P = ParamSpec("P")
Said = TypeVar("Said")


def loosely(method: Callable[P, Said]) -> Callable[P, Said | None]:
    """Return what calls a method, and holds nothing; None once whose method it is has gone."""
    return partial(_if_there, WeakMethod(method))


def _if_there(
    found: WeakMethod[Callable[P, Said]], *args: P.args, **kwargs: P.kwargs
) -> Said | None:
    there = found()
    return None if there is None else there(*args, **kwargs)


def tools_of(call: object, tools: NodeTools) -> NodeTools:
    """Return the tools of one call's parts: while what they spawn runs, their call is there."""
    found = ref(call)

    def spawn(work: Coroutine[None, None, None], name: str) -> None:
        tools.spawn(_Work(found(), work), name)

    return replace(tools, spawn=spawn)


class _Work(Coroutine[None, None, None]):
    """What runs for a call.

    It is no coroutine around the work: one that is cancelled before its start would not end it.
    """

    __slots__ = ("_call", "_work")

    def __init__(self, call: object, work: Coroutine[None, None, None]) -> None:
        self._call = call
        self._work = work

    def __await__(self) -> Generator[None, None, None]:
        """Wait for it, as nobody does: it is a task's own."""
        return self._work.__await__()

    def send(self, value: None) -> None:
        """Go on."""
        return self._work.send(value)

    def throw(
        self,
        typ: type[BaseException] | BaseException,
        val: BaseException | object = None,
        tb: TracebackType | None = None,
    ) -> None:
        """Go on with an error."""
        if isinstance(typ, BaseException):
            return self._work.throw(typ)
        return self._work.throw(typ, val, tb)

    def close(self) -> None:
        """End."""
        self._work.close()
