"""The figures of the gate count what was there before it, and what is left behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile as sf

from detectors.corpora.corpora import TEST_FOLD, Clip
from detectors.corpora.line_sounds import LINE_SOUNDS, UNSEEN_SOUNDS
from detectors.evaluation.gate.sound_trial import speech_durations_ms, try_sounds
from detectors.evaluation.gate.speech_trial import (
    CONDITIONS,
    MANNERS,
    UtteranceVerdict,
    group_verdicts,
    measure_recall,
    try_speech,
)
from detectors.labels import Emotion
from detectors.utterance import SAMPLE_RATE, TimeSpan
from detectors.voice.external.test_signals import synthesise_voice
from detectors.voice.speech_gate import SoundKind, SoundSpan, SpeechGate

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


class ConstantGate(SpeechGate):
    """Says the same of everything."""

    def __init__(self, kind: SoundKind) -> None:
        super().__init__({})
        self._kind = kind

    def split(self, pcm: NDArray[np.int16]) -> tuple[SoundSpan, ...]:
        return (SoundSpan(TimeSpan(0, pcm.size * 1_000 // SAMPLE_RATE), self._kind),)


OPEN, CLOSED = ConstantGate(SoundKind.SPEECH), ConstantGate(SoundKind.MUSIC)


def test_an_open_gate_leaves_as_much_speech_as_voice_activity_found_and_a_closed_one_none() -> None:
    quiet = np.zeros(SAMPLE_RATE, np.int16)
    pcm = np.concatenate([quiet, synthesise_voice(2_000), quiet])
    before, behind = speech_durations_ms(OPEN, pcm)
    assert before == behind == pytest.approx(2_000, abs=500)
    assert speech_durations_ms(CLOSED, pcm) == (before, 0)


def test_every_kind_of_sound_is_tried_and_said_to_be_taught_or_not() -> None:
    figures = list(try_sounds(CLOSED, [], clips=1))
    assert [row.name for row in figures] == [s.name for s in (*LINE_SOUNDS, *UNSEEN_SOUNDS)]
    assert sum(row.taught for row in figures) == len(LINE_SOUNDS)
    assert all(row.clips_after == 0 == row.speech_s_after for row in figures)
    assert sum(row.clips_before for row in figures) > 0.8 * len(figures), (
        "voice activity alone takes most sounds for speech"
    )


def test_a_voice_that_sings_is_tried_where_there_is_one() -> None:
    *_, song = try_sounds(OPEN, [synthesise_voice(2_000)], clips=1)
    assert (song.name, song.kind, song.clips_after) == ("song with band", SoundKind.MUSIC, 1)


@pytest.fixture
def clips(tmp_path: Path) -> list[Clip]:
    made = []
    for number in range(4):
        path = tmp_path / f"clip{number}.flac"
        sf.write(path, synthesise_voice(1_500, pitch_hz=120 + 40 * number), SAMPLE_RATE)
        emotion = Emotion.ANGER if number % 2 else Emotion.NEUTRAL
        made.append(
            Clip(
                path,
                "made",
                f"s{number}",
                emotion,
                "",
                "",
                number % 2,
                None,
                "ko",
                "FM"[number % 2],
            )
        )
    return made


@pytest.mark.parametrize("condition", [*CONDITIONS, *MANNERS])
def test_each_clip_gives_an_utterance_in_every_condition(clips: list[Clip], condition: str) -> None:
    steps: list[None] = []
    verdicts = list(try_speech(OPEN, clips, condition, lambda: steps.append(None)))
    assert len(steps) == len(clips)
    assert {verdict.clip.speaker for verdict in verdicts} == {"s0", "s1", "s2", "s3"}
    assert all(verdict.is_kept for verdict in verdicts)
    assert not any(v.is_kept for v in try_speech(CLOSED, clips, condition, lambda: None))


def test_shares_name_what_was_lost_and_carry_an_interval(clips: list[Clip]) -> None:
    verdicts = [UtteranceVerdict(clip, "clean", clip.speaker != "s1") for clip in clips]
    share = measure_recall("all", verdicts)
    assert (share.utterances, share.speakers, share.ratio) == (4, 4, 0.75)
    assert share.lost == ("clip1.flac",)
    assert share.interval.low < 0.75 <= share.interval.high


def test_shares_are_given_by_corpus_new_speakers_language_sex_and_emotion(
    clips: list[Clip],
) -> None:
    verdicts = [UtteranceVerdict(clip, "clean", clip.speaker != "s1") for clip in clips]
    ratios = {share.name: share.ratio for share in group_verdicts(verdicts)}
    assert TEST_FOLD == 0
    assert ratios == {
        "made": 0.75, "made, new speakers": 1.0, "language ko": 0.75,
        "sex F": 1.0, "sex M": 0.5, "ko anger": 0.5, "ko neutral": 1.0,
    }  # fmt: skip
