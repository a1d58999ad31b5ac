"""A bundle is a BagIt bag: whoever has it checks it with what every computer has."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import bagit
import pytest

from streams.evidence.bag import BagError, format_manifest, parse_manifest
from tests.streams.evidence.conftest import CALL, CLICKED, Kept

if TYPE_CHECKING:
    from pathlib import Path

needs_sha256sum = pytest.mark.skipif(
    shutil.which("sha256sum") is None, reason="sha256sum is not installed"
)


@pytest.fixture
def unpacked(kept: Kept, tmp_path: Path) -> Path:
    """The folder that a stranger gets from a bundle."""
    target = tmp_path / "unpacked"
    bundle = kept.path(kept.seal())
    command = [sys.executable, "-m", "zipfile", "-e", str(bundle), str(target)]
    subprocess.run(command, check=True, timeout=60)
    (folder,) = target.iterdir()
    return folder


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


@needs_sha256sum
def test_a_stranger_checks_every_file_with_sha256sum(unpacked: Path) -> None:
    names: set[str] = set()
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        result = run(["sha256sum", "-c", manifest], unpacked)
        assert (result.returncode, result.stderr) == (0, "")
        names |= {line.removesuffix(": OK") for line in result.stdout.splitlines()}
    files = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*.*")}
    assert names == files - {"tagmanifest-sha256.txt"}
    assert unpacked.name == f"evidence-{CLICKED:%Y%m%dT%H%M%SZ}"


@needs_sha256sum
def test_sha256sum_names_the_file_that_was_edited(unpacked: Path) -> None:
    with (unpacked / "data" / "transcript.txt").open("a") as file:
        file.write("edited")
    result = run(["sha256sum", "-c", "manifest-sha256.txt"], unpacked)
    assert result.returncode == 1
    assert "data/transcript.txt: FAILED" in result.stdout.splitlines()


def test_it_is_a_bag_by_the_library_of_the_standard_s_authors(unpacked: Path) -> None:
    bag = bagit.Bag(str(unpacked))
    assert bag.validate()
    assert bag.info["External-Identifier"] == CALL.call_id
    (unpacked / "data" / "more.txt").write_text("never sealed")
    assert not bagit.Bag(str(unpacked)).is_valid()


@pytest.mark.skipif(shutil.which("unzip") is None, reason="unzip is not installed")
def test_unzip_finds_nothing_wrong(kept: Kept, tmp_path: Path) -> None:
    result = run(["unzip", "-t", str(kept.path(kept.seal()))], tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert "No errors detected" in result.stdout


def test_a_manifest_is_read_as_it_was_written() -> None:
    hashes = {"data/b.txt": "b" * 64, "data/a.txt": "a" * 64}
    text = format_manifest(hashes)
    assert text.decode().splitlines() == [f"{'a' * 64}  data/a.txt", f"{'b' * 64}  data/b.txt"]
    assert parse_manifest("manifest-sha256.txt", text) == hashes


@pytest.mark.parametrize(
    "text",
    [b"no hash", b"\xff" * 80, b"A" * 64 + b"  data/a", b"a" * 64, (b"a" * 64 + b"  x\n") * 2],
    ids=["words", "bytes", "upper-case", "no-name", "twice"],
)
def test_a_line_that_is_no_hash_and_name_is_refused_with_its_number(text: bytes) -> None:
    with pytest.raises(BagError, match=r"^manifest-sha256\.txt: line \d is no SHA-256"):
        parse_manifest("manifest-sha256.txt", text)
