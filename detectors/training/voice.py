"""`callmood train voice`: corpora in; model, split and card out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from detectors.labels import EMOTIONS
from detectors.training.corpora import (
    FOLDS,
    TEST_FOLD,
    VALIDATION_FOLD,
    clips,
    held_out,
    trainable,
    weights_licence,
)
from detectors.training.export import exported, versioned
from detectors.training.fitting_voice import Past, Recipe, calibrated, fitted, scored, steps
from detectors.training.hearing import Statistics
from detectors.training.voice_card import Crossed, card
from detectors.training.voice_examples import CLEAN, MULAW, Examples, heard
from detectors.training.voice_model import LEVEL, PACE, PITCH, VOICING, ToneModel
from detectors.utterance import SAMPLE_RATE
from detectors.voice.tone import KIND

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.training.corpora import Clip
    from detectors.training.fitting_voice import Calibration
    from detectors.training.progress import Progress
    from detectors.training.voice_model import ToneHead

LICENCE = (
    "Weights for research and demonstration only: trained on RAVDESS (CC BY-NC-SA 4.0), "
    "EmoDB (unverified, research), emotiontts (CC BY-NC-SA 4.0), BAVED (research). "
    "Code: Apache-2.0."
)
VIEWS = 8


@dataclass(frozen=True, slots=True)
class _Bench:
    """What every fit of one training shares."""

    examples: Examples
    recipe: Recipe
    seed: int
    progress: Progress

    def fit(self, title: str, *without: int) -> ToneHead:
        """Fit on all speakers but those of these folds."""
        chosen = np.flatnonzero([trainable(clip, *without) for clip in self.examples.clips])
        step = self.progress.begin(title, steps(chosen.size, self.recipe))
        return fitted(self.examples, chosen, recipe=self.recipe, seed=self.seed, step=step)

    def measurable(self, fold: int) -> NDArray[np.int64]:
        """Clips with an emotion that a fit without ``fold`` may be measured on."""
        return np.flatnonzero(
            [clip.emotion is not None and held_out(clip, fold) for clip in self.examples.clips]
        )


def train(
    data: Path,
    models: Path,
    *,
    seed: int,
    progress: Progress,
    clips: Sequence[Clip] | None = None,
) -> Path:
    """Train on every speaker but the test fold's; write artifact and card into ``models``.

    ``clips`` takes the place of the four corpora below ``data``.

    Raises:
        CorpusError: ``data`` lacks a corpus.
    """
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(mode=True)
    bench = _Bench(_heard(data, clips, seed, progress), Recipe(), seed, progress)
    calibration = _calibration(bench)
    head = bench.fit("fitting", TEST_FOLD)
    crossed = _cross_validated(bench, head)
    path = models / f"{KIND}.onnx"
    licence = LICENCE if clips is None else weights_licence(clips)
    description = _export(head, calibration, path, licence)
    card(bench.examples, crossed, description, seed=seed).write(path.with_suffix(".md"))
    return path


def _heard(data: Path, given: Sequence[Clip] | None, seed: int, progress: Progress) -> Examples:
    found = clips(data) if given is None else list(given)
    step = progress.begin("listening to the clips", len(found))
    return heard(found, Statistics().eval(), views=VIEWS, seed=seed, step=step)


def _calibration(bench: _Bench) -> Calibration:
    """Calibrate a twin that has not heard the validation speakers.

    The model that ships has: there are too few speakers to leave another four actors out.
    """
    twin = bench.fit("fitting the twin for calibration", TEST_FOLD, VALIDATION_FOLD)
    return calibrated(twin, bench.examples, bench.measurable(VALIDATION_FOLD), seed=bench.seed)


def _cross_validated(bench: _Bench, head: ToneHead) -> Crossed:
    parts: dict[tuple[int, int], list[tuple[NDArray[np.int64], NDArray[np.float64]]]] = {}
    for fold in range(FOLDS):
        title = f"cross-validation {fold + 1} of {FOLDS}"
        model = head if fold == TEST_FOLD else bench.fit(title, fold)
        chosen = bench.measurable(fold)
        for view, before in product((CLEAN, MULAW), (0, 3)):
            past = Past(view, before, bench.seed)
            scores = scored(model, bench.examples, chosen, past)
            parts.setdefault((view, before), []).append((chosen, scores))
    return {
        key: (np.concatenate([c for c, _ in value]), np.concatenate([s for _, s in value]))
        for key, value in parts.items()
    }


def _export(head: ToneHead, calibration: Calibration, path: Path, licence: str) -> dict[str, Any]:
    size = head.mean.shape[0]
    description: dict[str, Any] = {
        "kind": KIND,
        "name": KIND,
        "licence": licence,
        "labels": list(EMOTIONS),
        "features": size,
        "sample_rate": SAMPLE_RATE,
        "temperature": calibration.temperature,
        "abstain_below": calibration.abstain_below,
        "prosody": {"level": LEVEL, "pitch": PITCH, "voicing": VOICING, "pace": PACE},
    }
    description = versioned(description, [w.numpy() for w in head.state_dict().values()])
    exported(
        ToneModel(Statistics(), head, calibration.temperature),
        path,
        inputs={
            "samples": torch.zeros(2, 3 * SAMPLE_RATE),
            "lengths": torch.tensor([3 * SAMPLE_RATE, 2 * SAMPLE_RATE]),
            "baseline": torch.zeros(2, size),
            "count": torch.tensor([0.0, 2.0]),
        },
        outputs=("scores", "arousal", "features"),
        axes={
            "samples": {0: "utterances", 1: "samples"},
            "lengths": {0: "utterances"},
            "baseline": {0: "utterances"},
            "count": {0: "utterances"},
        },
        description=description,
    )
    return description
