"""The menus: let a caller walk a flow until a queue, or the end, is reached.

What happens next is decided by `domain.ivr.walk`; here it is only done. A key cuts a prompt short;
nobody is left in silence: every wait for a key has an end that the flow decides on.
"""

import asyncio
from dataclasses import dataclass
from typing import assert_never

from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.events import CallDeflected, LanguageChosen, StepReached
from contactcentre.domain.ids import OutcomeCode, QueueId, SoundName, StepName
from contactcentre.domain.ivr import walk
from contactcentre.domain.ivr.flow import Flow
from contactcentre.domain.ivr.switches import AS_PLANNED, LineSwitches
from contactcentre.ports.environment import Clock
from contactcentre.ports.live import LiveCall
from contactcentre.ports.state import CallQueues


@dataclass(frozen=True, slots=True, kw_only=True)
class ToQueue:
    """The caller is to wait for an adviser."""

    queue: QueueId
    service_class: ServiceClass
    prompts: tuple[SoundName, ...]
    enqueued_ms: int | None
    """Set if the wait counts from a moment that has passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The flow has said goodbye."""

    outcome: OutcomeCode


class FlowWalk:
    """One caller's way through one flow."""

    def __init__(
        self,
        live: LiveCall,
        flow: Flow,
        *,
        queues: CallQueues,
        clock: Clock,
        switches: LineSwitches = AS_PLANNED,
        came_from: walk.Position | None = None,
        kept_ms: int | None = None,
    ) -> None:
        """Begin, or go on from where the caller was on another node, with the time kept there."""
        self._live = live
        self._flow = flow
        self._queues = queues
        self._clock = clock
        self.kept_ms = kept_ms
        """From when the wait will count, if the caller waits later on."""
        self._reached: ToQueue | Finished | None = None
        self.position, self._actions = (
            walk.begin(
                flow,
                live.call.language,
                arrived_ms=live.call.arrived_at_ms,
                switches=switches,
            )
            if came_from is None
            else walk.resume(flow, came_from)
        )

    @property
    def is_closed(self) -> bool:
        """Say whether the caller is told, or has been told, that it is closed."""
        return walk.is_closed(self._flow, self.position)

    async def run(self) -> ToQueue | Finished:
        """Do what the walk asks for until it reaches a queue or its end."""
        seen: StepName | None = None
        while self._reached is None:
            if self.position.step != seen:
                seen = self.position.step
                self._live.note(
                    StepReached(call=self._live.call.id, at_ms=self._clock.now_ms(), step=seen)
                )
            await self._act()
        return self._reached

    async def caller_left(self) -> None:
        """Note what the walk has to say of a caller who hangs up here."""
        _, actions = walk.follow(self._flow, self.position, walk.CallerHungUp())
        for action in actions:
            await self._do(action)

    async def _act(self) -> None:
        """Do the actions in hand; the last of them brings the event that leads on."""
        event: walk.Event | None = None
        for action in self._actions:
            event = await self._do(action)
        if event is not None:
            self.position, self._actions = walk.follow(self._flow, self.position, event)
            assert self._actions, "whatever a caller does, something follows"

    async def _do(self, action: walk.Action) -> walk.Event | None:  # noqa: PLR0911 - one case an action
        call, now_ms = self._live.call.id, self._clock.now_ms()
        match action:
            case walk.PlayPrompts(sounds=sounds):
                return await self._play(sounds)
            case walk.AwaitKey(timeout_ms=timeout_ms):
                key = await self._live.key(within_ms=timeout_ms)
                return walk.InputTimedOut() if key is None else walk.KeyPressed(key=key)
            case walk.SwitchLanguage(language=language):
                self._live.note(LanguageChosen(call=call, at_ms=now_ms, language=language))
                return None
            case walk.NoteDeflected(service=service):
                self._live.note(CallDeflected(call=call, at_ms=now_ms, service=service))
                return None
            case walk.KeepPlace():
                self.kept_ms = self.kept_ms or await self._time()
                return None
            case walk.JoinQueue(queue=queue, service_class=service_class, prompts=prompts):
                self._reached = ToQueue(
                    queue=queue,
                    service_class=service_class,
                    prompts=prompts,
                    enqueued_ms=self.kept_ms,
                )
                return None
            case walk.HangUp(outcome=outcome):
                self._reached = Finished(outcome=outcome)
                return None
            case _:
                assert_never(action)

    async def _time(self) -> int:
        """Return an enqueue time; by this node's clock only while the store is away."""
        try:
            return await self._queues.give_time()
        except StateUnavailable:
            return self._clock.now_ms()

    async def _play(self, sounds: tuple[SoundName, ...]) -> walk.Event:
        """Play prompts until they end or a key is pressed that means something here."""
        async with asyncio.TaskGroup() as group:
            playing = group.create_task(
                self._live.say(sounds, keys=walk.keys_shown(self._flow, self.position)),
                name="prompts",
            )
            while (key := await self._key_before_end(playing)) is not None:
                event = walk.KeyPressed(key=key)
                if walk.follow(self._flow, self.position, event)[1]:
                    playing.cancel()
                    return event
        return walk.PromptFinished()

    async def _key_before_end(self, playing: asyncio.Task[None]) -> str | None:
        """Return a key pressed while the prompts play, None once they have ended."""
        pressing = asyncio.ensure_future(self._live.key(within_ms=None))
        try:
            await asyncio.wait({playing, pressing}, return_when=asyncio.FIRST_COMPLETED)
            return pressing.result() if pressing.done() else None
        finally:
            pressing.cancel()
