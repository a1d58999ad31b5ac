"""Whole recordings played to a detector: what is counted, and what it must not do."""

from __future__ import annotations

import csv
import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile as sf

from detectors.corpora.manifests import read_rows
from detectors.detector import UnusableUtteranceError
from detectors.evaluation.calls.playback import (
    MoodPoint,
    MoodTrajectory,
    Track,
    per_hour,
    play,
    summarise_trajectories,
)
from detectors.evaluation.calls.synthetic_calls import (
    CALM_BEFORE_ANGER,
    MAX_ANGRY_UTTERANCES,
    Half,
    build_synthetic_calls,
    summarise_angry_calls,
)
from detectors.labels import Emotion
from detectors.mood import Mood, MoodLevel
from detectors.reading import Modality, Reading
from detectors.utterance import SAMPLE_RATE, SpeakerBaseline
from detectors.voice.external.test_signals import synthesise_voice
from tests.detectors.sounds import OpenGate

if TYPE_CHECKING:
    from pathlib import Path

    from detectors.utterance import Utterance

LOUD = 6_000.0


class Loudness:
    """Hears anger in loud sound, nothing in quiet sound, and refuses what is in between."""

    name, version, modality = "loudness", "0", Modality.VOICE

    def __init__(self) -> None:
        self.baselines: list[int] = []

    def read(self, item: Utterance) -> Reading:
        peak = int(np.abs(item.pcm.astype(int)).max())
        if 5_000 < peak < 12_000:
            message = "neither loud nor quiet"
            raise UnusableUtteranceError(message)
        self.baselines.append(item.baseline.count)
        label = Emotion.ANGER if peak > 16_000 else Emotion.NEUTRAL
        return Reading(
            call_id=item.call_id,
            span=item.span,
            modality=Modality.VOICE,
            detector=self.name,
            version=self.version,
            scores={label: 0.9, Emotion.JOY: 0.1},
            confidence=0.9,
            arousal=0.8,
            baseline=SpeakerBaseline(count=item.baseline.count + 1),
        )

    def read_batch(self, items: object) -> list[Reading | UnusableUtteranceError]:
        raise NotImplementedError


def spoken(*levels: float) -> Track:
    pause = np.zeros(SAMPLE_RATE, dtype=np.int16)
    parts = [part for level in levels for part in (synthesise_voice(1_500, level=level), pause)]
    return Track("made", np.concatenate([pause, *parts]))


def test_a_track_is_read_utterance_by_utterance_with_a_growing_baseline() -> None:
    ear = Loudness()
    course = play(spoken(1_000, 1_000, 1_000), ear, gate=OpenGate())
    assert len(course.points) == len(course.readings) == 3
    assert ear.baselines == [0, 1, 2]
    assert course.flags == course.changes == 0
    assert course.level_ms(MoodLevel.CALM) == course.duration_ms
    assert 3 * 1_500 <= course.speech_ms <= 3 * 2_000


def test_what_cannot_be_read_is_an_utterance_without_a_reading_and_moves_nothing() -> None:
    ear = Loudness()
    course = play(spoken(1_000, 2_500, 1_000), ear, gate=OpenGate())
    assert [one.reading is None for one in course.points] == [False, True, False]
    assert ear.baselines == [0, 1]


def test_lasting_loudness_is_flagged_on_its_way_up_and_the_delay_is_counted_in_utterances() -> None:
    track = spoken(*[1_000] * 4, *[LOUD] * 8)
    course = play(track, Loudness(), gate=OpenGate())
    start_ms = course.points[3].end_ms + 1
    tense, upset = (
        course.utterances_to_level(level, start_ms) for level in (MoodLevel.TENSE, MoodLevel.UPSET)
    )
    assert tense is not None
    assert upset is not None
    assert 2 <= tense <= upset <= 8
    assert 1 <= course.flags <= 2
    assert course.count_flags_until(start_ms) == 0
    assert course.level_ms(MoodLevel.UPSET) > 0


def course_of(*levels: MoodLevel) -> MoodTrajectory:
    moods = [
        Mood("c", 1_000 * n, {Emotion.NEUTRAL: 1.0}, 0.0, level) for n, level in enumerate(levels)
    ]
    moments = tuple(MoodPoint(1_000 * (n + 1), None, mood) for n, mood in enumerate(moods))
    return MoodTrajectory("c", 1_000 * len(levels) + 500, 700, moments)


def test_only_rises_are_flags_and_all_time_is_in_some_level() -> None:
    calm, tense, upset = MoodLevel
    course = course_of(calm, tense, calm, upset, tense)
    assert course.flags == 2
    assert course.changes == 4
    assert sum(course.level_ms(level) for level in MoodLevel) == course.duration_ms
    assert course.utterances_to_level(upset, 0) == 4
    assert course.utterances_to_level(upset, 4_000) is None
    assert course.utterances_to_level(tense, 2_000) == 2


def test_flags_an_hour_are_of_all_tracks_together() -> None:
    calm, tense, _ = MoodLevel
    both = summarise_trajectories("x", [course_of(calm, tense), course_of(calm, calm)])
    assert both["flags"] == 1
    assert both["flags_per_call_hour"] == pytest.approx(3_600 / 5)
    assert both["flags_per_speech_hour"] == pytest.approx(3_600 / 1.4)
    assert per_hour(0, 0) == 0


@pytest.fixture
def corpora(tmp_path: Path) -> Path:
    """Two held-out speakers and one who was heard: 6 calm clips, 10 loud ones each."""
    folder = tmp_path / "ravdess"
    folder.mkdir()
    with (folder / "manifest.csv").open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["path", "corpus", "speaker", "emotion", "language"])
        for speaker in ("actor03", "actor08", "actor01"):
            for number, emotion in enumerate(["neutral"] * 6 + ["anger"] * 10):
                name = f"ravdess/{speaker}-{number}.flac"
                level = 1_000 if emotion == "neutral" else LOUD
                sf.write(tmp_path / name, synthesise_voice(1_500, level=level), SAMPLE_RATE)
                lines.writerow([name, "ravdess", speaker, emotion, "en"])
    return tmp_path


def test_calls_are_strung_from_people_the_model_has_not_heard_and_no_voice_is_in_both_halves(
    corpora: Path,
) -> None:
    calls = build_synthetic_calls(
        corpora, read_rows(corpora / "ravdess" / "manifest.csv", [], pytest.fail)
    )
    halves = {call.track.name.split("/")[1]: call.half for call in calls}
    assert halves == {"actor03": Half.TUNING, "actor08": Half.HELD_OUT}
    angry = [call for call in calls if call.angry_from_ms is not None]
    assert len(angry) * 2 == len(calls)
    sizes = {call.track.pcm.size for call in angry}
    assert sizes == {(CALM_BEFORE_ANGER + MAX_ANGRY_UTTERANCES) * int(2.5 * SAMPLE_RATE)}


def test_drawn_orders_are_the_same_every_time(corpora: Path) -> None:
    listed = read_rows(corpora / "ravdess" / "manifest.csv", [], pytest.fail)
    for one, other in itertools.zip_longest(
        build_synthetic_calls(corpora, listed), build_synthetic_calls(corpora, listed)
    ):
        assert np.array_equal(one.track.pcm, other.track.pcm)


def test_anger_in_strung_calls_is_found_and_calm_ones_raise_nothing(corpora: Path) -> None:
    listed = read_rows(corpora / "ravdess" / "manifest.csv", [], pytest.fail)
    played = [
        (call, play(call.track, Loudness(), gate=OpenGate()))
        for call in build_synthetic_calls(corpora, listed)
    ]
    seen = summarise_angry_calls(played)
    assert seen.calls == 6
    assert seen.early_flags == 0
    assert len(seen.sorted_delays(MoodLevel.UPSET)) == 6
    assert max(seen.sorted_delays(MoodLevel.TENSE)) <= 4
    assert all(course.flags == 0 for call, course in played if call.angry_from_ms is None)
