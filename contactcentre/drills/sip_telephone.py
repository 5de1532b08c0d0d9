"""A telephone behind a trunk, and the trunk: SIP to one node after the other, and RTP.

The trunk lets a call through to a node that answers, as an edge in front of nodes does. From then
on the dialog is all that there is: a node that takes it over says so by a re-INVITE, which the
telephone answers, and its sound goes there.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from random import Random

from contactcentre.adapters.media_aiortc.g711 import LAWS
from contactcentre.adapters.media_aiortc.packets import RtpPacket
from contactcentre.adapters.sip.messages import Response
from contactcentre.bench.phone import PhonePeer
from contactcentre.bench.sip_phone import Exchange, PhoneCall
from contactcentre.drills.ears import Ears, Music, SoundWatch
from contactcentre.drills.history import DialledLate, DialUnanswered, now_ms
from contactcentre.drills.leg import CALLER_HZ
from contactcentre.drills.phone_caller import Moved
from contactcentre.drills.who import Caller

TRIED_WITHIN_S, ANSWER_WITHIN_S = 1.0, 3.0
"""A node that is there says at once that it tries; the edge waits no longer for that either."""
DIAL_FOR_S = 60.0
"""Whoever is told that all lines are busy rings again, for so long."""
DIAL_AGAIN_S = 0.25
ASK_EVERY_S = 1.0
OK, SERVER_ERROR = 200, 500
Place = tuple[str, int]


class Trunk:
    """The trunk that all callers of a drill ring by, and the edge at its end.

    The edge asks every node each second whether it takes calls, as the one in deploy/kamailio does.
    """

    def __init__(
        self, exchange: Exchange, nodes: Mapping[Place, str], *, number: str, music: Music
    ) -> None:
        self.exchange = exchange
        self.nodes = nodes
        """Where each node takes calls, and its leg socket."""
        self.number = number
        self.music = music
        self._silent: set[Place] = set()

    def in_turn(self, chance: Random) -> Sequence[Place]:
        """Return the nodes as a call tries them: those that take none come last."""
        nodes = list(self.nodes)
        chance.shuffle(nodes)
        return sorted(nodes, key=lambda there: there in self._silent)

    async def keep_asking(self) -> None:
        """Ask every node again and again, for ever."""
        while True:
            async with asyncio.TaskGroup() as tasks:
                for there in self.nodes:
                    tasks.create_task(self._ask(there), name="edge asks a node")
                await asyncio.sleep(ASK_EVERY_S)

    async def _ask(self, there: Place) -> None:
        phone = self.exchange.phone(there, self.number)
        response = None
        with suppress(TimeoutError):
            async with asyncio.timeout(ASK_EVERY_S):
                response = await phone.ask(phone.request("OPTIONS"))
        self.exchange.forget(phone)
        if response is not None and response.code == OK:
            self._silent.discard(there)
        else:
            self._silent.add(there)


class SipTelephone:
    """One telephone (drills.phone_caller.Telephone)."""

    leg = "sip"

    def __init__(self, trunk: Trunk, caller: Caller) -> None:
        self._trunk = trunk
        self._caller = caller
        law = LAWS[caller.number % len(LAWS)]
        self.ears = Ears(law, trunk.music, SoundWatch(lambda: self.call, caller.history.note))
        self._sound = PhonePeer(law=law, host=trunk.exchange.host)
        self._sound.packet_came = self._packet_came
        self._payload_type = law.payload_type
        self._phone: PhoneCall | None = None
        self._told: Moved = _nobody
        self.call = ""
        self.over = asyncio.Event()

    @property
    def own(self) -> str | None:
        """Return the leg socket of the node that has the call."""
        return None if self._phone is None else self._trunk.nodes.get(self._phone.there)

    def tell_moved(self, moved: Moved) -> None:
        """Say whom to tell that another node has the call."""
        self._told = moved

    async def dial(self) -> str:
        """Ring at one node after the other; return why no node lets the call in."""
        await self._sound.open()
        refused = "no-answer"
        until_ms = now_ms() + int(DIAL_FOR_S * 1_000)
        while now_ms() < until_ms:
            for there in self._trunk.in_turn(self._caller.chance):
                response, phone = await self._ring(there)
                if response is None:
                    continue
                if response.code == OK:
                    self._answered(response, phone)
                    return ""
                refused = str(response.code)
                if response.code < SERVER_ERROR:
                    return refused
            await asyncio.sleep(DIAL_AGAIN_S)
        return refused

    async def press(self, key: str) -> None:
        """Press a key."""
        await self._sound.press(key)

    async def hang_up(self) -> None:
        """Say goodbye where the call is, and wait for no answer."""
        phone = self._phone
        if phone is not None and not phone.is_over:
            phone.is_over = True
            self._caller.closing.create_task(_bye(phone), name="telephone says goodbye")
        elif phone is not None:
            self._trunk.exchange.forget(phone)
        await self._sound.close()

    async def _ring(self, there: Place) -> tuple[Response | None, PhoneCall]:
        phone = self._trunk.exchange.phone(
            there, self._trunk.number, caller=f"+44163296{self._caller.number:04d}"
        )
        phone.sdp = self._sound.sdp()
        phone.heard = self._sound.answered
        phone.answered_again = lambda late: self._answered_late(phone, late)
        response = None
        try:
            async with asyncio.timeout(TRIED_WITHIN_S) as patience:
                loop = asyncio.get_running_loop()
                phone.tried = lambda: patience.reschedule(loop.time() + ANSWER_WITHIN_S)
                response = await phone.invite()
        except TimeoutError:
            pass
        finally:
            phone.tried = _nobody
            if response is None:
                phone.heard = _unheard
                self._caller.history.note(DialUnanswered(at_ms=now_ms()))
        return response, phone

    def _answered(self, response: Response, phone: PhoneCall) -> None:
        self._phone, self.call = phone, session_of(response)
        phone.heard = self._sound_said
        phone.ended, phone.answered_again = self.over.set, _no_matter
        self._sound.hum(CALLER_HZ)

    def _answered_late(self, phone: PhoneCall, response: Response) -> None:
        """Hang up on a node that has answered when nobody waited any more."""
        if not phone.is_over:
            phone.is_over = True
            phone.stands(response)
            self._caller.history.note(DialledLate(at_ms=now_ms(), call=session_of(response)))
            self._caller.closing.create_task(_bye(phone), name="telephone says goodbye")

    def _sound_said(self, sdp: str) -> None:
        """Follow the sound to the node that says where it is now."""
        self._sound.answered(sdp)
        self._told()

    def _packet_came(self, packet: RtpPacket) -> None:
        if packet[0] == self._payload_type:
            self.ears.came(packet[4])


def session_of(response: Response) -> str:
    """Return what the call is called on the side that has answered (RFC 7989)."""
    return response.first("session-id").partition(";")[0]


async def _bye(phone: PhoneCall) -> None:
    await phone.bye()


def _nobody() -> None:
    """Tell nobody."""


def _unheard(_sdp: str) -> None:
    """Hear nothing."""


def _no_matter(_response: Response) -> None:
    """Take an answer that is known."""
