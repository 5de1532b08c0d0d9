"""A node's dialler with real sound and a real socket, and whoever is rung by it."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.adapters.sip.trunks import Outward
from contactcentre.apps.dialling import NodeDialler, WayOut
from contactcentre.apps.outside_call import OutsideCall
from contactcentre.domain.dialling import DialRules, Lines
from contactcentre.domain.ids import CallId, LegId, PhoneNumber
from contactcentre.ports.dialling import DialEvent
from contactcentre.ports.media import LegEvent
from contactcentre.ports.phones import Phone
from tests.adapters.sip.answering import OUTSIDE, OWN
from tests.adapters.sip.entrance import LOOPBACK, Entrance
from tests.adapters.sip.sounding_board import SoundingBoard, sounding_board

CALL = CallId("call")
RULES = DialRules(
    allowed=("+441632960", "2"),
    own=(OWN, PhoneNumber("+441632960002")),
    country="44",
    calls_max=2,
    calls_per_minute=4,
    phones_max=2,
)


BACK = replace(RULES, allowed=("+441632960",), calls_max=1)


class Outside:
    """What a call of the node has to do with outside numbers."""

    def __init__(self, entrance: Entrance, board: SoundingBoard, trunk: Outward) -> None:
        self.callbacks: DialRules | None = BACK
        self.counted: Counter[str] = Counter()
        self.told: list[DialEvent] = []
        self.then: Callable[[], None] = lambda: None
        """Done whenever something is told."""
        self.heard: list[LegEvent] = []
        self.trunk = trunk
        self.media = board.media
        self._entrance = entrance
        self._ports = board.ports
        self.dialler = self._dialler(trunk)
        self.legs_count = 0
        self.phone: tuple[str, Phone] | None = None
        """The phone of the call's caller, and its trunk, where the caller rings from one."""

    def ring_over(self, *trunks: Outward) -> None:
        """Ring over other trunks from now on."""
        self.dialler = self._dialler(*trunks)

    def _dialler(self, *trunks: Outward) -> NodeDialler:
        return NodeDialler(
            self._entrance.door,
            WayOut(
                trunks=trunks,
                rules=RULES,
                numbers={},
                refer={"t": self.trunk},
                callbacks=self.callbacks,
            ),
            phone_of=lambda _: self.phone,
            media=self.media,
            ports=self._ports,
            address=LOOPBACK,
            clock=MachineClock(),
            spawn=self._entrance.spawn,
            count=self.count,
        )

    def count(self, outcome: str) -> None:
        """Count what became of a number."""
        self.counted[outcome] += 1

    def _tell(self, event: DialEvent) -> None:
        self.told.append(event)
        self.then()

    async def dial(
        self,
        number: str = OUTSIDE,
        *,
        ring_ms: int = 5_000,
        shown: PhoneNumber | None = None,
        lines: Lines = Lines.OUTSIDE,
    ) -> OutsideCall:
        """Ring a number."""
        self.legs_count += 1
        return await self.dialler.dial(
            number,
            call=CALL,
            leg=LegId(f"outside {self.legs_count}"),
            ring_ms=ring_ms,
            told=self._tell,
            heard=self.heard.append,
            shown=shown,
            lines=lines,
        )


@asynccontextmanager
async def outside(port: int, *, transport: str = "udp", **more: object) -> AsyncIterator[Outside]:
    """Give a dialler whose trunk is at a port."""
    out = {"address": LOOPBACK, "port": port, "transport": transport, **more}
    async with AsyncExitStack() as leaving, sounding_board() as board:
        entrance = Entrance(leaving)
        await entrance.open(out=out)
        yield Outside(entrance, board, Outward.model_validate(out))
        for task in entrance.tasks:
            task.cancel()
