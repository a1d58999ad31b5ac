"""What makes the environment installs nothing that is not locked by hash."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from deploy import bootstrap

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements" / "uv.txt"
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def test_uv_itself_is_one_version_with_hashes_and_no_address() -> None:
    first, *hashes = LOCK.read_text(encoding="utf-8").splitlines()
    assert re.fullmatch(r"uv==[\d.]+ \\", first)
    assert hashes
    assert all(re.fullmatch(r" {4}--hash=sha256:[0-9a-f]{64}( \\)?", line) for line in hashes)


def test_the_lock_that_is_written_anew_is_of_the_locked_version_or_a_chosen_one() -> None:
    wanted = re.search(r"^UV_WANTED := (\S+)$", MAKEFILE, re.MULTILINE)
    assert wanted is not None
    assert LOCK.read_text(encoding="utf-8").startswith(f"{wanted[1]} ")


def test_uv_is_installed_from_its_lock_with_its_hashes_required(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        ran.append(command)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(bootstrap.subprocess, "run", run)
    bootstrap.make_venv(tmp_path / "venv")
    _, pip = ran
    assert pip[1:4] == ["-m", "pip", "install"]
    assert pip[-3:] == ["--require-hashes", "-r", str(LOCK)]


def test_a_uv_that_is_not_the_locked_one_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        refused = "pip" in command
        told = "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES" if refused else ""
        return subprocess.CompletedProcess(command, int(refused), "", told)

    monkeypatch.setattr(bootstrap.subprocess, "run", run)
    with pytest.raises(SystemExit, match=r"uv could not be installed.*DO NOT MATCH THE HASHES"):
        bootstrap.make_venv(tmp_path / "venv")


@pytest.mark.parametrize(
    ("given", "received"),
    [
        ([], ["run"]),
        (["CALL=my call's.wav"], ["run", "--", "my call's.wav"]),
        (["CALL=통화 1.wav"], ["run", "--", "통화 1.wav"]),
        (
            ["CALL=-x.wav", "CALL_OPTIONS=--customer-only"],
            ["run", "--customer-only", "--", "-x.wav"],
        ),
    ],
)
def test_make_run_hands_on_a_file_name_as_it_is(
    tmp_path: Path, given: list[str], received: list[str]
) -> None:
    command = tmp_path / "bin" / "callmood"
    command.parent.mkdir()
    command.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    (tmp_path / "bin" / "uv").touch()
    installed = tmp_path / ".run"
    installed.touch()
    done = subprocess.run(
        ["make", "-s", "-o", str(installed), "run", f"VENV={tmp_path}", *given],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines() == received
