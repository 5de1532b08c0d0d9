"""What the settings of trunks must say, and what a node says where they do not."""

from pathlib import Path
from typing import Any

import pytest

from contactcentre.apps.trunk_entrance import trunk_entrance
from contactcentre.domain.errors import BadRequest
from contactcentre.settings import read_settings
from tests.apps.small_centre import SIGNING_KEY


def entrance(**said: str) -> Any:
    """Return the entrance that some settings open; what is behind it is not looked at."""
    needed = {"CC_CLUSTER_KEY": "c" * 32, "CC_SIGNING_KEYS": SIGNING_KEY}
    behind: Any = None
    return trunk_entrance(read_settings(needed | said), behind, behind, media=behind, peers=behind)


def test_a_node_without_a_port_for_it_takes_no_calls_from_trunks() -> None:
    assert entrance() is None


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({}, "name the file of trunks"),
        ({"CC_SIP_TRUNKS": "nowhere.toml"}, r"nowhere.toml cannot be read"),
        ({"CC_SIP_HOST": "0.0.0.0"}, "Set CC_SIP_ADDRESS"),
        ({"CC_RTP_PORTS": "20001-20999"}, "CC_RTP_PORTS: give an even port"),
        ({"CC_RTP_PORTS": "many"}, "CC_RTP_PORTS: write the first and the last port"),
        ({"CC_RTP_PORTS": "20000-70000"}, "CC_RTP_PORTS: give an even port"),
        ({"CC_SIP_CALLS_PER_S": "0"}, "CC_SIP_CALLS_PER_S"),
    ],
)
def test_what_is_missing_or_wrong_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: dict[str, str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadRequest, match=sentence):
        entrance(CC_SIP_PORT="5060", **said)


@pytest.mark.parametrize(
    ("trunk", "said", "sentence"),
    [
        ("only_tls = true", {}, r"over TLS \(north\) need CC_SIP_TLS_PORT"),
        ("", {"CC_SIP_TLS_PORT": "5061"}, "name the certificate and its key"),
        (
            "",
            {"CC_SIP_TLS_PORT": "5061", "CC_SIP_TLS_CERT": "c.pem", "CC_SIP_TLS_KEY": "k.pem"},
            "c.pem and k.pem are no certificate with its key",
        ),
    ],
)
def test_what_tls_needs_is_said_in_a_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    trunk: str,
    said: dict[str, str],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("trunks.toml").write_text(f'[trunks.north]\naddresses = ["192.0.2.7"]\n{trunk}\n')
    with pytest.raises(BadRequest, match=sentence):
        entrance(CC_SIP_PORT="5060", CC_SIP_TRUNKS="trunks.toml", **said)


def test_a_node_that_is_to_ring_numbers_needs_a_trunk_to_ring_them_over(tmp_path: Path) -> None:
    trunks, numbers = tmp_path / "trunks.toml", tmp_path / "numbers.toml"
    trunks.write_text('[trunks.north]\naddresses = ["192.0.2.1"]\n')
    numbers.write_text('own = ["+441632960001"]\n')
    said = {"CC_SIP_TRUNKS": str(trunks), "CC_OUTSIDE_NUMBERS": str(numbers)}
    with pytest.raises(BadRequest, match=r"write \[trunks.NAME.out\]"):
        entrance(CC_SIP_PORT="5060", **said)
