"""The list of layers in pyproject.toml covers every module."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("detectors", "playbooks", "streams")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
    "importlinter"
]["contracts"]


def layered() -> set[str]:
    (contract,) = (each for each in CONTRACTS if each["type"] == "layers")
    lines = [line.replace("|", ":").split(":") for line in contract["layers"]]
    return {name.strip() for line in lines for name in line}


def children(package: str) -> list[str]:
    """Modules and packages directly below; folders with data only are none."""
    folder = ROOT / package
    modules = [file.stem for file in folder.glob("*.py") if file.stem != "__init__"]
    packages = [file.parent.name for file in folder.glob("*/__init__.py")]
    return [f"{package}.{name}" for name in sorted(modules + packages)]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_has_a_layer(package: str) -> None:
    assert [name for name in children(package) if name not in layered()] == []


def test_no_layer_names_a_module_that_is_gone() -> None:
    there = {name for package in PACKAGES for name in children(package)}
    assert layered() - there == set()


def test_nothing_that_is_installed_imports_deploy() -> None:
    sources = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    importers = [
        str(file.relative_to(ROOT))
        for file in sources
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.lstrip().startswith(("from deploy", "import deploy"))
    ]
    assert importers == []
