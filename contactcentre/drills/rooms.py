"""Talks in which more than talking goes on while something is lost: hold, consultation, transfer.

The first talks of a drill have one of these each. A caller is on hold or a colleague asked before
the fault, and taken back or let go after it; a caller is handed to another queue right behind it.
What an adviser sees undone is done again, as a person would.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random
from types import MappingProxyType

from contactcentre.domain.consulting import ConsultState, is_consult
from contactcentre.domain.ids import CallId
from contactcentre.drills.adviser import AdviserPage
from contactcentre.drills.handing import Handing, Parting, Patience, Way
from contactcentre.drills.history import (
    CallerCame,
    CallerHanded,
    Consulting,
    Held,
    History,
    LeftOutside,
    OutsideAnswered,
    now_ms,
)
from contactcentre.drills.leg import Said
from contactcentre.drills.manners import AdviserManner, Stage
from contactcentre.drills.outside_phones import ASKED, LEFT
from contactcentre.drills.unseen_places import SIP, WEB
from contactcentre.drills.who import Adviser

ASKED_QUEUE, OTHER_QUEUE = "tax.general.en", "tax.sign-in.en"
WAYS = (Way.HOLD, Way.MEET, Way.TRANSFER)
"""What is done with callers who have pages;"""
OUTSIDE_WAYS: Mapping[Way, str] = MappingProxyType(
    {Way.ASK_OUTSIDE: ASKED, Way.LEAVE_OUTSIDE: LEFT}
)
"""and with those on telephones behind a trunk, and which outside number it is done with."""
QUEUES = {Way.MEET: ASKED_QUEUE, Way.TRANSFER: OTHER_QUEUE}
FIRST_WORDS_S = 1.5
"""A telephone knows that its caller talks once it has heard the adviser."""
OVER_A_FAULT = Patience(again_s=1.0, within_s=20.0, together_s=1.0, takes_no=False)
"""All three talk for less long than a talk may be deaf: of two who hum at once one is known."""


def counts_of(history: History) -> Mapping[str, int]:
    """Return in how many talks each was seen."""
    held = {fact.call for fact in history.of(Held) if fact.on}
    return {
        "held": len(held),
        "consulted": len({fact.call for fact in history.of(Consulting)}),
        "transferred": len({fact.call for fact in history.of(CallerHanded)}),
        "outside": len({fact.name for fact in history.of(OutsideAnswered)}),
    }


def ways_of(chance: Random, legs: Sequence[str]) -> Sequence[Way]:
    """Return what is done with callers who have these legs: each once, with another caller."""
    left = Counter(legs)
    ways = [*(WAYS if WEB in left else ()), *(OUTSIDE_WAYS if SIP in left else ())]
    chance.shuffle(ways)
    done: list[Way] = []
    for way in ways:
        if left[_leg_for(way)] > 0:
            left[_leg_for(way)] -= 1
            done.append(way)
    return done


def _leg_for(way: Way) -> str:
    """Return what leg a caller has with whom that is done."""
    return SIP if way in OUTSIDE_WAYS else WEB


class Rooms:
    """Who does what in which talk."""

    def __init__(self, stage: Stage, history: History, ways: Sequence[Way]) -> None:
        self.stage = stage
        self._history = history
        self._left = list(ways)
        self.outside: set[str] = set()
        """The call whose caller was left outside, or in which somebody outside is asked."""
        self._begun: set[str] = set()
        self._leaving: set[str] = set()
        self._under_way = 0

    @property
    def are_set(self) -> bool:
        """Say whether everything is as it is to be when something is lost."""
        return self._under_way == 0 and not self._left

    def begin(self, call: str) -> Parting | None:
        """Return what is done in a talk that begins, if anything is."""
        ways = [way for way in self._left if self._fits(way, call)]
        if not ways or self.stage.go_on.is_set() or call in self._begun:
            return None
        self._begun.add(call)
        self._under_way += 1
        way = ways[-1]
        self._left.remove(way)
        if way is Way.LEAVE_OUTSIDE:
            self._leaving.add(call)
        if way is Way.LEAVE_OUTSIDE or (way in OUTSIDE_WAYS and not self.outside):
            self.outside = {call}
        return Parting(way=way, queue=QUEUES.get(way, ""), outside=OUTSIDE_WAYS.get(way, ""))

    def has_left(self, call: str) -> str | None:
        """Take note that an adviser's part is over; return to which number the caller was left."""
        if call not in self._leaving:
            return None
        self._leaving.discard(call)
        self._under_way -= 1
        return OUTSIDE_WAYS[Way.LEAVE_OUTSIDE]

    def _fits(self, way: Way, call: str) -> bool:
        """Say whether that may be done with a caller who has such a leg."""
        leg = next((fact.leg for fact in self._history.of(CallerCame) if fact.call == call), "")
        return leg == _leg_for(way)

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

    def _end_part(self, call: str, token: int, *, lapse: str | None = None) -> None:
        super()._end_part(call, token, lapse=lapse)
        name = self._rooms.has_left(call)
        if name is not None:
            self._note(
                LeftOutside(
                    at_ms=now_ms(), adviser=self._adviser.name, call=call, token=token, name=name
                )
            )

    async def _talk(self) -> None:
        parting = None if is_consult(CallId(self._call)) else self._rooms.begin(self._call)
        if parting is not None:
            if parting.outside:
                await asyncio.sleep(FIRST_WORDS_S)
            handing = Handing(
                self._tell_node, patience=OVER_A_FAULT, before=self._rooms.set_and_go_on
            )
            await self._do(handing, parting)
        await super()._talk()
