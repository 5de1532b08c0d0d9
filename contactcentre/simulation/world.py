"""One simulated centre: processes at two sites, a store, a record, and what becomes of them."""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import structlog

from contactcentre.adapters.flow_files.folders import default_flows_dir
from contactcentre.adapters.flow_files.lines import load_lines
from contactcentre.adapters.flow_files.prompts import load_words
from contactcentre.apps.node_tools import Words
from contactcentre.domain.callback import OfferRule, RingingHours
from contactcentre.domain.ids import AdviserId, DeskId, LineId
from contactcentre.domain.ivr.flow import Line, OverflowRule, QueueName, RecordingRule, ToQueue
from contactcentre.domain.languages import Language
from contactcentre.ports.accounts import Account, Role
from contactcentre.simulation.ground import Ground
from contactcentre.simulation.ledger import LedgerData
from contactcentre.simulation.lives import WORLD, Life, Request
from contactcentre.simulation.loop import Simulation
from contactcentre.simulation.network import Network
from contactcentre.simulation.post import Post
from contactcentre.simulation.roles import STARTS
from contactcentre.simulation.sound import Air
from contactcentre.simulation.store.group import Group
from contactcentre.simulation.store.server import Server
from contactcentre.simulation.stories import AdviserAtWork, Setting, Story, hours_of, queue_of
from contactcentre.simulation.wires import Wires
from contactcentre.simulation.witness import ANNOUNCED

log = structlog.get_logger()

NORTH, SOUTH, WITNESS = SITES = ("north", "south", "witness")
START_S = (0.3, 0.8)
"""How long a process takes from its start until it listens."""
POISON_S = 0.1
"""How long it takes until a browser has broken down under a call."""
BROWSER_AGAIN_S = 25.0
OVERFLOW_WAITED_MS = 20_000
"""Whoever has waited for so long is passed on too, where a queue overflows at all."""
OFFERS = OfferRule(
    long_wait_ms=0,
    ceiling_ms=0,
    again_ms=10_000,
    hours=RingingHours(from_hour=0, until_hour=24),
)
"""Whoever waits is offered a callback with every word of the place."""
AGAIN_S = 1.0
"""How soon a process is started again that has ended by a mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large a simulated centre is."""

    media: int = 3
    routers: int = 2
    desks: int = 2
    records: int = 2
    advisers: int = 6
    caller_every_s: float = 1.5
    """A new caller comes so often, on average."""
    writer_every_s: float = 5.0
    """Somebody comes to chat so often, on average; half of the advisers serve chats."""
    overflow_at: int | None = None
    """More callers than this in the general queue are passed on to the one for signing in."""

    def roles(self) -> Mapping[str, str]:
        """Return every process by its name, with its role."""
        counts = {
            "media": self.media,
            "router": self.routers,
            "desk": self.desks,
            "records": self.records,
            "public": 2,
        }
        return {
            f"{role}-{number + 1}": role
            for role, count in counts.items()
            for number in range(count)
        }

    def names(self) -> Sequence[str]:
        """Return every process and every adviser by its name."""
        return [*self.roles(), *(f"adviser-{number + 1}" for number in range(self.advisers))]


@cache
def read_flows() -> tuple[Mapping[LineId, Line], Words]:
    """Return the lines that come with the program, and their words."""
    folder = default_flows_dir()
    return load_lines(folder), load_words(folder)


class World:
    """Everything that is simulated, but for the people."""

    def __init__(self, simulation: Simulation, size: Size, story: Story | None = None) -> None:
        self.simulation = simulation
        self.network = Network(simulation)
        self.lives: dict[str, Life] = {}
        self.mistakes: list[str] = []
        """What has ended a process that nobody killed."""
        self.people_names: Callable[[], Sequence[str]] = list
        """Returns who is there with a browser now."""
        self.who_calls: Callable[[str], str] = str
        """Returns what a scenario names the caller of a call."""
        self.poison: set[str] = set()
        """Whose calls break every adviser's browser in which they ring."""
        self.breaks_desks = False
        """Whether every call does so."""
        self._dice = simulation.dice("world")
        self._roles = size.roles()
        self._sites = {name: (NORTH, SOUTH)[at % 2] for at, name in enumerate(self._roles)}
        self._buried: list[Life] = []
        self.store = Group(
            simulation,
            self.network,
            [Server(simulation, site, "store", f"store-{site}") for site in SITES],
            sentinels=[(site, "store", f"sentinel-{site}") for site in SITES],
            replicas_min=1,
        )
        post = Post(self.network, self.lives, fronts={"public": self.of("public")})
        self.post, self.wires = post, Wires(post)
        lines, words = read_flows()
        setting = Setting() if story is None else story.setting
        lines = {name: _line(line, setting, size) for name, line in lines.items()}
        if story is None:
            lines = {name: _recorded(line) for name, line in lines.items()}
        self.ground = Ground(
            simulation=simulation,
            post=post,
            air=Air(self.network),
            store=self.store,
            ledger=LedgerData(names=(NORTH, "record")),
            lines=lines,
            words=words,
            accounts=_accounts(size, lines.values())
            if story is None
            else {one.name: account_of(one) for one in story.advisers},
            offers=OFFERS if story is None or setting.callbacks else None,
            settings=_settings(setting),
            is_steered=story is not None,
            was_told=self._was_told,
            desks_static={DeskId(name): f"http://{name}" for name in self.of("desk")},
            nodes_static={name: f"ws://{name}/leg" for name in self.of("media")},
        )

    def of(self, role: str) -> Sequence[str]:
        """Return the processes of a role."""
        return [name for name, its in self._roles.items() if its == role]

    def begin(self) -> None:
        """Start everything."""
        for name in self._roles:
            self.start(name)
        self.ground.air.begin()
        self.ground.witness.begin()

    def later(self, delay_s: float, step: Callable[[], object]) -> None:
        """Let something happen after a while, whoever stands still then."""
        self.simulation.loop.call_later(max(0.0, delay_s), step, context=WORLD)

    # Lives

    def start(self, name: str) -> None:
        """Start a process that does not live."""
        former = self.lives.get(name)
        if former is not None and not former.is_dead:
            return
        if former is not None:
            self._buried.append(former)
        life = Life((self._sites[name], "centre", name), failed=self._failed)
        self.lives[name] = life
        life.spawn(self._boot(life), "start")

    def kill(self, name: str) -> None:
        """End a process at once."""
        life = self.lives[name]
        if not life.is_dead:
            life.kill()
            self.wires.break_with(life)

    def restart(self, name: str, *, within_s: float) -> None:
        """Let a process drain, end and start again; it is killed if it does not in time."""
        life = self.lives[name]

        def end() -> None:
            if self.lives[name] is life and not life.is_dead:
                self.kill(name)
                self.later(AGAIN_S, lambda: self.start(name))

        async def drain() -> None:
            if life.drain is not None:
                await life.drain()
            self.later(0.0, end)

        if not life.is_dead:
            life.spawn(drain(), "drain")
            self.later(within_s, end)

    def _was_told(self, request: Request) -> None:
        """Let an adviser's browser break down under a call that has begun to ring there."""
        if not (self.poison or self.breaks_desks) or request.path != "/rings":
            return
        ring = json.loads(request.body)
        if self.breaks_desks or self.who_calls(ring["call"]) in self.poison:
            self.later(POISON_S, lambda: self._break_down(ring["adviser"]))

    def _break_down(self, person: str) -> None:
        """Let a browser end, and be there again a while later."""
        network = self.network

        def end() -> None:
            network.cut(person, "centre")
            network.cut("centre", person)

        def start() -> None:
            network.join(person, "centre")
            network.join("centre", person)

        self.wires.break_of(person)  # the system closes its sockets
        self.later(POISON_S, end)
        self.later(BROWSER_AGAIN_S, start)

    async def _boot(self, life: Life) -> None:
        await asyncio.sleep(self._dice.uniform(*START_S))
        await STARTS[self._roles[life.name]](self.ground, life)

    def _failed(self, life: Life, error: Exception) -> None:
        """Take note of a mistake, by which a process ends; it is started again."""
        self.mistakes.append(f"{life.name} ended by {_words(error)}")
        self.kill(life.name)
        self.later(AGAIN_S, lambda: self.start(life.name))


def _recorded(line: Line) -> Line:
    """Return a line whose talks are recorded."""
    return replace(line, flow=replace(line.flow, recording=RecordingRule(announced_by=ANNOUNCED)))


def _settings(setting: Setting) -> Mapping[str, object]:
    """Return every process's settings, where they are not as they come."""
    return {
        "callback_from_hour": OFFERS.hours.from_hour,
        "callback_until_hour": OFFERS.hours.until_hour,
        "next_adviser": setting.next_adviser,
        "wish_ms": round(setting.wish_s * 1_000),
    }


def _overflowing(line: Line, waiting_max: int) -> Line:
    """Return a line whose general queue passes callers on."""
    rule = OverflowRule(
        to=ToQueue(line=line.id, queue=QueueName("sign-in")),
        waiting_max=waiting_max,
        waited_ms=OVERFLOW_WAITED_MS,
    )
    queues = {
        (name, language): replace(queue, overflow=rule) if name == "general" else queue
        for (name, language), queue in line.flow.queues.items()
    }
    return replace(line, flow=replace(line.flow, queues=queues))


def _words(error: BaseException) -> str:
    """Return in a few words what has gone wrong, and where."""
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(_words(one) for one in error.exceptions)
    trace, place = error.__traceback__, "?"
    while trace is not None:
        place = f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__}: {error} in {place}"


def _accounts(size: Size, lines: Iterable[Line]) -> dict[str, Account]:
    """Return advisers who all take every call; half of them chat."""
    names = [f"adviser-{number + 1}" for number in range(size.advisers)]
    every = [queue.id for line in lines for queue in line.queues]
    calls = [queue.id for line in lines for queue in line.call_queues]
    return {
        name: Account(
            id=AdviserId(name),
            name=name,
            role=Role.ADVISER,
            language=Language.ENGLISH,
            queues=tuple(calls if number % 2 else every),
        )
        for number, name in enumerate(names)
    }


def account_of(adviser: AdviserAtWork) -> Account:
    """Return the account of an adviser of a story."""
    return with_queues(
        Account(
            id=AdviserId(adviser.name),
            name=adviser.name,
            role=Role.ADVISER,
            language=Language.ENGLISH,
            queues=(),
        ),
        adviser.queues,
    )


def with_queues(account: Account, queues: Mapping[QueueName, int]) -> Account:
    """Return an account that serves some queues, each at a level."""
    levels = {queue_of(name): level for name, level in queues.items()}
    return replace(account, queues=tuple(levels), levels=levels)


def _line(line: Line, setting: Setting, size: Size) -> Line:
    """Return a line as a story sets it up, which overflows if the centre's size says so."""
    flow, written = line.flow, setting.queue_hours
    queues = {
        (name, language): replace(
            queue,
            hours=hours_of(written[name]) if name in written else queue.hours,
            service_class=setting.service_class.get(name, queue.service_class),
        )
        for (name, language), queue in flow.queues.items()
    }
    hours = flow.hours if setting.hours is None else hours_of(setting.hours)
    told = replace(line, flow=replace(flow, hours=hours, queues=queues))
    return told if size.overflow_at is None else _overflowing(told, size.overflow_at)
