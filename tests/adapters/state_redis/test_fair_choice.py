"""The fair choice among heads of several queues: class first, and whoever waits comes nearer."""

import random
from itertools import count

import pytest

from contactcentre.adapters.environment.machine import MachineChance, MachineClock
from contactcentre.domain.classes import DAY_MS, MINUTE_MS, ServiceClass, head_start_ms, score
from contactcentre.domain.ids import AdviserId, CallId, QueueId
from contactcentre.journey.matching import Matcher
from contactcentre.limits import MATCHES_PER_SWEEP_MAX
from tests.adapters.state_redis.centre import NOW_MS, Centre
from tests.journey.staged_brake import StagedBrake

P0, P1, P2, P3 = (ServiceClass.P0, ServiceClass.P1, ServiceClass.P2, ServiceClass.P3)
QUEUES = {service_class: QueueId(f"tax.{service_class}.en") for service_class in ServiceClass}
ALL = tuple(QUEUES.values())


async def came(
    centre: Centre, name: str, service_class: ServiceClass, *, minutes_ago: float
) -> CallId:
    """Let a caller wait since then."""
    call = CallId(name)
    await centre.call(
        call,
        queue=QUEUES[service_class],
        at_ms=NOW_MS - round(minutes_ago * MINUTE_MS),
        head_start_ms=head_start_ms(service_class),
    )
    return call


async def served(
    centre: Centre, *, queues: tuple[QueueId, ...] = ALL, team: str = "a"
) -> list[CallId]:
    """Let one adviser after another become ready until nobody waits; say who was taken, in turn."""
    taken: list[CallId] = []
    for number in count():
        adviser = AdviserId(f"{team}{number}")
        await centre.ready(adviser, queues=queues)
        found = await centre.match(adviser)
        if found is None:
            return taken
        taken.append(found.call)
    raise AssertionError


async def test_whoever_needs_extra_support_goes_before_everybody_of_this_day(
    centre: Centre,
) -> None:
    await came(centre, "old-p3", P3, minutes_ago=600)
    await came(centre, "old-p2", P2, minutes_ago=DAY_MS / MINUTE_MS - 1)
    await came(centre, "old-p1", P1, minutes_ago=600)
    await came(centre, "new-p0", P0, minutes_ago=0)
    assert await served(centre) == ["new-p0", "old-p2", "old-p1", "old-p3"]


async def test_a_deadline_counts_as_five_minutes_of_waiting(centre: Centre) -> None:
    await came(centre, "p1", P1, minutes_ago=0)
    await came(centre, "p2-before", P2, minutes_ago=5.1)
    await came(centre, "p2-after", P2, minutes_ago=4.9)
    assert await served(centre) == ["p2-before", "p1", "p2-after"]


async def test_whoever_chases_progress_and_has_waited_goes_before_whoever_has_just_come(
    centre: Centre,
) -> None:
    await came(centre, "old-p3", P3, minutes_ago=10)
    for minutes_ago in range(10):
        await came(centre, f"p2-{minutes_ago}", P2, minutes_ago=minutes_ago)
    assert await served(centre) == [
        *("p2-9", "old-p3", "p2-8", "p2-7", "p2-6", "p2-5", "p2-4", "p2-3", "p2-2", "p2-1"),
        "p2-0",
    ]


async def test_an_adviser_of_some_queues_is_not_held_up_by_the_better_heads_of_others(
    centre: Centre,
) -> None:
    await came(centre, "p0", P0, minutes_ago=5)
    await came(centre, "p3", P3, minutes_ago=1)
    await came(centre, "p2", P2, minutes_ago=1)
    assert await served(centre, queues=(QUEUES[P2], QUEUES[P3])) == ["p2", "p3"]
    assert await served(centre, team="b") == ["p0"]


@pytest.mark.parametrize("seed", range(3))
async def test_every_adviser_gets_the_lowest_score_of_all_that_wait_in_the_advisers_queues(
    centre: Centre, seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311 - makes up callers
    waiting: dict[CallId, tuple[int, ServiceClass]] = {}
    for number in range(60):
        service_class = dice.choice([*ServiceClass])
        minutes_ago = dice.randrange(20)  # often the same as another's
        call = await came(centre, f"c{number:02}", service_class, minutes_ago=minutes_ago)
        waiting[call] = (NOW_MS - minutes_ago * MINUTE_MS, service_class)
    for number in range(60):
        classes = dice.sample([*ServiceClass], dice.randint(1, 5))
        adviser = AdviserId(f"a{number}")
        await centre.ready(adviser, queues=tuple(QUEUES[one] for one in classes))
        due = sorted((score(*its), call) for call, its in waiting.items() if its[1] in set(classes))
        found = await centre.match(adviser)
        assert (None if found is None else found.call) == (due[0][1] if due else None)
        if found is not None:
            del waiting[found.call]


async def test_in_a_sweep_too_the_best_head_goes_first_to_whoever_serves_several_queues(
    centre: Centre,
) -> None:
    for number in range(MATCHES_PER_SWEEP_MAX):
        await centre.ready(AdviserId(f"other{number:02}"), queues=(QueueId("bins.bins.en"),))
    await centre.ready(AdviserId("ada"), queues=ALL)
    for service_class in (P3, P2, P1, P0):
        await came(centre, service_class, service_class, minutes_ago=20)
    assert await centre.queues_waiting() == [QUEUES[one] for one in (P0, P1, P2, P3)]
    router = Matcher(
        matching=centre.state,
        queues=centre.state,
        addresses=centre.state,
        nodes=NoNodes(),
        clock=MachineClock(),
        chance=MachineChance(),
        brake=StagedBrake(),
        store_changed=lambda: None,
        violated=nothing_violated,
    )
    assert [(one.call, one.adviser) async for one in router.matches()] == [("P0", "ada")]


def nothing_violated(invariant: str, **_: str | int | None) -> None:
    raise AssertionError(invariant)


class NoNodes:
    """Nodes to which nothing is offered here."""

    async def offer(self, **_: object) -> None:
        """Be asked by nobody."""
        raise AssertionError
