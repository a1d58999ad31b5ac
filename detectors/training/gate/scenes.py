"""Scenes that teach the gate: speech of the corpora, and sounds made by rules, on drawn lines."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from detectors.corpora.line_sounds import LINE_SOUNDS, music, voices
from detectors.corpora.line_sounds.synthesis import (
    add_at,
    coloured_noise,
    normalise,
    sample_count,
    shape_spectrum,
)
from detectors.corpora.telephone_channel import Codec, apply_codec
from detectors.utterance import SAMPLE_RATE
from detectors.voice.sound_features import BLOCK_SAMPLES
from detectors.voice.speech_gate import KINDS, SoundKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from detectors.corpora.line_sounds import LineSound
    from detectors.corpora.line_sounds.synthesis import Wave

UNLABELLED = -1
"""A block that teaches nothing: between speech and not, or speech that noise has swallowed."""

FRAME = 200
"""Samples (25 ms) over which loudness is judged."""


@dataclass(frozen=True, slots=True)
class Scene:
    """``pcm int16[samples]`` and the kind of each block, ``int64[blocks]`` as in `KINDS`."""

    pcm: NDArray[np.int16]
    labels: NDArray[np.int64]


def draw_scene(
    rng: np.random.Generator,
    speech: Sequence[Sequence[NDArray[np.int16]]],
    sounds: Sequence[LineSound],
    seconds: float,
) -> Scene:
    """Draw a scene: pieces of speech, of sounds and of both, one after the other.

    Args:
        rng: draws everything.
        speech: clips of the speakers that may be heard, by corpus; each corpus is as likely.
        sounds: the kinds of sound that may be heard.
        seconds: length.
    """
    samples = sample_count(seconds)
    voice, sound = np.zeros(samples), np.zeros(samples)
    kinds = np.full(samples, KINDS.index(SoundKind.NOISE))
    at = 0
    while at < samples:
        length_s = float(rng.choice([rng.uniform(0.4, 2), rng.uniform(1.5, 6)]))
        length = min(sample_count(length_s), samples - at)
        what = rng.choice(["speech", "sound", "both", "pause"], p=[0.36, 0.4, 0.17, 0.07])
        level = 10 ** (rng.uniform(-12, 12) / 20)
        if what in {"speech", "both"}:
            piece = normalise_speech(_draw_voice(rng, speech, length_s))[: samples - at]
            add_at(voice, level * piece, at)
            length = piece.size
        if what in {"sound", "both"}:
            kind, piece = _draw_sound(rng, speech, sounds, length / SAMPLE_RATE)
            ratio = 10 ** (rng.uniform(3, 25) / 20) if what == "both" else 1.0
            add_at(sound, level / ratio * piece, at)
            kinds[at : at + length] = KINDS.index(kind)
        at += length
    return _put_on_line(rng, voice, sound, kinds)


def _draw_clip(rng: np.random.Generator, speech: Sequence[Sequence[NDArray[np.int16]]]) -> Wave:
    clips = speech[rng.integers(len(speech))]
    return cut_silence(clips[rng.integers(len(clips))].astype(np.float64))


def _draw_voice(
    rng: np.random.Generator, speech: Sequence[Sequence[NDArray[np.int16]]], seconds: float
) -> Wave:
    clip = _draw_clip(rng, speech)
    clip = voices.change_pace(clip, float(rng.choice([1.0, rng.uniform(0.8, 1.3)], p=[0.4, 0.6])))
    manner = rng.choice(
        ["plain", "whisper", "vowel", "laugh", "cry"], p=[0.85, 0.04, 0.05, 0.03, 0.03]
    )
    if manner == "whisper":
        return voices.whisper(rng, clip)
    makers: dict[str, Callable[[np.random.Generator, float, Wave], Wave]] = {
        "vowel": voices.hold_vowel, "laugh": voices.laugh, "cry": voices.cry,
    }  # fmt: skip
    if manner in makers:
        return makers[manner](rng, float(np.clip(seconds, 0.4, 2.5)), clip)
    return clip


def _draw_sound(
    rng: np.random.Generator,
    speech: Sequence[Sequence[NDArray[np.int16]]],
    sounds: Sequence[LineSound],
    seconds: float,
) -> tuple[SoundKind, Wave]:
    if rng.random() < 0.15:
        clip = _draw_clip(rng, speech)
        singing = voices.render_song(rng, seconds, clip)
        backing = normalise(music.band(rng, seconds))
        return SoundKind.MUSIC, normalise(singing + rng.uniform(0.25, 1.2) * backing)
    kind = KINDS[1 + rng.choice(3, p=[0.3, 0.38, 0.32])]
    candidates = [sound for sound in sounds if sound.kind is kind]
    chosen = candidates[rng.integers(len(candidates))]
    wave = normalise(chosen.make(rng, seconds))
    return kind, wave[: sample_count(seconds)]


def normalise_speech(wave: Wave) -> Wave:
    """Bring the louder half of the frames to a deviation of 1."""
    power = _frame_power(wave)
    loud = power[power >= np.median(power)].mean() if power.size else 0.0
    return wave / np.sqrt(loud) if loud > 0 else wave


def cut_silence(wave: Wave) -> Wave:
    """Cut what is 35 dB below the loudest frames off both ends."""
    power = _frame_power(wave)
    if not power.size:
        return wave
    loud = np.flatnonzero(power > power.max() * 10**-3.5)
    return wave[loud[0] * FRAME : (loud[-1] + 1) * FRAME] if loud.size else wave


def _put_on_line(
    rng: np.random.Generator, voice: Wave, sound: Wave, kinds: NDArray[np.int64]
) -> Scene:
    gain = 10 ** (rng.uniform(-44, -10) / 20)
    floor = coloured_noise(rng, voice.size, rng.uniform(0, 1.5)) * 10 ** (
        rng.uniform(-60, -15) / 20
    )
    points = np.array([0, 200, 400, 1_000, 2_500, 3_400, 4_000], dtype=np.float64)
    colour = rng.choice([0.0, 1.0]) * rng.uniform(-9, 9, points.size)
    colour[0] -= rng.choice([0, 25])
    colour[-1] -= rng.choice([0, 25])
    mixed = gain * shape_spectrum(voice + sound + floor, points, colour)
    codec = (Codec.NONE, Codec.MULAW, Codec.ALAW)[rng.choice(3, p=[0.3, 0.4, 0.3])]
    pcm = np.clip(np.rint(mixed * 32_768), -32_768, 32_767).astype(np.int16)
    pcm = _lose_packets(rng, apply_codec(pcm, codec))
    return Scene(pcm, _block_labels(voice, sound + floor, kinds))


def _lose_packets(rng: np.random.Generator, pcm: NDArray[np.int16]) -> NDArray[np.int16]:
    share = rng.choice([0.0, 0.01, 0.04], p=[0.7, 0.2, 0.1])
    lost = np.repeat(rng.random(pcm.size // 160 + 1) < share, 160)[: pcm.size]
    return np.where(lost, 0, pcm).astype(np.int16)


def _block_labels(voice: Wave, other: Wave, kinds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Label blocks; speech is where the voice is loud, and short pauses between.

    The voice counts where its frame is within 30 dB of its loudest neighbours (2 s); where the
    rest of the sound is louder by 5 dB nothing is taught.
    """
    loudness = _frame_power(voice)
    reach = SAMPLE_RATE // FRAME
    around = np.lib.stride_tricks.sliding_window_view(np.pad(loudness, reach), 2 * reach + 1)
    active = loudness > np.maximum(around.max(axis=1) * 1e-3, 1e-7)
    active = _close_gaps(active, longest=12)
    swallowed = (
        active
        & (loudness < 3 * _frame_power(other))
        & (around.max(axis=1) < 1.0 * _frame_power(other))
    )
    per_block = BLOCK_SAMPLES // FRAME
    blocks = kinds.size // BLOCK_SAMPLES
    share = active[: blocks * per_block].reshape(blocks, per_block).mean(axis=1)
    lost = swallowed[: blocks * per_block].reshape(blocks, per_block).any(axis=1)
    labels = kinds[: blocks * BLOCK_SAMPLES : BLOCK_SAMPLES].copy()
    labels[share >= 0.5] = KINDS.index(SoundKind.SPEECH)
    labels[(share > 0) & (share < 0.5)] = UNLABELLED
    labels[lost] = UNLABELLED
    return labels


def _close_gaps(active: NDArray[np.bool_], longest: int) -> NDArray[np.bool_]:
    closed = active.copy()
    loud = np.flatnonzero(active)
    for before, after in pairwise(loud):
        if 1 < after - before <= longest + 1:
            closed[before:after] = True
    return closed


def _frame_power(wave: Wave) -> Wave:
    frames = wave.size // FRAME
    return np.asarray((wave[: frames * FRAME].reshape(frames, FRAME) ** 2).mean(axis=1))


def training_sounds() -> list[LineSound]:
    """The kinds that may teach."""
    return [sound for sound in LINE_SOUNDS if not sound.held_out]
