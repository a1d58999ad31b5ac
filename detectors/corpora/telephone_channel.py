"""What a telephone network does to a voice: G.711, level, noise and lost packets. Pure numpy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from detectors.utterance import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

FULL_SCALE = 32_768.0
PACKET_SAMPLES = SAMPLE_RATE // 50
"""Samples in a packet (20 ms), the usual packet of RTP telephony."""


class Codec(StrEnum):
    """Codec of a telephone line."""

    NONE = "none"
    MULAW = "mulaw"
    ALAW = "alaw"


@dataclass(frozen=True, slots=True)
class TelephoneChannel:
    """One telephone line: it stays the same for a whole call.

    Attributes:
        level_db: loudness of speech on it, dB relative to full scale (root mean square).
        noise_db: signal-to-noise ratio, dB.
        tilt: colour of the noise, 0 (white) to 1 (pink-like, first-order low pass).
        loss_ratio: share of packets lost and replaced by silence, 0-1.
    """

    codec: Codec = Codec.NONE
    level_db: float = -20.0
    noise_db: float = 60.0
    tilt: float = 0.5
    loss_ratio: float = 0.0


def draw_channel(rng: np.random.Generator) -> TelephoneChannel:
    """Draw a typical call-centre line: mostly G.711, rarely loss, noise 15-50 dB below speech."""
    return TelephoneChannel(
        codec=[Codec.NONE, Codec.MULAW, Codec.ALAW][rng.choice(3, p=[0.2, 0.5, 0.3])],
        level_db=float(rng.uniform(-40, -14)),
        noise_db=float(rng.uniform(15, 50)),
        tilt=float(rng.uniform(0, 0.95)),
        loss_ratio=float(rng.choice([0.0, 0.0, 0.01, 0.03])),
    )


def transmit(
    channel: TelephoneChannel, pcm: NDArray[np.int16], *, gain: float, rng: np.random.Generator
) -> NDArray[np.int16]:
    """Simulate a telephone line.

    Args:
        channel: codec, noise and packet loss.
        pcm: ``int16[samples]`` at 8 kHz.
        gain: factor applied before the line, see `gain_for_level`.
        rng: draws the noise and the lost packets.

    Returns:
        ``int16[samples]``, as long as ``pcm``.
    """
    samples = pcm.astype(np.float32) * gain
    samples = samples + _noise(samples, channel, rng)
    coded = apply_codec(np.clip(np.rint(samples), -32_768, 32_767).astype(np.int16), channel.codec)
    return _drop_packets(coded, channel.loss_ratio, rng)


def gain_for_level(level_db: float, pcm: NDArray[np.int16]) -> float:
    """Find the gain that brings speech to a level.

    Args:
        level_db: of the louder half of the packets, dB relative to full scale.
        pcm: ``int16[samples]`` at 8 kHz.

    Returns:
        A factor, above 0.
    """
    power = _packet_power(pcm)
    loud = np.sqrt(power[power >= np.median(power)].mean() + 1e-9)
    return float(10 ** (level_db / 20) * FULL_SCALE / max(loud, 1.0))


def apply_codec(pcm: NDArray[np.int16], codec: Codec) -> NDArray[np.int16]:
    """Encode and decode ``pcm int16[samples]`` (ITU-T G.711); the result is as long."""
    if codec is Codec.NONE:
        return pcm
    magnitude = np.abs(pcm.astype(np.int32))
    steps = _quantise_mulaw(magnitude) if codec is Codec.MULAW else _quantise_alaw(magnitude)
    return np.where(pcm < 0, -steps, steps).astype(np.int16)


def _quantise_mulaw(magnitude: NDArray[np.int32]) -> NDArray[np.int32]:
    """14-bit mu-law: segments double from 32 + 1, sixteen steps each."""
    biased = np.minimum(magnitude, 32_635) + 132
    segment = np.floor(np.log2(biased)).astype(np.int32) - 7
    step = np.left_shift(8, segment)
    level: NDArray[np.int32] = biased // step * step + step // 2 - 132
    return np.minimum(level, 32_124).astype(np.int32)


def _quantise_alaw(magnitude: NDArray[np.int32]) -> NDArray[np.int32]:
    """13-bit A-law: two linear segments, then segments that double, sixteen steps each."""
    clipped = np.minimum(magnitude, 32_767)
    segment = np.maximum(np.floor(np.log2(np.maximum(clipped, 1))).astype(np.int32) - 8, 0)
    step = np.left_shift(16, np.maximum(segment, 0))
    level: NDArray[np.int32] = clipped // step * step + step // 2
    return level.astype(np.int32)


def _noise(
    samples: NDArray[np.float32], channel: TelephoneChannel, rng: np.random.Generator
) -> NDArray[np.float32]:
    white = rng.standard_normal(samples.size + 1).astype(np.float32)
    coloured = white[1:] + channel.tilt * white[:-1]
    power = _packet_power(samples)
    speech = power[power >= np.median(power)].mean()
    target = np.sqrt(speech * 10 ** (-channel.noise_db / 10))
    return np.asarray(coloured * (target / coloured.std()), dtype=np.float32)


def _packet_power(samples: NDArray[np.int16] | NDArray[np.float32]) -> NDArray[np.float32]:
    full_packets = samples[: max(1, samples.size // PACKET_SAMPLES) * PACKET_SAMPLES].astype(
        np.float32
    )
    return np.asarray(
        (full_packets.reshape(-1, min(PACKET_SAMPLES, full_packets.size)) ** 2).mean(1),
        dtype=np.float32,
    )


def _drop_packets(
    pcm: NDArray[np.int16], ratio: float, rng: np.random.Generator
) -> NDArray[np.int16]:
    lost = rng.random(pcm.size // PACKET_SAMPLES + 1) < ratio
    return np.where(np.repeat(lost, PACKET_SAMPLES)[: pcm.size], 0, pcm).astype(np.int16)
