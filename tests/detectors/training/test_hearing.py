"""The features inside the graph are the ones torchaudio makes, and serving equals training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
torchaudio = pytest.importorskip("torchaudio", reason="needs the train extra")

from detectors.training.hearing import (  # noqa: E402
    HOP,
    LOWEST_HZ,
    MELS,
    POWER_FLOOR,
    WINDOW,
    Hearing,
    Statistics,
)
from detectors.utterance import SAMPLE_RATE  # noqa: E402
from detectors.voice.tone import VoiceTone  # noqa: E402
from tests.detectors.sounds import utterance, voiced  # noqa: E402

if TYPE_CHECKING:
    from numpy.typing import NDArray


def samples(pcm: NDArray[np.int16]) -> torch.Tensor:
    return torch.from_numpy(pcm.astype(np.float32) / 32_768)[None]


def test_log_mel_equals_torchaudios() -> None:
    expected = (
        torchaudio.transforms.MelSpectrogram(
            SAMPLE_RATE, n_fft=WINDOW, hop_length=HOP, f_min=LOWEST_HZ, n_mels=MELS, center=False
        )(samples(voiced()))
        .clamp(min=POWER_FLOOR)
        .log()
    )
    hearing = Hearing()
    ours = hearing.log_mel(hearing.spectrum(samples(voiced())))
    assert ours.shape == expected.shape
    # In nats. Near the floor, 80 dB down, both are rounding errors of single precision.
    assert (ours - expected).abs().max() < 5e-3
    assert (ours - expected).abs().mean() < 5e-4


def test_a_period_is_heard_as_pitch() -> None:
    seconds = torch.arange(SAMPLE_RATE) / SAMPLE_RATE
    for hertz in (110.0, 180.0, 260.0):
        tone = sum(torch.cos(2 * torch.pi * hertz * k * seconds) / k for k in range(1, 9))
        frames = Hearing()(0.1 * tone[None], torch.tensor([SAMPLE_RATE]))
        assert 2 ** frames.pitch.median() == pytest.approx(hertz, rel=0.05)
        assert frames.voicing.median() > 0.35


@pytest.mark.parametrize("silence", [0, 4_000])
def test_the_exported_graph_measures_what_training_measured_even_in_digital_silence(
    silence: int,
) -> None:
    tone = VoiceTone()
    pcm = np.concatenate([np.zeros(silence, np.int16), voiced(), np.zeros(silence, np.int16)])
    with torch.no_grad():
        expected = Statistics().eval()(samples(pcm), torch.tensor([pcm.size])).numpy()[0]
    served = np.frombuffer(tone.read(utterance(pcm)).baseline.mean, dtype="<f4")
    assert served == pytest.approx(expected, abs=2e-3)


def test_what_lies_beyond_an_utterances_length_is_not_heard() -> None:
    statistics = Statistics().eval()
    pcm = samples(voiced())
    padded = torch.cat([pcm, 0.3 * torch.randn(1, 8_000)], dim=1)
    with torch.no_grad():
        alone = statistics(pcm, torch.tensor([pcm.shape[1]]))
        beside = statistics(padded, torch.tensor([pcm.shape[1]]))
    assert (alone - beside).abs().max() < 1e-4
