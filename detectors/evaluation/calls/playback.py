"""Whole recordings played to the voice detector, and how the mood moves over them. No torch.

Every voice is a stand-in customer: one channel goes through endpointing, readings with the running
baseline, fusion and mood, as a worker would take it. Nothing is read from words.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from detectors.detector import UnusableUtteranceError
from detectors.mood import Mood, MoodLevel, MoodState, follow
from detectors.utterance import SAMPLE_RATE, Baseline, Language, Speaker, Utterance
from detectors.voice.endpointing import Endpointer

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from detectors.detector import Detector
    from detectors.reading import Reading
    from detectors.voice.endpointing import Found

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One voice of a recording: ``pcm int16[samples]`` at `SAMPLE_RATE`."""

    name: str
    pcm: NDArray[np.int16]
    language: Language = Language.ENGLISH

    @property
    def duration_ms(self) -> int:
        """How long it is."""
        return self.pcm.size * 1_000 // SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Moment:
    """One utterance: when it ended, what was read, and the mood after it (``None``: unknown)."""

    end_ms: int
    reading: Reading | None
    mood: Mood | None

    @property
    def level(self) -> MoodLevel:
        """A customer is taken to be calm before anything was heard."""
        return self.mood.level if self.mood else MoodLevel.CALM


@dataclass(frozen=True, slots=True)
class Course:
    """How the mood went over one track.

    Attributes:
        speech_ms: in utterances.
        moments: one an utterance, in order.
    """

    name: str
    duration_ms: int
    speech_ms: int
    moments: tuple[Moment, ...]

    @property
    def readings(self) -> list[Reading]:
        """Those of the utterances that could be read."""
        return [one.reading for one in self.moments if one.reading is not None]

    @property
    def abstained(self) -> int:
        """How many readings abstained."""
        return sum(reading.abstained for reading in self.readings)

    @property
    def changes(self) -> int:
        """How often the level changed."""
        return sum(one is not other for one, other in pairwise(self._levels))

    @property
    def flags(self) -> int:
        """How often the level rose: into tense, or into upset."""
        order = list(MoodLevel)
        return sum(order.index(b) > order.index(a) for a, b in pairwise(self._levels))

    def level_ms(self, level: MoodLevel) -> int:
        """How much of the track was spent in a level."""
        ends = [one.end_ms for one in self.moments]
        bounds = pairwise([0, *ends, self.duration_ms])
        spans = zip(bounds, self._levels, strict=True)
        return sum(end - start for (start, end), there in spans if there is level)

    def reached(self, level: MoodLevel, from_ms: int) -> int | None:
        """The how-maniest utterance from ``from_ms`` on brought at least ``level``, from 1."""
        order = list(MoodLevel)
        later = [one for one in self.moments if one.end_ms > from_ms]
        for number, one in enumerate(later, start=1):
            if order.index(one.level) >= order.index(level):
                return number
        return None

    def flags_until(self, until_ms: int) -> int:
        """Flags in what ended by then."""
        early = tuple(one for one in self.moments if one.end_ms <= until_ms)
        return Course(self.name, until_ms, 0, early).flags

    @property
    def _levels(self) -> list[MoodLevel]:
        return [MoodLevel.CALM, *(one.level for one in self.moments)]


def play(track: Track, detector: Detector[Utterance]) -> Course:
    """Play a track from beginning to end."""
    ear = Endpointer()
    found = [*ear.hear(track.pcm), *ear.finish()]
    state, baseline, moments = MoodState(), Baseline(), []
    for one in found:
        reading = _read(track, one, baseline, detector)
        if reading is not None:
            baseline = reading.baseline
            state = follow(state, reading)
        moments.append(Moment(one.span.end_ms, reading, state.mood))
    speech_ms = sum(one.span.duration_ms for one in found)
    return Course(track.name, track.duration_ms, speech_ms, tuple(moments))


def per_hour(count: int, duration_ms: int) -> float:
    """How often an hour; 0 of no time."""
    return count * HOUR_MS / duration_ms if duration_ms else 0.0


def summed(name: str, courses: Sequence[Course]) -> dict[str, float | str]:
    """Figures of several tracks together: counts, seconds, and flags an hour."""
    call_ms = sum(one.duration_ms for one in courses)
    speech_ms = sum(one.speech_ms for one in courses)
    flags = sum(one.flags for one in courses)
    return {
        "name": name,
        "call_s": call_ms / 1_000,
        "speech_s": speech_ms / 1_000,
        "utterances": sum(len(one.moments) for one in courses),
        "readings": sum(len(one.readings) for one in courses),
        "abstained": sum(one.abstained for one in courses),
        **{f"{level}_s": sum(c.level_ms(level) for c in courses) / 1_000 for level in MoodLevel},
        "changes": sum(one.changes for one in courses),
        "flags": flags,
        "flags_per_speech_hour": per_hour(flags, speech_ms),
        "flags_per_call_hour": per_hour(flags, call_ms),
    }


def _read(
    track: Track, found: Found, baseline: Baseline, detector: Detector[Utterance]
) -> Reading | None:
    utterance = Utterance(
        call_id=track.name,
        speaker=Speaker.CUSTOMER,
        span=found.span,
        pcm=found.pcm,
        language=track.language,
        baseline=baseline,
    )
    try:
        return detector.read(utterance)
    except UnusableUtteranceError:
        return None
