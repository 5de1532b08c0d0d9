"""What `deploy/` sets fits together, and fits what is said of it."""

from pathlib import Path

DEPLOY = Path(__file__).parents[2] / "deploy"


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
