"""The customer's utterances as FLAC files, for the trainer."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np
import soundfile

from detectors.utterance import SAMPLE_RATE
from streams.cloudevents import now as clock_now
from streams.messages.calls import UtteranceClip
from streams.retention_periods import RetentionPeriods
from streams.store.engine import upsert
from streams.store.tables import CLIPS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from streams.settings import Settings
    from streams.site.feature import Arrival
    from streams.store.rows import Row


def persist_clips(connection: Connection, arrivals: Sequence[Arrival], settings: Settings) -> None:
    """Write clips as files, unless none are kept or their days are already over."""
    oldest = clock_now() - RetentionPeriods.of(settings).clips
    clip_rows = [
        _write_clip(arrival.message, arrival.at, settings.clips)
        for arrival in arrivals
        if isinstance(arrival.message, UtteranceClip) and arrival.at > oldest
    ]
    upsert(connection, CLIPS, clip_rows)


def _write_clip(clip: UtteranceClip, at: datetime, folder: Path) -> Row:
    file = Path(quote(clip.call_id, safe="@+-_.")) / f"{clip.start_ms}.flac"
    _write_flac(folder / file, np.frombuffer(clip.payload[: len(clip.payload) & ~1], dtype=">i2"))
    return {
        "clip_id": clip.message_id,
        "call_id": clip.call_id,
        "start_ms": clip.start_ms,
        "end_ms": clip.end_ms,
        "file": file.as_posix(),
        "spoken_at": at,
    }


def _write_flac(path: Path, pcm: np.ndarray[tuple[int], np.dtype[np.int16]]) -> None:
    """A whole file or none: whoever plays it never finds half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temp_path = path.with_suffix(f".{os.getpid()}.part")
    soundfile.write(temp_path, pcm.astype(np.int16), SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    temp_path.replace(path)
