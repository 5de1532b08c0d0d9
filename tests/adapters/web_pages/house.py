"""A centre of these tests' own, and the pages before it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from contactcentre.adapters.flow_files.folders import default_flows_dir
from contactcentre.adapters.flow_files.lines import load_lines
from contactcentre.adapters.flow_files.prompts import load_words
from contactcentre.adapters.web.claims import Signatures
from contactcentre.adapters.web.ice import IceServers
from contactcentre.adapters.web.pages.content import Figures
from contactcentre.adapters.web.pages.rate import RateLimit
from contactcentre.adapters.web.pages.redial import Redials
from contactcentre.adapters.web.pages.site import Site, Tools
from contactcentre.domain.ids import CallId, LineId, QueueId, RequestId
from contactcentre.domain.ivr.switches import AS_PLANNED, LineSwitches
from contactcentre.ports.places import Places
from contactcentre.ports.state import QueueStanding

NOW_MS = 1_790_000_000_000
TAX = LineId("tax")
AT_ONCE_MAX = 3


@dataclass
class StillClock:
    """Time that passes only when it is told to."""

    ms: int = NOW_MS

    def now_ms(self) -> int:
        """Return the time."""
        return self.ms

    def monotonic_ms(self) -> int:
        """Return the time."""
        return self.ms

    async def sleep_ms(self, span_ms: int) -> None:
        """Let time pass."""
        self.ms += span_ms


@dataclass
class CountingChance:
    """Dice that fall in order."""

    count: int = 0

    def nonce(self) -> str:
        """Return the next number."""
        self.count += 1
        return f"{self.count:016x}"

    def request(self) -> RequestId:
        """Return the next number."""
        return RequestId(self.nonce())

    def jitter(self, span_ms: int) -> int:
        """Return all of it."""
        return span_ms


@dataclass
class TestCentre:
    """A centre as these tests want it."""

    __test__ = False

    urls: Sequence[str] = ("ws://127.0.0.1:8101/leg", "ws://127.0.0.1:8102/leg")
    roomy: Sequence[str] | None = None
    seen: Figures | None = None

    def nodes(self) -> Sequence[str]:
        """Return the nodes."""
        return self.urls

    def nodes_for_new_calls(self) -> Sequence[str]:
        """Return the nodes with room."""
        return self.urls if self.roomy is None else self.roomy

    def nodes_for_calls_kept(self) -> Sequence[str]:
        """Return the nodes."""
        return self.urls

    def nodes_ever(self) -> Sequence[str]:
        """Return the nodes, and one that is to come."""
        return (*self.urls, "wss://to-come.example/leg")

    def sites(self) -> Mapping[str, str]:
        """Return where the nodes are."""
        return dict(zip(self.urls, ("north", "south"), strict=False))

    def figures(self) -> Figures | None:
        """Return the figures."""
        return self.seen


@dataclass
class PaperPlaces:
    """The places of callers who were all left unserved."""

    passed: dict[CallId, tuple[str, CallId]] = field(default_factory=dict)
    asked: Callable[[], None] = lambda: None
    """Told each time that a page asks for a place."""

    async def pass_place(self, *, earlier: CallId, page: str, call: CallId) -> CallId | None:
        """Pass a place on once."""
        self.asked()
        its_page, taker = self.passed.setdefault(earlier, (page, call))
        return taker if its_page == page else None


@dataclass
class House:
    """Everything of one test."""

    centre: TestCentre = field(default_factory=TestCentre)
    clock: StillClock = field(default_factory=StillClock)
    places: Places = field(default_factory=PaperPlaces)
    keep_ms: int = 600_000
    switches: LineSwitches = AS_PLANNED
    proxies: Sequence[str] = ()
    ice_servers: Sequence[str] = ()
    turn_secret: str = ""

    def __post_init__(self) -> None:
        """Read the flows that came with this checkout."""
        flows_dir = default_flows_dir()
        self.line = load_lines(flows_dir)[TAX]
        self.spoken = load_words(flows_dir)
        self.signatures = Signatures({"k1": "s" * 32}, "k1", self.clock)

    def site(self) -> Site:
        """Return the pages of this house."""
        return Site(
            Tools(
                line=self.line,
                spoken=self.spoken,
                organisation="Riverside Revenue",
                centre=self.centre,
                switches=lambda: self.switches,
                signatures=self.signatures,
                redials=Redials(self.signatures, self.places, self.clock, keep_ms=self.keep_ms),
                rate=RateLimit(
                    self.clock,
                    at_once_max=AT_ONCE_MAX,
                    one_more_every_ms=1_000,
                    addresses_max=100,
                ),
                proxies=self.proxies,
                ice_servers=IceServers(
                    urls=self.ice_servers,
                    turn_secret=self.turn_secret,
                    clock=self.clock,
                    chance=CountingChance(),
                ),
                clock=self.clock,
                chance=CountingChance(),
            )
        )

    def with_waiting(self, **waiting: tuple[int, int]) -> "House":
        """Let so many wait in each queue, the first of them for so many minutes."""
        names = {name.replace("_", "-"): figure for name, figure in waiting.items()}
        self.centre.seen = Figures(
            now_ms=NOW_MS,
            queues=[
                QueueStanding(
                    queue=queue.id,
                    waiting_count=count,
                    oldest_enqueued_ms=NOW_MS - minutes * 60_000 if count else None,
                    ready_count=0,
                )
                for queue in self.line.queues
                for count, minutes in [names.get(_short(queue.id), (0, 0))]
            ],
        )
        return self


def _short(queue: QueueId) -> str:
    """Return paying for tax.paying.en and paying-cy for tax.paying.cy."""
    _, name, language = queue.split(".")
    return name if language == "en" else f"{name}-{language}"
