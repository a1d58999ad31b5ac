"""Level, pitch, voicing and pace: what of a voice can be named to a person.

Frames are `WINDOW` samples every `HOP`. All measures are over frames with speech in them, so
silence at the ends changes none of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torchaudio.functional import melscale_fbanks

from detectors.utterance import SAMPLE_RATE

WINDOW = 256
"""Samples a frame (32 ms): two periods of the lowest voice, one of a fast syllable's rise."""
HOP = 80
"""Samples between frames (10 ms)."""
MELS = 40
LOWEST_HZ = 100.0
"""Telephones carry nothing below; a hum at 50 or 60 Hz is not a voice."""

POWER_FLOOR = 1e-8
"""About the power of one 16-bit rounding error in a frame of full scale 1."""
DYNAMIC_RANGE = 9.0
"""Nats below the utterance's level where log-mel is cut off (39 dB): noise says nothing."""
SPEECH_RANGE = 6.0
"""Nats below the loudest moment (26 dB) down to which a frame counts as speech."""

SHORTEST_LAG = 16
"""500 Hz: a shout. In samples at `SAMPLE_RATE`."""
LONGEST_LAG = 114
"""70 Hz: a low man's voice."""


@dataclass(frozen=True, slots=True)
class Frames:
    """Frame-wise measures; ``[N, ..., F]`` for N utterances of F frames.

    Attributes:
        energy: log power, nats, ``[N, F]``.
        speech: how much a frame counts as speech, 0-1, ``[N, F]``.
        voicing: strength of the strongest period, 0-1, ``[N, F]``.
        pitch: log2 of the frequency of that period in Hz, ``[N, F]``.
        level: log power of the speech frames, nats, ``[N]``.
    """

    energy: Tensor
    speech: Tensor
    voicing: Tensor
    pitch: Tensor
    level: Tensor


class Spectrum(nn.Module):
    """Power spectrum by a windowed DFT written as a convolution: ``[N, T] -> [N, 129, F]``."""

    basis: Tensor

    def __init__(self) -> None:
        super().__init__()
        phase = torch.outer(torch.arange(WINDOW // 2 + 1), torch.arange(WINDOW)).double()
        phase = phase * (2 * math.pi / WINDOW)
        basis = torch.cat([phase.cos(), phase.sin()]) * torch.hann_window(WINDOW).double()
        self.register_buffer("basis", basis.float().unsqueeze(1))

    def forward(self, samples: Tensor) -> Tensor:
        """Transform samples in -1..1, shorter ones padded with zeros at the end."""
        parts = nn.functional.conv1d(samples.unsqueeze(1), self.basis, stride=HOP)
        real, imaginary = torch.chunk(parts, 2, dim=1)
        power: Tensor = real * real + imaginary * imaginary
        return power


class FrameFeatures(nn.Module):
    """Everything measured in each frame."""

    filters: Tensor
    cosines: Tensor
    lags: Tensor
    untapered: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.spectrum = Spectrum()
        bins = WINDOW // 2 + 1
        filters = melscale_fbanks(bins, LOWEST_HZ, SAMPLE_RATE / 2, MELS, SAMPLE_RATE)
        self.register_buffer("filters", filters.T.contiguous())
        lags = torch.arange(SHORTEST_LAG, LONGEST_LAG + 1)
        phase = torch.outer(lags, torch.arange(bins)).double() * (2 * math.pi / WINDOW)
        self.register_buffer("cosines", phase.cos().float())
        self.register_buffer("lags", lags.float().view(1, -1, 1))
        self.register_buffer("untapered", _window_taper_correction(lags))

    def log_mel(self, power: Tensor) -> Tensor:
        """Log of mel-filtered power in nats: ``[N, 129, F] -> [N, MELS, F]``."""
        return (self.filters @ power).clamp(min=POWER_FLOOR).log()

    def forward(self, samples: Tensor) -> Frames:
        """Hear ``samples [N, T]`` in -1..1."""
        power = self.spectrum(samples)
        energy = self.log_mel(power).logsumexp(dim=1)
        speech = _speech_weight(energy)
        level = (energy * speech).sum(1) / speech.sum(1).clamp(min=1e-3)
        voicing, pitch = self._strongest_period(power)
        return Frames(energy, speech, voicing, pitch, level)

    def _strongest_period(self, power: Tensor) -> tuple[Tensor, Tensor]:
        """Find the strongest period in the autocorrelation of the compressed spectrum.

        Compression by the cube root flattens formants, after Tolonen and Karjalainen (2000),
        "A computationally efficient multipitch analysis model".
        """
        # A floor, not an addition: the ONNX exporter drops additions of tiny constants.
        compressed = power.clamp(min=POWER_FLOOR).pow(1 / 3)
        zero_lag = 2 * compressed.sum(1, keepdim=True) - compressed[:, :1] - compressed[:, -1:]
        correlation = 2 * (self.cosines @ compressed) / zero_lag * self.untapered
        lag_weights = torch.softmax(correlation * 60.0, dim=1)
        voicing = correlation.amax(1)
        pitch = (lag_weights * torch.log2(SAMPLE_RATE / self.lags)).sum(1)
        return voicing, pitch


def _window_taper_correction(lags: Tensor) -> Tensor:
    """Undo most of the window's taper, which hides long periods (after Boersma, 1993).

    Not all of it: the taper also keeps a period from being taken for its double.
    """
    window = torch.hann_window(WINDOW)
    tapered = torch.stack([(window[lag:] * window[: WINDOW - lag]).sum() for lag in lags.tolist()])
    return (tapered / (window * window).sum()).pow(-0.7).view(1, -1, 1)


def _speech_weight(energy: Tensor) -> Tensor:
    """Frames near the loudest moment (the mean of five frames, so that a click is not one)."""
    smooth = _smooth(energy)
    loudest = smooth.amax(1, keepdim=True)
    return torch.sigmoid((smooth - loudest + SPEECH_RANGE) * 3.0)


def _smooth(values: Tensor) -> Tensor:
    pooled = nn.functional.avg_pool1d(
        values.unsqueeze(1), 5, stride=1, padding=2, count_include_pad=False
    )
    return pooled.squeeze(1)


PROSODY_SIZE = 4
"""Numbers that `Prosody` gives."""
LEVEL, PITCH, VOICING, PACE = range(PROSODY_SIZE)
"""Their positions: level in nats, log2 of the pitch in Hz, strength of the voice 0-1, and how
much the loudness changes in 40 ms, in nats."""


class Prosody(nn.Module):
    """What a person can be told of a voice, ``[N, T] -> [N, PROSODY]``."""

    def __init__(self) -> None:
        super().__init__()
        self.frame_features = FrameFeatures()

    def forward(self, samples: Tensor) -> Tensor:
        """Describe ``samples [N, T]`` in -1..1."""
        frames = self.frame_features(samples)
        speech = frames.speech.unsqueeze(1)
        voicing = frames.voicing.unsqueeze(1)
        voiced_weight = speech * torch.sigmoid((voicing - 0.28) * 15.0)
        energy = (frames.energy - frames.level.unsqueeze(1)).clamp(min=-DYNAMIC_RANGE).unsqueeze(1)
        parts = [
            frames.level.unsqueeze(1),
            _weighted_mean(frames.pitch.unsqueeze(1), voiced_weight),
            _weighted_mean(voicing, speech),
            _mean_change(energy, speech, 4),
        ]
        return torch.cat(parts, dim=1)


def _weighted_mean(values: Tensor, weights: Tensor) -> Tensor:
    return (values * weights).sum(2) / weights.sum(2).clamp(min=1e-3)


def _mean_change(values: Tensor, weights: Tensor, step: int) -> Tensor:
    """Mean absolute difference between frames ``step`` apart."""
    pair_weights = weights[:, :, step:] * weights[:, :, :-step]
    return _weighted_mean((values[:, :, step:] - values[:, :, :-step]).abs(), pair_weights)
