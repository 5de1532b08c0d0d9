"""What the world knows of who could be offered: the checker's own eyes, beside what people saw.

A waiting caller can be offered while the caller's node and the store reach each other, and while
the call is not held for another adviser. Whoever could not be offered was not passed over.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from contactcentre.domain.callback import Callback
from contactcentre.domain.ids import CallId
from contactcentre.drills import history as h
from contactcentre.drills.history import History, RingHeard
from contactcentre.drills.order import PRESENT_MS, Place
from contactcentre.drills.spans import FOR_EVER_MS, Span
from contactcentre.simulation.lives import WORLD
from contactcentre.simulation.post import host_of
from contactcentre.simulation.world import World

LOOK_EVERY_S = 0.1
HELD_MS = 4_000
"""A reservation that reached nobody is back within this: it is taken up, or taken back."""
SLOW_S = 0.05
"""A store that takes longer for each step lets some of a beat's steps be late."""


@dataclass(slots=True)
class Eyes:
    """Sees ten times a second which media nodes and the store reach each other."""

    world: World
    hidden: dict[str, list[Span]] = field(default_factory=dict)
    """When each node and the store did not."""
    _since_ms: dict[str, int] = field(default_factory=dict)
    _standing: dict[CallId, tuple[Callback, int]] = field(default_factory=dict)
    """What waits for an adviser at a keeper that the store hears, and since when."""
    _stood: dict[CallId, tuple[Callback, list[Span]]] = field(default_factory=dict)

    def begin(self) -> None:
        """Look from now on."""
        self._look()

    def excuses(self, history: History) -> "Excuses":
        """Return what is known by now."""
        for name, since_ms in self._since_ms.items():
            self.hidden.setdefault(name, []).append(Span(since_ms, FOR_EVER_MS))
        self._since_ms.clear()
        return Excuses(self.hidden, history, self.world.ground.reservations)

    def callbacks(self) -> Sequence[Place]:
        """Return where callbacks stood, and when each could be offered."""
        for callback, since_ms in self._standing.values():
            self._end(callback, since_ms, FOR_EVER_MS)
        self._standing.clear()
        return [
            Place(
                call=call,
                queue=callback.queue,
                began_ms=spans[0].began_ms,
                enqueued_ms=callback.enqueued_ms,
                waits=spans,
            )
            for call, (callback, spans) in self._stood.items()
        ]

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now_ms = round(loop.time() * 1_000)
        self._look_at_callbacks(now_ms)
        for name in self.world.of("media"):
            if not self._reaches(name):
                self._since_ms.setdefault(name, now_ms)
            elif name in self._since_ms:
                span = Span(self._since_ms.pop(name), now_ms)
                self.hidden.setdefault(name, []).append(span)
        loop.call_later(LOOK_EVERY_S, self._look, context=WORLD)

    def _look_at_callbacks(self, now_ms: int) -> None:
        world = self.world
        waiting = {
            callback.id: callback
            for name, keeper in world.ground.keepers.items()
            if self._reaches(name)
            for callback in keeper.waiting
        }
        for call in [call for call in self._standing if call not in waiting]:
            self._end(*self._standing.pop(call), now_ms)
        for call, callback in waiting.items():
            self._standing.setdefault(call, (callback, now_ms))

    def _end(self, callback: Callback, since_ms: int, ended_ms: int) -> None:
        _, spans = self._stood.setdefault(callback.id, (callback, []))
        spans.append(Span(since_ms, ended_ms))

    def _reaches(self, name: str) -> bool:
        """Say whether a node lives and it and the one primary hear each other as they should."""
        world, life = self.world, self.world.lives[name]
        primaries = [one for one in world.store.primaries if one.is_up]
        if not life.goes or not life.is_listening or len(primaries) != 1:
            return False
        server = primaries[0]
        return (
            server is world.store.primary
            and not server.is_hung
            and not server.lacks_replicas
            and server.slow_s < SLOW_S
            and world.network.is_clear(life.names, server.names)
            and world.network.is_clear(server.names, life.names)
        )


class Excuses:
    """Why a caller who seemed to be passed over was not."""

    def __init__(
        self,
        hidden: Mapping[str, Iterable[Span]],
        history: History,
        reservations: Iterable[tuple[int, str, int]],
    ) -> None:
        self._hidden = {name: list(spans) for name, spans in hidden.items()}
        self._nodes: dict[str, list[tuple[int, str]]] = {}
        for fact in history.of(h.ClaimSeen):
            self._nodes.setdefault(fact.call, []).append((fact.at_ms, host_of(fact.node)))
        self._held: dict[str, list[tuple[int, int]]] = {}
        self._made_ms: dict[int, int] = {}
        for at_ms, call, token in reservations:
            self._held.setdefault(call, []).append((at_ms, token))
            self._made_ms[token] = at_ms

    def __call__(self, call: str, ring: RingHeard) -> bool:
        """Say whether a call could not be offered when another one was: a ring may come later."""
        at_ms = self._made_ms.get(ring.token, ring.at_ms)
        return self._was_held(call, ring.token, at_ms) or self._was_hidden(call, at_ms)

    def _was_held(self, call: str, token: int, at_ms: int) -> bool:
        """Say whether the call was held for another adviser just before."""
        return any(
            earlier < token and at_ms - held_ms < HELD_MS
            for held_ms, earlier in self._held.get(call, ())
        )

    def _was_hidden(self, call: str, at_ms: int) -> bool:
        """Say whether the call's node and the store had not reached each other for long enough."""
        nodes = self._nodes.get(call)
        if nodes is None:
            return False  # of callbacks it is seen when they stood
        node = nodes[max(0, bisect_right(nodes, (at_ms, "~")) - 1)][1]
        window = Span(at_ms - PRESENT_MS, at_ms)
        return any(one.overlap_ms(window) > 0 for one in self._hidden.get(node, ()))
