"""The centre of a day: two sites and a witness, each process a life, the routers the product's own.

Per site: a node and a desk without media and pages, a server of the live state and a Sentinel; a
third server and Sentinel at the witness. A router at each site on a day on which one is lost,
otherwise at the north alone.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NoReturn

from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.ids import LineId
from contactcentre.domain.ivr.flow import Line
from contactcentre.simulation.days.callers import queue_of
from contactcentre.simulation.days.day import Day
from contactcentre.simulation.days.desk import Adviser, Desk, Floor
from contactcentre.simulation.days.light import Scene
from contactcentre.simulation.days.node import Node
from contactcentre.simulation.ground import Ground
from contactcentre.simulation.ledger import LedgerData
from contactcentre.simulation.lives import Life
from contactcentre.simulation.loop import Simulation
from contactcentre.simulation.network import Network
from contactcentre.simulation.post import Post
from contactcentre.simulation.roles import start_router
from contactcentre.simulation.sound import Air
from contactcentre.simulation.store.group import Group
from contactcentre.simulation.store.server import Kept, Server

NORTH, SOUTH, WITNESS = SITES = ("north", "south", "witness")
BOTH = (NORTH, SOUTH)
NODES_PER_SITE = DESKS_PER_SITE = 1
NO_LINES: Mapping[LineId, Line] = MappingProxyType({})


class Centre:
    """Every process of a simulated day."""

    def __init__(self, simulation: Simulation, day: Day, *, routers_at: Sequence[str]) -> None:
        """Take at which sites a router runs: one does for a day on which no site is lost."""
        network = Network(simulation)
        self.scene = Scene(simulation, network)
        self.mistakes: list[str] = []
        """What has ended a process that nobody killed."""
        self.store = Group(
            simulation,
            network,
            [Server(simulation, site, "store", f"store-{site}") for site in SITES],
            sentinels=[(site, "store", f"sentinel-{site}") for site in SITES],
            replicas_min=1,
        )
        self._routers_at = routers_at
        self._lives: dict[str, Life] = {}
        self._buried: list[Life] = []
        """Lives that are over are kept, that nothing of them is tidied up."""
        self._nodes: dict[str, Node] = {}
        self._desks: dict[str, Desk] = {}
        self.ground = Ground(
            simulation=simulation,
            post=Post(network, self._lives, fronts={}),
            air=Air(network),
            store=self.store,
            ledger=LedgerData(names=(NORTH, "record")),
            lines=NO_LINES,
            words={},
            accounts={},
            desks_static={},
            nodes_static={},
        )
        self.floor = Floor(self.scene, self._desks)
        self.scene.desks = self.floor
        self._hire(day)

    # Processes

    def begin(self) -> None:
        """Start everything."""
        for site in BOTH:
            self.start_site(site)

    def start_site(self, site: str) -> None:
        """Start what is at a site, its server of the live state and its Sentinel too."""
        for server in self.store.servers:
            if server.names[0] == site and not server.is_up:
                server.start(Kept.ALL)
        for sentinel in self.store.sentinels:
            if sentinel.names[0] == site:
                sentinel.is_up = True
        if site in self._routers_at:
            router = self._life(site, "router-1")
            router.spawn(start_router(self.ground, router), "start")
        for number in range(NODES_PER_SITE):
            life = self._life(site, f"node-{number + 1}")
            node = self._nodes[life.name] = Node(self.ground, life, self.scene)
            life.listen(node.serve, {})
            life.spawn(node.keep_beating(), "beat")
        for number in range(DESKS_PER_SITE):
            life = self._life(site, f"desk-{number + 1}")
            desk = self._desks[life.name] = Desk(self.ground, life, self.scene)
            life.listen(_nothing_is_asked, {})
            life.spawn(desk.keep_beating(), "beat")

    def kill_site(self, site: str) -> tuple[Sequence[Node], Sequence[Desk]]:
        """Let everything at a site die at once; return the nodes and desks that were there."""
        for life in self._lives.values():
            if life.names[0] == site:
                life.kill()
        for server in self.store.servers:
            if server.names[0] == site:
                server.kill()
        for sentinel in self.store.sentinels:
            if sentinel.names[0] == site:
                sentinel.is_up = False
        nodes = [one for one in self._nodes.values() if one.names[0] == site]
        return nodes, [one for one in self._desks.values() if one.life.names[0] == site]

    def all_nodes(self) -> Sequence[Node]:
        """Return the nodes, also those that were lost and have not been started again."""
        return [*self._nodes.values()]

    def nodes(self) -> Sequence[Node]:
        """Return the nodes that live."""
        return [one for one in self._nodes.values() if one.life.goes]

    def desks(self) -> Sequence[Desk]:
        """Return the desks that live."""
        return [one for one in self._desks.values() if one.life.goes]

    def _life(self, site: str, name: str) -> Life:
        life = Life((site, "centre", f"{site}-{name}"), failed=self._failed)
        if life.name in self._lives:
            self._buried.append(self._lives[life.name])
        self._lives[life.name] = life
        return life

    def _failed(self, life: Life, error: Exception) -> None:
        self.mistakes.append(f"{life.name} ended by {type(error).__name__}: {error}")

    # Advisers

    def _hire(self, day: Day) -> None:
        """Give every pool as many advisers as its largest interval wants."""
        classes = [ServiceClass.P2]
        if day.extra_support_share:
            classes.append(ServiceClass.P0)
        dice = self.scene.simulation.dice("advisers")
        for pool in day.pools:
            queues = [queue_of(pool.name, one) for one in classes]
            self.floor.hire(
                Adviser(f"{pool.name}-{number + 1}", pool.name, queues, self.scene, dice)
                for number in range(max(pool.advisers))
            )


async def _nothing_is_asked(_: object) -> NoReturn:
    raise AssertionError("desks hear of rings by the floor")
