"""Where flows are found."""

from pathlib import Path

import pytest

import contactcentre
from contactcentre.adapters.flow_files.folders import default_flows_dir
from contactcentre.domain.errors import BrokenFlow


def pretend_to_be_installed_in(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package.mkdir(parents=True)
    monkeypatch.setattr(contactcentre, "__file__", str(package / "__init__.py"))


def test_an_installation_brings_its_flows_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site-packages" / "contactcentre"
    pretend_to_be_installed_in(package, monkeypatch)
    (package / "ivr_flows" / "lines").mkdir(parents=True)
    assert default_flows_dir() == package / "ivr_flows"


def test_a_checkout_has_its_flows_beside_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_to_be_installed_in(tmp_path / "contactcentre", monkeypatch)
    (tmp_path / "ivr_flows" / "lines").mkdir(parents=True)
    assert default_flows_dir() == tmp_path / "ivr_flows"


def test_an_installation_without_flows_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_to_be_installed_in(tmp_path / "contactcentre", monkeypatch)
    with pytest.raises(BrokenFlow, match="this installation has no ivr_flows"):
        default_flows_dir()
