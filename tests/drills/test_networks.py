"""The networks of a drill: what is cut off hears nothing, or is not heard, and nothing else is."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import permutations
from pathlib import Path

import pytest

from contactcentre.domain.errors import Refusal
from contactcentre.drills.networks import (
    NORTH,
    OUTSIDE,
    PLACES,
    SOUTH,
    WIRES,
    WITNESS,
    Networks,
    Way,
    drill_networks,
)
from contactcentre.drills.slow_line import Slowness

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may make networks")
WITHIN_S = 0.2
OWN = Path("/proc/thread-self/ns/net")


@pytest.fixture
def networks() -> Iterator[Networks]:
    with drill_networks() as made:
        yield made


def passing(networks: Networks) -> set[tuple[str, str]]:
    """Return from where to where packets get in time."""
    with ExitStack() as stack:
        hearing = {}
        for sender, hearer in permutations(PLACES, 2):
            with networks.enter(hearer):
                hears = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            with networks.enter(sender):
                says = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            hears.bind((WIRES[hearer].host, 0))
            hears.settimeout(0)
            says.sendto(b"hello", hears.getsockname())
            hearing[sender, hearer] = hears
        time.sleep(WITHIN_S)
        return {pair for pair, hears in hearing.items() if _has_heard(hears)}


def _has_heard(hears: socket.socket) -> bool:
    try:
        return hears.recv(9) == b"hello"
    except BlockingIOError:
        return False


EVERY_WAY = set(permutations(PLACES, 2))


@needs_root
@pytest.mark.parametrize(
    ("way", "lost"),
    [
        (Way.BOTH, {pair for pair in EVERY_WAY if NORTH in pair}),
        (Way.IN, {pair for pair in EVERY_WAY if pair[1] == NORTH}),
        (Way.OUT, {pair for pair in EVERY_WAY if pair[0] == NORTH}),
        (Way.BETWEEN, {pair for pair in EVERY_WAY if NORTH in pair and OUTSIDE not in pair}),
    ],
)
def test_a_cut_takes_what_it_says_and_nothing_else(
    networks: Networks, way: Way, lost: set[tuple[str, str]]
) -> None:
    assert passing(networks) == EVERY_WAY
    networks.cut(NORTH, way)
    assert passing(networks) == EVERY_WAY - lost
    networks.join()
    assert passing(networks) == EVERY_WAY


@needs_root
def test_two_places_may_be_parted_from_each_other_alone(networks: Networks) -> None:
    networks.part(NORTH, OUTSIDE)
    assert passing(networks) == EVERY_WAY - {(NORTH, OUTSIDE), (OUTSIDE, NORTH)}
    networks.join()
    assert passing(networks) == EVERY_WAY


@needs_root
def test_a_slow_site_is_late_and_all_others_are_not(networks: Networks) -> None:
    networks.slow(NORTH, Slowness(delay_ms=int(WITHIN_S * 2_000)))
    late = {pair for pair in EVERY_WAY if NORTH in pair}
    assert passing(networks) == EVERY_WAY - late
    networks.join()
    networks.slow(NORTH, Slowness(delay_ms=10))
    assert passing(networks) == EVERY_WAY
    networks.join()
    assert passing(networks) == EVERY_WAY


@needs_root
def test_this_process_is_back_where_it_was() -> None:
    before = OWN.readlink()
    with drill_networks() as networks, networks.enter(SOUTH), networks.enter(WITNESS):
        assert OWN.readlink() != before
    assert OWN.readlink() == before


def test_every_place_has_addresses_of_its_own() -> None:
    assert len({wire.host for wire in WIRES.values()}) == len(PLACES)
    assert len({wire.network for wire in WIRES.values()}) == len(PLACES)
    assert OUTSIDE in WIRES


def test_each_one_way_cut_is_half_of_the_whole_one() -> None:
    wire = WIRES[NORTH]
    halves = [*wire.cut(Way.OUT), *wire.cut(Way.IN)]
    assert list(wire.cut(Way.BOTH)) == halves
    assert len(halves) == 2


def test_who_is_not_root_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1_000)
    with pytest.raises(Refusal, match="sudo"), drill_networks():
        pass
