"""The customer's clips: kept where agreed to, deleted when their days are over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from streams.cloudevents import now
from streams.desk.clips import persist_clips
from streams.desk.persist import persist
from streams.messages.calls import UtteranceClip
from streams.settings import Settings
from streams.site.feature import Arrival
from streams.store.engine import Store, open_store
from streams.store.retention.clip_files import delete_expired_clips
from tests.support.calls import KOREAN_CALL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

PCM = np.array([0, 1000, -1000, 32767, -32768] * 800, dtype=np.int16)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'desk.db'}")
    yield opened
    opened.close()


def clip(call_id: str = KOREAN_CALL.call_id) -> UtteranceClip:
    return UtteranceClip(
        call_id=call_id, start_ms=1_000, end_ms=1_500, payload=PCM.astype(">i2").tobytes()
    )


def kept(store: Store, settings: Settings, *, at: datetime) -> list[Path]:
    with store.engine.begin() as connection:
        persist_clips(connection, [Arrival(clip(), at)], settings)
    return sorted(settings.clips.rglob("*.*"))


def test_a_clip_is_a_flac_file_of_the_same_samples(store: Store, tmp_path: Path) -> None:
    (file,) = kept(store, Settings(home=tmp_path), at=now())
    pcm, rate = soundfile.read(file, dtype="int16")
    assert rate == 8_000
    np.testing.assert_array_equal(pcm, PCM)


def test_a_clip_is_deleted_when_its_days_are_over_and_not_before(
    store: Store, tmp_path: Path
) -> None:
    settings, at = Settings(home=tmp_path, clip_days=3), now()
    (file,) = kept(store, settings, at=at)
    for days, there in ((2.9, True), (3.1, False)):
        with store.engine.begin() as connection:
            delete_expired_clips(connection, at + timedelta(days=days), settings)
        assert file.exists() is there
    assert not file.parent.exists()


def test_a_clip_does_not_outlive_the_words_of_its_call(store: Store, tmp_path: Path) -> None:
    settings, at = Settings(home=tmp_path, clip_days=30, keep_days=2), now()
    (file,) = kept(store, settings, at=at)
    with store.engine.begin() as connection:
        delete_expired_clips(connection, at + timedelta(days=2.1), settings)
    assert not file.exists()


@pytest.mark.parametrize(("days", "age"), [(0, 0), (3, 4)])
def test_no_clip_is_written_that_would_be_deleted_at_once(
    store: Store, tmp_path: Path, days: int, age: int
) -> None:
    settings = Settings(home=tmp_path, clip_days=days)
    assert kept(store, settings, at=now() - timedelta(days=age)) == []


@pytest.mark.parametrize("agreed", [True, False])
def test_a_clip_of_a_call_that_did_not_agree_does_not_stay(
    store: Store, tmp_path: Path, *, agreed: bool
) -> None:
    settings = Settings(home=tmp_path)
    started = replace(KOREAN_CALL, recorded=agreed).start_event()
    with store.engine.begin() as connection:
        persist(connection, [Arrival(clip(), now()), Arrival(started, now())], settings)
        delete_expired_clips(connection, now(), settings)
    assert bool(list(settings.clips.rglob("*.flac"))) is agreed
