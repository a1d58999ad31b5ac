"""`callmood evidence`: what a supervisor or an auditor sees on a terminal."""

from __future__ import annotations

import shutil
import zipfile
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from streams.cli.evidence import evidence
from streams.settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from click.testing import Result

    from tests.streams.evidence.conftest import Kept


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., Result]]:
    monkeypatch.setenv("CALLMOOD_HOME", str(tmp_path))
    settings.cache_clear()
    yield lambda *words: CliRunner().invoke(evidence, [str(word) for word in words])
    settings.cache_clear()


def test_an_unchanged_bundle_is_said_to_be_so(run: Callable[..., Result], kept: Kept) -> None:
    made = kept.seal()
    result = run("verify", kept.path(made))
    assert result.exit_code == 0, result.output
    assert "unchanged: bank-ko:20261122-0001, sealed " in result.output
    assert f"sha256 {made.sha256}" in result.output


def test_a_changed_bundle_ends_with_1_and_one_line_a_problem(
    run: Callable[..., Result], kept: Kept, tmp_path: Path
) -> None:
    content = bytearray(kept.path(kept.seal()).read_bytes())
    content[content.index(b"fLaC")] ^= 1
    changed = tmp_path / "changed.zip"
    changed.write_bytes(content)
    result = run("verify", changed)
    assert result.exit_code == 1
    clip, whole = result.stderr.splitlines()
    assert "data/clips/00006400.flac was changed" in clip
    assert "is none of the 1 sealed for its call" in whole


def test_a_bundle_that_was_edited_and_packed_again_ends_with_1_and_names_the_file(
    run: Callable[..., Result], kept: Kept, tmp_path: Path
) -> None:
    forged = tmp_path / "forged.zip"
    with (
        zipfile.ZipFile(kept.path(kept.seal())) as sealed,
        zipfile.ZipFile(forged, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for name in sealed.namelist():
            edit = b"edited" if name.endswith("transcript.txt") else b""
            made.writestr(name, sealed.read(name) + edit)
    result = run("verify", forged)
    assert result.exit_code == 1
    anew, edited, whole = result.stderr.splitlines()
    assert "it is not the file that was sealed: it was packed anew" in anew
    assert "data/transcript.txt was changed" in edited
    assert "is none of the 1 sealed for its call" in whole


def test_what_is_no_bundle_ends_with_2(run: Callable[..., Result], tmp_path: Path) -> None:
    other = tmp_path / "other.zip"
    other.write_bytes(b"PK\3\4 but nothing like a bundle, and long enough")
    result = run("verify", other)
    assert result.exit_code == 2
    assert result.stderr == f"{other}: it is no zip, or it is cut off\n"


def test_without_a_database_the_known_hash_is_given_by_hand(
    run: Callable[..., Result], kept: Kept, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = kept.seal()
    monkeypatch.setenv("CALLMOOD_HOME", str(tmp_path / "elsewhere"))
    bundle = shutil.copy(kept.path(made), tmp_path / "it.zip")
    alone = run("verify", bundle)
    assert (alone.exit_code, "its hash was not compared" in alone.stderr) == (0, True)
    assert not (tmp_path / "elsewhere").exists()
    assert run("verify", bundle, "--sha256", made.sha256.upper()).exit_code == 0
    wrong = run("verify", bundle, "--sha256", "0" * 64)
    assert (wrong.exit_code, f"its hash is {made.sha256}, not 000" in wrong.stderr) == (1, True)
    assert run("verify", bundle, "--sha256", "abc").exit_code == 1


def test_sealing_without_kafka_keeps_nothing_and_says_so(
    run: Callable[..., Result], kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLMOOD_KAFKA", "127.0.0.1:1")
    monkeypatch.setenv("CALLMOOD_KAFKA_TIMEOUT_S", "1")
    settings.cache_clear()
    result = run("seal", "bank-ko:20261122-0001", "--by", "minsu")
    assert "Kafka at 127.0.0.1:1 does not answer; nothing was kept" in str(result.exception)
    assert list(kept.settings.evidence.rglob("*.zip")) == []


def test_sealing_an_unknown_call_says_so(run: Callable[..., Result], kept: Kept) -> None:
    del kept
    assert "there is no call 'nobody' here" in str(run("seal", "nobody").exception)
