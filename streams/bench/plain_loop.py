"""The same work in one plain loop: what it would cost without a line around it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from detectors.detector import UnusableUtteranceError
from detectors.utterance import SAMPLE_RATE, Speaker, SpeakerBaseline, TranscriptLine, Utterance
from detectors.voice.call_segmenter import CallSegmenter, SegmenterResult
from streams.ingest.replay.played_call import CHUNK_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from detectors.detector import Detector
    from streams.ingest.replay.played_call import ReplayCall


@dataclass(slots=True)
class PlainCost:
    """CPU seconds of this process by kind of work, and how much work it was."""

    endpointing_s: float = 0.0
    voice_s: float = 0.0
    text_s: float = 0.0
    call_seconds: float = 0.0
    utterances: int = 0
    lines: int = 0
    voice_reading_ms: list[float] = field(default_factory=list)

    @property
    def total_s(self) -> float:
        """All of it."""
        return self.endpointing_s + self.voice_s + self.text_s


def measure_plain(
    calls: Iterable[ReplayCall], *, voice: Detector[Utterance], text: Detector[TranscriptLine]
) -> PlainCost:
    """Run every call through endpointing and both detectors, one after the other."""
    cost = PlainCost()
    for call in calls:
        cost.call_seconds += call.recording.duration_ms / 1000
        _run_voice(call, voice, cost)
        for line in call.lines:
            if line.speaker is Speaker.CUSTOMER and line.final:
                cost.lines += 1
                cost.text_s += _measure_cpu_s(lambda line=line: _read_line(text, line))  # type: ignore[misc]
    return cost


def _run_voice(call: ReplayCall, voice: Detector[Utterance], cost: PlainCost) -> None:
    segmenter, baseline = CallSegmenter(call.name), SpeakerBaseline()
    size = CHUNK_MS * SAMPLE_RATE // 1000
    samples, speakers = call.recording.samples, call.recording.speakers
    for first in range(0, len(samples), size):
        started = time.process_time()
        chunk = samples[first : first + size]
        audio = {speaker: chunk[:, column] for column, speaker in enumerate(speakers)}
        segments = segmenter.feed(first * 1000 // SAMPLE_RATE, audio)
        cost.endpointing_s += time.process_time() - started
        baseline = _read_utterances(call, segments, voice, baseline, cost)
    _read_utterances(call, segmenter.finish(), voice, baseline, cost)


def _read_utterances(
    call: ReplayCall,
    segments: SegmenterResult,
    voice: Detector[Utterance],
    baseline: SpeakerBaseline,
    cost: PlainCost,
) -> SpeakerBaseline:
    for segment in segments.customer_segments:
        utterance = Utterance(
            call_id=call.name,
            speaker=Speaker.CUSTOMER,
            span=segment.span,
            pcm=segment.pcm,
            language=call.sheet.language,
            baseline=baseline,
        )
        started = time.process_time()
        try:
            baseline = voice.read(utterance).baseline
        except UnusableUtteranceError:
            continue
        finally:
            cpu_s = time.process_time() - started
            cost.voice_s += cpu_s
            cost.utterances += 1
            cost.voice_reading_ms.append(1000 * cpu_s)
    return baseline


def _read_line(text: Detector[TranscriptLine], line: TranscriptLine) -> None:
    try:
        text.read(line)
    except UnusableUtteranceError:
        return


def _measure_cpu_s(work: Callable[[], None]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started
