"""What the gate lets through as speech, and that it answers any sound at all."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from detectors.corpora.line_sounds import LINE_SOUNDS, noises
from detectors.corpora.telephone_channel import Codec, apply_codec
from detectors.detector import DetectorUnavailableError
from detectors.utterance import SAMPLE_RATE, TimeSpan
from detectors.voice.endpointing import Endpointer
from detectors.voice.speech_gate import (
    KINDS,
    MIN_SPEECH_MS,
    SoundKind,
    SoundSpan,
    load_speech_gate,
    read_speech_gate,
    smooth_kinds,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEMO = Path("streams/ingest/replay/demo/bank-ko/call.flac")

any_sound = arrays.arrays(np.int16, st.integers(0, 4_000))


def split(pcm: NDArray[np.int16]) -> tuple[SoundSpan, ...]:
    return load_speech_gate().split(pcm)


def kinds(pcm: NDArray[np.int16]) -> set[SoundKind]:
    return {part.kind for part in split(pcm)}


def to_pcm(wave: NDArray[np.float64], level_db: float = -18) -> NDArray[np.int16]:
    loud = wave / np.sqrt(np.mean(wave**2)) * 10 ** (level_db / 20) * 32_768
    return np.clip(loud, -32_768, 32_767).astype(np.int16)


def seconds(count: float) -> NDArray[np.float64]:
    return np.arange(round(count * SAMPLE_RATE)) / SAMPLE_RATE


def assert_covers(parts: tuple[SoundSpan, ...], samples: int) -> None:
    assert parts
    assert parts[0].span.start_ms == 0
    assert parts[-1].span.end_ms == samples * 1_000 // SAMPLE_RATE
    for before, after in pairwise(parts):
        assert before.span.end_ms == after.span.start_ms
        assert before.kind is not after.kind


@settings(deadline=None, max_examples=60)
@given(any_sound)
def test_spans_cover_any_sound_in_order(pcm: NDArray[np.int16]) -> None:
    assert_covers(split(pcm), pcm.size)


@pytest.mark.parametrize("samples", [0, 1, 79, 80, 799, 800, 801, 8_001, 96_000])
@pytest.mark.parametrize("value", [0, 1, 32_767, -32_768])
def test_a_constant_of_any_length_is_no_speech(samples: int, value: int) -> None:
    pcm = np.full(samples, value, dtype=np.int16)
    assert_covers(split(pcm), samples)
    assert SoundKind.SPEECH not in kinds(pcm)


def test_full_scale_squares_are_answered() -> None:
    pcm = np.where(np.arange(16_000) // 9 % 2, 32_767, -32_768).astype(np.int16)
    assert_covers(split(pcm), pcm.size)


def test_the_same_sound_is_split_alike_again() -> None:
    rng = np.random.default_rng(5)
    pcm = to_pcm(rng.standard_normal(30_000) * np.sin(seconds(30_000 / SAMPLE_RATE) * 9))
    assert split(pcm) == split(pcm.copy())


def test_an_empty_segment_is_one_empty_span() -> None:
    assert split(np.zeros(0, np.int16)) == (SoundSpan(TimeSpan(0, 0), SoundKind.NOISE),)


def decide(*blocks: str) -> list[tuple[SoundKind, int]]:
    rows = [[0.97 if kind.value == block else 0.01 for kind in KINDS] for block in blocks]
    return smooth_kinds(np.array(rows, dtype=np.float32))


def test_an_island_of_speech_shorter_than_a_word_is_no_speech() -> None:
    short = ["speech"] * (MIN_SPEECH_MS // 100)
    assert decide(*["music"] * 10, *short, *["music"] * 10) == [(SoundKind.MUSIC, 22)]


def test_a_pause_between_words_belongs_to_the_speech() -> None:
    blocks = ["speech"] * 8 + ["noise"] * 4 + ["speech"] * 8
    assert decide(*blocks) == [(SoundKind.SPEECH, 20)]


def test_a_ring_before_a_word_is_split_from_it() -> None:
    blocks = ["tone"] * 10 + ["speech"] * 6
    assert decide(*blocks) == [(SoundKind.TONE, 10), (SoundKind.SPEECH, 6)]


def test_a_file_that_holds_no_gate_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "gate.npz"
    path.write_text("nothing")
    with pytest.raises(DetectorUnavailableError, match="callmood train gate"):
        read_speech_gate(path)


def test_a_gate_of_other_features_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "gate.npz"
    np.savez(path, in_w=np.zeros((3, 4), np.float32))
    with pytest.raises(DetectorUnavailableError, match="made for 3 features"):
        read_speech_gate(path)


@pytest.mark.parametrize(
    "frequencies", [(425,), (440, 480), (400, 450), (350, 440), (480, 620), (1_100,), (697, 1_209)]
)
@pytest.mark.parametrize("level_db", [-38, -20, -6])
def test_a_tone_of_any_network_at_any_level_is_a_tone(
    frequencies: tuple[float, ...], level_db: float
) -> None:
    wave = np.sum([np.sin(2 * np.pi * hz * seconds(2)) for hz in frequencies], axis=0)
    for codec in Codec:
        assert kinds(apply_codec(to_pcm(wave, level_db), codec)) == {SoundKind.TONE}


@pytest.mark.parametrize("level_db", [-45, -25, -10])
@pytest.mark.parametrize("seed", range(3))
def test_hiss_and_car_are_noise(level_db: float, seed: int) -> None:
    rng = np.random.default_rng([7, seed])
    for wave in (rng.standard_normal(24_000), noises.car(rng, 3.0)):
        assert kinds(to_pcm(wave, level_db)) == {SoundKind.NOISE}


@pytest.mark.parametrize("sound", ["plucked string", "piano", "strings", "pop with drums"])
def test_hold_music_is_music(sound: str) -> None:
    make = next(kind.make for kind in LINE_SOUNDS if kind.name == sound)
    for seed in range(3):
        assert kinds(to_pcm(make(np.random.default_rng([11, seed]), 8.0))) == {SoundKind.MUSIC}


@cache
def customer() -> tuple[NDArray[np.int16], ...]:
    sound, _ = soundfile.read(DEMO, dtype="int16")
    endpointer = Endpointer()
    segments = endpointer.feed(np.ascontiguousarray(sound[:, 1])) + endpointer.finish()
    return tuple(segment.pcm for segment in segments)


def test_what_the_customer_says_stays_speech() -> None:
    assert len(customer()) > 5
    for pcm in customer():
        parts = split(pcm)
        speech_ms = sum(p.span.duration_ms for p in parts if p.kind is SoundKind.SPEECH)
        assert speech_ms >= 0.8 * pcm.size * 1_000 / SAMPLE_RATE


def test_a_word_after_ring_back_is_found_behind_it() -> None:
    ring = to_pcm(np.sin(2 * np.pi * 440 * seconds(1)) + np.sin(2 * np.pi * 480 * seconds(1)))
    word = customer()[1][:16_000]
    parts = split(np.concatenate([ring, word]))
    assert parts[0].kind is SoundKind.TONE
    assert parts[0].span.end_ms == pytest.approx(1_000, abs=200)
    assert parts[1].kind is SoundKind.SPEECH


def test_speech_over_music_or_a_car_stays_speech() -> None:
    pcm = max(customer(), key=len)
    loud = pcm.astype(np.float64)
    for make in (noises.car, next(k.make for k in LINE_SOUNDS if k.name == "piano")):
        other = make(np.random.default_rng(3), pcm.size / SAMPLE_RATE)[: pcm.size]
        other = np.resize(other, pcm.size) / other.std() * loud.std() * 10 ** (-15 / 20)
        parts = split(np.clip(loud + other, -32_768, 32_767).astype(np.int16))
        speech_ms = sum(p.span.duration_ms for p in parts if p.kind is SoundKind.SPEECH)
        assert speech_ms >= 0.8 * pcm.size * 1_000 / SAMPLE_RATE
