"""What the user can mend is one line on the standard error, whatever it is."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from streams.cli.error_report import describe_os_error
from streams.kafka.local import broker
from streams.kafka.local.broker import KafkaStartError

if TYPE_CHECKING:
    from pathlib import Path


def told(*words: str, **environment: str) -> str:
    """The one line of a command that fails."""
    done = subprocess.run(
        [sys.executable, "-m", "streams.cli", *words],
        env={**os.environ, **environment},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1, done
    (line,) = done.stderr.strip().splitlines()
    return line


def test_a_setting_of_the_wrong_kind_is_named_with_its_value_and_what_is_wrong() -> None:
    line = told("settings", CALLMOOD_PORT="abc")
    assert line.startswith("callmood: CALLMOOD_PORT=abc: input should be a valid integer")


def test_every_wrong_setting_is_named_in_the_one_line() -> None:
    line = told("settings", CALLMOOD_PORT="70000", CALLMOOD_LOG_LEVEL="loud")
    assert "CALLMOOD_PORT=70000: input should be less than or equal to 65535" in line
    assert "CALLMOOD_LOG_LEVEL=loud: input should be 'debug'" in line


def test_a_mistyped_setting_is_refused_and_its_value_which_may_be_secret_is_not_shown() -> None:
    line = told("settings", CALLMOOD_DATABSE="postgresql://desk:secret@host/desk")
    assert line.startswith("callmood: CALLMOOD_DATABSE is no setting (CALLMOOD_DATABASE?)")
    assert "secret" not in line


def test_playbooks_that_do_not_exist_are_said_not_to_exist(tmp_path: Path) -> None:
    missing = tmp_path / "nonexistent"
    line = told("worker", CALLMOOD_PLAYBOOKS=str(missing), CALLMOOD_HOME=str(tmp_path))
    assert line == (
        f"callmood: {missing}:1: there is no such file or folder; name a folder with .yaml files"
    )


def test_a_full_disk_is_said_to_be_full_before_kafka_is_started(full_disk: Path) -> None:
    line = told("run", CALLMOOD_HOME=str(full_disk), CALLMOOD_PORT="0", CALLMOOD_KAFKA="")
    assert line.startswith(f"callmood: the disk of {full_disk} is full: free some, or set")


def test_a_full_disk_met_later_is_said_to_be_full_too(full_disk: Path) -> None:
    with pytest.raises(OSError, match="No space left") as caught:
        (full_disk / "file").write_bytes(bytes(100_000))
    assert describe_os_error(caught.value).startswith("the disk is full: free some")


@pytest.mark.parametrize("setting", ["CALLMOOD_HOME", "CALLMOOD_CACHE"])
def test_a_folder_that_cannot_be_made_is_one_line_with_its_setting(
    tmp_path: Path, setting: str
) -> None:
    file = tmp_path / "file"
    file.touch()
    folders = {"CALLMOOD_HOME": str(tmp_path / "home"), "CALLMOOD_CACHE": str(tmp_path / "cache")}
    line = told("kafka", "--port", "0", **{**folders, setting: str(file / "below")})
    assert str(file) in line
    assert f"set {setting} to a folder that you may write to" in line


def test_a_file_elsewhere_is_named_with_what_is_wrong(tmp_path: Path) -> None:
    error = PermissionError(13, "Permission denied", str(tmp_path / "x"))
    line = describe_os_error(error, {"CALLMOOD_HOME": "/elsewhere", "CALLMOOD_CACHE": "/elsewhere"})
    assert line == f"{tmp_path / 'x'}: Permission denied; check its permissions and its disk"


def test_kafka_s_storage_that_takes_too_long_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "START_TIMEOUT_S", 0.05)
    slow = [sys.executable, "-c", "import time; time.sleep(30)"]
    with pytest.raises(KafkaStartError, match=r"was not made within 0\.05 s: is the machine"):
        broker._format_storage(slow, tmp_path / "server.properties", tmp_path)
