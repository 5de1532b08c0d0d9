"""What `up` stands on before it starts anything: its folder, its keys and its ports."""

import asyncio
import fcntl
import json
import os
import secrets
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from contactcentre.domain.errors import Refusal

LOCK_FILE = "lock"
KEYS_FILE = "keys.json"
STORES_FILE = "stores.json"
HELD_FOR_S = 2.0
"""For stores of a centre that has just died to end; they hold its folder until then."""
POLL_S = 0.1
STEP, PORT_FIRST, PORT_MAX = 1_000, 8_080, 65_000
FIRST_KEY = "k1"
NOWHERE = ("192.0.2.1", 9)
"""An address that belongs to nobody (RFC 5737); nothing is sent to it."""


async def hold(folder: Path) -> int:
    """Make a folder ours for as long as this process and its stores live; return what holds it.

    Raises Refusal if another centre holds it.
    """
    lock = _open_lock(folder)
    until = time.monotonic() + HELD_FOR_S
    while not (locked := _locked(lock)) and time.monotonic() < until:  # noqa: ASYNC110 - a file
        await asyncio.sleep(POLL_S)
    if locked:
        return lock
    os.close(lock)
    raise Refusal(
        f"Another contactcentre runs with the folder {folder}: stop it, "
        "or give this one a folder and ports of its own with --data and --port."
    )


def _open_lock(folder: Path) -> int:
    """Return the open lock file of a folder, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)


def _locked(lock: int) -> bool:
    """Lock a file if nobody else has; say whether it is ours."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def fresh_keys() -> dict[str, str]:
    """Return new keys, by the settings that they are for."""
    return {
        "CC_CLUSTER_KEY": secrets.token_urlsafe(32),
        "CC_SIGNING_KEYS": f"{FIRST_KEY}:{secrets.token_urlsafe(32)}",
    }


def kept_keys(folder: Path) -> Mapping[str, str]:
    """Return this folder's keys, made at the first start, for its owner's eyes alone."""
    path = folder / KEYS_FILE
    if not path.exists():
        _keep(path, fresh_keys())
    return _kept(path)


def keep_stores(folder: Path, said: Mapping[str, str]) -> None:
    """Write down where this folder's own stores are, for other commands and its owner's eyes."""
    _keep(folder / STORES_FILE, said)


def kept_stores(folder: Path) -> Mapping[str, str]:
    """Return where the stores of a folder were last, by the settings that say so."""
    path = folder / STORES_FILE
    return _kept(path) if path.exists() else {}


def _keep(path: Path, said: Mapping[str, str]) -> None:
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    beside.touch(mode=0o600)
    beside.write_text(json.dumps(dict(said)), encoding="utf-8")
    beside.replace(path)


def _kept(path: Path) -> Mapping[str, str]:
    kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return kept


def refuse_taken_ports(host: str, ports: Mapping[int, str]) -> None:
    """Refuse to start if somebody listens on one of the ports; `ports` says what each is for."""
    for port, purpose in ports.items():
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as asked:
            asked.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                asked.bind((host, port))
            except OSError as error:
                raise Refusal(
                    f"Port {port} of {host} cannot be used ({error.strerror}), and {purpose} "
                    f"needs it. Choose other ports: contactcentre up --port {_elsewhere(port)}"
                ) from error


def _elsewhere(port: int) -> int:
    """Return where to try next."""
    return port + STEP if port + STEP < PORT_MAX else PORT_FIRST


def free_ports(count: int, host: str) -> list[int]:
    """Return ports on which nobody listens."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind((host, 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def addresses_of_machine() -> list[str]:
    """Return the addresses at which browsers on this machine and next to it may send sound."""
    loopback = ["127.0.0.1"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(NOWHERE)
        except OSError:
            return loopback  # a machine without any network
        return [asked.getsockname()[0], *loopback]
