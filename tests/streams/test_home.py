"""The folder that callmood writes to is looked at before the work, and blamed itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.home import HomeError, describe_full_disk, prepare_home, require_free_space
from streams.ingest.caller_hash import build_caller_hasher
from streams.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

NUMBER = "010-1234-5678"


def test_a_home_that_is_not_there_is_made_and_left_empty(tmp_path: Path) -> None:
    home = prepare_home(tmp_path / "some" / "where")
    assert home.is_absolute()
    assert list(home.iterdir()) == []


def test_a_home_that_is_a_file_is_said_to_be_one(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(HomeError, match=rf"{file} is a file, and should be the folder .*set CALLM"):
        prepare_home(file)


def test_a_home_that_cannot_be_made_names_the_setting(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(HomeError, match=r"cannot be written to \(Not a directory\): set CALLMOOD_"):
        prepare_home(file / "below")


def test_a_home_that_cannot_be_written_is_blamed_and_not_the_callers_key(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    hash_caller = build_caller_hasher(Settings(home=file / "below"))
    with pytest.raises(HomeError, match="set CALLMOOD_HOME") as caught:
        hash_caller(NUMBER)
    assert "key" not in str(caught.value)


def test_a_full_disk_is_called_full(full_disk: Path) -> None:
    with pytest.raises(HomeError, match=rf"^the disk of {full_disk} is full: free some, or set "):
        prepare_home(full_disk)
    assert describe_full_disk(full_disk).startswith(f"the disk of {full_disk} is full")


def test_a_disk_with_room_is_not_called_full(tmp_path: Path) -> None:
    assert describe_full_disk(tmp_path) == ""


def test_what_needs_more_room_than_there_is_says_how_much(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match=r"^Kafka needs 1,000,000,000,000 MB free on the disk of"):
        require_free_space(tmp_path, 10**18, purpose="Kafka")
    require_free_space(tmp_path, 1, purpose="Kafka")
