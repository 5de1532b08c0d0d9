"""The room of a call: who sits in it, what goes on there, and who hears whom by that.

From its first second a call has one room. Holding, handing on, asking another adviser and listening
in move nobody: they change what goes on, or how a supervisor is there, and this file says what each
of them hears then.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from contactcentre.domain.call import CallState
from contactcentre.domain.events import SupervisorMode
from contactcentre.domain.ids import LegId


class Role(StrEnum):
    """As what somebody sits in a room."""

    CALLER = "caller"
    ADVISER = "adviser"
    """Whose call it is."""
    CONSULTED = "consulted"
    """Another adviser, whom that one has asked."""
    OUTSIDE = "outside"
    """Somebody on an outside number, whom the adviser has asked, or has left the caller to."""
    SUPERVISOR = "supervisor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Somebody in a room, on one leg."""

    leg: LegId
    role: Role
    mode: SupervisorMode | None = None
    """Of a supervisor; None: is not to hear anything yet."""


class Scene(StrEnum):
    """What goes on in a room."""

    ALONE = "alone"
    """The caller is with the flow, which is all there is to hear."""
    WAIT = "wait"
    """The caller waits for an adviser, also while one is rung."""
    TALK = "talk"
    HOLD = "hold"
    """The adviser is there, with whoever was asked, and the caller waits."""
    CONFERENCE = "conference"
    """The caller talks with both advisers, or with whoever is asked outside as well."""
    LEFT_OUTSIDE = "left_outside"
    """The adviser has left the caller to somebody outside."""


SCENES: Mapping[CallState, Scene] = MappingProxyType(
    {
        CallState.IN_MENU: Scene.ALONE,
        CallState.WAITING: Scene.WAIT,
        CallState.RINGING: Scene.WAIT,
        CallState.TALKING: Scene.TALK,
        CallState.ON_HOLD: Scene.HOLD,
        CallState.ENDED: Scene.ALONE,
    }
)
"""What goes on while a call stands so."""
assert SCENES.keys() == set(CallState), "every state has its scene"


def scene_of(state: CallState, *, is_merged: bool) -> Scene:
    """Return what goes on; `is_merged` says that whoever was asked talks with the caller too."""
    scene = SCENES[state]
    return Scene.CONFERENCE if is_merged and scene is Scene.TALK else scene


TALKING: Mapping[Scene, frozenset[Role]] = MappingProxyType(
    {
        Scene.ALONE: frozenset(),
        Scene.WAIT: frozenset(),
        Scene.TALK: frozenset({Role.CALLER, Role.ADVISER}),
        Scene.HOLD: frozenset({Role.ADVISER, Role.CONSULTED, Role.OUTSIDE}),
        Scene.CONFERENCE: frozenset({Role.CALLER, Role.ADVISER, Role.CONSULTED, Role.OUTSIDE}),
        Scene.LEFT_OUTSIDE: frozenset({Role.CALLER, Role.OUTSIDE}),
    }
)
"""Who talks with one another."""
assert TALKING.keys() == set(Scene), "every scene says who talks"

WAITING = frozenset({Role.CALLER, Role.CONSULTED, Role.OUTSIDE})
"""Who hears music while there is nobody to hear."""

Hearing = tuple[LegId, LegId]
"""A listener and a speaker."""


def who_hears_whom(scene: Scene, seats: Collection[Seat]) -> frozenset[Hearing]:
    """Return every listener with every speaker that is heard."""
    talking = [seat for seat in seats if _talks(scene, seat)]
    pairs = [(listener, speaker) for listener in talking for speaker in talking]
    pairs += _listening_in(talking, seats)
    return frozenset(
        (listener.leg, speaker.leg) for listener, speaker in pairs if listener != speaker
    )


def _talks(scene: Scene, seat: Seat) -> bool:
    """Say whether somebody talks with the others who do."""
    if seat.role is Role.SUPERVISOR:
        return seat.mode is SupervisorMode.JOIN and bool(TALKING[scene])
    return seat.role in TALKING[scene]


def _listening_in(
    talking: Collection[Seat], seats: Collection[Seat]
) -> Iterator[tuple[Seat, Seat]]:
    """Yield what supervisors hear who do not talk along, and what a whisper adds."""
    for seat in seats:
        if seat.mode in {SupervisorMode.LISTEN, SupervisorMode.WHISPER}:
            for speaker in talking:
                yield seat, speaker
                if speaker.role is Role.ADVISER and seat.mode is SupervisorMode.WHISPER:
                    yield speaker, seat


def who_hears_music(scene: Scene, seats: Collection[Seat]) -> frozenset[LegId]:
    """Return the legs of those who wait for an adviser, and hear nobody meanwhile."""
    if scene is Scene.ALONE:
        return frozenset()
    served = {listener for listener, _ in who_hears_whom(scene, seats)}
    return frozenset(seat.leg for seat in seats if seat.role in WAITING and seat.leg not in served)
