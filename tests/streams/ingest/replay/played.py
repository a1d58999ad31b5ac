"""Small recordings to play."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from detectors.utterance import SAMPLE_RATE
from streams.ingest.replay.call_sheet import CallSheet
from streams.ingest.replay.played_call import ReplayCall
from streams.ingest.replay.recording import Recording

if TYPE_CHECKING:
    from numpy.typing import NDArray

AT = datetime(2026, 11, 23, tzinfo=UTC)
LINE = '{"speaker": "customer", "start_ms": 0, "end_ms": 900, "text": "안녕하세요"}\n'

_SECONDS = np.arange(SAMPLE_RATE) / SAMPLE_RATE
STEREO = np.stack([0.4 * np.sin(2 * np.pi * hz * _SECONDS) for hz in (440.0, 1_000.0)], axis=1)
"""A second of another tone on each channel."""


def written(path: Path, sound: NDArray[np.float64]) -> Path:
    """A 16-bit WAV at the telephone's rate."""
    soundfile.write(path, sound, SAMPLE_RATE, subtype="PCM_16")
    return path


def made(*, seconds: float = 2.0, name: str = "made", consent: bool = True) -> ReplayCall:
    """A call of two columns of noise that was never a file."""
    shape = (round(seconds * SAMPLE_RATE), 2)
    samples = np.random.default_rng(3).integers(-9_000, 9_000, shape, dtype=np.int16)
    sheet = CallSheet(agent_id="a", notice_given=True, analysis_consent=consent)
    return ReplayCall(name, Recording(Path(f"{name}.wav"), samples), (), sheet)
