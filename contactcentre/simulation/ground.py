"""What every process of a simulated centre stands on, and what a process of any role has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.adapters.web.claims import Signatures
from contactcentre.apps.node_tools import Words
from contactcentre.domain.callback import OfferRule
from contactcentre.domain.ids import DeskId, LineId, RecordingPart
from contactcentre.domain.ivr.flow import Line
from contactcentre.journey.keeping import Keeper
from contactcentre.journey.steering import Steering
from contactcentre.ports.accounts import Account
from contactcentre.settings import Settings
from contactcentre.simulation.client import SimulatedClient
from contactcentre.simulation.disk import Disk
from contactcentre.simulation.environment import SimulatedChance, SimulatedClock
from contactcentre.simulation.ledger import LedgerData, LedgerLink
from contactcentre.simulation.lives import Life, Request
from contactcentre.simulation.loop import Simulation
from contactcentre.simulation.post import Post, PostPeers
from contactcentre.simulation.sound import Air
from contactcentre.simulation.steering import KeptCopy, Turns
from contactcentre.simulation.store.group import Group
from contactcentre.simulation.tapes import Reel
from contactcentre.simulation.witness import Witness

LINE = LineId("tax")
SIGNING_KEYS = "k1:" + "s" * 32
CLUSTER_KEY = "c" * 32


@dataclass(slots=True, kw_only=True)
class Ground:
    """What every process of one simulated centre stands on."""

    simulation: Simulation
    post: Post
    air: Air
    store: Group
    ledger: LedgerData
    lines: Mapping[LineId, Line]
    words: Words
    accounts: dict[str, Account]
    desks_static: Mapping[DeskId, str]
    nodes_static: Mapping[str, str]
    settings: Mapping[str, object] = field(default_factory=dict)
    """Every process's settings, where they are not as they come."""
    offers: OfferRule | None = None
    """When whoever waits is offered a callback; None: never."""
    keepers: dict[str, Keeper] = field(default_factory=dict)
    """What each records process keeps callbacks with."""
    is_steered: bool = False
    """A supervisor may turn switches."""
    turns: Turns = field(default_factory=Turns)
    copies: dict[str, KeptCopy] = field(default_factory=dict)
    steerings: dict[str, Steering] = field(default_factory=dict)
    """The way to the switches at each desk process."""
    was_told: Callable[[Request], None] = lambda _: None
    """Hears what a desk process has just been told."""
    disks: dict[str, Disk] = field(default_factory=dict)
    reels: dict[str, dict[RecordingPart, Reel]] = field(default_factory=dict)
    """What is recorded, on the disk of each node."""
    witness: Witness = field(init=False)
    clocks: dict[str, SimulatedClock] = field(default_factory=dict)
    lives_count: int = 0
    reservations: list[tuple[int, str, int]] = field(default_factory=list)
    """Every reservation that a router has made: when (ms), of which call, with which token."""
    storms: list[int] = field(default_factory=list)
    """When (ms) a router has said that there is a storm."""

    def signatures(self) -> Signatures:
        """Return what the desks sign with, by the right time."""
        settings = Settings.model_validate(
            {"node": "desk", "cluster_key": CLUSTER_KEY, "signing_keys": SIGNING_KEYS}
        )
        signing, ring = settings.signing_ring()
        return Signatures(ring, signing, SimulatedClock(self.simulation))

    def __post_init__(self) -> None:
        """Let somebody see what is recorded, and who listens."""
        self.witness = Witness(self.air, self.ledger, self.reels)


class Part:
    """What a process of any role has."""

    def __init__(self, ground: Ground, life: Life, *, needs_majority: bool = False) -> None:
        ground.lives_count += 1
        simulation = ground.simulation
        self.settings = Settings.model_validate(
            {
                "node": life.name,
                "cluster_key": CLUSTER_KEY,
                "signing_keys": SIGNING_KEYS,
                **ground.settings,
            }
        )
        self.clock = ground.clocks.setdefault(life.name, SimulatedClock(simulation))
        self.chance = SimulatedChance(simulation.dice(f"{life.name}/{ground.lives_count}"))
        client = SimulatedClient(
            simulation,
            ground.post.network,
            ground.store,
            *life.names,
            timeout_ms=self.settings.redis_timeout_ms,
            needs_majority=needs_majority,
        )
        self.client = client
        life.hang_up = client.hang_up
        self.state = RedisState(client)
        self.peers = PostPeers(ground.post, life)
        self.ledger = LedgerLink(
            ground.ledger,
            ground.post.network,
            life.names,
            timeout_ms=self.settings.database_timeout_ms,
        )
        signing, ring = self.settings.signing_ring()
        self.signatures = Signatures(ring, signing, self.clock)
