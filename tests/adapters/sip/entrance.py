"""A door that is open on loopback, somebody who takes its calls, and telephones to call with."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack

from contactcentre.adapters.embedded.server import free_port
from contactcentre.adapters.sip.door import Door, DoorPlace
from contactcentre.adapters.sip.tls import TlsKeys
from contactcentre.adapters.sip.trunks import TrunkFile, Trunks
from contactcentre.bench.sip_phone import Exchange, PhoneCall
from contactcentre.domain.errors import MalformedOffer
from contactcentre.domain.ids import CallId
from contactcentre.ports.phones import Phone, Ringing, Switchboard

LOOPBACK = "127.0.0.1"
NUMBER = "+441632960001"
OFFER = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nm=audio 9 RTP/AVP 8\r\n"
ANSWER = "v=0\r\no=- 2 1 IN IP4 127.0.0.1\r\ns=-\r\nm=audio 7 RTP/AVP 8\r\n"
CALL = CallId("0123456789abcdef0123456789abcdef")
DEADLINE_S = 5.0


class Someone:
    """Has one call (ports.phones.Caller)."""

    def __init__(self, ringing: Ringing, phone: Phone) -> None:
        self.ringing = ringing
        self.phone = phone
        self.told: list[str] = []

    def phone_began(self) -> None:
        """Note it."""
        self.told.append("began")

    def phone_answered(self, answer: str) -> None:
        """Note it."""
        self.told.append(f"answered {answer[:3]}")

    def phone_pressed(self, key: str) -> None:
        """Note it."""
        self.told.append(f"key {key}")

    def phone_offered(self, offer: str) -> str:
        """Note it."""
        if "audio" not in offer:
            raise MalformedOffer("No sound.")
        self.told.append("offered")
        return ANSWER

    def phone_ended(self, *, was_lost: bool) -> None:
        """Note it."""
        self.told.append("lost" if was_lost else "ended")


class Board:
    """Answers calls, or leaves that to the test (ports.phones.Switchboard)."""

    def __init__(self) -> None:
        self.retry_after_s: int | None = None
        self.is_strained = False
        self.answers = True
        self.calls: list[Someone] = []

    def takes(self, called: str) -> bool:
        """Know one number."""
        return called == NUMBER

    def rings(self, ringing: Ringing, phone: Phone) -> Someone:
        """Take a call."""
        someone = Someone(ringing, phone)
        self.calls.append(someone)
        phone.ring()
        if self.answers:
            phone.answer(ANSWER, call=CALL)
        return someone


class Entrance:
    """The door, its board, what was counted, and telephones."""

    def __init__(self, leaving: AsyncExitStack) -> None:
        self.board = Board()
        self.counted: Counter[str] = Counter()
        self.tasks: set[asyncio.Task[None]] = set()
        self.door: Door
        self.there = self.there_tls = (LOOPBACK, 0)
        self.exchange = Exchange()
        self._leaving = leaving

    async def open(
        self,
        *,
        calls_per_s: int = 1_000,
        switchboard: Switchboard | None = None,
        keys: TlsKeys | None = None,
        **trunk: object,
    ) -> None:
        """Open the door for one trunk."""
        await self.exchange.open()
        self._leaving.push_async_callback(self.exchange.close)
        self.there = (LOOPBACK, free_port())
        file = TrunkFile.model_validate({"trunks": {"north": {"addresses": [LOOPBACK], **trunk}}})
        if keys is not None:
            self.there_tls = (LOOPBACK, free_port())
        place = DoorPlace(
            host=LOOPBACK,
            port=self.there[1],
            tls_port=None if keys is None else self.there_tls[1],
            address=LOOPBACK,
            calls_per_s=calls_per_s,
        )
        self.door = Door(
            place,
            Trunks(file),
            switchboard or self.board,
            spawn=self.spawn,
            count=self.note,
            keys=keys,
        )
        await self.door.open()
        self._leaving.push_async_callback(self.door.close)

    def note(self, outcome: str) -> None:
        """Count."""
        self.counted[outcome] += 1

    def spawn(self, work: Coroutine[None, None, None], name: str) -> None:
        """Run something beside."""
        task = asyncio.create_task(work, name=name)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def phone(self, number: str = NUMBER, exchange: Exchange | None = None) -> PhoneCall:
        """Return a telephone that is about to call."""
        call = (exchange or self.exchange).phone(self.there, number)
        call.sdp = OFFER
        return call


async def until(true: Callable[[], bool], within_s: float = DEADLINE_S) -> bool:
    """Wait for something, and say whether it came to be."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + within_s
    while not true() and loop.time() < ends:  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0.01)
    return true()
