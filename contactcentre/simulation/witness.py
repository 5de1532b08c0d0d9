"""Who hears whom while it is so, and whether that may be recorded, or heard by a supervisor.

What the product is to keep to is known here by other ways than its own: who hears whom from the
legs, who was told of a recording from what was played to the end, who has paused it from the page.

recordings_wrong     a second on a tape before its caller had heard that the talk is recorded, or
                     while its adviser had paused that; a talk of which more than `LOST_MAX_S` are
                     on no disk; a part that is not in the record
listening_unwritten  a supervisor who heard something of a talk before the record had it
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence

from contactcentre.domain.consulting import asked_about
from contactcentre.domain.ids import CallId, LegId, RecordingPart, SoundName
from contactcentre.simulation.ledger import LedgerData
from contactcentre.simulation.lives import WORLD, Life
from contactcentre.simulation.sound import Air, NodeLeg
from contactcentre.simulation.tapes import RecordingMedia, Reel, call_of, hear_each_other

LOST_MAX_S = 5
"""So much of a talk may be missing that was at one node."""
ADVISER, SUPERVISOR = ".adviser.", ".supervisor."
ANNOUNCED = SoundName("call_recorded")
Reels = Mapping[str, dict[RecordingPart, Reel]]


class Witness:
    """What is seen of all talks."""

    def __init__(self, air: Air, ledger: LedgerData, reels: Reels) -> None:
        self.wrong: list[str] = []
        self.unwritten: list[str] = []
        self.listened_count = self.paused_count = 0
        self._air = air
        self._ledger = ledger
        self._reels = reels
        self._announced: set[CallId] = set()
        self._pauses: dict[tuple[CallId, str], int] = {}
        """Since which second an adviser has the recording of a call paused."""
        self._seen: dict[tuple[CallId, Life], set[int]] = {}
        """In which seconds what may be recorded was said, at each node."""
        self._listening: set[LegId] = set()

    def begin(self) -> None:
        """Look once a second from now on."""
        asyncio.get_running_loop().call_later(1.0, self._look, context=WORLD)

    # What is told

    def said(self, leg: LegId, sounds: Sequence[SoundName]) -> None:
        """Hear what somebody has heard to its end."""
        if ANNOUNCED in sounds:
            self._announced.add(asked_about(call_of(leg)))

    def paused(self, call: str, adviser: str, *, on: bool) -> None:
        """Hear that an adviser's page shows a recording as paused, or that it is to go on."""
        key = asked_about(CallId(call)), adviser
        if on and key not in self._pauses:
            self.paused_count += 1
            self._pauses[key] = round(asyncio.get_running_loop().time())
        elif not on:
            self._pauses.pop(key, None)

    # What is seen

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now_s = round(loop.time())
        for media in self._air.media:
            if media.life.goes and isinstance(media, RecordingMedia):
                self.see(media, now_s)
        loop.call_later(1.0, self._look, context=WORLD)

    def see(self, media: RecordingMedia, now_s: int) -> None:
        """See the talks of a node, and put this second on its tapes."""
        for leg in media.legs.values():
            if SUPERVISOR in leg.id and leg.hears:
                self._listens(leg)
            elif ADVISER in leg.id and leg.hears:
                self._talks(media, leg, now_s)
        for tape in media.tapes:
            tape.flush()
            legs = media.legs_of(tape)
            if legs is not None:
                tape.write(b"", at=now_s)
                self._recorded(tape.reel.call.id, _person(legs[1]), now_s)

    def _talks(self, media: RecordingMedia, adviser: NodeLeg, now_s: int) -> None:
        """Note that a caller and an adviser talk, if they do."""
        call = asked_about(call_of(adviser.id))
        callers = (media.legs.get(one) for one in adviser.hears)
        if not any(
            one is not None and _is_caller(one, call) and hear_each_other(one, adviser)
            for one in callers
        ):
            return
        pause = self._pauses.get((call, _person(adviser)))
        if pause is None and call in self._announced:
            self._seen.setdefault((call, media.life), set()).add(now_s)

    def _recorded(self, call: CallId, adviser: str, now_s: int) -> None:
        """Note what must not be on a tape."""
        if call not in self._announced:
            self.wrong.append(f"{call} was recorded at {now_s} s, and its caller knew nothing")
        pause = self._pauses.get((call, adviser))
        if pause is None or now_s <= pause:
            return
        self.wrong.append(f"{call} was recorded at {now_s} s, while {adviser} had that paused")

    def _listens(self, leg: NodeLeg) -> None:
        """Note who listens, once for each leg, and whether that is in the record."""
        if leg.id in self._listening or leg.sound is None:
            return
        self._listening.add(leg.id)
        self.listened_count += 1
        call, supervisor = call_of(leg.id), _person(leg)
        if (call, supervisor) not in self._ledger.supervised:
            self.unwritten.append(f"{supervisor} heard {call}, and the record did not know")

    # In the end

    @property
    def is_recorded(self) -> bool:
        """Say whether every part that is on a disk is in the record."""
        return all(part in self._ledger.parts for reels in self._reels.values() for part in reels)

    def missing(self) -> Iterator[str]:
        """Yield what should be on a disk, or in the record, and is not."""
        kept: dict[tuple[CallId, Life], set[int]] = {}
        for reels in self._reels.values():
            for part, reel in reels.items():
                kept.setdefault((reel.call.id, reel.life), set()).update(reel.seconds)
                if part not in self._ledger.parts:
                    yield f"{part} is on a disk, and not in the record"
        for (call, life), seconds in self._seen.items():
            lost = seconds - kept.get((call, life), set())
            if len(lost) > LOST_MAX_S:
                yield f"{len(lost)} s of {call} at {life.name} are on no disk"


def _person(leg: NodeLeg) -> str:
    """Return whose browser is at the other end of a leg."""
    return "" if leg.sound is None else leg.sound.names[-1]


def _is_caller(leg: NodeLeg, call: CallId) -> bool:
    return call_of(leg.id) == call and ADVISER not in leg.id and SUPERVISOR not in leg.id
