"""Settings: read once, wrong ones named all at once, secrets shown to nobody."""

from pathlib import Path

import pytest

from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.errors import BadRequest
from contactcentre.setting_checks import helping
from contactcentre.settings import HIDDEN, read_settings, shown

CLUSTER_KEY = "a key that the processes share"
SECRET = "0123456789abcdef0123456789abcdef"  # noqa: S105 - for tests
ENOUGH = {"CC_CLUSTER_KEY": CLUSTER_KEY, "CC_SIGNING_KEYS": f"new:{SECRET},old:{SECRET[::-1]}"}


def test_what_is_not_said_has_a_value_that_works() -> None:
    settings = read_settings(ENOUGH | {"HOME": "/root", "CCACHE": "1"})
    assert settings.public_port == 8_080
    assert settings.data_dir == Path(".contactcentre")


def test_a_misspelt_setting_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(BadRequest, match=r"CC_REDSI_URL is no setting.*CC_REDIS_URL"):
        read_settings(ENOUGH | {"CC_REDSI_URL": "redis://x"})


def test_every_mistake_is_named_at_once_and_no_value_with_it() -> None:
    with pytest.raises(BadRequest) as refused:
        read_settings(
            {"CC_CLUSTER_KEY": "short", "CC_REDIS_TIMEOUT_MS": "7", "CC_NOWHERE": "secret"}
        )
    said = str(refused.value)
    assert [line.split(":")[0].split()[0] for line in said.splitlines()] == [
        "CC_NOWHERE",
        "CC_CLUSTER_KEY",
        "CC_SIGNING_KEYS",
        "CC_REDIS_TIMEOUT_MS",
    ]
    assert "short" not in said.replace("shorter", "")
    assert "secret" not in said


def test_recordings_need_a_key_and_their_days_name_classes() -> None:
    with pytest.raises(BadRequest, match=r"CC_RECORDINGS: .*CC_RECORDING_KEYS"):
        read_settings(ENOUGH | {"CC_RECORDINGS": "/var/recordings"})
    with pytest.raises(BadRequest, match="CC_RECORDING_KEEP_DAYS"):
        read_settings(ENOUGH | {"CC_RECORDING_KEEP_DAYS": "P9=30"})
    settings = read_settings(
        ENOUGH
        | {
            "CC_RECORDINGS": "/var/recordings",
            "CC_RECORDING_KEYS": f"2026:{SECRET},2025:{SECRET[::-1]}",
            "CC_RECORDING_KEEP_DAYS": "P0=365, P3=30",
        }
    )
    assert list(settings.recording_ring()) == ["2026", "2025"], "the first seals"
    assert settings.recording_keep_days == {ServiceClass.P0: 365, ServiceClass.P3: 30}
    assert read_settings(ENOUGH).recording_ring() == {}


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ("justone", "name:secret"),
        (f"a:{SECRET},a:{SECRET}", "the same name"),
        ("a:short", "at least 32"),
        ("", "name:secret"),
    ],
)
def test_signing_keys_that_cannot_sign_are_refused(keys: str, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        read_settings(ENOUGH | {"CC_SIGNING_KEYS": keys})


def test_the_first_key_signs_and_all_are_known() -> None:
    signing, ring = read_settings(ENOUGH).signing_ring()
    assert signing == "new"
    assert ring == {"new": SECRET, "old": SECRET[::-1]}


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{CLUSTER_KEY}\n")
    settings = read_settings(
        {"CC_CLUSTER_KEY_FILE": str(tmp_path / "key"), "CC_SIGNING_KEYS": f"a:{SECRET}"}
    )
    assert settings.cluster_key.get_secret_value() == CLUSTER_KEY


def test_a_secret_is_not_given_twice_nor_by_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="CC_CLUSTER_KEY is given twice"):
        read_settings(ENOUGH | {"CC_CLUSTER_KEY_FILE": str(tmp_path / "key")})
    with pytest.raises(BadRequest, match="CC_SITE_FILE: the file cannot be read"):
        read_settings(ENOUGH | {"CC_SITE_FILE": str(tmp_path / "key")})


def test_lists_and_names_are_written_with_commas() -> None:
    settings = read_settings(
        ENOUGH
        | {"CC_MEDIA_ADDRESSES": "192.0.2.1, 127.0.0.1", "CC_NODES_STATIC": "a=ws://a, b=ws://b"}
    )
    assert settings.media_addresses == ("192.0.2.1", "127.0.0.1")
    assert settings.nodes_static == {"a": "ws://a", "b": "ws://b"}
    with pytest.raises(BadRequest, match="CC_NODES_STATIC: write name=address"):
        read_settings(ENOUGH | {"CC_NODES_STATIC": "ws://a"})


def test_secrets_are_shown_to_nobody() -> None:
    url = "postgresql://clerk:hush@db.example/records"
    lines = dict(shown(read_settings(ENOUGH | {"CC_DATABASE_URL": url})))
    assert lines["CC_CLUSTER_KEY"] == lines["CC_SIGNING_KEYS"] == HIDDEN
    assert lines["CC_DATABASE_URL"] == f"postgresql://clerk:{HIDDEN}@db.example/records"
    assert lines["CC_PUBLIC_PORT"] == "8080"
    assert not any(hidden in "".join(lines.values()) for hidden in (CLUSTER_KEY, SECRET, "hush"))


def test_settings_do_not_change_once_read() -> None:
    settings = read_settings(ENOUGH)
    with pytest.raises(ValueError, match="frozen"):
        settings.site = "north"


@pytest.mark.parametrize("span", ["90000", "60000", "-60000", "3600000"])
def test_a_place_is_kept_for_a_span_that_callers_can_be_told_or_never(span: str) -> None:
    assert read_settings(ENOUGH).redial_keep_ms == 600_000
    assert read_settings(ENOUGH | {"CC_REDIAL_KEEP_MS": "0"}).redial_keep_ms == 0
    with pytest.raises(BadRequest, match="CC_REDIAL_KEEP_MS"):
        read_settings(ENOUGH | {"CC_REDIAL_KEEP_MS": span})


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"CC_ICE_SERVERS": "turn.example"}, "stun:host:port or turn:host:port"),
        ({"CC_ICE_SERVERS": "http://one.example"}, "stun:host:port or turn:host:port"),
        ({"CC_ICE_SERVERS": "turn://one.example"}, "stun:host:port or turn:host:port"),
        ({"CC_ICE_SERVERS": "stun:one.example,turns:one.example"}, "set CC_TURN_SECRET"),
        ({"CC_ICE_SERVERS": "turn:a.example", "CC_TURN_SECRET": "short"}, "at least 16"),
    ],
)
def test_servers_that_no_browser_could_use_are_refused(said: dict[str, str], reason: str) -> None:
    with pytest.raises(BadRequest, match=reason):
        read_settings({**ENOUGH, **said})


def test_a_relay_has_its_secret_which_nobody_is_shown() -> None:
    servers = "stun:a.example:3478, turn:a.example:3478?transport=tcp"
    secret = "s" * 16
    settings = read_settings({**ENOUGH, "CC_ICE_SERVERS": servers, "CC_TURN_SECRET": secret})
    assert settings.ice_servers == ("stun:a.example:3478", "turn:a.example:3478?transport=tcp")
    assert helping(settings.ice_servers) == ["stun:a.example:3478"]
    assert secret not in str(dict(shown(settings)))
