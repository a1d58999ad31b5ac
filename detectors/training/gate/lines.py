"""Lines that scenes are put on: room, colour, level, overdrive, codecs and lost packets."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import soundfile as sf

from detectors.corpora.line_sounds.synthesis import decay, normalise, sample_count, shape_spectrum
from detectors.corpora.telephone_channel import PACKET_SAMPLES, Codec, apply_codec
from detectors.utterance import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from detectors.corpora.line_sounds.synthesis import Wave

CODECS = (Codec.NONE, Codec.MULAW, Codec.ALAW, "GSM610", "IMA_ADPCM")
"""The last two are libsndfile's subtypes: mobile phones, and recorders that save space."""


def put_on_line(rng: np.random.Generator, wave: Wave) -> NDArray[np.int16]:
    """Carry a sound of deviation 1 or so over a drawn line, ``int16[samples]``."""
    if rng.random() < 0.2:
        wave = _add_room(rng, wave)
    coloured = 10 ** (rng.uniform(-44, -10) / 20) * _colour(rng, wave)
    if rng.random() < 0.08:
        coloured = np.tanh(coloured * rng.uniform(2, 8)) * rng.uniform(0.1, 0.6)
    pcm = np.clip(np.rint(coloured * 32_768), -32_768, 32_767).astype(np.int16)
    codec = CODECS[rng.choice(len(CODECS), p=[0.25, 0.33, 0.22, 0.12, 0.08])]
    return _lose_packets(rng, code(pcm, codec))


def code(pcm: NDArray[np.int16], codec: Codec | str) -> NDArray[np.int16]:
    """Encode and decode; ``int16[samples]`` as long as before."""
    if isinstance(codec, Codec):
        return apply_codec(pcm, codec)
    file = io.BytesIO()
    sf.write(file, pcm, SAMPLE_RATE, format="WAV", subtype=codec)
    file.seek(0)
    decoded, _ = sf.read(file, dtype="int16")
    return np.asarray(np.resize(decoded, pcm.size), dtype=np.int16)


def _add_room(rng: np.random.Generator, wave: Wave) -> Wave:
    """Reverberation: exponentially decaying noise (Moorer, 1979), 0.1 to 0.6 s."""
    reverberation_s = rng.uniform(0.1, 0.6)
    samples = sample_count(reverberation_s)
    tail = rng.standard_normal(samples) * decay(samples, reverberation_s / 10)
    size = wave.size + samples
    echo = np.fft.irfft(np.fft.rfft(wave, size) * np.fft.rfft(tail, size), size)[: wave.size]
    return wave + rng.uniform(0.1, 0.7) * float(wave.std()) * normalise(echo)


def _colour(rng: np.random.Generator, wave: Wave) -> Wave:
    points = np.array([0, 200, 400, 1_000, 2_500, 3_400, 4_000], dtype=np.float64)
    gains_db = rng.choice([0.0, 1.0]) * rng.uniform(-9, 9, points.size)
    gains_db[0] -= rng.choice([0, 25])
    gains_db[-1] -= rng.choice([0, 25])
    return shape_spectrum(wave, points, gains_db)


def _lose_packets(rng: np.random.Generator, pcm: NDArray[np.int16]) -> NDArray[np.int16]:
    share = rng.choice([0.0, 0.01, 0.04], p=[0.7, 0.2, 0.1])
    lost = np.repeat(rng.random(pcm.size // PACKET_SAMPLES + 1) < share, PACKET_SAMPLES)
    return np.where(lost[: pcm.size], 0, pcm).astype(np.int16)
