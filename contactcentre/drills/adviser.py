"""An adviser at a desk in a browser: signs in, is ready, answers, talks, wraps up, is ready again.

The desk's word is the truth, as in the page; what it asks for is done, and a leg that breaks is
opened again where the desk says that the call is now.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import aiohttp

from contactcentre.drills import history as facts
from contactcentre.drills.history import History, now_ms
from contactcentre.drills.leg import BROKEN, CLOSE_WITHIN_S, Leg, LegEnd, Said
from contactcentre.drills.manners import AdviserManner
from contactcentre.limits import SOCKET_BEAT_EVERY_MS, SOCKET_LOST_AFTER_MS
from contactcentre.wire.closing import Closing

ASK_WITHIN_S = 5.0
BACK_OFF_MIN_S, BACK_OFF_MAX_S = 0.25, 10.0
LEG_TRIES_MAX = 8
SAY_AGAIN_S = 0.5
PRESS_AGAIN_S = 1.0
TO_READY_S = 0.3
"""How long an adviser looks at the word `away` before pressing Ready."""
MUST_PRESS = frozenset({"away", "offline"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Adviser:
    """Who works, and where."""

    name: str
    password: str
    desks: Sequence[str]
    """Where the desk may be reached; a way in front of it finds one that lives."""
    history: History
    closing: asyncio.TaskGroup
    chance: Random


class AdviserPage:
    """One adviser's browser while the adviser works."""

    def __init__(self, adviser: Adviser, manner: AdviserManner) -> None:
        self._adviser = adviser
        self._manner = manner
        self._session: aiohttp.ClientSession | None = None
        self._at = adviser.chance.randrange(len(adviser.desks))
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._patience: asyncio.Timeout | None = None
        self._tasks: asyncio.TaskGroup | None = None
        self._doing: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._leg: Leg | None = None
        self._ring: Said | None = None
        """The ring that the open leg is for."""
        self._work: tuple[str, object] = ("nothing", None)
        self._answering = False
        self._bridged = asyncio.Event()
        self._over: set[int] = set()
        """Tokens whose end is written down."""
        self.presence: str | None = None

    async def work(self) -> None:
        """Sign in and work until cancelled."""
        jar = aiohttp.CookieJar(unsafe=True)  # addresses instead of names
        async with (
            aiohttp.ClientSession(cookie_jar=jar) as self._session,
            asyncio.TaskGroup() as self._tasks,
        ):
            await self._sign_in()
            await self._stay_connected()

    # The way to the desk

    @property
    def _url(self) -> str:
        return self._adviser.desks[self._at % len(self._adviser.desks)]

    async def _sign_in(self) -> None:
        said = {"name": self._adviser.name, "password": self._adviser.password}
        await self._insist("POST", "/api/sign-in", said)

    async def _insist(self, method: str, path: str, body: Said) -> None:
        """Ask until the desk has said yes or no."""
        attempt = 0
        while await self._ask(method, path, body) is None:
            attempt += 1
            self._at += self._socket is None
            await asyncio.sleep(self._back_off_s(attempt))

    async def _ask(self, method: str, path: str, body: Said) -> int | None:
        """Return the status of the answer; None if there was none, or an outage."""
        assert self._session is not None, "at work"
        try:
            async with (
                asyncio.timeout(ASK_WITHIN_S),
                self._session.request(
                    method, self._url + path, json=body, headers={"Origin": self._url}
                ) as response,
            ):
                await response.read()
                return response.status if response.status < 500 else None  # noqa: PLR2004 - its own trouble
        except BROKEN:
            return None

    async def _stay_connected(self) -> None:
        attempt = 0
        while True:
            was_live = await self._live()
            attempt = 1 if was_live else attempt + 1
            if was_live:
                self._note(facts.DeskLost(at_ms=now_ms(), adviser=self._adviser.name))
            self._at += 1
            await asyncio.sleep(self._back_off_s(attempt))

    async def _live(self) -> bool:
        """Keep one socket to its end; say whether the desk said anything on it."""
        assert self._session is not None, "at work"
        assert self._tasks is not None, "at work"
        try:
            async with asyncio.timeout(ASK_WITHIN_S):
                socket = await self._session.ws_connect(
                    self._url + "/api/live",
                    headers={"Origin": self._url},
                    max_msg_size=0,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_WITHIN_S),
                )
        except BROKEN:
            return False
        self._socket, was_live = socket, False
        beating = self._tasks.create_task(self._beat(socket), name="desk beats")
        try:
            async with asyncio.timeout(SOCKET_LOST_AFTER_MS / 1_000) as self._patience:
                async for message in socket:
                    loop = asyncio.get_running_loop()
                    self._patience.reschedule(loop.time() + SOCKET_LOST_AFTER_MS / 1_000)
                    if message.type is not aiohttp.WSMsgType.TEXT:
                        break
                    was_live = True
                    self._hear(message.json())
        except (*BROKEN,):
            pass
        finally:
            beating.cancel()
            self._socket = self._patience = None
            self._adviser.closing.create_task(_close(socket), name="desk socket closes")
        if socket.close_code == Closing.NOT_SIGNED_IN:
            await self._sign_in()
        return was_live

    async def _beat(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        try:
            while True:
                await asyncio.sleep(SOCKET_BEAT_EVERY_MS / 1_000)
                await socket.send_json({"kind": "beat"})
        except BROKEN:
            return

    def _back_off_s(self, attempt: int) -> float:
        span: float = min(BACK_OFF_MAX_S, BACK_OFF_MIN_S * 2 ** min(attempt, 10))
        return BACK_OFF_MIN_S + self._adviser.chance.random() * (span - BACK_OFF_MIN_S)

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
        if ring is None:
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
        assert self._tasks is not None, "at work"
        self._ring = ring
        self._bridged.clear()
        self._keeping = self._tasks.create_task(self._keep_leg(ring), name="adviser's leg")

    async def _keep_leg(self, ring: Said) -> None:
        """Open the leg, and open it again where it breaks."""
        for attempt in range(1, LEG_TRIES_MAX + 1):
            end = await self._live_leg(ring)
            if end.why == "over":
                self._end_part(ring["call"], ring["token"])
                return
            if end.why == "refused" and not end.connected:
                return
            await asyncio.sleep(self._back_off_s(attempt))
            if self._work == ("talking", ring["token"]) and self._patience is not None:
                self._patience.reschedule(0)  # the desk is asked for a fresh ticket
                return

    async def _live_leg(self, ring: Said) -> LegEnd:
        assert self._session is not None, "at work"
        first = {"kind": "attach", "ticket": ring["ticket"]}
        leg = Leg(
            self._session,
            ring["node_url"],
            first,
            said=lambda said: self._leg_said(ring, said),
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
                self._talks(ring["call"], said["token"], None)
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
        assert self._tasks is not None, "at work"
        if self._leg is not None:
            self._tasks.create_task(_say(self._leg, said), name="adviser says")

    # The person

    def _become(self, at: str, what: object) -> None:
        """Begin with what is to be done now, and leave what was being done."""
        assert self._tasks is not None, "at work"
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
            self._doing = self._tasks.create_task(act[at](), name=f"adviser {at}")

    async def _press_ready(self) -> None:
        while True:  # until the desk says that the adviser is not away any longer
            await asyncio.sleep(TO_READY_S)
            await self._insist("POST", "/api/presence", {"state": "ready"})
            await asyncio.sleep(PRESS_AGAIN_S)

    async def _answer(self) -> None:
        await self._manner.think()
        self._answering = True
        if self._leg is not None and self._leg.is_connected:
            await self._leg.say({"kind": "answer_call"})

    async def _talk(self) -> None:
        """Talk, then hang up as soon as there is a leg to do it with."""
        await self._manner.talk()
        ring = self._ring
        while self._leg is None or ring is None or not self._bridged.is_set():
            await asyncio.sleep(SAY_AGAIN_S)
            ring = self._ring
        self._note(self._about(facts.AdviserHungUp, ring["call"], ring["token"]))
        while True:  # until the desk says that the talk is over
            if self._leg is not None:
                await self._leg.say({"kind": "hang_up"})
            await asyncio.sleep(SAY_AGAIN_S)

    async def _finish(self) -> None:
        await self._manner.write()
        _, call = self._work
        while True:  # until the desk says that it is finished
            await self._insist("POST", "/api/wrap-up/finish", {"call": call, "then": "ready"})
            await asyncio.sleep(PRESS_AGAIN_S)

    def _about(self, kind: type[facts.AdviserCallFact], call: str, token: int) -> facts.Fact:
        return kind(at_ms=now_ms(), adviser=self._adviser.name, call=call, token=token)

    def _note(self, fact: facts.Fact) -> None:
        self._adviser.history.note(fact)


async def _say(leg: Leg, said: Said) -> None:
    await leg.say(said)


async def _close(socket: aiohttp.ClientWebSocketResponse) -> None:
    try:
        await socket.close()
    except BROKEN:
        return
