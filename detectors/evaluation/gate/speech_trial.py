"""How many utterances of the corpora the gate keeps: clean, in noise, and who loses more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from detectors.corpora.corpora import TEST_FOLD, Clip, load_sound
from detectors.corpora.line_sounds import noises, voices
from detectors.corpora.line_sounds.synthesis import add_at, normalise, sample_count
from detectors.corpora.loudness import cut_silence, normalise_speech
from detectors.evaluation.bootstrap import Interval, bootstrap_interval
from detectors.evaluation.weighted_metrics import accuracy
from detectors.utterance import SAMPLE_RATE, TimeSpan
from detectors.voice.endpointing import Endpointer
from detectors.voice.speech_gate import SoundKind, SpeechGate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from detectors.corpora.line_sounds.synthesis import Wave

CONDITIONS = ("clean", "car", "babble")
MANNERS: dict[str, Callable[[np.random.Generator, Wave], Wave]] = {
    "whisper": voices.whisper,
    "another pitch": voices.revoice,
    "laugh": lambda rng, wave: voices.laugh(rng, 2.0, wave),
    "cry": lambda rng, wave: voices.cry(rng, 2.5, wave),
    "held vowel": lambda rng, wave: voices.hold_vowel(rng, rng.uniform(0.6, 1.5), wave),
    "child (pace 1.3)": lambda _rng, wave: voices.change_pace(wave, 1.3),
    "slow (pace 0.8)": lambda _rng, wave: voices.change_pace(wave, 0.8),
}
"""What a voice of the corpora is made into; training makes over other people's."""

NOISE_RATIO_DB = 15.0
"""How far the noise is below the louder half of the speech."""

MIN_SPEECH_RATIO = 0.5
"""An utterance is kept if the gate calls at least this much of it speech."""

_MARGIN_MS = 500
_MARGIN = _MARGIN_MS * SAMPLE_RATE // 1_000
_BABBLE_SECONDS = 60.0
_BABBLE_SPEAKERS = 6
_SPEECH_LEVEL = 10 ** (-22 / 20) * 32_768
_SEED = 41


@dataclass(frozen=True, slots=True)
class UtteranceVerdict:
    """One utterance that voice activity found in a clip, and whether the gate keeps it."""

    clip: Clip
    condition: str
    is_kept: bool


@dataclass(frozen=True, slots=True)
class SpeechRecall:
    """Share of utterances kept, 0-1, with its interval over speakers.

    Attributes:
        lost: paths of the clips that lost an utterance, in order.
    """

    name: str
    utterances: int
    speakers: int
    ratio: float
    interval: Interval
    lost: tuple[str, ...]


def try_speech(
    gate: SpeechGate, clips: Sequence[Clip], condition: str, step: Callable[[], None]
) -> Iterator[UtteranceVerdict]:
    """Put every clip through voice activity and the gate.

    Args:
        gate: to measure.
        clips: to play, each by itself between half seconds of silence or noise.
        condition: one of `CONDITIONS`, or a key of `MANNERS`.
        step: called after each clip.
    """
    babble = _draw_babble(clips)
    for number, clip in enumerate(clips):
        rng = np.random.default_rng([_SEED, number])
        wave = normalise_speech(cut_silence(load_sound(clip.path).astype(np.float64)))
        if condition in MANNERS:
            wave = normalise_speech(MANNERS[condition](rng, wave))
        padded = np.pad(wave, _MARGIN) + _draw_noise(
            rng, babble, condition, wave.size + 2 * _MARGIN
        )
        pcm = np.clip(np.rint(_SPEECH_LEVEL * padded), -32_768, 32_767).astype(np.int16)
        for is_kept in _iter_kept(gate, pcm):
            yield UtteranceVerdict(clip, condition, is_kept)
        step()


def measure_recall(name: str, verdicts: Sequence[UtteranceVerdict]) -> SpeechRecall:
    """Sum verdicts up; speakers are drawn for the interval."""
    kept = np.array([verdict.is_kept for verdict in verdicts])
    speakers = [f"{verdict.clip.corpus}/{verdict.clip.speaker}" for verdict in verdicts]
    lost = (verdict.clip.path.name for verdict in verdicts if not verdict.is_kept)
    return SpeechRecall(
        name,
        utterances=len(verdicts),
        speakers=len(set(speakers)),
        ratio=float(kept.mean()),
        interval=bootstrap_interval(speakers, accuracy(kept)),
        lost=tuple(dict.fromkeys(lost)),
    )


def group_verdicts(verdicts: Sequence[UtteranceVerdict]) -> Iterator[SpeechRecall]:
    """By corpus, new speakers apart, then by language, sex and emotion within a language."""
    for corpus in dict.fromkeys(verdict.clip.corpus for verdict in verdicts):
        own = [verdict for verdict in verdicts if verdict.clip.corpus == corpus]
        yield measure_recall(corpus, own)
        if new := [verdict for verdict in own if verdict.clip.fold == TEST_FOLD]:
            yield measure_recall(f"{corpus}, new speakers", new)
    for dimension in (_language, _sex, _emotion):
        for name in sorted({dimension(verdict.clip) for verdict in verdicts} - {""}):
            yield measure_recall(name, [v for v in verdicts if dimension(v.clip) == name])


def _language(clip: Clip) -> str:
    return f"language {clip.language}"


def _sex(clip: Clip) -> str:
    return f"sex {clip.sex}" if clip.sex else ""


def _emotion(clip: Clip) -> str:
    return f"{clip.language} {clip.emotion}" if clip.emotion else ""


def _iter_kept(gate: SpeechGate, pcm: NDArray[np.int16]) -> Iterator[bool]:
    endpointer = Endpointer()
    clip_span = TimeSpan(_MARGIN_MS, pcm.size * 1_000 // SAMPLE_RATE - _MARGIN_MS)
    for segment in endpointer.feed(pcm) + endpointer.finish():
        overlap_ms = clip_span.overlap_ms(segment.span)
        if 2 * overlap_ms < min(segment.span.duration_ms, clip_span.duration_ms):
            continue  # mostly before or after the clip: noise alone
        parts = gate.split(segment.pcm)
        speech_ms = sum(p.span.duration_ms for p in parts if p.kind is SoundKind.SPEECH)
        yield speech_ms >= MIN_SPEECH_RATIO * segment.span.duration_ms


def _draw_noise(rng: np.random.Generator, babble: Wave, condition: str, samples: int) -> Wave:
    level = 10 ** (-NOISE_RATIO_DB / 20)
    if condition == "car":
        return level * normalise(noises.car(rng, samples / SAMPLE_RATE)[:samples])
    if condition == "babble":
        start = int(rng.integers(max(1, babble.size - samples)))
        return level * normalise(np.resize(babble[start:], samples))
    return np.zeros(samples)


def _draw_babble(clips: Sequence[Clip]) -> Wave:
    """A minute of `_BABBLE_SPEAKERS` that talk without listening."""
    rng = np.random.default_rng(_SEED)
    babble = np.zeros(sample_count(_BABBLE_SECONDS))
    for _ in range(_BABBLE_SPEAKERS):
        at = 0
        while at < babble.size:
            other = load_sound(clips[int(rng.integers(len(clips)))].path).astype(np.float64)
            piece = normalise_speech(cut_silence(other))
            add_at(babble, piece, at)
            at += max(1, piece.size)
    return babble
