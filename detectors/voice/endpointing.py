"""Endpointing: where does a person's speech begin and end?

`webrtcvad` says for each 20 ms frame whether it sounds like speech; the rules here make
utterances of it. The endpointer forgets everything at each *checkpoint* (the end of an
utterance, or a quiet stretch), so that one who starts at any checkpoint finds the same
utterances as one who listened from the beginning. A killed worker goes on from there, and no
utterance is missing or double: tests/detectors/voice/test_endpointing.py proves it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import webrtcvad

from detectors.utterance import SAMPLE_RATE, Span

if TYPE_CHECKING:
    from numpy.typing import NDArray

FRAME_MS: Final = 20
FRAME: Final = SAMPLE_RATE * FRAME_MS // 1000
_FRAME_BYTES: Final = 2 * FRAME


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When speech counts as begun, as over, as an utterance.

    Attributes:
        aggressiveness: of webrtcvad, 0 (lets most through) to 3.
        floor: a frame whose loudest sample is below this is silence, whatever the VAD says
            (int16 units; 60 is -55 dBFS, the noise of a digital line).
        onset_frames, onset_window: speech begins when so many of the last frames are speech.
        hangover_ms: it is over after this much without. Shorter cuts people off in mid-thought;
            longer delays every alert by as much.
        padding_ms: kept before the first and after the last frame of speech.
        shortest_ms: less speech than this is a cough or a click.
        longest_ms: longer speech is cut, so that a reading never waits longer.
        quiet_ms: after this much without speech there is a checkpoint.
    """

    aggressiveness: int = 2
    floor: int = 60
    onset_frames: int = 6
    onset_window: int = 10
    hangover_ms: int = 440
    padding_ms: int = 100
    shortest_ms: int = 240
    longest_ms: int = 12_000
    quiet_ms: int = 5_000


@dataclass(frozen=True, slots=True)
class Found:
    """One stretch of speech. ``pcm``: ``int16[samples]`` at 8 kHz, ``span`` as long."""

    span: Span
    pcm: NDArray[np.int16]


class Endpointer:
    """Listens to one speaker from ``start_ms`` on; feed it with `hear`.

    Attributes:
        checkpoint_ms: everything before has been decided; who starts anew starts here.
    """

    def __init__(self, start_ms: int = 0, rules: Rules | None = None) -> None:
        self._rules = rules or Rules()
        self._rest = b""
        self._at_ms = start_ms
        self._start_ms: int | None = None
        self._checkpoint(start_ms)

    @property
    def heard_until_ms(self) -> int:
        """End of the last whole frame that was heard, in ms since the call's start."""
        return self._at_ms

    @property
    def wants_ms(self) -> int:
        """Where the next sample it is given must lie."""
        return self._at_ms + len(self._rest) * 1000 // (2 * SAMPLE_RATE)

    @property
    def speaking(self) -> bool:
        """Whether an utterance is under way."""
        return self._start_ms is not None

    def hear(self, pcm: NDArray[np.int16]) -> list[Found]:
        """Take the next samples, ``int16[any]``; returns the utterances that ended in them."""
        sound = self._rest + pcm.tobytes()
        whole = len(sound) // _FRAME_BYTES
        self._rest = sound[whole * _FRAME_BYTES :]
        found: list[Found] = []
        if whole:
            peaks = _peaks(sound, whole)
            for number in range(whole):
                offset = number * _FRAME_BYTES
                self._hear_frame(sound[offset : offset + _FRAME_BYTES], peaks[number], found)
        return found

    def finish(self) -> list[Found]:
        """The audio ends here: what is under way ends with it."""
        self._rest = b""
        found: list[Found] = []
        if self._start_ms is not None:
            self._end(found)
        self._checkpoint(self._at_ms)
        return found

    def _hear_frame(self, frame: bytes, peak: int, found: list[Found]) -> None:
        rules = self._rules
        voiced = peak >= rules.floor and self._vad.is_speech(frame, SAMPLE_RATE)
        self._at_ms += FRAME_MS
        self._frames.append(frame)
        if self._start_ms is None:
            self._wait_for_onset(voiced=voiced)
            return
        if voiced:
            self._voiced_ms += FRAME_MS
            self._last_voiced_ms = self._at_ms
        if self._at_ms - self._last_voiced_ms >= rules.hangover_ms:
            self._end(found)
        elif self._at_ms - self._start_ms >= rules.longest_ms:
            self._end(found, cut=True)

    def _wait_for_onset(self, *, voiced: bool) -> None:
        rules = self._rules
        self._window.append(voiced)
        if sum(self._window) >= rules.onset_frames:
            self._begin()
            return
        keep = rules.onset_window + rules.padding_ms // FRAME_MS
        while len(self._frames) > keep:
            self._frames.popleft()
        quiet_ms = self._at_ms - self.checkpoint_ms
        # A window that is never free of stray frames must not hold audio back for ever.
        if quiet_ms >= rules.quiet_ms and (not any(self._window) or quiet_ms >= 2 * rules.quiet_ms):
            self._checkpoint(self._at_ms)

    def _begin(self) -> None:
        window = list(self._window)
        first = len(window) - window.index(True)
        keep = min(len(self._frames), first + self._rules.padding_ms // FRAME_MS)
        while len(self._frames) > keep:
            self._frames.popleft()
        self._start_ms = self._at_ms - keep * FRAME_MS
        self._voiced_ms = sum(window) * FRAME_MS
        self._last_voiced_ms = self._at_ms

    def _end(self, found: list[Found], *, cut: bool = False) -> None:
        start_ms = self._start_ms
        if start_ms is None:
            return
        padded = min(self._last_voiced_ms + self._rules.padding_ms, self._at_ms)
        end_ms = self._at_ms if cut else padded
        if self._voiced_ms >= self._rules.shortest_ms:
            pcm = np.frombuffer(b"".join(self._frames), dtype=np.int16)
            length = (end_ms - start_ms) * SAMPLE_RATE // 1000
            found.append(Found(Span(start_ms, end_ms), pcm[:length]))
        self._checkpoint(self._at_ms)

    def _checkpoint(self, at_ms: int) -> None:
        """Forget everything: whoever starts at ``at_ms`` is now in the same state."""
        self.checkpoint_ms = at_ms
        self._vad = webrtcvad.Vad(self._rules.aggressiveness)
        self._window: deque[bool] = deque(maxlen=self._rules.onset_window)
        self._frames: deque[bytes] = deque()
        self._start_ms = None
        self._voiced_ms = 0
        self._last_voiced_ms = at_ms


def _peaks(sound: bytes, frames: int) -> list[int]:
    samples = np.frombuffer(sound, dtype=np.int16, count=frames * FRAME).reshape(frames, FRAME)
    # max of the two one-sided extremes: abs(-32768) does not fit into int16.
    highest, lowest = samples.max(axis=1), samples.min(axis=1)
    peaks: list[int] = np.maximum(highest, ~lowest).tolist()
    return peaks
