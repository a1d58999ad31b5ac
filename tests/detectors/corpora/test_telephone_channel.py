"""G.711 and the drawn telephone lines."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.corpora.telephone_channel import (
    Codec,
    TelephoneChannel,
    apply_codec,
    draw_channel,
    gain_for_level,
    transmit,
)
from tests.detectors.sounds import synthesise_voice

EVERY = np.arange(-32_768, 32_768).astype(np.int16)


def g711_mulaw(sample: int) -> int:
    """Encode and decode one sample as ITU-T G.191's reference does, bit by bit."""
    sign, magnitude = (-1, -sample) if sample < 0 else (1, sample)
    biased = min(magnitude, 32_635) + 132
    segment = max(s for s in range(8) if biased >= 132 or s == 0 if biased >> (s + 7))
    mantissa = (biased >> (segment + 3)) & 15
    return sign * ((((mantissa << 3) + 132) << segment) - 132)


def test_mulaw_is_the_standards_table() -> None:
    samples = [-32_768, -20_000, -1_000, -9, 0, 3, 17, 130, 999, 4_321, 32_767]
    assert apply_codec(np.array(samples, np.int16), Codec.MULAW).tolist() == [
        g711_mulaw(sample) for sample in samples
    ]


@pytest.mark.parametrize("codec", [Codec.MULAW, Codec.ALAW])
def test_a_coded_sample_is_within_half_a_step_and_coding_twice_changes_nothing(
    codec: Codec,
) -> None:
    once = apply_codec(EVERY, codec)
    magnitude = np.abs(EVERY.astype(int))
    inside = magnitude <= 32_000
    error = np.abs(once.astype(int) - EVERY)[inside]
    # Sixteen steps a segment, a segment doubles: half a step is at most 1/32 of the sample.
    assert (error <= np.maximum((magnitude[inside] + 132) / 32, 8)).all()
    assert len(np.unique(once)) in range(250, 257)
    assert (apply_codec(once, codec) == once).all()


def test_a_drawn_line_brings_speech_to_its_level_and_keeps_its_length() -> None:
    rng = np.random.default_rng(1)
    line = draw_channel(rng)
    pcm = synthesise_voice(level=500)
    sent = transmit(line, pcm, gain=gain_for_level(line.level_db, pcm), rng=rng)
    assert (sent.dtype, sent.size) == (np.int16, pcm.size)
    assert gain_for_level(line.level_db, sent) == pytest.approx(1, abs=0.15)


def test_lost_packets_are_silent_stretches_of_a_packet() -> None:
    sent = transmit(
        TelephoneChannel(loss_ratio=0.5), synthesise_voice(), gain=1.0, rng=np.random.default_rng(0)
    )
    silent = (sent[:16_000].reshape(-1, 160) == 0).all(1)
    assert 0.3 < silent.mean() < 0.7
