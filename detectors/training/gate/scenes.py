"""Scenes that teach the gate: speech of the corpora and sounds made by rules, in drawn order."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from detectors.corpora.line_sounds import LINE_SOUNDS, music, voices
from detectors.corpora.line_sounds.synthesis import add_at, coloured_noise, normalise, sample_count
from detectors.corpora.loudness import (
    LOUDNESS_FRAME,
    cut_silence,
    frame_power,
    normalise_speech,
)
from detectors.training.gate.lines import put_on_line
from detectors.utterance import SAMPLE_RATE
from detectors.voice.sound_features import BLOCK_SAMPLES
from detectors.voice.speech_gate import KINDS, SoundKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from detectors.corpora.line_sounds.synthesis import Wave

    Speech = Sequence[Sequence[NDArray[np.int16]]]
    """Clips by corpus: each corpus is as likely, however large."""

UNLABELLED = -1
"""A block that teaches nothing: between speech and not, babble, or speech lost in noise."""

_PAUSE_FRAMES = 12
"""A pause of up to 300 ms inside speech is speech."""


@dataclass(frozen=True, slots=True)
class Scene:
    """``pcm int16[samples]`` and the kind of each block, ``int64[blocks]`` as in `KINDS`."""

    pcm: NDArray[np.int16]
    labels: NDArray[np.int64]


@dataclass(slots=True)
class _Tracks:
    """A scene in the making, ``float64[samples]`` each; ``kinds`` where nobody speaks."""

    voice: Wave
    sound: Wave
    kinds: NDArray[np.int64]


def draw_scene(rng: np.random.Generator, speech: Speech, seconds: float) -> Scene:
    """Draw a scene: pieces of speech, of sounds and of both, one after the other.

    Args:
        rng: draws everything.
        speech: clips of the speakers that may be heard.
        seconds: length.
    """
    samples = sample_count(seconds)
    noise = KINDS.index(SoundKind.NOISE)
    tracks = _Tracks(np.zeros(samples), np.zeros(samples), np.full(samples, noise))
    is_long = rng.random() < 0.3
    at = 0
    while at < samples:
        length_s = seconds if is_long else _draw_length(rng)
        at += _add_piece(rng, speech, tracks, at, length_s)
    if rng.random() < 0.1:
        _add_babble(rng, speech, tracks)
    floor = coloured_noise(rng, samples, rng.uniform(0, 1.5)) * 10 ** (rng.uniform(-60, -15) / 20)
    pcm = put_on_line(rng, tracks.voice + tracks.sound + floor)
    return Scene(pcm, _block_labels(tracks.voice, tracks.sound + floor, tracks.kinds))


def _draw_length(rng: np.random.Generator) -> float:
    return float(rng.choice([rng.uniform(0.4, 2), rng.uniform(1.5, 6)]))


def _add_piece(
    rng: np.random.Generator, speech: Speech, tracks: _Tracks, at: int, length_s: float
) -> int:
    """Add one piece from sample ``at`` on, and give its length in samples."""
    length = min(sample_count(length_s), tracks.kinds.size - at)
    what = rng.choice(["speech", "sound", "both", "pause"], p=[0.33, 0.42, 0.17, 0.08])
    level = 10 ** (rng.uniform(-12, 12) / 20)
    if what in {"speech", "both"}:
        piece = _draw_voice(rng, speech, length_s)[: tracks.kinds.size - at]
        add_at(tracks.voice, level * piece, at)
        length = piece.size
    if what in {"sound", "both"}:
        kind, piece = _draw_sound(rng, speech, length / SAMPLE_RATE)
        ratio = 10 ** (rng.uniform(2, 25) / 20) if what == "both" else 1.0
        add_at(tracks.sound, level / ratio * piece, at)
        tracks.kinds[at : at + length] = KINDS.index(kind)
    return length


def _add_babble(rng: np.random.Generator, speech: Speech, tracks: _Tracks) -> None:
    """Put a room full of other people behind everything; what it is alone, nobody says."""
    babble = np.zeros(tracks.kinds.size)
    for _ in range(int(rng.integers(3, 9))):
        at = 0
        while at < babble.size:
            clip = normalise_speech(_draw_clip(rng, speech))
            add_at(babble, clip, at)
            at += clip.size
    tracks.sound += 10 ** (-rng.uniform(6, 25) / 20) * normalise(babble)
    tracks.kinds[:] = UNLABELLED


def _draw_clip(rng: np.random.Generator, speech: Speech) -> Wave:
    clips = speech[int(rng.integers(len(speech)))]
    return cut_silence(clips[int(rng.integers(len(clips)))].astype(np.float64))


def _draw_voice(rng: np.random.Generator, speech: Speech, seconds: float) -> Wave:
    clip = _draw_clip(rng, speech)
    clip = voices.change_pace(clip, float(rng.choice([1.0, rng.uniform(0.78, 1.65)])))
    makers: dict[str, Callable[[np.random.Generator, float, Wave], Wave]] = {
        "vowel": voices.hold_vowel, "laugh": voices.laugh, "cry": voices.cry,
    }  # fmt: skip
    manner = str(rng.choice(["plain", "short", "whisper", "revoice", *makers], p=_MANNER_SHARES))
    if manner == "whisper":
        clip = voices.whisper(rng, clip)
    elif manner == "revoice":
        clip = voices.revoice(rng, clip)
    elif manner == "short":
        length = sample_count(rng.uniform(0.25, 0.7))
        start = int(rng.integers(max(1, clip.size - length)))
        clip = cut_silence(clip[start : start + length])
    elif manner in makers:
        clip = makers[manner](rng, float(np.clip(seconds, 0.4, 2.5)), clip)
    return normalise_speech(clip)


_MANNER_SHARES = (0.5, 0.1, 0.05, 0.17, 0.09, 0.05, 0.04)


def _draw_sound(rng: np.random.Generator, speech: Speech, seconds: float) -> tuple[SoundKind, Wave]:
    if rng.random() < 0.15:
        return SoundKind.MUSIC, _draw_song(rng, speech, seconds)
    kind = KINDS[1 + rng.choice(3, p=[0.27, 0.43, 0.3])]
    candidates = [sound for sound in LINE_SOUNDS if sound.kind is kind]
    chosen = candidates[int(rng.integers(len(candidates)))]
    return kind, normalise(chosen.make(rng, seconds))[: sample_count(seconds)]


def _draw_song(rng: np.random.Generator, speech: Speech, seconds: float) -> Wave:
    song = rng.uniform(0.25, 1.2) * normalise(music.band(rng, seconds))
    for _ in range(int(rng.choice([1, 1, 1, 2, 4]))):
        song += voices.render_song(rng, seconds, _draw_clip(rng, speech))
    return normalise(song)


def _block_labels(voice: Wave, other: Wave, kinds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Label blocks: speech is where the voice is loud, and short pauses between.

    The voice counts where its frame is within 30 dB of its loudest in a second around. Where the
    rest of the sound is louder than that loudest frame, nothing is taught.
    """
    loudness, rest = frame_power(voice), frame_power(other)
    reach = SAMPLE_RATE // LOUDNESS_FRAME // 2
    around = np.lib.stride_tricks.sliding_window_view(np.pad(loudness, reach), 2 * reach + 1)
    loudest = around.max(axis=1)
    active = _close_gaps(loudness > np.maximum(loudest * 1e-3, 1e-7), longest=_PAUSE_FRAMES)
    per_block = BLOCK_SAMPLES // LOUDNESS_FRAME
    blocks = kinds.size // BLOCK_SAMPLES
    share = active[: blocks * per_block].reshape(blocks, per_block).mean(axis=1)
    lost = active & (loudest < rest)
    labels = kinds[: blocks * BLOCK_SAMPLES : BLOCK_SAMPLES].copy()
    labels[share >= 0.5] = KINDS.index(SoundKind.SPEECH)
    labels[(share > 0) & (share < 0.5)] = UNLABELLED
    labels[lost[: blocks * per_block].reshape(blocks, per_block).any(axis=1)] = UNLABELLED
    return labels


def _close_gaps(active: NDArray[np.bool_], longest: int) -> NDArray[np.bool_]:
    closed = active.copy()
    for before, after in pairwise(np.flatnonzero(active)):
        if 1 < after - before <= longest + 1:
            closed[before:after] = True
    return closed
