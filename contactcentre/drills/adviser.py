"""An adviser at a desk in a browser: signs in, is ready, answers, talks, wraps up, is ready again.

The desk's word is the truth, as in the page; what it asks for is done, and a leg that breaks is
opened again where the desk says that the call is now.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from itertools import count
from typing import Any

import aiohttp

from contactcentre.domain.consulting import asked_about
from contactcentre.domain.ids import CallId
from contactcentre.drills import history as facts
from contactcentre.drills.desk_way import DeskWay
from contactcentre.drills.handing import Handing, Parting
from contactcentre.drills.history import now_ms
from contactcentre.drills.leg import (
    ADVISER_HZ,
    CALLER_HZ,
    Leg,
    LegEnd,
    Said,
)
from contactcentre.drills.manners import AdviserManner
from contactcentre.drills.ringing_back import RingingBack
from contactcentre.drills.who import Adviser

LEG_TRIES_MAX = 8
PATIENT_STEP_MAX = 4
SAY_AGAIN_S = 0.5
PRESS_AGAIN_S = 1.0
TO_READY_S = 0.3
"""How long an adviser looks at the word `away` before pressing Ready."""
MUST_PRESS = frozenset({"away", "offline"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What an adviser has while at work."""

    session: aiohttp.ClientSession
    tasks: asyncio.TaskGroup
    way: DeskWay


class AdviserPage:
    """One adviser's browser while the adviser works."""

    def __init__(self, adviser: Adviser, manner: AdviserManner) -> None:
        self._adviser = adviser
        self._manner = manner
        self._own: Own | None = None
        self._doing: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._leg: Leg | None = None
        self._ring: Said | None = None
        """The ring that the open leg is for."""
        self._work: tuple[str, object] = ("nothing", None)
        self._call = ""
        """The call that is talked with."""
        self._answering = False
        self._bridged = asyncio.Event()
        self._handing: Handing | None = None
        self._over: set[int] = set()
        """Tokens whose end is written down."""
        self._ringing_back = RingingBack(adviser)
        self.presence: str | None = None

    async def work(self) -> None:
        """Sign in and work until cancelled."""
        adviser = self._adviser
        async with adviser.open_session() as session, asyncio.TaskGroup() as tasks:
            way = DeskWay(
                adviser.desks,
                session,
                adviser.chance,
                sign_in={"name": adviser.name, "password": adviser.password},
                heard=self._hear,
                lost=lambda: self._note(facts.DeskLost(at_ms=now_ms(), adviser=adviser.name)),
                closing=adviser.closing,
            )
            self.take(Own(session=session, tasks=tasks, way=way))
            await way.keep()

    def take(self, own: Own) -> None:
        """Be at work."""
        self._own = own

    def talk_path(self, call: str) -> str:
        """Return where to ask for the way to the talk with a call."""
        del call
        return "/api/talk"

    @property
    def _at_work(self) -> Own:
        assert self._own is not None, "at work"
        return self._own

    # What the desk says

    def _hear(self, said: Said) -> None:
        match said["kind"]:
            case "presence":
                self._stand(said)
            case "ring":
                self._rung(said)
            case "ring_ended":
                self._end_part(said["call"], said["token"], lapse=said["lapse"])
                if self._work == ("ringing", said["token"]):
                    self._become("nothing", None)
            case "talk":
                self._talks(said["call"], said["token"], said["ring"])
            case "wrap_up":
                self._let_go()
                self._become("wrap_up", said["call"])
            case "queues":
                waiting = {one["queue"]: one["waiting_count"] for one in said["queues"]}
                self._note(
                    facts.QueuesHeard(at_ms=now_ms(), adviser=self._adviser.name, waiting=waiting)
                )
            case _:
                pass

    def _stand(self, said: Said) -> None:
        state, reason = said["state"], said["reason"]
        self._note(
            facts.PresenceHeard(
                at_ms=now_ms(), adviser=self._adviser.name, state=state, reason=reason
            )
        )
        self.presence = state
        if state in MUST_PRESS:
            self._let_go()
            self._become("away", now_ms())
        elif state == "ready":
            self._let_go()
            self._become("nothing", None)

    def _rung(self, ring: Said) -> None:
        if self._work == ("ringing", ring["token"]):
            return
        self._note(
            facts.RingHeard(
                at_ms=now_ms(),
                adviser=self._adviser.name,
                call=ring["call"],
                token=ring["token"],
                queue=ring["queue"],
            )
        )
        self._let_go()
        self._become("ringing", ring["token"])
        self._open(ring)

    def _talks(self, call: str, token: int, ring: Said | None) -> None:
        """Take note of a talk, and open a leg if there is none where the call is now."""
        if self._work != ("talking", token):
            self._become("talking", token)
        elif call != self._call and self._ring is not None:
            # whoever was asked about a caller has that caller now, on the same leg
            self._ring = {**self._ring, "call": call}
            self._note(self._about(facts.Bridged, call, token))
        self._call = call
        if ring is None:
            return
        if ring["callback"] is not None:
            self._ring = ring
            self._ringing_back.taken(call, token)
            return
        is_here = (
            self._leg is not None
            and self._ring is not None
            and self._ring["token"] == token
            and self._ring["node_url"] == ring["node_url"]
        )
        if not is_here:
            assert ring["call"] == call, "the way to the call is its own"
            self._let_go(over=False)
            self._open(ring)

    # The leg

    def _open(self, ring: Said) -> None:
        self._ring = ring
        self._bridged.clear()
        if ring["callback"] is not None:
            return  # there is no leg to it
        self._keeping = self._at_work.tasks.create_task(self._keep_leg(ring), name="adviser's leg")

    async def _keep_leg(self, ring: Said) -> None:
        """Open the leg, and open it again where it breaks, as long as there is a ring or a talk."""
        for attempt in count(1):
            end = await self._live_leg(ring)
            is_talk = self._work == ("talking", ring["token"])
            if end.why == "over":
                self._end_part(ring["call"], ring["token"])
                return
            if not is_talk and (attempt >= LEG_TRIES_MAX or end.why == "refused"):
                return
            await asyncio.sleep(self._at_work.way.back_off_s(min(attempt, PATIENT_STEP_MAX)))
            if is_talk:
                ring = await self._way_to_talk(ring)

    async def _way_to_talk(self, ring: Said) -> Said:
        """Return where the talk is now, with a fresh ticket; as it was where nobody can say."""
        talk = await self._at_work.way.answer("GET", self.talk_path(ring["call"]))
        if talk is None or talk.get("token") != ring["token"] or talk.get("ring") is None:
            return ring
        self._ring = talk["ring"]
        return talk["ring"]  # type: ignore[no-any-return]

    def _attach(self, ring: Said) -> Said:
        """Return what is said first on a leg, but for its offer."""
        return {"kind": "attach", "ticket": ring["ticket"]}

    async def _live_leg(self, ring: Said) -> LegEnd:
        leg = Leg(
            self._at_work.session,
            ring["node_url"],
            self._attach(ring),
            hums_hz=ADVISER_HZ,
            said=lambda said: self._leg_said(ring, said),
            make_sound=self._adviser.make_sound,
        )
        self._leg = leg
        try:
            end = await leg.live()
        finally:
            if self._leg is leg:
                self._leg = None
            self._adviser.closing.create_task(leg.close(), name="leg closes")
        if end.why == "lost" and end.connected:
            self._note(
                facts.AdviserLegLost(
                    at_ms=now_ms(),
                    adviser=self._adviser.name,
                    call=ring["call"],
                    token=ring["token"],
                    heard_ms=leg.heard_ms,
                )
            )
        return end

    def _leg_said(self, ring: Said, said: Said) -> None:
        match said["kind"]:
            case "connected":
                self._note(self._about(facts.AdviserLegUp, ring["call"], ring["token"]))
                if self._answering:
                    self._say_soon({"kind": "answer_call"})
            case "bridged":
                self._note(self._about(facts.Bridged, ring["call"], said["token"]))
                self._bridged.set()
                if self._leg is not None:
                    self._leg.listen_for(CALLER_HZ)
                self._talks(ring["call"], said["token"], None)
            case "voice":
                self._note(
                    facts.CallerVoiceHeard(
                        at_ms=now_ms(),
                        adviser=self._adviser.name,
                        call=ring["call"],
                        token=ring["token"],
                        on=said["on"],
                    )
                )
            case "consulted" | "held" | "not_done" if self._handing is not None:
                self._handing.hear(said)
            case _:
                pass

    def _let_go(self, *, over: bool = True) -> None:
        """Close the leg; `over` if the adviser's part in the call is over as well."""
        keeping, self._keeping = self._keeping, None
        if keeping is not None:
            keeping.cancel()
        ring, self._ring = self._ring, None
        if ring is not None and over:
            self._end_part(ring["call"], ring["token"])

    def _end_part(self, call: str, token: int, *, lapse: str | None = None) -> None:
        """Write down, once, that this reservation is over for this adviser."""
        if token in self._over:
            return
        self._over.add(token)
        if lapse is None:
            self._note(self._about(facts.AdviserLegOver, call, token))
        else:
            self._note(
                facts.RingOver(
                    at_ms=now_ms(),
                    adviser=self._adviser.name,
                    call=call,
                    token=token,
                    lapse=lapse,
                )
            )
        if self._ring is not None and self._ring["token"] == token:
            self._let_go(over=False)

    def _say_soon(self, said: Said) -> None:
        self._at_work.tasks.create_task(self._tell_node(said), name="adviser says")

    # The person

    def _become(self, at: str, what: object) -> None:
        """Begin with what is to be done now, and leave what was being done."""
        if self._work == (at, what):
            return
        self._work = (at, what)
        self._answering = False
        doing, self._doing = self._doing, None
        if doing is not None:
            doing.cancel()
        act: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            "away": self._press_ready,
            "ringing": self._answer,
            "talking": self._talk,
            "wrap_up": self._finish,
        }
        if at in act:
            self._doing = self._at_work.tasks.create_task(act[at](), name=f"adviser {at}")

    async def _press_ready(self) -> None:
        while True:  # until the desk says that the adviser is not away any longer
            await asyncio.sleep(TO_READY_S)
            await self._at_work.way.insist("POST", "/api/presence", {"state": "ready"})
            await asyncio.sleep(PRESS_AGAIN_S)

    async def _answer(self) -> None:
        ring = self._ring
        assert ring is not None, "it rings"
        await self._manner.think(ring["call"])
        self._answering = True
        if self._ring is not None:
            self._note(self._about(facts.AnswerPressed, self._ring["call"], self._ring["token"]))
        if self._leg is not None and self._leg.is_connected:
            await self._leg.say({"kind": "answer_call"})
        if self._ring is not None and self._ring["callback"] is not None:
            await self._ringing_back.take(self._at_work.way, self._ring)

    async def _talk(self) -> None:
        """Talk, then hang up at the node, or at the desk where there is no way to the node."""
        await self._manner.talk()
        await self._hand_on()
        call, token = self._call, self._work[1]
        if self._leg is not None and self._bridged.is_set() and self._ring is not None:
            # whom the adviser hears, also where the desk still shows an older talk
            call, token = self._ring["call"], self._ring["token"]
        assert isinstance(token, int), "a talk has its token"
        self._note(self._about(facts.AdviserHungUp, call, token))
        if self._ring is not None and self._ring["callback"] is not None:
            await self._ringing_back.end(self._at_work.way, self._at_work.tasks, self._ring)
        while True:  # until the desk says that the talk is over
            if self._leg is None or not self._bridged.is_set():
                await self._at_work.way.ask("POST", f"/api/calls/{call}/end", {})
            else:
                await self._leg.say({"kind": "hang_up", "call": call})
            await asyncio.sleep(SAY_AGAIN_S)
            if self._call == asked_about(CallId(call)) != call:
                call = self._call  # it was left to this adviser meanwhile
                self._note(self._about(facts.AdviserHungUp, call, token))

    async def _hand_on(self) -> None:
        """Hand the caller on, or ask a colleague; return if the caller is to be let go after it."""
        parting = self._adviser.parting()
        if parting is None or self._ring is None or not self._bridged.is_set():
            return
        await self._do(Handing(self._tell_node), parting)

    async def _do(self, handing: Handing, parting: Parting) -> None:
        """Do something with a caller, and hear what the node says of it."""
        self._handing = handing
        await handing.do(parting)

    async def _tell_node(self, said: Said) -> bool:
        leg, ring = self._leg, self._ring
        if said["kind"] == "transfer":
            if leg is None or not leg.is_connected or ring is None:
                return False  # nobody is handed on by what nobody hears
            self._note(self._about(facts.CallerHanded, ring["call"], ring["token"]))
        return leg is not None and await leg.say(said)

    async def _finish(self) -> None:
        await self._manner.write()
        _, call = self._work
        while True:  # until the desk says that it is finished
            await self._at_work.way.insist(
                "POST", "/api/wrap-up/finish", {"call": call, "then": "ready"}
            )
            await asyncio.sleep(PRESS_AGAIN_S)

    def _about(self, kind: type[facts.AdviserCallFact], call: str, token: int) -> facts.Fact:
        return kind(at_ms=now_ms(), adviser=self._adviser.name, call=call, token=token)

    def _note(self, fact: facts.Fact) -> None:
        self._adviser.history.note(fact)
