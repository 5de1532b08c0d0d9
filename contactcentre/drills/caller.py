"""A caller whose page keeps the call: with its claim it goes from node to node.

It gives up only when the platform says no, or when the caller wants to go.
"""

import asyncio
import hashlib
import secrets
from collections.abc import Mapping
from itertools import cycle
from typing import Any

from contactcentre.adapters.web.pages.site import OPEN_MS
from contactcentre.drills.ears import SoundWatch
from contactcentre.drills.first_open import BROKEN
from contactcentre.drills.history import (
    CallbackAsked,
    CallbackCancelled,
    CallbackHeard,
    CallerCame,
    CallerGone,
    CallerHungUp,
    CallerLegLost,
    ClaimSeen,
    PlaceHeard,
    StageHeard,
    VoiceHeard,
    WordsHeard,
    now_ms,
)
from contactcentre.drills.known_nodes import KnownNodes
from contactcentre.drills.leg import (
    ADVISER_HZ,
    CALLER_HZ,
    Leg,
    LegEnd,
    Said,
)
from contactcentre.drills.manners import CallerManner
from contactcentre.drills.parting import LEAVE, tell_any
from contactcentre.drills.payload import read_payload
from contactcentre.drills.person import be_a_person
from contactcentre.drills.who import Caller

ASK_WITHIN_S = 5.0
OWN_FAILURES_MAX = 5
PRESS_AGAIN_S = 1.0
BOOKED = "callback"
"""The ending of a call whose caller is rung back."""
IN_MENU, TALKS = "in_menu", frozenset({"talking", "on_hold"})
TRY_ANOTHER = frozenset(
    {
        "node-full",
        "outage",
        "state-unavailable",
        "ledger-unavailable",
        "media-unavailable",
        "peer-unavailable",
        "spool-full",
        "store-changed",
    }
)
"""After these the next node may do better."""


class CallerPage:
    """One call of one caller, from the claim to its end."""

    def __init__(self, caller: Caller, manner: CallerManner) -> None:
        self._caller = caller
        self._manner = manner
        self._secret = secrets.token_hex(32)
        self._claim: str | None = None
        self._attempts = 0
        """How often this very claim has been offered."""
        self._own: str | None = None
        """The node that has the call."""
        self._nodes = KnownNodes(caller.chance)
        self._leg: Leg | None = None
        self._sound = SoundWatch(lambda: self.call, self._note)
        self._public_urls = cycle(caller.public_urls)
        self._public_url = next(self._public_urls)
        self._dialled_ms = now_ms()
        self._stage_changed = asyncio.Event()
        self._wants_to_go = False
        self._words = ""
        self._place: tuple[int, int | None] | None = None
        self.call = ""
        self.stage: str | None = None
        self.has_talked = asyncio.Event()
        self.keys: Mapping[str, str] = {}
        """Which keys do something now."""
        self.is_booked = False
        """The caller has been told that a callback is booked."""

    async def live(self) -> None:
        """Call, and return once the call is over."""
        async with asyncio.TaskGroup() as tasks:
            person = tasks.create_task(self._be_a_person(), name=f"caller {self._caller.number}")
            try:
                why, said = await self._keep()
            finally:
                person.cancel()
        if said == BOOKED:
            self._hear_booked()
        self._note(CallerGone(at_ms=now_ms(), call=self.call, why=why, said=said))

    @property
    def left(self) -> Mapping[str, str] | None:
        """Return what proves that this caller has left the call; None before there was one."""
        return None if self._claim is None else {"claim": self._claim, "secret": self._secret}

    @property
    def own(self) -> str | None:
        """Return the node that has the call, as its page knows."""
        return self._own

    @property
    def is_heard(self) -> bool:
        """Say whether the caller hears the platform just now."""
        return self._sound.is_heard

    # Keeping the call

    async def _keep(self) -> tuple[str, str]:
        """Go from node to node until the call is over; return how it ended."""
        failures = own_failures = 0
        while not self._wants_to_go:
            dead = await self._prepare()
            if dead is not None:
                return dead
            url = None if self._claim is None else self._nodes.next()
            if url is not None:
                end = await self._open(url, failures)
                if end.why == "lost" and not end.connected:
                    self._nodes.unreached(url)
                own_failures = 0 if end.connected else own_failures + (url == self._own)
                elsewhere = url != self._own and self._nodes.has(self._own)
                final = self._final(end, elsewhere=elsewhere and own_failures < OWN_FAILURES_MAX)
                if final is not None:
                    return final
                failures = 0 if end.connected else failures
                if (end.connected and end.lives) or end.code == "stale-epoch":
                    self._nodes.prefer(self._own)
                elif end.connected:
                    self._nodes.avoid(self._own)
                if end.site_lost and self._own is not None:
                    self._nodes.unreached(self._own)
            failures += 1
            if not self._wants_to_go:
                self._caller.closing.create_task(self._refresh(), name="caller asks for nodes")
                await asyncio.sleep(self._nodes.pause_s(failures))
        return "hung_up", await self._leave()

    def _final(self, end: LegEnd, *, elsewhere: bool) -> tuple[str, str] | None:
        """Return the end of the call that a leg's end means; None if the call goes on elsewhere."""
        match end.why:
            case "over":
                return ("hung_up" if self._wants_to_go else "over"), end.code
            case "refused":
                if end.code in TRY_ANOTHER or (elsewhere and end.code == "stale-epoch"):
                    return None
                return "refused", end.code
            case _:
                return None

    async def _prepare(self) -> tuple[str, str] | None:
        """Get a claim if there is none; return why there is no sense in going on."""
        if self._claim is not None:
            return None
        page = hashlib.sha256(self._secret.encode()).hexdigest()
        asked: Said = {"line": "tax", "language": "en-GB", "page": page, "left": self._caller.left}
        asked["chat"] = self._caller.is_chat
        given = await self._ask("POST", "/api/claims", asked)
        if given is None:
            return None
        if "claim" not in given:
            return "refused", str(given.get("code", "other"))
        self._claim, self.call = given["claim"], given["call"]
        self._nodes.put(given["nodes"], given["sites"])
        came = CallerCame(at_ms=now_ms(), call=self.call, dialled_ms=self._dialled_ms)
        self._note(came)
        return None

    async def _refresh(self) -> None:
        """Get the nodes of now; nothing waits for that while any is known."""
        if self._claim is not None:
            found = await self._ask("GET", "/api/nodes")
            if found is not None and found.get("nodes"):
                self._nodes.put(found["nodes"], found["sites"])

    async def _ask(self, method: str, path: str, body: object = None) -> Said | None:
        """Ask a public server; None if it cannot be reached or is not well, and another is next."""
        try:
            async with (
                asyncio.timeout(ASK_WITHIN_S),
                self._caller.session.request(
                    method,
                    self._public_url + path,
                    json=body,
                    headers=self._caller.headers,
                ) as response,
            ):
                if response.status < 500:  # noqa: PLR2004 - the server's own trouble
                    answer: Said = await response.json(content_type=None)
                    return answer
        except BROKEN:
            pass
        self._public_url = next(self._public_urls)
        return None

    async def _open(self, url: str, failures: int) -> LegEnd:
        assert self._claim is not None, "prepared"
        first: dict[str, str | int] = {
            "kind": "offer",
            "claim": self._claim,
            "secret": self._secret,
            "attempt": self._attempts,
        }
        self._attempts += 1
        leg = Leg(
            self._caller.session,
            url,
            first,
            hums_hz=CALLER_HZ,
            heard=self._sound_came,
            said=lambda said: self._hear(said, leg.url),
            open_within_s=self._nodes.open_within_s(failures, OPEN_MS),
            rival=self._nodes.elsewhere(url) if self._own is None else None,
            make_sound=self._caller.make_sound,
        )
        self._leg = leg
        try:
            end = await leg.live()
        finally:
            self._leg = None
            self._caller.closing.create_task(leg.close(), name="leg closes")
        if end.why == "lost" and end.connected:
            self._note(CallerLegLost(at_ms=now_ms(), call=self.call))
        return end

    async def _leave(self) -> str:
        """Tell any living node that the caller has gone, as the node that was told is lost."""
        return "left" if await self._tell_any(LEAVE) else "unheard"

    async def _tell_any(self, kind: str) -> bool:
        """Say whether any node has taken it."""
        if self._claim is None:
            return False
        said = {"kind": kind, "claim": self._claim, "secret": self._secret}
        return await tell_any(self._caller.session, self._nodes, said)

    # A callback

    async def press(self, key: str) -> None:
        """Press a key, if there is a leg to press it on."""
        if self._leg is not None:
            await self._leg.say({"kind": "key", "key": key})

    async def cancel_callback(self) -> None:
        """Want no callback any more, after the end of the call."""
        self._note(CallbackCancelled(at_ms=now_ms(), call=self.call))
        await self._tell_any("cancel_callback")

    def ask_for_callback(self) -> None:
        """Take note that the caller is about to say that the number is right."""
        self._note(CallbackAsked(at_ms=now_ms(), call=self.call))

    def _hear_booked(self) -> None:
        if not self.is_booked:
            self.is_booked = True
            self._note(CallbackHeard(at_ms=now_ms(), call=self.call))

    # What is heard

    def _hear(self, said: Said, url: str) -> None:
        match said["kind"]:
            case "claim":
                self._claim, self._own, self._attempts = said["claim"], url, 0
                payload = read_payload(said["claim"])
                seen = ClaimSeen(
                    at_ms=now_ms(),
                    call=self.call,
                    queue=payload.get("queue"),
                    enqueued_ms=payload.get("enqueued_ms"),
                    node=url,
                )
                self._note(seen)
            case "stage":
                if said["state"] != self.stage:
                    self._note(StageHeard(at_ms=now_ms(), call=self.call, state=said["state"]))
                self._hear_words(" ".join(said["words"]))
                self.keys = said["keys"]
                if said["is_booked"]:
                    self._hear_booked()
                self.stage = said["state"]
                if self.stage in TALKS:
                    self.has_talked.set()
                self._stage_changed.set()
                if self._leg is not None:
                    self._leg.listen_for(ADVISER_HZ if self.stage in TALKS else None)
            case "place":
                self._hear_place(said["place"], said["wait_ms"])
            case "voice":
                self._note(VoiceHeard(at_ms=now_ms(), call=self.call, on=said["on"]))
            case _:
                pass

    def _hear_words(self, words: str) -> None:
        if words != self._words:
            self._words = words
            self._note(WordsHeard(at_ms=now_ms(), call=self.call, words=words))

    def _hear_place(self, place: int, wait_ms: int | None) -> None:
        if (place, wait_ms) != self._place:
            self._place = place, wait_ms
            self._note(PlaceHeard(at_ms=now_ms(), call=self.call, place=place, wait_ms=wait_ms))

    def _sound_came(self) -> None:
        self._sound.came()

    def _note(self, fact: Any) -> None:
        self._caller.history.note(fact)

    # The person in front of it

    async def _be_a_person(self) -> None:
        """Choose a queue, talk, and go; or tire of it."""
        await be_a_person(
            self._manner, self.has_talked, choose=self._choose, talk=self._talk_to_the_end
        )
        await self._hang_up()

    async def _choose(self) -> None:
        await self._manner.choose()
        while not self.has_talked.is_set():
            if self.stage == IN_MENU and self._leg is not None and self._leg.is_answered:
                await self._leg.say({"kind": "key", "key": self._caller.key})
            await asyncio.sleep(PRESS_AGAIN_S)

    async def _talk_to_the_end(self) -> None:
        """Return when the caller ends a talk that is going on."""
        await self.has_talked.wait()
        await self._manner.talk()
        while self.stage not in TALKS:
            self._stage_changed.clear()
            await self._stage_changed.wait()

    async def _hang_up(self) -> None:
        """Hang up; where the node that is told is lost before it has heard, `_keep` goes on."""
        self._wants_to_go = True
        self._note(CallerHungUp(at_ms=now_ms(), call=self.call))
        while True:
            if self._leg is not None and self._leg.is_connected:
                await self._leg.say({"kind": "hang_up"})
            await asyncio.sleep(PRESS_AGAIN_S)
