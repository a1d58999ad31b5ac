"""The voice model as one torch graph: from samples to logits, so that training is serving.

Frames are `WINDOW` samples every `HOP`. All statistics are over frames with speech in them,
and log-mel energies are relative to the utterance's own level, so neither silence at the
ends nor a quiet recording changes what is heard.
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

BANDS = 10
"""Wider bands whose changes over time are measured."""


@dataclass(frozen=True, slots=True)
class Frames:
    """Frame-wise measures; ``[N, ..., F]`` for N utterances of at most F frames.

    Attributes:
        mel: log-mel energies relative to the level, nats, ``[N, MELS, F]``.
        energy: log power, nats, ``[N, F]``.
        speech: how much a frame counts as speech, 0-1, ``[N, F]``.
        voicing: strength of the strongest period, 0-1, ``[N, F]``.
        pitch: log2 of the frequency of that period in Hz, ``[N, F]``.
        level: log power of the speech frames, nats, ``[N]``.
    """

    mel: Tensor
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


class Hearing(nn.Module):
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
        self.register_buffer("untapered", _untapered(lags))

    def log_mel(self, power: Tensor) -> Tensor:
        """Log of mel-filtered power in nats: ``[N, 129, F] -> [N, MELS, F]``."""
        return (self.filters @ power).clamp(min=POWER_FLOOR).log()

    def forward(self, samples: Tensor, lengths: Tensor) -> Frames:
        """Hear ``samples [N, T]`` in -1..1, of which the first ``lengths [N]`` count."""
        power = self.spectrum(samples)
        mel = self.log_mel(power)
        inside = _inside(lengths, mel)
        energy = mel.logsumexp(dim=1)
        speech = _speech(energy, inside)
        level = (energy * speech).sum(1) / speech.sum(1).clamp(min=1e-3)
        voicing, pitch = self._period(power)
        relative = (mel - level.view(-1, 1, 1)).clamp(min=-DYNAMIC_RANGE)
        return Frames(relative, energy, speech, voicing, pitch, level)

    def _period(self, power: Tensor) -> tuple[Tensor, Tensor]:
        """Find the strongest period in the autocorrelation of the compressed spectrum.

        Compression by the cube root flattens formants, after Tolonen and Karjalainen (2000),
        "A computationally efficient multipitch analysis model".
        """
        # A floor, not an addition: the ONNX exporter drops additions of tiny constants.
        compressed = power.clamp(min=POWER_FLOOR).pow(1 / 3)
        zero_lag = 2 * compressed.sum(1, keepdim=True) - compressed[:, :1] - compressed[:, -1:]
        correlation = 2 * (self.cosines @ compressed) / zero_lag * self.untapered
        sharp = torch.softmax(correlation * 60.0, dim=1)
        voicing = correlation.amax(1)
        pitch = (sharp * torch.log2(SAMPLE_RATE / self.lags)).sum(1)
        return voicing, pitch


def _untapered(lags: Tensor) -> Tensor:
    """Undo most of the window's taper, which hides long periods (after Boersma, 1993).

    Not all of it: the taper also keeps a period from being taken for its double.
    """
    window = torch.hann_window(WINDOW)
    tapered = torch.stack([(window[lag:] * window[: WINDOW - lag]).sum() for lag in lags.tolist()])
    return (tapered / (window * window).sum()).pow(-0.7).view(1, -1, 1)


def _inside(lengths: Tensor, mel: Tensor) -> Tensor:
    frames = (lengths - WINDOW) // HOP + 1
    steps = torch.arange(mel.shape[2], device=mel.device)
    return (steps.unsqueeze(0) < frames.unsqueeze(1)).to(mel.dtype)


def _speech(energy: Tensor, inside: Tensor) -> Tensor:
    """Frames near the loudest moment (the mean of five frames, so that a click is not one)."""
    smooth = _smoothed(energy * inside) / _smoothed(inside).clamp(min=1e-3)
    loudest = smooth.masked_fill(inside == 0, -1e4).amax(1, keepdim=True)
    return torch.sigmoid((smooth - loudest + SPEECH_RANGE) * 3.0) * inside


def _smoothed(values: Tensor) -> Tensor:
    return nn.functional.avg_pool1d(values.unsqueeze(1), 5, stride=1, padding=2).squeeze(1)


class Statistics(nn.Module):
    """An utterance's feature vector: how its frames are distributed, ``[N, D]``."""

    def __init__(self) -> None:
        super().__init__()
        self.hearing = Hearing()

    def forward(self, samples: Tensor, lengths: Tensor) -> Tensor:
        """Describe ``samples [N, T]`` in -1..1, of which the first ``lengths [N]`` count."""
        frames = self.hearing(samples, lengths)
        speech = frames.speech.unsqueeze(1)
        voiced = speech * torch.sigmoid((frames.voicing.unsqueeze(1) - 0.28) * 15.0)
        loud = speech * torch.exp(
            0.5 * (frames.energy - frames.level.unsqueeze(1)).clamp(-6, 6)
        ).unsqueeze(1)
        bands = frames.mel.unflatten(1, (BANDS, MELS // BANDS)).mean(2)
        pitch = frames.pitch.unsqueeze(1)
        energy = (frames.energy - frames.level.unsqueeze(1)).clamp(min=-DYNAMIC_RANGE).unsqueeze(1)
        parts = [
            frames.level.unsqueeze(1),
            _mean(pitch, voiced),
            _mean(frames.voicing.unsqueeze(1), speech),
            _change(energy, speech, 4),
            _mean(frames.mel, speech),
            _spread(frames.mel, speech),
            _mean(frames.mel, voiced),
            _mean(frames.mel, loud),
            _spread(pitch, voiced),
            _upper(pitch, voiced, 6.0),
            _upper(pitch, voiced, -6.0),
            _change(pitch, voiced, 2),
            _change(pitch, voiced, 8),
            _spread(frames.voicing.unsqueeze(1), speech),
            voiced.sum(2) / speech.sum(2).clamp(min=1e-3),
            _spread(energy, speech),
            _upper(energy, speech, 1.0),
            _change(energy, speech, 1),
            _change(energy, speech, 8),
            _change(energy, speech, 16),
            *(_change(bands, speech, step) for step in (1, 3, 8)),
        ]
        return torch.cat(parts, dim=1)


def _mean(values: Tensor, weights: Tensor) -> Tensor:
    return (values * weights).sum(2) / weights.sum(2).clamp(min=1e-3)


def _spread(values: Tensor, weights: Tensor) -> Tensor:
    off = values - _mean(values, weights).unsqueeze(2)
    return _mean(off * off, weights).clamp(min=1e-6).sqrt()


def _upper(values: Tensor, weights: Tensor, sharpness: float) -> Tensor:
    """Mean weighted towards the high (or, with negative sharpness, the low) values."""
    off = values - _mean(values, weights).unsqueeze(2)
    return _mean(off, weights * torch.exp((off * sharpness).clamp(-8, 8)))


def _change(values: Tensor, weights: Tensor, step: int) -> Tensor:
    """Mean absolute difference between frames ``step`` apart."""
    both = weights[:, :, step:] * weights[:, :, :-step]
    return _mean((values[:, :, step:] - values[:, :, :-step]).abs(), both)
