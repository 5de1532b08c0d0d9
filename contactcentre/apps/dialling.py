"""Outside numbers that this node rings, each with a leg in the room of one of its calls."""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import structlog
from pydantic import ValidationError

from contactcentre.adapters.media_aiortc.media import AiortcMedia
from contactcentre.adapters.media_aiortc.phone_leg import PhoneLeg
from contactcentre.adapters.media_aiortc.phone_offers import KEYS_PAYLOAD_TYPE
from contactcentre.adapters.media_aiortc.phone_ports import PhonePorts
from contactcentre.adapters.sip.door import Door
from contactcentre.adapters.sip.outgoing import Outgoing, failure_of
from contactcentre.adapters.sip.trunks import Outward
from contactcentre.apps.outside_call import LET_GO, KeptOutside, OutsideCall
from contactcentre.apps.phone_silence import LOOK_EVERY_MS, PhoneSilence
from contactcentre.domain.dialling import (
    DialFailure,
    DialPace,
    DialRules,
    Lines,
    OutsideNumber,
    allowed_number,
    shown_number,
)
from contactcentre.domain.errors import (
    BadClaim,
    NumberNotAllowed,
    Outage,
    Refusal,
    UnknownName,
)
from contactcentre.domain.ids import CallId, LegId, OutsideName, PhoneNumber
from contactcentre.ports.dialling import DialEvent, OutsideBefore
from contactcentre.ports.environment import Clock
from contactcentre.ports.media import LegEvent
from contactcentre.ports.phones import Phone

log = structlog.get_logger()

TRUNK_SILENT_MS = 4_000
"""A trunk that has not said a word for so long is left for the next one."""
REFERRED, NOT_REFERRED = "referred", "not_referred"
PhoneOf = Callable[[CallId], tuple[str, Phone] | None]
"""Gives the trunk and the phone of a call's caller; None of one who has come another way."""
Spawn = Callable[[Coroutine[None, None, None], str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class WayOut:
    """Whom a node may ring, and over which trunks."""

    trunks: Sequence[Outward]
    """The first one that is in reach is used; all have the same law."""
    rules: DialRules
    numbers: Mapping[OutsideName, OutsideNumber]
    refer: Mapping[str, Outward]
    """The trunks, by name, that may be asked to hand their own callers to a number."""
    callbacks: DialRules | None = None
    """By which callers are rung back; None: they are not rung from here."""


class NodeDialler:
    """Rings numbers over the node's trunk (ports.dialling.Dialler)."""

    def __init__(
        self,
        door: Door,
        way_out: WayOut,
        *,
        phone_of: PhoneOf,
        media: AiortcMedia,
        ports: PhonePorts,
        address: str,
        clock: Clock,
        spawn: Spawn,
        count: Callable[[str], None],
    ) -> None:
        self._door = door
        self._way_out = way_out
        self._phone_of = phone_of
        self._media = media
        self._ports = ports
        self._address = address
        self._clock = clock
        self._spawn = spawn
        self._count = count
        self._rules = {Lines.OUTSIDE: way_out.rules, Lines.PHONE: way_out.rules.of_phones}
        if way_out.callbacks is not None:
            self._rules[Lines.CALLBACK] = way_out.callbacks
        self._paces = {lines: DialPace(rules) for lines, rules in self._rules.items()}
        self._calls: dict[OutsideCall, Lines] = {}
        """By whom they are rung for."""
        self.taken_over: set[LegId] = set()
        """The legs, at other nodes, of calls that go on here."""
        self.left_alone: set[LegId] = set()
        """Legs of calls that were left to other nodes, who may have them by now or never."""
        self._asked: set[OutsideCall] = set()
        """Those that are being asked whether they are there."""
        self._is_watching = False

    def check(self, number: str) -> PhoneNumber:
        """Return a number as it would be dialled. Raises NumberNotAllowed."""
        return allowed_number(self._way_out.rules, number)

    def kept(self) -> dict[LegId, str]:
        """Return what another node needs of each call that was answered."""
        said = ((one.leg, one.kept) for one in self._calls)
        return {leg: kept for leg, kept in said if kept is not None}

    def elsewhere(self, leg: LegId) -> None:
        """Let go of a call that another node has taken over from this one."""
        for one in [one for one in self._calls if one.leg == leg]:
            log.warning("another node has an outside number of ours", leg=leg)
            one.elsewhere()

    def named(self, name: OutsideName) -> OutsideNumber:
        """Return the number of a name. Raises UnknownName."""
        found = self._way_out.numbers.get(name)
        if found is None:
            raise UnknownName(f"There is no outside number called {name}. Choose another one.")
        return found

    def own_of(self, numbers: Sequence[PhoneNumber]) -> PhoneNumber | None:
        """Return the first of some numbers that is one of our own; None if none is."""
        own = self._way_out.rules.own
        return next((one for one in numbers if one in own), None)

    async def refer(self, number: str, *, call: CallId, within_ms: int) -> DialFailure | bool:
        """Have the trunk of a call's caller hand the caller on by itself, if it does such things.

        Nobody else's word is taken for it: what has not come in time is no success.
        """
        trunk, phone = self._phone_of(call) or ("", None)
        way_out = self._way_out.refer.get(trunk)
        if phone is None or way_out is None:
            return False
        at_ms = self._clock.monotonic_ms()
        dialled, shown = self._taken(number, None, at_ms=at_ms)
        own, uri = f"<{way_out.uri(shown)}>", way_out.uri(dialled)
        code = await phone.refer(uri, by=own, within_s=within_ms / 1_000)
        if code is None:
            self._count(NOT_REFERRED)
            self._paces[Lines.OUTSIDE].give_back(at_ms=at_ms)  # whoever rings it now takes it again
            return False
        is_gone = code < 300  # noqa: PLR2004 - success
        self._count(REFERRED if is_gone else failure_of(code).value)
        return is_gone or failure_of(code)

    async def dial(
        self,
        number: str,
        *,
        call: CallId,
        leg: LegId,
        ring_ms: int,
        told: Callable[[DialEvent], None],
        heard: Callable[[LegEvent], None],
        shown: PhoneNumber | None = None,
        lines: Lines = Lines.OUTSIDE,
    ) -> OutsideCall:
        """Begin to ring a number, with a leg in the call's room."""
        at_ms = self._clock.monotonic_ms()
        dialled, own = self._taken(number, shown, lines, at_ms=at_ms)
        sound = PhoneLeg.to_offer(
            address=self._address,
            ports=self._ports,
            codec=self._way_out.trunks[0].law,
            keys_payload_type=KEYS_PAYLOAD_TYPE,
            believed=[trunk.peer[0] for trunk in self._way_out.trunks],
        )
        outside = OutsideCall(leg, dialled, sound=sound, told=told, heard=heard, over=self._over)
        outside.waits = lines is Lines.OUTSIDE
        self._calls[outside] = _whose(lines)
        async with self._beginning(outside):
            sdp = await self._seat(outside, call, sound, heard)
            outside.others = self._ways(outside, sdp, shown=own, ring_ms=ring_ms)
            outside.phone = next(outside.others)()
        return outside

    async def take_over(
        self,
        before: OutsideBefore,
        number: PhoneNumber,
        *,
        call: CallId,
        leg: LegId,
        told: Callable[[DialEvent], None],
        heard: Callable[[LegEvent], None],
    ) -> OutsideCall:
        """Go on with a call of another node: its phone is offered our sound.

        It counts towards what is rung, and is let in above it: nobody is rung anew.
        """
        try:
            kept = KeptOutside.model_validate_json(before.kept)
        except ValidationError as error:
            raise BadClaim("Another version has kept that outside number.") from error
        sound = PhoneLeg.to_offer(
            address=self._address,
            ports=self._ports,
            codec=kept.codec,
            keys_payload_type=KEYS_PAYLOAD_TYPE,
            believed=[trunk.peer[0] for trunk in self._way_out.trunks],
        )
        outside = OutsideCall(leg, number, sound=sound, told=told, heard=heard, over=self._over)
        self._calls[outside] = Lines.OUTSIDE
        async with self._beginning(outside):
            sdp = await self._seat(outside, call, sound, heard)
            outside.phone = adopted = self._door.adopt(kept.dialog)
            outside.is_answered = True
            adopted.belongs_to(outside)
            adopted.answer(sdp, call=call)
        self.taken_over.add(before.leg)
        return outside

    @asynccontextmanager
    async def _beginning(self, outside: OutsideCall) -> AsyncIterator[None]:
        """Forget a call that does not come about, and watch over one that does."""
        try:
            yield
        except BaseException as problem:
            self._forget(outside)
            self._spawn(self._media.close(outside.leg), "outside leg closing")
            if isinstance(problem, Refusal | Outage):
                self._count(problem.code)
            raise
        if not self._is_watching:
            self._is_watching = True
            self._spawn(self._watch(), "numbers rung")

    def _taken(
        self,
        number: str,
        shown: PhoneNumber | None,
        lines: Lines = Lines.OUTSIDE,
        *,
        at_ms: int,
    ) -> tuple[PhoneNumber, PhoneNumber]:
        """Return whom we have rung from now on, as it is counted, and what is shown there.

        Raises NumberNotAllowed, LinesBusy.
        """
        is_again, whose = lines is Lines.PHONE_AGAIN, _whose(lines)
        try:
            rules = self._rules.get(whose)
            if rules is None:
                raise NumberNotAllowed("Callers are not rung from here. Ring the number by hand.")
            dialled, own = allowed_number(rules, number), shown_number(rules, shown)
            under_way = [one for one, other in self._calls.items() if other is whose]
            self._paces[whose].take(under_way, at_ms=at_ms, is_again=is_again)
        except Refusal as refusal:
            self._count(refusal.code)
            raise
        return dialled, own

    def _forget(self, outside: OutsideCall) -> None:
        """Let a call count no longer."""
        self._calls.pop(outside, None)

    def _ways(
        self, outside: OutsideCall, sdp: str, *, shown: PhoneNumber, ring_ms: int
    ) -> Iterator[Callable[[], Outgoing]]:
        """Yield what begins the call over each trunk; only the last one is waited for longer."""
        last = self._way_out.trunks[-1]

        def begun(trunk: Outward) -> Outgoing:
            outside.host = trunk.peer[0]
            call = self._door.call(trunk, outside.number, shown=shown, called=outside)
            call.begin(sdp, ring_ms=ring_ms, word_ms=None if trunk is last else TRUNK_SILENT_MS)
            return call

        for trunk in self._way_out.trunks:
            yield partial(begun, trunk)

    async def _seat(
        self,
        outside: OutsideCall,
        call: CallId,
        sound: PhoneLeg,
        heard: Callable[[LegEvent], None],
    ) -> str:
        """Seat a leg in its call's room, and return our offer.

        Raises NodeFull, MediaUnavailable.
        """
        word = self._media.announce(sound.terms())
        try:
            return await self._media.accept(call=call, leg=outside.leg, offer_sdp=word, heard=heard)
        finally:
            self._media.withdraw(word)

    def _over(self, outside: OutsideCall, outcome: str) -> None:
        """Let go of a call; one that was answered is counted so at its end."""
        self._forget(outside)
        self._count(outcome)
        if outcome == LET_GO:
            self.left_alone.add(outside.leg)
        self._spawn(self._media.close(outside.leg), "outside leg closing")

    async def _watch(self) -> None:
        """Ask phones from which nothing is heard whether they are there, while there are any."""
        silences: dict[OutsideCall, PhoneSilence] = {}
        try:
            while self._calls:
                await self._clock.sleep_ms(LOOK_EVERY_MS)
                silences = {one: silences.get(one, PhoneSilence()) for one in self._calls}
                for one, silence in silences.items():
                    quality = self._media.quality(one.leg)
                    is_ours = one.is_answered and not one.is_call
                    if is_ours and silence.is_to_be_asked(quality):
                        self._spawn(self._ask_after(one), "number asked")
        finally:
            self._is_watching = False

    async def _ask_after(self, one: OutsideCall) -> None:
        """Ask one phone, which may take it long, while the others are looked at."""
        if one in self._asked:
            return
        self._asked.add(one)
        try:
            await one.is_there()
        except Exception:
            log.exception("a phone could not be asked whether it is there", leg=one.leg)
        finally:
            self._asked.discard(one)


def _whose(lines: Lines) -> Lines:
    """Return whose caps count for what is rung."""
    return Lines.PHONE if lines is Lines.PHONE_AGAIN else lines
