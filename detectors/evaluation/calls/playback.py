"""Whole recordings played to the voice detector, and how the mood moves over them. No torch.

Every voice is a stand-in customer: one channel goes through endpointing, the speech gate, readings
with the running baseline, fusion and mood, as a worker would take it. Nothing is read from words.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from detectors.detector import UnusableUtteranceError
from detectors.mood import Mood, MoodLevel, MoodState, update_mood
from detectors.utterance import SAMPLE_RATE, Language, Speaker, SpeakerBaseline, Utterance
from detectors.voice.call_segmenter import CallSegmenter

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from detectors.detector import Detector
    from detectors.reading import Reading
    from detectors.voice.endpointing import SpeechSegment
    from detectors.voice.speech_gate import SpeechGate

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One voice of a recording: ``pcm int16[samples]`` at `SAMPLE_RATE`."""

    name: str
    pcm: NDArray[np.int16]
    language: Language = Language.ENGLISH

    @property
    def duration_ms(self) -> int:
        """Length in milliseconds."""
        return self.pcm.size * 1_000 // SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class MoodPoint:
    """One utterance: when it ended, what was read, and the mood after it (``None``: unknown)."""

    end_ms: int
    reading: Reading | None
    mood: Mood | None

    @property
    def level(self) -> MoodLevel:
        """The mood's level; calm where there is no mood yet."""
        return self.mood.level if self.mood else MoodLevel.CALM


@dataclass(frozen=True, slots=True)
class MoodTrajectory:
    """How the mood went over one track.

    Attributes:
        speech_ms: in utterances.
        points: one an utterance, in order.
    """

    name: str
    duration_ms: int
    speech_ms: int
    points: tuple[MoodPoint, ...]

    @property
    def readings(self) -> list[Reading]:
        """The readings of all utterances that could be read."""
        return [point.reading for point in self.points if point.reading is not None]

    @property
    def abstained(self) -> int:
        """Number of readings that abstained."""
        return sum(reading.abstained for reading in self.readings)

    @property
    def changes(self) -> int:
        """Number of times the level changed."""
        return sum(previous is not current for previous, current in pairwise(self._levels))

    @property
    def flags(self) -> int:
        """Number of times the level rose: to tense or to upset."""
        order = list(MoodLevel)
        return sum(
            order.index(current) > order.index(previous)
            for previous, current in pairwise(self._levels)
        )

    def level_ms(self, level: MoodLevel) -> int:
        """Milliseconds of the track spent in a level."""
        ends = [point.end_ms for point in self.points]
        bounds = pairwise([0, *ends, self.duration_ms])
        spans = zip(bounds, self._levels, strict=True)
        return sum(end - start for (start, end), span_level in spans if span_level is level)

    def utterances_to_level(self, level: MoodLevel, from_ms: int) -> int | None:
        """Delay until a level, in utterances.

        Args:
            level: this one, or a higher one.
            from_ms: utterances that end after this count.

        Returns:
            The number of the utterance that brought the level, from 1; ``None`` if none did.
        """
        order = list(MoodLevel)
        later_points = [point for point in self.points if point.end_ms > from_ms]
        for number, point in enumerate(later_points, start=1):
            if order.index(point.level) >= order.index(level):
                return number
        return None

    def count_flags_until(self, until_ms: int) -> int:
        """Number of flags in utterances that ended by ``until_ms``."""
        early_points = tuple(point for point in self.points if point.end_ms <= until_ms)
        return MoodTrajectory(self.name, until_ms, 0, early_points).flags

    @property
    def _levels(self) -> list[MoodLevel]:
        return [MoodLevel.CALM, *(point.level for point in self.points)]


def play(
    track: Track, detector: Detector[Utterance], *, gate: SpeechGate | None = None
) -> MoodTrajectory:
    """Segment a track, read its utterances as a customer's, and update the mood after each.

    Args:
        track: one voice.
        detector: reads its utterances.
        gate: tells speech from other sound; the shipped one by default.
    """
    segmenter = CallSegmenter(track.name, gate=gate)
    results = segmenter.feed(0, {Speaker.CUSTOMER: track.pcm}), segmenter.finish()
    segments = [segment for result in results for segment in result.customer_segments]
    state, baseline, points = MoodState(), SpeakerBaseline(), []
    for segment in segments:
        reading = _read(track, segment, baseline, detector)
        if reading is not None:
            baseline = reading.baseline
            state = update_mood(state, reading)
        points.append(MoodPoint(segment.span.end_ms, reading, state.mood))
    speech_ms = sum(segment.span.duration_ms for segment in segments)
    return MoodTrajectory(track.name, track.duration_ms, speech_ms, tuple(points))


def per_hour(count: int, duration_ms: int) -> float:
    """Rate per hour; 0 for a duration of 0."""
    return count * HOUR_MS / duration_ms if duration_ms else 0.0


def summarise_trajectories(
    name: str, trajectories: Sequence[MoodTrajectory]
) -> dict[str, float | str]:
    """Add up several tracks: counts, durations in seconds, flags per hour of call and of speech."""
    call_ms = sum(trajectory.duration_ms for trajectory in trajectories)
    speech_ms = sum(trajectory.speech_ms for trajectory in trajectories)
    flags = sum(trajectory.flags for trajectory in trajectories)
    return {
        "name": name,
        "call_s": call_ms / 1_000,
        "speech_s": speech_ms / 1_000,
        "utterances": sum(len(trajectory.points) for trajectory in trajectories),
        "readings": sum(len(trajectory.readings) for trajectory in trajectories),
        "abstained": sum(trajectory.abstained for trajectory in trajectories),
        **{
            f"{level}_s": sum(c.level_ms(level) for c in trajectories) / 1_000
            for level in MoodLevel
        },
        "changes": sum(trajectory.changes for trajectory in trajectories),
        "flags": flags,
        "flags_per_speech_hour": per_hour(flags, speech_ms),
        "flags_per_call_hour": per_hour(flags, call_ms),
    }


def _read(
    track: Track, segment: SpeechSegment, baseline: SpeakerBaseline, detector: Detector[Utterance]
) -> Reading | None:
    utterance = Utterance(
        call_id=track.name,
        speaker=Speaker.CUSTOMER,
        span=segment.span,
        pcm=segment.pcm,
        language=track.language,
        baseline=baseline,
    )
    try:
        return detector.read(utterance)
    except UnusableUtteranceError:
        return None
