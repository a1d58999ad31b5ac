"""The features inside the graph are the ones torchaudio makes, and serving equals training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soxr

torch = pytest.importorskip("torch", reason="needs the train extra")
torchaudio = pytest.importorskip("torchaudio", reason="needs the train extra")

from detectors.corpora.corpora import CorpusError  # noqa: E402
from detectors.training.voice.encoder import LogMel, load_pretrained  # noqa: E402
from detectors.training.voice.feature_graph import FeatureExtractor, build_feature_graph  # noqa: E402
from detectors.training.voice.prosody import (  # noqa: E402
    HOP,
    LOWEST_HZ,
    MELS,
    POWER_FLOOR,
    WINDOW,
    FrameFeatures,
)
from detectors.utterance import SAMPLE_RATE  # noqa: E402
from detectors.voice.model import VoiceTone  # noqa: E402
from detectors.voice.preprocessing import pad_to_blocks  # noqa: E402
from tests.detectors.sounds import synthesise_voice, utterance  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def samples(pcm: NDArray[np.int16]) -> torch.Tensor:
    return torch.from_numpy(pcm.astype(np.float32) / 32_768)[None]


def test_log_mel_equals_torchaudios() -> None:
    expected = (
        torchaudio.transforms.MelSpectrogram(
            SAMPLE_RATE, n_fft=WINDOW, hop_length=HOP, f_min=LOWEST_HZ, n_mels=MELS, center=False
        )(samples(synthesise_voice()))
        .clamp(min=POWER_FLOOR)
        .log()
    )
    hearing = FrameFeatures()
    ours = hearing.log_mel(hearing.spectrum(samples(synthesise_voice())))
    assert ours.shape == expected.shape
    # In nats. Near the floor, 80 dB down, both are rounding errors of single precision.
    assert (ours - expected).abs().max() < 5e-3
    assert (ours - expected).abs().mean() < 5e-4


def test_a_period_is_heard_as_pitch() -> None:
    seconds = torch.arange(SAMPLE_RATE) / SAMPLE_RATE
    for hertz in (110.0, 180.0, 260.0):
        tone = sum(torch.cos(2 * torch.pi * hertz * k * seconds) / k for k in range(1, 9))
        frames = FrameFeatures()(0.1 * tone[None])
        assert 2 ** frames.pitch.median() == pytest.approx(hertz, rel=0.05)
        assert frames.voicing.median() > 0.35


@pytest.mark.slow
@pytest.mark.parametrize("silence", [0, 4_000])
def test_the_shipped_graph_hears_what_training_heard_even_in_digital_silence(
    silence: int,
) -> None:
    """Training measures with the very graph that ships; the float encoder is what it stands for."""
    pcm = np.concatenate(
        [np.zeros(silence, np.int16), synthesise_voice(), np.zeros(silence, np.int16)]
    )
    served = np.frombuffer(VoiceTone().read(utterance(pcm)).baseline.mean, dtype="<f4")
    exact = pcm.astype(np.float32) / np.float32(32_768)
    ear = build_feature_graph()
    assert served == pytest.approx(ear.extract(exact), abs=1e-5)
    with torch.no_grad():
        floats = FeatureExtractor(load_pretrained().encoder)(
            torch.from_numpy(pad_to_blocks(exact))[None]
        ).numpy()[0]
    assert np.abs(served - floats).mean() < 0.02
    assert np.corrcoef(served, floats)[0, 1] > 0.99, "seven bits blur it a little"


def test_the_encoder_hears_the_spectrogram_that_whisper_hears() -> None:
    """At 8 kHz the same numbers as at 16 kHz, below 4 kHz (filters: torchaudio's slaney ones)."""
    pcm = synthesise_voice().astype(np.float32)[: 8_000 // 160 * 160] / np.float32(32_768)
    wide = soxr.resample(pcm, 8_000, 16_000)
    power = torchaudio.transforms.MelSpectrogram(
        16_000, n_fft=400, hop_length=160, n_mels=80, norm="slaney", mel_scale="slaney"
    )(torch.from_numpy((wide - wide.mean()) / wide.std())[None])[:, :, :-1]
    log = power.clamp(min=1e-10).log10()
    expected = (torch.maximum(log, log.max() - 8) + 4) / 4
    ours = LogMel()(torch.from_numpy(pcm)[None])
    assert ours.shape == expected.shape
    low = slice(4, 60)  # the lowest bands are empty here, the highest beyond the telephone
    assert (ours - expected)[:, low].abs().mean() < 0.02


def test_a_file_that_is_not_the_encoder_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "other.onnx"
    path.write_bytes(b"no model")
    with pytest.raises(CorpusError, match=r"other\.onnx: not the Smart Turn"):
        load_pretrained(path)
