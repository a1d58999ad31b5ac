"""Endpointing: where does a person's speech begin and end?

`webrtcvad` says for each 20 ms frame whether it sounds like speech; the rules here turn frames
into utterances. The endpointer forgets everything at each *checkpoint* (the end of an utterance,
or a quiet stretch), so starting at any checkpoint finds the same utterances as starting at the
beginning. After a crash a worker resumes there, and no utterance is missing or duplicated:
tests/detectors/voice/test_endpointing.py proves it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import webrtcvad

from detectors.utterance import SAMPLE_RATE, TimeSpan

if TYPE_CHECKING:
    from numpy.typing import NDArray

FRAME_MS: Final = 20
FRAME_SAMPLES: Final = SAMPLE_RATE * FRAME_MS // 1000
_FRAME_BYTES: Final = 2 * FRAME_SAMPLES


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointerConfig:
    """When speech counts as begun, as over, as an utterance.

    Attributes:
        aggressiveness: of webrtcvad, 0 (lets most through) to 3.
        energy_threshold: a frame whose peak is below this is silence, whatever the VAD says
            (int16 units; 60 is -55 dBFS, the noise of a digital line).
        onset_frames: speech begins when so many frames of the onset window are speech.
        onset_window_frames: length of that window.
        hangover_ms: it is over after this much without. Shorter cuts people off in mid-thought;
            longer delays every alert by as much.
        padding_ms: kept before the first and after the last frame of speech.
        min_speech_ms: less speech than this is a cough or a click.
        max_speech_ms: longer speech is cut, so that a reading never waits longer.
        checkpoint_silence_ms: after this much without speech there is a checkpoint.
    """

    aggressiveness: int = 2
    energy_threshold: int = 60
    onset_frames: int = 6
    onset_window_frames: int = 10
    hangover_ms: int = 440
    padding_ms: int = 200
    min_speech_ms: int = 240
    max_speech_ms: int = 12_000
    checkpoint_silence_ms: int = 5_000


@dataclass(frozen=True, slots=True)
class SpeechSegment:
    """One stretch of speech. ``pcm``: ``int16[samples]`` at 8 kHz, ``span`` as long."""

    span: TimeSpan
    pcm: NDArray[np.int16]


class Endpointer:
    """Listens to one speaker from ``start_ms`` on; feed it with `feed`.

    Attributes:
        checkpoint_ms: everything before has been decided; a restart begins here.
    """

    def __init__(self, start_ms: int = 0, config: EndpointerConfig | None = None) -> None:
        self._config = config or EndpointerConfig()
        self._remainder = b""
        self._position_ms = start_ms
        self._start_ms: int | None = None
        self._reset_at(start_ms)

    @property
    def processed_until_ms(self) -> int:
        """End of the last complete frame, in ms since the call's start."""
        return self._position_ms

    @property
    def next_sample_ms(self) -> int:
        """Position of the next sample to `feed`, in ms since the call's start."""
        return self._position_ms + len(self._remainder) * 1000 // (2 * SAMPLE_RATE)

    @property
    def quiet_until_ms(self) -> int:
        """Until when nobody has begun to speak: the start of an open utterance, or all so far."""
        return self._position_ms if self._start_ms is None else self._start_ms

    @property
    def open_since_ms(self) -> int | None:
        """When the utterance that has not ended began; ``None``: there is none."""
        return self._start_ms

    def feed(self, pcm: NDArray[np.int16]) -> list[SpeechSegment]:
        """Take the next samples of this speaker.

        Args:
            pcm: ``int16[samples]`` at 8 kHz, any number of them, directly after the previous ones.

        Returns:
            The speech segments that ended in them, oldest first.
        """
        sound = self._remainder + pcm.tobytes()
        frame_count = len(sound) // _FRAME_BYTES
        self._remainder = sound[frame_count * _FRAME_BYTES :]
        segments: list[SpeechSegment] = []
        if frame_count:
            peaks = _frame_peaks(sound, frame_count)
            for index in range(frame_count):
                offset = index * _FRAME_BYTES
                self._feed_frame(sound[offset : offset + _FRAME_BYTES], peaks[index], segments)
        return segments

    def finish(self) -> list[SpeechSegment]:
        """End the audio, and with it any open utterance.

        Returns:
            The open utterance as the only segment; empty if there is none, or too little speech.
        """
        self._remainder = b""
        segments: list[SpeechSegment] = []
        if self._start_ms is not None:
            self._end_segment(segments)
        self._reset_at(self._position_ms)
        return segments

    def _feed_frame(self, frame: bytes, peak: int, segments: list[SpeechSegment]) -> None:
        config = self._config
        voiced = peak >= config.energy_threshold and self._vad.is_speech(frame, SAMPLE_RATE)
        self._position_ms += FRAME_MS
        self._frames.append(frame)
        if self._start_ms is None:
            self._wait_for_onset(voiced=voiced)
            return
        if voiced:
            self._voiced_ms += FRAME_MS
            self._last_voiced_ms = self._position_ms
        if self._position_ms - self._last_voiced_ms >= config.hangover_ms:
            self._end_segment(segments)
        elif self._position_ms - self._start_ms >= config.max_speech_ms:
            self._end_segment(segments, cut=True)

    def _wait_for_onset(self, *, voiced: bool) -> None:
        config = self._config
        self._onset_window.append(voiced)
        if sum(self._onset_window) >= config.onset_frames:
            self._begin_segment()
            return
        frames_to_keep = config.onset_window_frames + config.padding_ms // FRAME_MS
        while len(self._frames) > frames_to_keep:
            self._frames.popleft()
        quiet_ms = self._position_ms - self.checkpoint_ms
        # A window that is never free of stray frames must not hold audio back for ever.
        if quiet_ms >= config.checkpoint_silence_ms and (
            not any(self._onset_window) or quiet_ms >= 2 * config.checkpoint_silence_ms
        ):
            self._reset_at(self._position_ms)

    def _begin_segment(self) -> None:
        window = list(self._onset_window)
        frames_since_onset = len(window) - window.index(True)
        frames_to_keep = min(
            len(self._frames), frames_since_onset + self._config.padding_ms // FRAME_MS
        )
        while len(self._frames) > frames_to_keep:
            self._frames.popleft()
        self._start_ms = self._position_ms - frames_to_keep * FRAME_MS
        self._voiced_ms = sum(window) * FRAME_MS
        self._last_voiced_ms = self._position_ms

    def _end_segment(self, segments: list[SpeechSegment], *, cut: bool = False) -> None:
        start_ms = self._start_ms
        if start_ms is None:
            return
        padded_end_ms = min(self._last_voiced_ms + self._config.padding_ms, self._position_ms)
        end_ms = self._position_ms if cut else padded_end_ms
        if self._voiced_ms >= self._config.min_speech_ms:
            pcm = np.frombuffer(b"".join(self._frames), dtype=np.int16)
            length = (end_ms - start_ms) * SAMPLE_RATE // 1000
            segments.append(SpeechSegment(TimeSpan(start_ms, end_ms), pcm[:length]))
        self._reset_at(self._position_ms)

    def _reset_at(self, at_ms: int) -> None:
        """Forget everything: whoever starts at ``at_ms`` is now in the same state."""
        self.checkpoint_ms = at_ms
        self._vad = webrtcvad.Vad(self._config.aggressiveness)
        self._onset_window: deque[bool] = deque(maxlen=self._config.onset_window_frames)
        self._frames: deque[bytes] = deque()
        self._start_ms = None
        self._voiced_ms = 0
        self._last_voiced_ms = at_ms


def _frame_peaks(sound: bytes, frames: int) -> list[int]:
    samples = np.frombuffer(sound, dtype=np.int16, count=frames * FRAME_SAMPLES).reshape(
        frames, FRAME_SAMPLES
    )
    # max of the two one-sided extremes: abs(-32768) does not fit into int16.
    highest, lowest = samples.max(axis=1), samples.min(axis=1)
    peaks: list[int] = np.maximum(highest, ~lowest).tolist()
    return peaks
