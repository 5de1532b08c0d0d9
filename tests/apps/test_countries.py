"""A site outside of the United Kingdom has to say so, and hears of it where it has not."""

from pathlib import Path

import pytest

from contactcentre.apps.countries import odd_countries
from contactcentre.settings import read_settings

KEYS = {"CC_CLUSTER_KEY": "c" * 32, "CC_SIGNING_KEYS": f"k:{'s' * 32}"}
TRUNKS = """
[trunks.north]
addresses = ["192.0.2.1"]
{country}
out = {{ address = "192.0.2.1" }}

[trunks.in-only]
addresses = ["198.51.100.1"]
country = "49"
"""


def found(folder: Path, *, own: str, country: str = "", trunks: str | None = "") -> list[str]:
    """Return what the doctor says of two files."""
    numbers = folder / "numbers.toml"
    numbers.write_text(f'own = ["{own}"]\n{country}\n')
    said = KEYS | {"CC_OUTSIDE_NUMBERS": str(numbers)}
    if trunks is not None:
        (folder / "trunks.toml").write_text(TRUNKS.format(country=trunks))
        said["CC_SIP_TRUNKS"] = str(folder / "trunks.toml")
    return list(odd_countries(read_settings(said)))


@pytest.mark.parametrize("trunks", ["", None])
def test_a_site_of_the_country_that_is_meant_is_told_nothing(
    tmp_path: Path, trunks: str | None
) -> None:
    assert found(tmp_path, own="+441632960001", trunks=trunks) == []
    assert list(odd_countries(read_settings(KEYS))) == []


def test_own_numbers_of_another_country_are_told(tmp_path: Path) -> None:
    (own, trunk) = found(tmp_path, own="+35315550100", trunks='country = "353"')
    assert "none of its own numbers is of that country" in own
    assert "The trunk north takes numbers without a country for +353" in trunk
    ireland = 'country = "353"'
    assert found(tmp_path, own="+35315550100", country=ireland, trunks=ireland) == []


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (said,) = found(tmp_path, own="no number")
    assert "own" in said
