"""Talks in which more than talking goes on while something is lost: hold, consultation, transfer.

The first talks of a drill have one of these each. A caller is on hold or a colleague asked before
the fault, and taken back or let go after it; a caller is handed to another queue right behind it.
What an adviser sees undone is done again, as a person would.
"""

from collections.abc import Mapping
from random import Random

from contactcentre.domain.consulting import ConsultState, is_consult
from contactcentre.domain.ids import CallId
from contactcentre.drills.adviser import AdviserPage
from contactcentre.drills.handing import Handing, Parting, Patience, Way
from contactcentre.drills.history import CallerCame, CallerHanded, Consulting, Held, History, now_ms
from contactcentre.drills.leg import Said
from contactcentre.drills.manners import AdviserManner, Stage
from contactcentre.drills.unseen_places import WEB
from contactcentre.drills.who import Adviser

ASKED_QUEUE, OTHER_QUEUE = "tax.general.en", "tax.sign-in.en"
WAYS = (Way.HOLD, Way.MEET, Way.TRANSFER)
QUEUES = {Way.MEET: ASKED_QUEUE, Way.TRANSFER: OTHER_QUEUE}
OVER_A_FAULT = Patience(again_s=1.0, within_s=20.0, together_s=1.0, takes_no=False)
"""All three talk for less long than a talk may be deaf: of two who hum at once one is known."""


def counts_of(history: History) -> Mapping[str, int]:
    """Return in how many talks each was seen."""
    held = {fact.call for fact in history.of(Held) if fact.on}
    return {
        "held": len(held),
        "consulted": len({fact.call for fact in history.of(Consulting)}),
        "transferred": len({fact.call for fact in history.of(CallerHanded)}),
    }


class Rooms:
    """Who does what in which talk."""

    def __init__(self, stage: Stage, history: History, chance: Random, *, talks: int) -> None:
        self.stage = stage
        self._history = history
        ways = list(WAYS)
        chance.shuffle(ways)
        self._left = ways[:talks]
        stage.answers_left += self._left.count(Way.MEET)
        self._begun: set[str] = set()
        self._under_way = 0

    @property
    def are_set(self) -> bool:
        """Say whether everything is as it is to be when something is lost."""
        return self._under_way == 0 and (not self._left or self._begun >= self._pages)

    def begin(self, call: str) -> Parting | None:
        """Return what is done in a talk that begins, if anything is: those of pages have it."""
        if not self._left or call not in self._pages or self.stage.go_on.is_set():
            return None
        self._begun.add(call)
        self._under_way += 1
        way = self._left.pop()
        return Parting(way=way, queue=QUEUES.get(way, ""))

    @property
    def _pages(self) -> set[str]:
        return {fact.call for fact in self._history.of(CallerCame) if fact.leg == WEB}

    async def set_and_go_on(self) -> None:
        """Take note that one is as it is to be, and wait until it may go on."""
        self._under_way -= 1
        await self.stage.go_on.wait()
        await self.stage.some(0.0, 2.0)

    def adviser(self, adviser: Adviser, manner: AdviserManner) -> "RoomAdviser":
        """Return somebody who does what is to be done."""
        return RoomAdviser(adviser, manner, self)


class RoomAdviser(AdviserPage):
    """An adviser who does such a thing in a talk."""

    def __init__(self, adviser: Adviser, manner: AdviserManner, rooms: Rooms) -> None:
        super().__init__(adviser, manner)
        self._rooms = rooms

    def _leg_said(self, ring: Said, said: Said) -> None:
        super()._leg_said(ring, said)
        match said["kind"]:
            case "connected" if self._handing is not None:
                self._handing.begin_anew()
            case "held":
                self._note(
                    Held(
                        at_ms=now_ms(),
                        adviser=self._adviser.name,
                        call=ring["call"],
                        token=ring["token"],
                        on=said["on"],
                    )
                )
            case "consulted" if said["state"] == ConsultState.TALKING:
                self._note(self._about(Consulting, ring["call"], ring["token"]))
            case _:
                pass

    async def _talk(self) -> None:
        parting = None if is_consult(CallId(self._call)) else self._rooms.begin(self._call)
        if parting is not None:
            self._handing = Handing(
                self._tell_node, patience=OVER_A_FAULT, before=self._rooms.set_and_go_on
            )
            await self._handing.do(parting)
        await super()._talk()
