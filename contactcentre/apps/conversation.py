"""What is written in one chat, on the node that holds it.

A text is told to both sides, its writer among them, once it is on the node's disk: only then may it
be shown as sent. If the node is lost, each page says its own texts again to the next one, with the
order that they had, and whoever has them already takes no notice.
"""

from collections.abc import Callable, Coroutine
from typing import Protocol

from pydantic import BaseModel

from contactcentre.domain.call import VERSIONS_PER_EPOCH, Call, CallState
from contactcentre.domain.chatting import Text, Texts
from contactcentre.domain.errors import Outage, OutOfOrder, Refusal, SpoolFull
from contactcentre.domain.events import CallEvent, TextWritten, Writer
from contactcentre.ports.environment import Clock
from contactcentre.ports.records import Spool
from contactcentre.wire.legs import NotWritten, SoFar, Typing, Write, Written


class Side(Protocol):
    """One end of a chat."""

    def send(self, said: BaseModel) -> None:
        """Say something; never waits."""


class ChattedCall(Protocol):
    """The call whose texts these are."""

    @property
    def call(self) -> Call:
        """Return the call as it stands."""

    def note(self, event: CallEvent) -> None:
        """Let the call follow an event, and keep it for the record."""

    def side(self, of: Writer) -> Side | None:
        """Return one end of the chat, if somebody is there."""


class Conversation:
    """The texts of one chat."""

    def __init__(
        self,
        live: ChattedCall,
        *,
        spool: Spool,
        clock: Clock,
        spawn: Callable[[Coroutine[None, None, None], str], None],
    ) -> None:
        self._live = live
        self._spool = spool
        self._clock = clock
        self._spawn = spawn
        self._texts = Texts()
        self._untold: list[Text] = []
        """Written down, but perhaps not on the disk yet."""
        self._is_telling = False

    def tell_so_far(self, side: Side) -> None:
        """Tell a side that has just come all that it may tell as written, and that this is all."""
        for text in self._texts.in_order():
            if text not in self._untold:
                side.send(_told(text))
        side.send(SoFar())

    def typing(self, by: Writer, said: Typing) -> None:
        """Let the other side know that somebody types."""
        other = self._live.side(_other(by))
        if other is not None and self._live.call.state is CallState.TALKING:
            other.send(said)

    def write(self, by: Writer, said: Write, side: Side) -> None:
        """Write a text down; its writer hears that it is written, or why it cannot be."""
        known = self._texts.find(by, said.text)
        if known is not None:
            if known not in self._untold:
                side.send(_told(known))
            return
        try:
            self._write(by, said)
        except (Refusal, Outage) as error:
            side.send(NotWritten(text=said.text, code=error.code, words=str(error)))

    def _write(self, by: Writer, said: Write) -> None:
        call = self._live.call
        if call.state is CallState.ENDED:
            raise OutOfOrder("This chat has ended.")
        if self._spool.is_full:
            raise SpoolFull("This can't be kept just now. It is sent again in a moment.")
        had = said.order
        if had is not None and had >= call.epoch.count * VERSIONS_PER_EPOCH:
            had = None  # no earlier node can have told that
        self._texts.allow(by, at_ms=self._clock.monotonic_ms(), is_repeat=had is not None)
        text = Text(
            by=by,
            id=said.text,
            order=call.version + 1 if had is None else had,
            words=said.words,
            at_ms=self._clock.now_ms(),
        )
        self._texts.add(text)
        self._untold.append(text)
        self._live.note(
            TextWritten(
                call=call.id,
                at_ms=text.at_ms,
                by=by,
                text=text.id,
                order=text.order,
                words=text.words,
            )
        )
        if not self._is_telling:
            self._is_telling = True
            self._spawn(self._tell(), "chat texts")

    async def _tell(self) -> None:
        """Tell both sides of what is on the disk, in order, until there is nothing more to tell."""
        try:
            while self._untold:
                count = len(self._untold)
                await self._spool.on_disk()
                told, self._untold = self._untold[:count], self._untold[count:]
                for text in told:
                    for writer in Writer:
                        side = self._live.side(writer)
                        if side is not None:
                            side.send(_told(text))
        finally:
            self._is_telling = False


def _told(text: Text) -> Written:
    return Written(text=text.id, by=text.by, order=text.order, words=text.words, at_ms=text.at_ms)


def _other(writer: Writer) -> Writer:
    return Writer.ADVISER if writer is Writer.CALLER else Writer.CALLER
