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
from contactcentre.domain.ivr import moves, walk
from contactcentre.domain.ivr.flow import Flow, TextStep
from contactcentre.domain.ivr.switches import AS_PLANNED, LineSwitches
from contactcentre.ports.environment import Clock
from contactcentre.ports.live import LiveCall
from contactcentre.ports.state import CallQueues
from contactcentre.ports.texts import Texts
from contactcentre.together import Together


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
        texts: Texts | None = None,
        came_from: moves.Position | None = None,
        kept_ms: int | None = None,
    ) -> None:
        """Begin, or go on from where the caller was on another node, with the time kept there."""
        self._live = live
        self._flow = flow
        self._queues = queues
        self._clock = clock
        offers = any(isinstance(step, TextStep) for step in flow.steps.values())
        self._texts = texts if offers else None
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
        if self._texts is None:
            return await self._run()
        self._texts.expect(self._live.call.id)
        try:
            return await self._run()
        finally:
            self._texts.forget(self._live.call.id)

    async def _run(self) -> ToQueue | Finished:
        seen: StepName | None = None
        while self._reached is None:
            if self.position.step != seen and not self._is_asked_of():
                seen = self.position.step
                self._live.note(
                    StepReached(call=self._live.call.id, at_ms=self._clock.now_ms(), step=seen)
                )
            await self._act()
        return self._reached

    def _is_asked_of(self) -> bool:
        """Say whether it is still to be seen if the caller reaches this step or goes past it."""
        return any(isinstance(action, moves.SeeIfTexts) for action in self._actions)

    async def caller_left(self) -> None:
        """Note what the walk has to say of a caller who hangs up here."""
        _, actions = walk.follow(self._flow, self.position, moves.CallerHungUp())
        for action in actions:
            await self._do(action)

    async def _act(self) -> None:
        """Do the actions in hand; the last of them brings the event that leads on."""
        event: moves.Event | None = None
        for action in self._actions:
            event = await self._do(action)
        if event is not None:
            self.position, self._actions = walk.follow(self._flow, self.position, event)
            assert self._actions, "whatever a caller does, something follows"

    async def _do(self, action: moves.Action) -> moves.Event | None:  # noqa: PLR0911 - one case an action
        call, now_ms = self._live.call.id, self._clock.now_ms()
        match action:
            case moves.PlayPrompts(sounds=sounds):
                return await self._play(sounds)
            case moves.AwaitKey(timeout_ms=timeout_ms):
                key = await self._live.key(within_ms=timeout_ms)
                return moves.InputTimedOut() if key is None else moves.KeyPressed(key=key)
            case moves.SwitchLanguage(language=language):
                self._live.note(LanguageChosen(call=call, at_ms=now_ms, language=language))
                return None
            case moves.NoteDeflected(service=service):
                self._live.note(CallDeflected(call=call, at_ms=now_ms, service=service))
                return None
            case moves.KeepPlace():
                self.kept_ms = self.kept_ms or await self._time()
                return None
            case moves.JoinQueue(queue=queue, service_class=service_class, prompts=prompts):
                self._reached = ToQueue(
                    queue=queue,
                    service_class=service_class,
                    prompts=prompts,
                    enqueued_ms=self.kept_ms,
                )
                return None
            case moves.HangUp(outcome=outcome):
                self._reached = Finished(outcome=outcome)
                return None
            case moves.SeeIfTexts(first=first):
                may = self._texts is not None and await self._texts.may_text(call)
                return moves.TextsKnown(may=may, first=first)
            case moves.SendText(text=text, link=link):
                return moves.TextWent(is_sent=await self._text(text, link))
            case _:
                assert_never(action)

    async def _text(self, text: SoundName, link: SoundName) -> bool:
        """Text a link to the caller, and say whether it is on its way."""
        if self._texts is None:
            return False
        position = self.position
        return await self._texts.text(
            self._live.call.id,
            position.step,
            language=position.language,
            text=text,
            link=link,
        )

    async def _time(self) -> int:
        """Return an enqueue time; by this node's clock only while the store is away."""
        try:
            return await self._queues.give_time()
        except StateUnavailable:
            return self._clock.now_ms()

    async def _play(self, sounds: tuple[SoundName, ...]) -> moves.Event:
        """Play prompts until they end or a key is pressed that means something here."""
        async with Together() as group:
            playing = group.create_task(
                self._live.say(sounds, keys=walk.keys_shown(self._flow, self.position)),
                name="prompts",
            )
            while (key := await self._key_before_end(playing)) is not None:
                event = moves.KeyPressed(key=key)
                if walk.follow(self._flow, self.position, event)[1]:
                    playing.cancel()
                    return event
        return moves.PromptFinished()

    async def _key_before_end(self, playing: asyncio.Task[None]) -> str | None:
        """Return a key pressed while the prompts play, None once they have ended."""
        pressing = asyncio.ensure_future(self._live.key(within_ms=None))
        try:
            await asyncio.wait({playing, pressing}, return_when=asyncio.FIRST_COMPLETED)
            return pressing.result() if pressing.done() else None
        finally:
            pressing.cancel()
