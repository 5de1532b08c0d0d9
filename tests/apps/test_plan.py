"""What `up` works out before it starts anything."""

import socket
import stat
from pathlib import Path

import pytest

from contactcentre.apps.ground import free_ports, hold, kept_keys, refuse_taken_ports
from contactcentre.apps.plan import Plan, make_plan
from contactcentre.domain.errors import BadRequest, Refusal
from contactcentre.settings import read_settings

URLS = {"redis_url": "redis://own", "database_url": "postgresql://own"}
KEYS = {"CC_CLUSTER_KEY": "a key that they all share", "CC_SIGNING_KEYS": f"k:{'s' * 32}"}


def plan(environ: dict[str, str] | None = None, *, nodes: int = 2, **said: object) -> Plan:
    return make_plan(environ or {}, said, nodes=nodes)


def test_every_process_is_told_all_that_it_needs() -> None:
    members = plan(public_port=9_000).members(URLS, KEYS)
    assert [one.name for one in members] == [
        "media-1", "media-2", "records", "router", "desk", "public",
    ]  # fmt: skip
    told = {one.name: read_settings(one.environ) for one in members}
    assert all(one.redis_url == "redis://own" for one in told.values())
    assert len({one.internal_port for one in told.values()}) == len(members)
    assert told["public"].public_port == 9_000
    assert told["desk"].desk_port == 9_001
    assert told["media-2"].media_port == 9_022
    assert told["media-2"].media_public_url == "ws://127.0.0.1:9022/leg"
    assert told["public"].nodes_static == {
        "media-1": "ws://127.0.0.1:9021/leg",
        "media-2": "ws://127.0.0.1:9022/leg",
    }
    desk = f"http://127.0.0.1:{told['desk'].internal_port}"
    assert told["media-1"].desks_static == {"desk": desk}


def test_every_port_has_a_purpose() -> None:
    assert plan(public_port=9_000).ports() == {
        9_000: "the callers' page",
        9_001: "the desk",
        9_021: "media-1",
        9_022: "media-2",
    }


def test_what_somebody_has_said_stands() -> None:
    asked = plan(
        {
            "CC_DESK_PORT": "7000",
            "CC_MEDIA_PORT": "7100",
            "CC_MEDIA_ADDRESSES": "192.0.2.7",
            "CC_MEDIA_PUBLIC_URL": "wss://calls.example/{node}/leg",
            "CC_PUBLIC_URL": "https://calls.example",
            **KEYS,
        }
    )
    media = read_settings(
        asked.members(URLS, {"CC_CLUSTER_KEY": "another key of somebody"})[1].environ
    )
    assert asked.ports().keys() == {8_080, 7_000, 7_100, 7_101}
    assert media.media_public_url == "wss://calls.example/media-2/leg"
    assert media.media_addresses == ("192.0.2.7",)
    assert media.public_url == "https://calls.example"
    assert media.cluster_key.get_secret_value() == KEYS["CC_CLUSTER_KEY"]


def test_each_node_has_ports_of_its_own_for_sip() -> None:
    told = plan({"CC_SIP_PORT": "5060", "CC_SIP_TLS_PORT": "5070"}).members(URLS, KEYS)
    second = read_settings(told[1].environ)
    assert (second.sip_port, second.sip_tls_port) == (5_061, 5_071)
    with pytest.raises(BadRequest, match="Keep them 2 apart"):
        plan({"CC_SIP_PORT": "5060", "CC_SIP_TLS_PORT": "5061"})


def test_the_command_line_outranks_a_file(tmp_path: Path) -> None:
    (tmp_path / "port").write_text("7000")
    asked = plan({"CC_PUBLIC_PORT_FILE": str(tmp_path / "port")}, public_port=9_000)
    assert asked.settings.public_port == 9_000


def test_names_are_told_apart_where_stores_are_shared_with_other_machines() -> None:
    asked = plan({"CC_REDIS_URL": "redis://shared", "CC_NODE": "north-1"}, nodes=1)
    assert [one.name for one in asked.members(URLS, KEYS)] == [
        "north-1-media-1", "north-1-records", "north-1-router", "north-1-desk", "north-1-public",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("environ", "demo"),
    [
        ({}, True),
        ({"CC_DATABASE_URL": "postgresql://records.example/live"}, False),
        ({"CC_DATABASE_URL": "postgresql://records.example/live", "CC_DEMO": "yes"}, True),
        ({"CC_DEMO": "no"}, False),
    ],
)
def test_nobody_gets_demo_accounts_in_a_record_of_their_own_unasked(
    environ: dict[str, str], *, demo: bool
) -> None:
    assert plan(environ).has_demo == demo


def test_on_every_address_browsers_are_told_one_that_they_can_reach() -> None:
    asked = plan(host="0.0.0.0")
    assert "0.0.0.0" not in asked.public_url + asked.desk_url
    assert asked.settings.host == "0.0.0.0"


def test_an_address_with_colons_stands_in_brackets() -> None:
    assert plan(host="::1").public_url == "http://[::1]:8080"


def test_a_wrong_setting_is_refused_before_anything_is_started() -> None:
    with pytest.raises(BadRequest, match="CC_WATCHDOG_S"):
        plan({"CC_WATCHDOG_S": "soon"})


def test_keys_are_made_once_for_the_owner_alone(tmp_path: Path) -> None:
    keys = kept_keys(tmp_path)
    assert kept_keys(tmp_path) == keys
    read_settings(keys)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


async def test_a_folder_has_one_centre_at_a_time(tmp_path: Path) -> None:
    await hold(tmp_path / "new")
    with pytest.raises(Refusal, match="--data"):
        await hold(tmp_path / "new")


def test_ports_that_are_free_are_not_refused() -> None:
    ports = free_ports(3, "127.0.0.1")
    assert len(set(ports)) == 3
    refuse_taken_ports("127.0.0.1", dict.fromkeys(ports, "a test"))


def test_a_port_that_is_taken_is_named_with_who_needs_it_and_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Refusal, match=rf"Port {port} .* the desk needs it.*--port"):
            refuse_taken_ports("127.0.0.1", {port: "the desk"})


def test_an_address_that_is_not_ours_is_refused() -> None:
    with pytest.raises(Refusal, match=r"192\.0\.2\.1"):
        refuse_taken_ports("192.0.2.1", {9_000: "the desk"})
