"""The same work in one plain loop: what it would cost without a line around it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from detectors.detector import UnusableUtteranceError
from detectors.utterance import SAMPLE_RATE, Baseline, Speaker, TranscriptLine, Utterance
from detectors.voice.call_segmenter import Heard, Listener
from streams.ingest.replay.played_call import CHUNK_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from detectors.detector import Detector
    from streams.ingest.replay.played_call import PlayedCall


@dataclass(slots=True)
class PlainCost:
    """CPU seconds of this process by kind of work, and how much work it was."""

    endpointing_s: float = 0.0
    voice_s: float = 0.0
    text_s: float = 0.0
    call_seconds: float = 0.0
    utterances: int = 0
    lines: int = 0
    voice_each_ms: list[float] = field(default_factory=list)

    @property
    def total_s(self) -> float:
        """All of it."""
        return self.endpointing_s + self.voice_s + self.text_s


def measure_plain(
    calls: Iterable[PlayedCall], *, voice: Detector[Utterance], text: Detector[TranscriptLine]
) -> PlainCost:
    """Run every call through endpointing and both detectors, one after the other."""
    cost = PlainCost()
    for call in calls:
        cost.call_seconds += call.recording.duration_ms / 1000
        _voice(call, voice, cost)
        for line in call.lines:
            if line.speaker is Speaker.CUSTOMER and line.final:
                cost.lines += 1
                cost.text_s += _timed(lambda line=line: _read(text, line))  # type: ignore[misc]
    return cost


def _voice(call: PlayedCall, voice: Detector[Utterance], cost: PlainCost) -> None:
    listener, baseline = Listener(call.name), Baseline()
    size = CHUNK_MS * SAMPLE_RATE // 1000
    samples, speakers = call.recording.samples, call.recording.speakers
    for first in range(0, len(samples), size):
        started = time.process_time()
        piece = samples[first : first + size]
        sound = {who: piece[:, column] for column, who in enumerate(speakers)}
        heard = listener.hear(first * 1000 // SAMPLE_RATE, sound)
        cost.endpointing_s += time.process_time() - started
        baseline = _read_all(call, heard, voice, baseline, cost)
    _read_all(call, listener.finish(), voice, baseline, cost)


def _read_all(
    call: PlayedCall,
    heard: Heard,
    voice: Detector[Utterance],
    baseline: Baseline,
    cost: PlainCost,
) -> Baseline:
    for found in heard.customer:
        utterance = Utterance(
            call_id=call.name,
            speaker=Speaker.CUSTOMER,
            span=found.span,
            pcm=found.pcm,
            language=call.sheet.language,
            baseline=baseline,
        )
        started = time.process_time()
        try:
            baseline = voice.read(utterance).baseline
        except UnusableUtteranceError:
            continue
        finally:
            took = time.process_time() - started
            cost.voice_s += took
            cost.utterances += 1
            cost.voice_each_ms.append(1000 * took)
    return baseline


def _read(text: Detector[TranscriptLine], line: TranscriptLine) -> None:
    try:
        text.read(line)
    except UnusableUtteranceError:
        return


def _timed(work: Callable[[], None]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started
