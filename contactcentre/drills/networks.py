"""Networks that a drill makes for itself: two sites, a witness, and the world outside, with a hub.

Each place is a network namespace with one line (a veth pair) to the hub, which carries packets from
line to line. None of them has a name: each is there for as long as a process is in it or this one
holds it open, so that nothing stays behind, however the drill ends. A cut is a rule of the hub, by
which packets vanish without a word; it can be made in one direction alone.
"""

import ctypes
import fcntl
import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from shutil import which

from contactcentre.domain.errors import Outage, Refusal
from contactcentre.drills.slow_line import SlowLine, Slowness

NORTH, SOUTH, WITNESS, OUTSIDE = "north", "south", "witness", "outside"
PLACES = (NORTH, SOUTH, WITNESS, OUTSIDE)
COMMAND_WITHIN_S = 5.0
UP_POLL_S = 0.02
FIRST_RULE, SLOW_RULE = 10, 100
"""Rules are asked in this order: first who is cut off, then who goes the slow way."""
SLOW_TABLE = "77"
SLOW_DEVICE = "slow"
OWN_LINE = "lan"
_NEW_NETWORK = 0x40000000
_SET_TUNNEL, _TUNNEL, _BARE_PACKETS = 0x400454CA, 0x0001, 0x1000
"""The numbers of linux/if_tun.h."""
_LIBC = ctypes.CDLL(None, use_errno=True)

Enter = Callable[[], AbstractContextManager[None]]
"""Puts this thread, and what it starts meanwhile, into a network; nothing may be awaited inside."""


class Way(StrEnum):
    """In which direction a site is cut off."""

    BOTH = "both"
    IN = "in"
    """It hears nobody, and is heard."""
    OUT = "out"
    """It is heard by nobody, and hears."""
    BETWEEN = "between"
    """It and the other places of the centre hear nothing of each other; the world outside reaches
    all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """One place's line to the hub."""

    place: str
    number: int

    @property
    def device(self) -> str:
        """Return the hub's end."""
        return f"to-{self.place}"

    @property
    def network(self) -> str:
        """Return the addresses of the place."""
        return f"10.77.{self.number}.0/24"

    @property
    def hub(self) -> str:
        """Return the hub's address on this line."""
        return f"10.77.{self.number}.1"

    @property
    def host(self) -> str:
        """Return the place's address."""
        return f"10.77.{self.number}.2"

    def cut(self, way: Way) -> Sequence[Sequence[str]]:
        """Return the rules by which the hub lets packets vanish."""
        out, into = ["iif", self.device], ["to", self.network]
        others = [WIRES[place] for place in (NORTH, SOUTH, WITNESS) if place != self.place]
        rules = {
            Way.OUT: [out],
            Way.IN: [into],
            Way.BOTH: [out, into],
            Way.BETWEEN: [
                *([*out, "to", other.network] for other in others),
                *(["iif", other.device, *into] for other in others),
            ],
        }
        return [[*rule, "blackhole"] for rule in rules[way]]

    def slow(self) -> Sequence[Sequence[str]]:
        """Return the rules by which packets go the slow way; what comes from there goes on."""
        return [
            ["iif", SLOW_DEVICE, "lookup", "main"],
            ["iif", self.device, "lookup", SLOW_TABLE],
            ["to", self.network, "lookup", SLOW_TABLE],
        ]


WIRES: Mapping[str, Wire] = {
    place: Wire(place=place, number=number) for number, place in enumerate(PLACES, start=1)
}


class Networks:
    """The networks of one drill, joined by their hub."""

    def __init__(self, hub: int, places: Mapping[str, int]) -> None:
        self._hub = hub
        self._places = places
        self._rules: list[str] = []
        """The places in the hub's list of those that are in force."""
        self._slow: SlowLine | None = None

    def enter(self, place: str) -> AbstractContextManager[None]:
        """Put this thread, and what it starts meanwhile, into a place."""
        return _inside(self._places[place])

    def cut(self, place: str, way: Way) -> None:
        """Let what goes into a place, or comes out of it, vanish."""
        self._put(WIRES[place].cut(way), FIRST_RULE)

    def part(self, one: str, other: str) -> None:
        """Let what goes from one of two places to the other vanish, either way."""
        ways = ((one, other), (other, one))
        self._put(
            [["iif", WIRES[a].device, "to", WIRES[b].network, "blackhole"] for a, b in ways],
            FIRST_RULE,
        )

    def slow(self, place: str, slowness: Slowness) -> None:
        """Let what goes into a place and comes out of it be late, and some of it vanish."""
        self._slow = SlowLine(_tunnel(self._hub, SLOW_DEVICE), slowness)
        self._ip("link", "set", SLOW_DEVICE, "up")
        self._ip("route", "add", "default", "dev", SLOW_DEVICE, "table", SLOW_TABLE)
        self._put(WIRES[place].slow(), SLOW_RULE)

    def join(self) -> None:
        """Let every line be whole again."""
        for preference in self._rules:
            self._ip("rule", "del", "pref", preference)
        self._rules.clear()
        if self._slow is not None:
            self._slow.close()
            self._slow = None

    def close(self) -> None:
        """Let what makes a line slow end; the rest ends with the last process that is in it."""
        if self._slow is not None:
            self._slow.close()
            self._slow = None

    def _put(self, rules: Sequence[Sequence[str]], first: int) -> None:
        for preference, rule in enumerate(rules, start=first):
            self._ip("rule", "add", "pref", str(preference), *rule)
            self._rules.append(str(preference))

    def _ip(self, *words: str) -> None:
        _ip(self._hub, *words)


@contextmanager
def drill_networks() -> Iterator[Networks]:
    """Give the networks of a drill. Raises Refusal where they cannot be made."""
    refuse_without_rights()
    with ExitStack() as stack:
        hub = _new(stack)
        places = {place: _new(stack) for place in WIRES}
        with _inside(hub):
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1", encoding="ascii")
            Path("/proc/sys/net/ipv4/conf/all/rp_filter").write_text("0", encoding="ascii")
            Path("/proc/sys/net/ipv4/conf/default/rp_filter").write_text("0", encoding="ascii")
        for place, wire in WIRES.items():
            _join(wire, hub, places[place])
        for place, wire in WIRES.items():
            _wait_until_up(hub, wire.device)
            _wait_until_up(places[place], OWN_LINE)
        networks = Networks(hub, places)
        stack.callback(networks.close)
        yield networks


def refuse_without_rights() -> None:
    """Refuse where this process may not make networks, in a sentence that says what to do."""
    if sys.platform != "linux" or which("ip") is None:
        raise Refusal(
            "This drill makes two sites out of network namespaces: it needs Linux with the `ip` "
            "command (package iproute2)."
        )
    if os.geteuid() != 0:
        raise Refusal(
            "This drill makes two sites out of network namespaces, which only root may: "
            "run it with sudo, or on a machine of its own."
        )


def _new(stack: ExitStack) -> int:
    """Make a network and return what holds it."""
    own = _own()
    try:
        if _LIBC.unshare(_NEW_NETWORK) != 0:
            raise Refusal(
                "This system does not let root make a network namespace "
                f"({os.strerror(ctypes.get_errno())}): a container needs CAP_SYS_ADMIN and "
                "CAP_NET_ADMIN for that."
            )
        made = _own()
        stack.callback(os.close, made)
    finally:
        _go(own)
        os.close(own)
    _ip(made, "link", "set", "lo", "up")
    return made


def _join(wire: Wire, hub: int, place: int) -> None:
    """Lay a line between a place and the hub."""
    there = f"/proc/{os.getpid()}/fd/{place}"
    _ip(hub, "link", "add", wire.device, "type", "veth", "peer", "name", OWN_LINE, "netns", there)
    _ip(hub, "addr", "add", f"{wire.hub}/24", "dev", wire.device)
    _ip(hub, "link", "set", wire.device, "up")
    _ip(place, "addr", "add", f"{wire.host}/24", "dev", OWN_LINE)
    _ip(place, "link", "set", OWN_LINE, "up")
    _ip(place, "route", "add", "default", "via", wire.hub)


def _wait_until_up(network: int, device: str) -> None:
    """Wait until a line carries packets: the kernel lets them vanish until it has seen to that.

    Raises Outage.
    """
    until_s = time.monotonic() + COMMAND_WITHIN_S
    while "state UP" not in _ip(network, "-o", "link", "show", "dev", device):
        if time.monotonic() > until_s:
            raise Outage(f"The line {device} is not up after {COMMAND_WITHIN_S:.0f} s.")
        time.sleep(UP_POLL_S)


@contextmanager
def _inside(network: int) -> Iterator[None]:
    own = _own()
    _go(network)
    try:
        yield
    finally:
        _go(own)
        os.close(own)


def _own() -> int:
    """Return what holds the network that this thread is in."""
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _go(network: int) -> None:
    if _LIBC.setns(network, _NEW_NETWORK) != 0:
        raise OSError(ctypes.get_errno(), "this thread cannot go into a network")


def _ip(network: int, *words: str) -> str:
    """Run one `ip` command in a network and return what it says. Raises Outage."""
    with _inside(network):
        ran = subprocess.run(  # noqa: S603 - the words are our own
            ["ip", *words],  # noqa: S607 - wherever the machine has it
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_WITHIN_S,
        )
    if ran.returncode != 0:
        raise Outage(f"`ip {' '.join(words)}` has failed: {ran.stderr.strip()}")
    return ran.stdout


def _tunnel(network: int, device: str) -> int:
    """Make a device whose packets a program takes and gives; return where it does so."""
    with _inside(network):
        tunnel = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
        wanted = struct.pack("16sH22x", device.encode(), _TUNNEL | _BARE_PACKETS)
        fcntl.ioctl(tunnel, _SET_TUNNEL, wanted)
    return tunnel
