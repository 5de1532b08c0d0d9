"""Outside numbers that this node rings, each with a leg in the room of one of its calls."""

from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from contactcentre.adapters.media_aiortc.media import AiortcMedia
from contactcentre.adapters.media_aiortc.phone_leg import PhoneLeg
from contactcentre.adapters.media_aiortc.phone_offers import KEYS_PAYLOAD_TYPE
from contactcentre.adapters.media_aiortc.phone_ports import PhonePorts
from contactcentre.adapters.sip.door import Door
from contactcentre.adapters.sip.outgoing import Outgoing, failure_of
from contactcentre.adapters.sip.trunks import Outward
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
from contactcentre.domain.errors import MalformedOffer, Outage, Refusal, UnknownName
from contactcentre.domain.ids import CallId, LegId, OutsideName, PhoneNumber
from contactcentre.ports.dialling import (
    DialEvent,
    NumberAnswered,
    NumberEnded,
    NumberFailed,
    NumberRings,
)
from contactcentre.ports.environment import Clock
from contactcentre.ports.media import KeyHeard, LegEvent
from contactcentre.ports.phones import Phone
from contactcentre.wire.said import Said

log = structlog.get_logger()

TRUNK_SILENT_MS = 4_000
"""A trunk that has not said a word for so long is left for the next one."""
ANSWERED, GIVEN_UP = "answered", "given_up"
REFERRED, NOT_REFERRED = "referred", "not_referred"
PhoneOf = Callable[[CallId], tuple[str, Phone] | None]
"""Gives the trunk and the phone of a call's caller; None of one who has come another way."""
Spawn = Callable[[Coroutine[None, None, None], str], None]


class KeptOutside(Said):
    """What another node needs to let an outside number go whose node is lost."""

    outside: str
    """The dialog."""


class OutsideCall:
    """One call to a number (ports.dialling.Dialled, ports.phones.Called)."""

    def __init__(
        self,
        leg: LegId,
        number: PhoneNumber,
        *,
        sound: PhoneLeg,
        told: Callable[[DialEvent], None],
        heard: Callable[[LegEvent], None],
        over: Callable[["OutsideCall", str], None],
    ) -> None:
        self.leg = leg
        self.number = number
        self.phone: Outgoing
        self.others: Iterator[Callable[[], Outgoing]] = iter(())
        """Each begins the same call over another trunk."""
        self.is_answered = False
        self._has_rung = False
        self._sound = sound
        self._told = told
        self._heard = heard
        self._over = over
        self._is_over = False

    def hang_up(self) -> None:
        """End it; nothing more is told."""
        if not self._is_over:
            self.phone.hang_up()
            self._end(ANSWERED if self.is_answered else GIVEN_UP)

    async def is_there(self) -> bool:
        """Ask the phone whether it is still in the call."""
        return not self._is_over and await self.phone.is_there()

    # What the phone does

    def phone_rings(self, early: str | None) -> None:
        """Let what the network sends meanwhile be heard."""
        is_heard, self._has_rung = False, True
        if early is not None and not self._is_over:
            try:
                self._sound.answered(early)
                is_heard = True
            except MalformedOffer as problem:
                log.info("what rings sends sound that cannot be used", why=str(problem))
        self._tell(NumberRings(is_heard=is_heard))

    def phone_answered(self, answer: str) -> None:
        """Send sound to where the phone says. Raises MalformedOffer."""
        self._sound.answered(answer)

    def phone_began(self) -> None:
        """Tell that somebody has answered."""
        self.is_answered = True
        self._tell(NumberAnswered())

    def phone_pressed(self, key: str) -> None:
        """Pass a key on that came as a message."""
        self._heard(KeyHeard(leg=self.leg, key=key))

    def phone_offered(self, offer: str) -> str:
        """Return our answer to a new offer. Raises MalformedOffer."""
        return self._sound.offered(offer)

    def phone_failed(self, why: DialFailure) -> None:
        """Try the next trunk if this one is out of reach; else tell that nobody has answered."""
        if why is DialFailure.UNREACHABLE and not (self._has_rung or self._is_over):
            other = next(self.others, None)
            if other is not None:
                log.warning("a trunk is out of reach, and another one is tried", leg=self.leg)
                self.phone = other()
                return
        if self._end(why.value):
            self._told(NumberFailed(why=why))

    def phone_ended(self, *, was_lost: bool) -> None:
        """Tell that whoever had answered has gone."""
        if self._end(ANSWERED):
            self._told(NumberEnded(was_lost=was_lost))

    def _tell(self, event: DialEvent) -> None:
        if not self._is_over:
            self._told(event)

    def _end(self, outcome: str) -> bool:
        """Let go of the leg, and say whether that was not done before."""
        if self._is_over:
            return False
        self._is_over = True
        self._over(self, outcome)
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class WayOut:
    """Whom a node may ring, and over which trunks."""

    trunks: Sequence[Outward]
    """The first one that is in reach is used; all have the same law."""
    rules: DialRules
    numbers: Mapping[OutsideName, OutsideNumber]
    refer: Mapping[str, Outward]
    """The trunks, by name, that may be asked to hand their own callers to a number."""


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
        self._pace = DialPace(way_out.rules)
        self._phones_pace = DialPace(way_out.rules.of_phones)
        self._calls: set[OutsideCall] = set()
        self._asked: set[OutsideCall] = set()
        """Those that are being asked whether they are there."""
        self._phones: set[OutsideCall] = set()
        """Those of the calls that are advisers' phones."""
        self._is_watching = False

    def check(self, number: str) -> PhoneNumber:
        """Return a number as it would be dialled. Raises NumberNotAllowed."""
        return allowed_number(self._way_out.rules, number)

    def kept(self) -> dict[CallId, str]:
        """Return what another node needs of each call that was answered, by its leg's name."""
        facts = ((one.leg, one.phone.facts) for one in self._calls if one.is_answered)
        return {
            CallId(leg): KeptOutside(outside=said).model_dump_json()
            for leg, said in facts
            if said is not None
        }

    def named(self, name: OutsideName) -> OutsideNumber:
        """Return the number of a name. Raises UnknownName."""
        found = self._way_out.numbers.get(name)
        if found is None:
            raise UnknownName(f"There is no outside number called {name}. Choose another one.")
        return found

    async def refer(self, number: str, *, call: CallId, within_ms: int) -> DialFailure | bool:
        """Have the trunk of a call's caller hand the caller on by itself, if it does such things.

        Nobody else's word is taken for it: what has not come in time is no success.
        """
        trunk, phone = self._phone_of(call) or ("", None)
        way_out = self._way_out.refer.get(trunk)
        if phone is None or way_out is None:
            return False
        dialled, shown = self._taken(number, None)
        own, uri = f"<{way_out.uri(shown)}>", way_out.uri(dialled)
        code = await phone.refer(uri, by=own, within_s=within_ms / 1_000)
        if code is None:
            self._count(NOT_REFERRED)
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
        dialled, own = self._taken(number, shown, lines)
        sound = PhoneLeg.to_offer(
            address=self._address,
            ports=self._ports,
            codec=self._way_out.trunks[0].law,
            keys_payload_type=KEYS_PAYLOAD_TYPE,
            believed=[trunk.peer[0] for trunk in self._way_out.trunks],
        )
        outside = OutsideCall(leg, dialled, sound=sound, told=told, heard=heard, over=self._over)
        self._calls.add(outside)
        if lines is not Lines.OUTSIDE:
            self._phones.add(outside)
        try:
            sdp = await self._seat(outside, call, sound, heard)
            outside.others = self._ways(outside, sdp, shown=own, ring_ms=ring_ms)
            outside.phone = next(outside.others)()
        except BaseException as problem:
            self._forget(outside)
            self._spawn(self._media.close(leg), "outside leg closing")
            if isinstance(problem, Refusal | Outage):
                self._count(problem.code)
            raise
        if not self._is_watching:
            self._is_watching = True
            self._spawn(self._watch(), "numbers rung")
        return outside

    def _taken(
        self, number: str, shown: PhoneNumber | None, lines: Lines = Lines.OUTSIDE
    ) -> tuple[PhoneNumber, PhoneNumber]:
        """Return whom we have rung from now on, as it is counted, and what is shown there.

        Raises NumberNotAllowed, LinesBusy.
        """
        at_ms, is_again = self._clock.monotonic_ms(), lines is Lines.PHONE_AGAIN
        try:
            dialled, own = self.check(number), shown_number(self._way_out.rules, shown)
            if lines is Lines.OUTSIDE:
                self._pace.take(self._calls - self._phones, at_ms=at_ms)
            else:
                self._phones_pace.take(self._phones, at_ms=at_ms, is_again=is_again)
        except Refusal as refusal:
            self._count(refusal.code)
            raise
        return dialled, own

    def _forget(self, outside: OutsideCall) -> None:
        """Let a call count no longer."""
        self._calls.discard(outside)
        self._phones.discard(outside)

    def _ways(
        self, outside: OutsideCall, sdp: str, *, shown: PhoneNumber, ring_ms: int
    ) -> Iterator[Callable[[], Outgoing]]:
        """Yield what begins the call over each trunk; only the last one is waited for longer."""
        last = self._way_out.trunks[-1]

        def begun(trunk: Outward) -> Outgoing:
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
                    if one.is_answered and silence.is_to_be_asked(quality):
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
