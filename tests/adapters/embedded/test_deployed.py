"""The files of deploy/: servers start with them, and our settings are read out of them."""

import configparser
import shlex
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from contactcentre.adapters.embedded.rights import CENTRE, asker_line
from contactcentre.adapters.embedded.server import LOOPBACK, free_port
from contactcentre.adapters.embedded.valkey import ValkeyConfig, find_valkey
from contactcentre.adapters.ledger_postgres.servers import read_servers
from contactcentre.adapters.state_redis.sentinels import read_group
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.settings import Settings, read_settings

DEPLOY = Path(__file__).parents[3] / "deploy"
FILES = DEPLOY / "two_sites"
SITES = ("north", "south")
ROLES = {"media", "router", "desk", "public", "records"}
NORTH_STORE = "192.0.2.10"


def environ_of(*files: Path) -> dict[str, str]:
    """Return what a process is told by files of settings, the later ones above."""
    lines = [line for file in files for line in file.read_text(encoding="ascii").splitlines()]
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    assert all(equals for _, equals, _ in pairs)
    return {name: value for name, _, value in pairs}


def processes_of(site: str) -> Mapping[str, dict[str, str]]:
    """Return what each process of a site is told, by its name."""
    common = (FILES / "centre.env", FILES / f"{site}.env")
    files = sorted((FILES / "processes").glob(f"{site}-*.env"))
    return {file.stem: environ_of(*common, file) for file in files}


def settings_of(name: str, environ: Mapping[str, str]) -> Settings:
    return read_settings(
        {**environ, "CC_NODE": name, "CC_DATA_DIR": f"/var/lib/contactcentre/{name}"}
    )


@pytest.mark.parametrize("site", SITES)
def test_every_role_runs_at_either_site_with_settings_that_are_read(site: str) -> None:
    told = processes_of(site)
    assert {environ["ROLE"] for environ in told.values()} == ROLES
    read = [settings_of(name, environ) for name, environ in told.items()]
    assert {one.site for one in read} == {site}
    assert len({one.internal_port for one in read}) == len(read), "they share an address"
    for one in read:
        assert len(read_group(one.redis_url).sentinels) == 3
        assert read_group(one.redis_url).username == CENTRE
        assert len(read_servers(one.database_url)) == 2


def test_what_is_looked_for_while_redis_is_away_is_what_runs() -> None:
    told = {name: one for site in SITES for name, one in processes_of(site).items()}
    read = {name: settings_of(name, environ) for name, environ in told.items()}
    nodes = {
        name: str(one.media_public_url)
        for name, one in read.items()
        if told[name]["ROLE"] == "media"
    }
    desks = {
        name: f"http://{one.internal_host}:{one.internal_port}"
        for name, one in read.items()
        if told[name]["ROLE"] == "desk"
    }
    for one in read.values():
        assert one.nodes_static == nodes
        assert one.desks_static == desks


def test_a_unit_runs_what_its_settings_name() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(FILES / "contactcentre@.service")
    program, role = shlex.split(unit["Service"]["ExecStart"])
    assert (Path(program).name, role) == ("contactcentre", "$ROLE")
    longest_s = Settings.model_fields["drain_s"].default
    assert float(unit["Service"]["TimeoutStopSec"]) > longest_s, "it may drain to the end"


def test_a_primary_loses_its_lock_after_it_has_stopped_and_confirms_nothing_alone() -> None:
    patroni = yaml.safe_load((FILES / "patroni.yml").read_text(encoding="ascii"))
    rules = patroni["bootstrap"]["dcs"]
    assert rules["loop_wait"] + 2 * rules["retry_timeout"] <= rules["ttl"]
    assert rules["synchronous_mode"] is True
    assert rules["failsafe_mode"] is False
    assert rules["postgresql"]["parameters"]["synchronous_commit"] == "on"
    assert patroni["watchdog"]["mode"] == "required"
    assert len(patroni["etcd3"]["hosts"]) == 3


def _here(name: str, folder: Path, **instead: str) -> Path:
    """Write a file down as it would be for a server of this machine."""
    text = (FILES / name).read_text(encoding="ascii")
    for old, new in {f"bind {NORTH_STORE} ": "bind ", **instead}.items():
        assert old in text, f"{name} does not say {old}"
        text = text.replace(old, new)
    file = folder / name
    file.write_text(text.replace(NORTH_STORE, LOOPBACK), encoding="ascii")
    return file


async def test_servers_start_with_the_files_and_let_our_processes_in(tmp_path: Path) -> None:
    port, sentinel_port = free_port(), free_port()
    server = ValkeyConfig(
        binary=find_valkey(),
        file=_here(
            "redis.conf",
            tmp_path,
            **{
                "port 6379": f"port {port}",
                "dir /var/lib/redis": f"dir {tmp_path}",
                "/etc/redis/users.acl": str(DEPLOY / "redis" / "users.acl"),
            },
        ),
        port=port,
        password=f"{CENTRE} CENTRE-PASSWORD",
    )
    sentinel = ValkeyConfig(
        binary=find_valkey(),
        file=_here(
            "sentinel.conf",
            tmp_path,
            **{
                "port 26379": f"port {sentinel_port}",
                "dir /var/lib/redis-sentinel": f"dir {tmp_path}",
                f"{NORTH_STORE} 6379": f"{LOOPBACK} {port}",
            },
        ),
        port=sentinel_port,
        password="SENTINELS-PASSWORD",  # noqa: S106 - a placeholder
        arguments=["--sentinel"],
    )
    assert asker_line("CENTRE-PASSWORD") in sentinel.file.read_text(encoding="ascii").splitlines()
    told = environ_of(FILES / "centre.env")["CC_REDIS_URL"]
    state = RedisState(told.replace(f"{NORTH_STORE}:26379", f"{LOOPBACK}:{sentinel_port}"))
    programs = [await one.start() for one in (server, sentinel)]
    try:
        await state.ping()
        assert not (await state.generation()).is_open
    finally:
        await state.close()
        for program in programs:
            await program.stop()
