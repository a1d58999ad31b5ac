"""What is deleted goes one by one, and only what is ours and old enough."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from streams.cloudevents import now
from streams.messages.evidence import EvidenceSeal
from streams.settings import Settings
from streams.site import housekeeping
from streams.site.housekeeping import Housekeeping
from streams.store.engine import Store, open_store, upsert
from streams.store.retention.clip_files import delete_expired_clips, delete_orphaned_clips
from streams.store.retention.evidence_files import delete_expired_bundles, delete_old_bundle_files
from streams.store.retention.sweep import SweepStep, run_steps
from streams.store.tables import CLIPS, SEALS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import NoReturn

NOW = now()
CALL = "c:1"
FOLDER = "c%3A1"
DAY = timedelta(days=1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, clip_days=30)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    opened = open_store(settings.database_url)
    yield opened
    opened.close()


def write(path: Path, *, age: timedelta = timedelta(0)) -> Path:
    """A file of some age."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    written_at = (NOW - age).timestamp()
    os.utime(path, (written_at, written_at))
    return path


def add_clip(store: Store, file: str, *, age: timedelta) -> None:
    row = {
        "clip_id": file, "call_id": CALL, "start_ms": 0, "end_ms": 1, "file": file,
        "spoken_at": NOW - age,
    }  # fmt: skip
    with store.engine.begin() as connection:
        upsert(connection, CLIPS, [row])


def add_seal(store: Store, file: str, *, age: timedelta) -> None:
    seal = EvidenceSeal(
        call_id=CALL, sha256="0" * 64, previous_sha256="", size=1, file=file, cause="asked",
        at=NOW - age,
    )  # fmt: skip
    with store.engine.begin() as connection:
        upsert(connection, SEALS, [{"seal_id": file} | seal.model_dump()])


def count(store: Store, table: object) -> int:
    with store.engine.connect() as connection:
        return len(connection.execute(select(table)).all())  # type: ignore[call-overload]


def test_a_clip_that_no_row_knows_is_deleted_after_a_day(store: Store, settings: Settings) -> None:
    known = write(settings.clips / FOLDER / "1.flac", age=2 * DAY)
    fresh = write(settings.clips / FOLDER / "2.flac", age=DAY / 2)
    orphan = write(settings.clips / FOLDER / "3.flac", age=2 * DAY)
    alone = write(settings.clips / "c2" / "1.flac", age=2 * DAY)
    half_written = write(settings.clips / "c3" / "1.77.part", age=2 * DAY)
    add_clip(store, f"{FOLDER}/1.flac", age=2 * DAY)
    with store.engine.begin() as connection:
        delete_orphaned_clips(connection, NOW, settings)
    assert (known.exists(), fresh.exists()) == (True, True)
    assert not any(path.exists() for path in (orphan, alone.parent, half_written.parent))


def test_nothing_is_followed_out_of_the_folder_of_clips(store: Store, settings: Settings) -> None:
    outside = write(settings.home / "elsewhere" / "1.flac", age=2 * DAY)
    settings.clips.mkdir()
    (settings.clips / "link").symlink_to(outside.parent)
    with store.engine.begin() as connection:
        delete_orphaned_clips(connection, NOW, settings)
    assert outside.exists()


def test_a_clip_that_cannot_be_deleted_keeps_its_row_and_holds_up_no_other(
    store: Store, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    stuck = settings.clips / FOLDER / "1.flac"
    write(stuck / "a folder where the file should be")
    other = write(settings.clips / FOLDER / "2.flac")
    for name in ("1.flac", "2.flac"):
        add_clip(store, f"{FOLDER}/{name}", age=31 * DAY)
    with store.engine.begin() as connection:
        delete_expired_clips(connection, NOW, settings)
    assert (stuck.exists(), other.exists(), count(store, CLIPS)) == (True, False, 1)
    assert "1.flac cannot be deleted" in caplog.text


def test_a_message_deletes_no_bundle_that_was_sealed_lately(
    store: Store, settings: Settings
) -> None:
    bundle = write(settings.evidence / FOLDER / "a.zip")
    add_seal(store, f"{FOLDER}/a.zip", age=4000 * DAY)
    with store.engine.begin() as connection:
        delete_expired_bundles(connection, NOW, settings)
    assert bundle.exists()
    assert count(store, SEALS) == 1


def test_a_message_deletes_no_bundle_of_another_call(store: Store, settings: Settings) -> None:
    bundle = write(settings.evidence / "another" / "a.zip", age=4000 * DAY)
    add_seal(store, "another/a.zip", age=4000 * DAY)
    with store.engine.begin() as connection:
        delete_expired_bundles(connection, NOW, settings)
    assert bundle.exists()
    assert count(store, SEALS) == 0


def test_a_bundle_that_no_row_knows_goes_when_its_days_are_over(
    store: Store, settings: Settings
) -> None:
    old = write(settings.evidence / FOLDER / "old.zip", age=1096 * DAY)
    young = write(settings.evidence / FOLDER / "young.zip", age=1094 * DAY)
    known = write(settings.evidence / FOLDER / "known.zip", age=1096 * DAY)
    add_seal(store, f"{FOLDER}/known.zip", age=DAY)
    with store.engine.begin() as connection:
        delete_old_bundle_files(connection, NOW, settings)
    assert [path.exists() for path in (old, young, known)] == [False, True, True]


def test_a_step_that_fails_holds_up_no_other_and_leaves_no_half(
    store: Store, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    add_clip(store, "a", age=DAY)
    taken: list[str] = []

    def fail(connection: object, *_: object) -> NoReturn:
        connection.execute(CLIPS.delete())  # type: ignore[attr-defined]
        raise PermissionError(1, "not permitted")

    steps = (SweepStep("broken", fail), SweepStep("next", lambda *_: taken.append("next")))
    run_steps(store.engine, steps, NOW, settings)
    assert (taken, count(store, CLIPS)) == (["next"], 1)
    assert "housekeeping (broken) was put off" in caplog.text


def test_a_step_is_taken_as_often_as_it_says(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []
    steps = (
        SweepStep("often", lambda *_: taken.append("often")),
        SweepStep("seldom", lambda *_: taken.append("seldom"), timedelta(hours=1)),
    )
    monkeypatch.setattr(housekeeping, "RETENTION_STEPS", steps)
    keeper = Housekeeping(store=store, features=(), settings=settings)
    for minutes in (0, 1, 59, 60):
        keeper.run_due(NOW + timedelta(minutes=minutes))
    assert taken == ["often", "seldom", "often", "often", "often", "seldom"]


def test_the_desk_keeps_house_from_its_start(store: Store, settings: Settings) -> None:
    expired = write(settings.clips / FOLDER / "1.flac")
    add_clip(store, f"{FOLDER}/1.flac", age=31 * DAY)
    Housekeeping(store=store, features=(), settings=settings).run_due(NOW)
    assert not expired.exists()
