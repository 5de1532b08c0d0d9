"""What `deploy/` sets fits together, and fits what is said of it."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

DEPLOY = Path(__file__).parents[2] / "deploy"
TWIML_VERBS = frozenset(
    {
        "Connect",
        "Dial",
        "Enqueue",
        "Gather",
        "Hangup",
        "Leave",
        "Pause",
        "Play",
        "Record",
        "Redirect",
        "Refer",
        "Reject",
        "Say",
        "Start",
        "Stop",
    }
)
"""What a `<Response>` may hold: https://www.twilio.com/docs/voice/twiml"""
NUMBER = re.compile(r"\+?\d[\d ()-]{5,}")
NOBODYS = re.compile(r"(\w+\.)*\w+\.example")
"""Names of hosts that nobody has (RFC 2606)."""


def test_the_relays_quotas_fit_its_ports_and_what_is_said_of_them() -> None:
    lines = (DEPLOY / "coturn" / "turnserver.conf").read_text().splitlines()
    said = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    one_page, all_pages = int(said["user-quota"]), int(said["total-quota"])
    ports = int(said["max-port"]) - int(said["min-port"]) + 1
    assert 2 * one_page <= all_pages <= ports, "an allocation has a port"
    text = (DEPLOY / "README.md").read_text()
    assert "`user-quota` and `total-quota` bound allocations" in text
    assert f"{all_pages:,} are enough for {all_pages // 4:,} pages" in " ".join(text.split())
    assert f"({one_page}: six interfaces" in text


def test_the_last_resort_is_twiml_that_needs_nothing_of_ours_and_names_nobody() -> None:
    text = (DEPLOY / "twilio" / "last_resort.xml").read_text(encoding="utf-8")
    root = ET.fromstring(text)  # noqa: S314 - a file of this repository
    assert root.tag == "Response"
    verbs = [verb.tag for verb in root]
    assert set(verbs) <= TWIML_VERBS
    assert verbs[-1] == "Hangup", "whatever was said, the call ends"
    assert not set(verbs) & {"Redirect", "Connect", "Enqueue", "Gather"}, "nothing is asked of us"
    said = [verb for verb in root if verb.tag == "Say"]
    assert [verb.get("language") for verb in said] == ["en-GB", "cy-GB"]
    assert all(verb.get("voice") and not list(verb) for verb in said)
    assert not NUMBER.search(text), "no number is dialled or read out"
    assert "http" not in text
    for verb in said:
        hosts = re.findall(r"\w+(?:\.\w+)+", verb.text or "")
        assert hosts
        assert all(NOBODYS.fullmatch(host) for host in hosts), "put your own address in"
