"""Callers who ring from a trunk: each becomes a call of this node as one from a page does."""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping
from contextlib import contextmanager

from contactcentre.adapters.media_aiortc.media import AiortcMedia
from contactcentre.adapters.media_aiortc.phone_leg import PhoneLeg
from contactcentre.adapters.media_aiortc.phone_ports import PhonePorts
from contactcentre.adapters.web.claims import page_digest
from contactcentre.apps.admission import Admission
from contactcentre.apps.called_phone import CalledPhone
from contactcentre.apps.node_call import NodeCall
from contactcentre.apps.node_calls import NodeCalls
from contactcentre.apps.outside_call import OutsideCall
from contactcentre.apps.trunk_caller import RETRY_AFTER_S, KeptCall, TrunkCaller
from contactcentre.domain.epochs import NOT_ADMITTED
from contactcentre.domain.ids import CallId, LineId
from contactcentre.domain.ivr.flow import Line, line_called
from contactcentre.limits import CLAIM_LIFE_S
from contactcentre.ports.environment import Chance, Clock
from contactcentre.ports.phones import Phone, Ringing
from contactcentre.wire.claims import CallerClaim

ADMITTING_MAX = 200
"""So many calls may be on their way in at once."""
OFFERED_CODEC = "PCMA"
OFFERED_KEYS = 101


class TrunkCalls:
    """The calls of this node's trunks (ports.phones.Switchboard)."""

    def __init__(
        self,
        *,
        calls: NodeCalls,
        admission: Admission,
        media: AiortcMedia,
        ports: PhonePorts,
        address: str,
        lines: Mapping[LineId, Line],
        clock: Clock,
        chance: Chance,
        spawn: Callable[[Coroutine[None, None, None], str], None],
    ) -> None:
        self._calls = calls
        self._admission = admission
        self._media = media
        self._ports = ports
        self._address = address
        self._lines = lines
        self._clock = clock
        self._chance = chance
        self._spawn = spawn
        self._admitting = 0
        self._callers: dict[CallId, TrunkCaller] = {}
        self.changed: set[CallId] = set()
        """Calls of which another node would need to know something new."""
        self.has_changed = asyncio.Event()

    @property
    def retry_after_s(self) -> int | None:
        """Return when to try again; None while calls are taken."""
        takes = self.may_take_up and self._admitting < ADMITTING_MAX
        return None if takes else RETRY_AFTER_S

    @property
    def is_strained(self) -> bool:
        """Say whether calls had better go to another node."""
        return self._calls.is_strained

    @property
    def may_take_up(self) -> bool:
        """Say whether there is room, and sound, for one more call."""
        return self._media.is_ticking and not (self._calls.draining or self._calls.is_full)

    def takes(self, called: str) -> bool:
        """Say whether a called number is a line's."""
        return line_called(self._lines, called) is not None

    def rings(self, ringing: Ringing, phone: Phone) -> TrunkCaller:
        """Take a call in."""
        line = line_called(self._lines, ringing.called)
        assert line is not None, "no call rings whose number is nobody's"
        claim = self._claim(ringing.trunk, line)
        is_early = ringing.is_early and ringing.offer is not None
        caller = self._caller(
            phone,
            claim,
            ringing.host,
            lambda: self._leg(ringing),
            number=ringing.caller,
            is_early=is_early,
        )
        self._spawn(self._see_through(caller), "trunk call")
        return caller

    def take_up(self, kept: KeptCall, claim: CallerClaim, phone: Phone) -> TrunkCaller:
        """Go on with another node's call, in a dialog that goes on here."""

        def to_offer() -> PhoneLeg:
            return self._leg_to_offer(kept.host, codec=kept.law, keys=kept.keys_payload_type)

        caller = self._caller(phone, claim, kept.host, to_offer, number=None, is_early=False)
        self._spawn(self._see_through(caller), "trunk call")
        return caller

    def rung(self, outside: OutsideCall, claim: CallerClaim) -> TrunkCaller:
        """Return whoever has answered a number of ours, as the caller of a call."""
        outside.is_call = True
        return self._caller(
            CalledPhone(outside),
            claim,
            outside.host,
            lambda: outside.sound,
            number=outside.number,
            is_early=False,
        )

    def begin(self, outside: OutsideCall, caller: TrunkCaller, call: NodeCall) -> None:
        """Look after a caller who was rung, from now on to the end of the call."""
        caller.becomes(outside.sound, call)
        self._spawn(self._look_after(caller), "callback call")

    def phone_of(self, call: CallId) -> tuple[str, Phone] | None:
        """Return the trunk and the phone of a caller who is here."""
        caller = self._callers.get(call)
        return None if caller is None else caller.trunk_and_phone

    def number_of(self, call: CallId) -> str | None:
        """Return where a caller rings from; None of one who is not here or does not show it.

        It stays with the node that has taken the call in: no other one learns it.
        """
        caller = self._callers.get(call)
        return None if caller is None else caller.number

    def kept(self, calls: Collection[CallId] | None = None) -> dict[CallId, str]:
        """Return what another node needs to go on with each call that stands, or with some."""
        callers = self._callers
        some = callers if calls is None else [call for call in calls if call in callers]
        said = ((call, callers[call].kept) for call in some)
        return {call: one.model_dump_json() for call, one in said if one is not None}

    def _note_change(self, call: CallId) -> None:
        self.changed.add(call)
        self.has_changed.set()

    def _caller(
        self,
        phone: Phone,
        claim: CallerClaim,
        host: str,
        new_leg: Callable[[], PhoneLeg],
        *,
        number: str | None,
        is_early: bool,
    ) -> TrunkCaller:
        return TrunkCaller(
            phone,
            claim,
            host=host,
            number=number,
            is_early=is_early,
            new_leg=new_leg,
            media=self._media,
            admission=self._admission,
            calls=self._calls,
            changed=self._note_change,
        )

    async def _see_through(self, caller: TrunkCaller) -> None:
        """Let a caller become a call, and see it to its end."""
        with self._known(caller):
            self._admitting += 1
            try:
                await caller.come_in()
            finally:
                self._admitting -= 1
            await self._watch(caller)

    async def _look_after(self, caller: TrunkCaller) -> None:
        """See a caller to the end who is a call already."""
        with self._known(caller):
            await self._watch(caller)

    async def _watch(self, caller: TrunkCaller) -> None:
        """Let others know what they need of a caller, and wait for the end."""
        self._note_change(caller.call_id)
        await caller.keep_watch()

    @contextmanager
    def _known(self, caller: TrunkCaller) -> Iterator[None]:
        """Have a caller among those of this node."""
        self._callers[caller.call_id] = caller
        try:
            yield
        finally:
            if self._callers.get(caller.call_id) is caller:
                del self._callers[caller.call_id]

    def _leg(self, ringing: Ringing) -> PhoneLeg:
        """Return the leg that a phone offers, or asks us to offer. Raises MalformedOffer."""
        if ringing.offer is None:
            return self._leg_to_offer(ringing.host, codec=OFFERED_CODEC, keys=OFFERED_KEYS)
        return PhoneLeg.of_offer(
            ringing.offer, address=self._address, ports=self._ports, believed=[ringing.host]
        )

    def _leg_to_offer(self, host: str, *, codec: str, keys: int | None) -> PhoneLeg:
        return PhoneLeg.to_offer(
            address=self._address,
            ports=self._ports,
            codec=codec,
            keys_payload_type=keys,
            believed=[host],
        )

    def _claim(self, trunk: str, line: Line) -> CallerClaim:
        """Return the claim of a new call, which no page has and none can prove to have.

        Its id is as long as one by which networks name a session, for the trunk is told it.
        """
        return CallerClaim(
            call=CallId(self._chance.nonce() + self._chance.nonce()),
            line=line.id,
            language=line.flow.languages[0],
            epoch_count=NOT_ADMITTED.count,
            epoch_nonce=NOT_ADMITTED.nonce,
            page=page_digest(self._chance.nonce() + self._chance.nonce()),
            trunk=trunk,
            exp=self._clock.now_ms() // 1_000 + CLAIM_LIFE_S,
        )
