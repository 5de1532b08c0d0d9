"""What the callers of a drill call with, and the networks that their calls come by."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from enum import StrEnum
from pathlib import Path

from contactcentre.adapters.embedded.server import LOOPBACK
from contactcentre.adapters.flow_files.folders import default_flows_dir
from contactcentre.adapters.flow_files.lines import load_lines
from contactcentre.bench.sip_phone import Exchange
from contactcentre.domain.ids import LineId
from contactcentre.drills.caller import CallerPage
from contactcentre.drills.centre import Doors
from contactcentre.drills.ears import frames_of_music
from contactcentre.drills.floor import MakeCaller, OneCaller
from contactcentre.drills.history import History
from contactcentre.drills.manners import CallerManner
from contactcentre.drills.outside_phones import OutsidePhones, numbers_file
from contactcentre.drills.phone_caller import PhoneCaller, Telephone
from contactcentre.drills.sip_telephone import SipTelephone, Trunk
from contactcentre.drills.spots import TRUNKS
from contactcentre.drills.twilio_carrier import ACCOUNT, TOKEN, Carrier
from contactcentre.drills.twilio_telephone import (
    FALLBACK_URL,
    PUBLIC_URL,
    Account,
    TwilioTelephone,
    account_settings,
)
from contactcentre.drills.who import Caller

LINE = LineId("tax")


class Legs(StrEnum):
    """What callers have."""

    WEB = "web"
    """A page."""
    SIP = "sip"
    """A telephone behind a trunk."""
    TWILIO = "twilio"
    """A telephone whose calls come over Twilio."""
    MIXED = "mixed"
    """Each of them in turn."""

    @property
    def kinds(self) -> "tuple[Legs, ...]":
        """Return what one caller after the other has."""
        return (Legs.WEB, Legs.SIP, Legs.TWILIO) if self is Legs.MIXED else (self,)

    def kind_of(self, number: int) -> "Legs":
        """Return what the caller with a number has."""
        return self.kinds[number % len(self.kinds)]


MakeTelephone = Callable[[Caller], Telephone]


class Network:
    """The networks of one drill."""

    def __init__(
        self, legs: Legs, tasks: asyncio.TaskGroup, *, exchange: Exchange, carrier: Carrier
    ) -> None:
        self._tasks = tasks
        self._asking: asyncio.Task[None] | None = None
        self._outside: OutsidePhones | None = None
        self._legs = legs
        self._exchange = exchange
        self._carrier = carrier

    def settings(self, folder: Path) -> Mapping[str, str]:
        """Return what every process is told of the networks; what is a file lies in a folder."""
        said: dict[str, str] = {}
        if Legs.SIP in self._legs.kinds:
            trunks = folder / "trunks.toml"
            host, port = self._exchange.host, self._exchange.port
            out = f'out = {{ address = "{host}", port = {port} }}'
            trunks.write_text(f'[trunks.drill]\naddresses = ["{host}"]\n{out}\n')
            said[TRUNKS] = str(trunks)
            said["CC_OUTSIDE_NUMBERS"] = str(numbers_file(folder))
        if Legs.TWILIO in self._legs.kinds:
            said |= account_settings(self._carrier, ACCOUNT, TOKEN)
        return said

    def callers(self, doors: Doors) -> MakeCaller:
        """Return what makes the callers of a centre."""
        if self._legs.kinds == (Legs.WEB,):
            return CallerPage
        telephones = self._telephones(doors)

        def make(caller: Caller, manner: CallerManner) -> OneCaller:
            kind = self._legs.kind_of(caller.number)
            if kind is Legs.WEB:
                return CallerPage(caller, manner)
            return PhoneCaller(caller, manner, telephones[kind](caller))

        return make

    def answer_outside(self, history: History) -> None:
        """Let there be phones at outside numbers, where a trunk leads to them."""
        if Legs.SIP in self._legs.kinds:
            self._outside = OutsidePhones(self._exchange, history, frames_of_music(), self._tasks)

    def close(self) -> None:
        """Let nobody ask any more whether calls are taken, and nobody answer."""
        if self._asking is not None:
            self._asking.cancel()
        if self._outside is not None:
            self._outside.close()

    def _telephones(self, doors: Doors) -> Mapping[Legs, MakeTelephone]:
        number = load_lines(default_flows_dir())[LINE].numbers[0]
        music = frames_of_music()
        trunk = Trunk(self._exchange, doors.trunk_ends, number=number, music=music)
        if Legs.SIP in self._legs.kinds:
            self._asking = self._tasks.create_task(trunk.keep_asking(), name="edge")
        behind = FALLBACK_URL.removeprefix(PUBLIC_URL)
        others = [door + behind for door in reversed(doors.public_doors)]
        self._carrier.doors = {FALLBACK_URL: others, PUBLIC_URL: doors.public_doors}
        account = Account(carrier=self._carrier, number=number, music=music)
        return {
            Legs.SIP: lambda caller: SipTelephone(trunk, caller),
            Legs.TWILIO: lambda caller: TwilioTelephone(account, caller),
        }


@asynccontextmanager
async def telephone_network(legs: Legs, *, host: str = LOOPBACK) -> AsyncIterator[Network]:
    """Give the networks that such callers call by; telephones are at an address."""
    exchange, carrier = Exchange(host=host), Carrier(host=host)
    async with AsyncExitStack() as stack:
        if Legs.SIP in legs.kinds:
            await exchange.open()
            stack.push_async_callback(exchange.close)
        if Legs.TWILIO in legs.kinds:
            await stack.enter_async_context(carrier)
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        network = Network(legs, tasks, exchange=exchange, carrier=carrier)
        stack.callback(network.close)
        yield network
