"""How a desk, its queues and the centre are told to browsers."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal

from contactcentre.domain import wrapup
from contactcentre.domain.callback import national
from contactcentre.domain.desk_stand import Desk
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import CallId, OutcomeCode, QueueId
from contactcentre.domain.ivr.flow import Line, QueueDefinition
from contactcentre.domain.languages import Language
from contactcentre.domain.levels import LevelsAfter
from contactcentre.domain.presence import CHOSEN_REASONS, AwayReason, Presence
from contactcentre.domain.seats import is_chat_seat
from contactcentre.journey.supervision import Supervision
from contactcentre.ports.accounts import Account
from contactcentre.ports.records import Outcome
from contactcentre.ports.reports import CallbackCounts
from contactcentre.ports.state import NodeStanding, Overview
from contactcentre.wire import desk as said
from contactcentre.wire.callbacks import CallbackNow
from contactcentre.wire.cluster import CallbackFacts, Ring
from contactcentre.wire.ice import IceServer

LANGUAGE_NAMES: Mapping[Language, str] = {Language.ENGLISH: "English", Language.WELSH: "Cymraeg"}

LAPSES: Mapping[AwayReason | None, LapseReason] = {
    AwayReason.DECLINED: LapseReason.DECLINED,
    AwayReason.NO_ANSWER: LapseReason.NO_ANSWER,
    AwayReason.DESK_UNREACHABLE: LapseReason.DESK_UNREACHABLE,
    AwayReason.LOST_CONNECTION: LapseReason.DESK_UNREACHABLE,
}
"""Why a ring ended, by what the adviser is away for since; else the caller left."""


def presence_now(desk: Desk, now_ms: int) -> said.PresenceNow:
    """Return how the adviser stands."""
    return said.PresenceNow(
        state=desk.state, reason=desk.reason, since_ms=max(0, now_ms - desk.since_ms)
    )


def ring_now(ring: Ring, *, left_ms: int, ticket: str) -> said.RingNow:
    """Return what rings."""
    return said.RingNow(
        call=ring.call,
        token=ring.token,
        node_url=ring.node_url,
        ticket=ticket,
        line=ring.line,
        queue=ring.queue,
        language=ring.language,
        waited_ms=ring.waited_ms,
        ring_ms=left_ms,
        journey=ring.journey,
        consulted_by=ring.consulted_by,
        callback=None if ring.callback is None else _callback_now(ring.callback),
    )


def _callback_now(facts: CallbackFacts) -> CallbackNow:
    return CallbackNow(
        number=national(facts.number),
        booked_ms=facts.booked_ms,
        attempts_count=facts.attempts_count,
    )


def ring_ended(before: Desk, after: Desk) -> said.RingEnded:
    """Return how a ring came to nothing."""
    assert before.call is not None, "something rang"
    lapse = after.lapse or LAPSES.get(after.reason, LapseReason.CALLER_LEFT)
    return said.RingEnded(call=before.call, token=before.token, lapse=lapse)


def talk_now(desk: Desk, call: CallId, ring: said.RingNow | None, now_ms: int) -> said.TalkNow:
    """Return which talk goes on."""
    talked_ms = max(0, now_ms - desk.since_ms)
    return said.TalkNow(call=call, token=desk.token, talked_ms=talked_ms, ring=ring)


def wrap_up_now(desk: Desk, words: Outcome, now_ms: int) -> said.WrapUpNow:
    """Return how much time is left for the words, and the words that are saved."""
    assert desk.wrap_up is not None, "a wrap-up has its time"
    assert desk.call is not None, "a wrap-up has its call"
    return said.WrapUpNow(
        call=desk.call,
        queue=desk.queue,
        left_ms=wrapup.left_ms(desk.wrap_up, at_ms=now_ms),
        outcome=words.outcome,
        notes=words.notes,
        version=words.version,
    )


def queues_now(overview: Overview, queues: Sequence[QueueId]) -> said.QueuesNow:
    """Return an adviser's queues."""
    mine = set(queues)
    return said.QueuesNow(
        queues=[
            said.QueueNow(
                queue=queue.queue,
                waiting_count=queue.waiting_count,
                longest_ms=_waited_ms(overview, queue.oldest_enqueued_ms),
            )
            for queue in overview.queues
            if queue.queue in mine
        ]
    )


def _waited_ms(overview: Overview, enqueued_ms: int | None) -> int | None:
    return None if enqueued_ms is None else max(0, overview.now_ms - enqueued_ms)


class Signs:
    """The names of queues and outcomes, as people read them."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self.lines = {line.id: line for line in lines}
        self._queues = {
            queue.id: (line, queue) for line in self.lines.values() for queue in line.queues
        }

    @property
    def queues(self) -> Sequence[QueueId]:
        """Return every queue there is."""
        return tuple(self._queues)

    @property
    def chat_queues(self) -> frozenset[QueueId]:
        """Return the queues in which chats wait."""
        return frozenset(
            queue
            for queue, (line, definition) in self._queues.items()
            if line.flow.is_chat(definition.name)
        )

    def title(self, queue: QueueId, language: Language) -> str:
        """Return a queue's name; its id where no line has it."""
        if queue not in self._queues:
            return queue
        return queue_titles(*self._queues[queue])[language]

    @property
    def widening(self) -> Mapping[QueueId, LevelsAfter]:
        """Return the queues that tell levels apart, and from when on they ask each."""
        return {
            queue: definition.levels_after_ms
            for queue, (_, definition) in self._queues.items()
            if definition.levels_after_ms is not None
        }

    @property
    def outcomes(self) -> frozenset[OutcomeCode]:
        """Return every outcome that an adviser may choose somewhere."""
        lines = [line for line, _ in self._queues.values()]
        return frozenset(outcome.code for line in lines for outcome in line.outcomes)

    def me(
        self,
        account: Account,
        ice_servers: list[IceServer],
        *,
        chats_max: int,
        chats_beside_call_max: int,
        may_use_phone: bool,
        may_have_rung: bool,
    ) -> said.Me:
        """Return who is signed in."""
        return said.Me(
            adviser=account.id,
            name=account.name,
            role=account.role.value,
            language=account.language,
            queues=[self._titled(queue) for queue in account.queues if queue in self._queues],
            away_reasons=list(CHOSEN_REASONS),
            ice_servers=ice_servers,
            chats_max=chats_max,
            chats_beside_call_max=chats_beside_call_max,
            may_use_phone=may_use_phone,
            may_have_rung=may_have_rung,
        )

    def _titled(self, queue: QueueId) -> said.QueueTitle:
        line, definition = self._queues[queue]
        return said.QueueTitle(
            queue=queue,
            titles=queue_titles(line, definition),
            outcomes=[
                said.OutcomeChoice(code=outcome.code, titles=dict(outcome.titles))
                for outcome in line.outcomes
            ],
        )

    def board(
        self,
        overview: Overview,
        supervision: Supervision,
        language: Language,
        *,
        lines: list[said.BoardLine],
        leads_to: Callable[[QueueId], QueueId | None],
    ) -> said.Board:
        """Return what a supervisor sees; `leads_to` says where a queue passes callers on now."""
        states = [standing.state for seat, standing in overview.advisers if not is_chat_seat(seat)]
        return said.Board(
            queues=list(self._board_queues(overview, supervision.callbacks, language, leads_to)),
            advisers={
                state: states.count(state) for state in Presence if state is not Presence.OFFLINE
            },
            nodes=[
                _node(node, supervision.state_of(node).value)
                for node in overview.nodes
                if node.carries_calls
            ],
            coming_back_count=supervision.coming_back_count,
            is_storm=supervision.is_storm,
            today=_today(supervision),
            lines=lines,
        )

    def _board_queues(
        self,
        overview: Overview,
        callbacks: Mapping[QueueId, CallbackCounts] | None,
        language: Language,
        leads_to: Callable[[QueueId], QueueId | None],
    ) -> Iterator[said.BoardQueue]:
        for queue in overview.queues:
            to = leads_to(queue.queue)
            yield said.BoardQueue(
                queue=queue.queue,
                title=queue_titles(*self._queues[queue.queue])[language],
                waiting_count=queue.waiting_count,
                longest_ms=_waited_ms(overview, queue.oldest_enqueued_ms),
                ready_count=queue.ready_count,
                overflows_to=None if to is None else queue_titles(*self._queues[to])[language],
                callbacks_count=_open_count(callbacks, queue.queue),
            )


def queue_titles(line: Line, queue: QueueDefinition) -> dict[Language, str]:
    """Return a queue's name, with its language where the line has more than one."""
    if len(line.flow.languages) == 1:
        return dict(queue.titles)
    spoken = LANGUAGE_NAMES[queue.language]
    return {language: f"{title} ({spoken})" for language, title in queue.titles.items()}


def _node(
    node: NodeStanding, state: Literal["serving", "strained", "draining", "stopped"]
) -> said.BoardNode:
    return said.BoardNode(
        node=node.node,
        site=node.site,
        state=state,
        legs_count=node.legs_count,
        legs_max=node.legs_max,
    )


def _open_count(callbacks: Mapping[QueueId, CallbackCounts] | None, queue: QueueId) -> int | None:
    if callbacks is None:
        return None
    return callbacks[queue].open_count if queue in callbacks else 0


def _today(supervision: Supervision) -> said.Today | None:
    counts, callbacks = supervision.today, supervision.callbacks
    if counts is None or callbacks is None:
        return None
    return said.Today(
        offered_count=counts.offered_count,
        handled_count=counts.handled_count,
        abandoned_count=counts.abandoned_count,
        deflected_count=counts.deflected_count,
        callback_count=counts.callback_count,
        left_in_menu_count=counts.left_in_menu_count,
        closed_count=counts.closed_count,
        system_lost_count=counts.system_lost_count,
        in_progress_count=counts.in_progress_count,
        answered_within_target_count=counts.answered_within_target_count,
        target_ms=supervision.target_ms,
        callbacks_kept_count=sum(one.kept_count for one in callbacks.values()),
        callbacks_broken_count=sum(one.broken_count for one in callbacks.values()),
    )
