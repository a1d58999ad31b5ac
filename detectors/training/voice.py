"""`callmood train voice`: corpora in; model, split and card out."""

from __future__ import annotations

import hashlib
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
)
from detectors.training.export import exported
from detectors.training.fitting_voice import Recipe, calibrated, fitted, scored, steps
from detectors.training.hearing import Statistics
from detectors.training.voice_card import Crossed, card
from detectors.training.voice_examples import CLEAN, MULAW, Examples, heard
from detectors.training.voice_model import LEVEL, PACE, PITCH, VOICING, ToneModel
from detectors.utterance import SAMPLE_RATE
from detectors.voice.tone import KIND

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.training.fitting_voice import Calibration
    from detectors.training.progress import Progress
    from detectors.training.voice_model import ToneHead

LICENCE = (
    "Weights for research and demonstration only: trained on RAVDESS (CC BY-NC-SA 4.0), "
    "EmoDB (unverified, research), emotiontts (CC BY-NC-SA 4.0), BAVED (research). "
    "Code: Apache-2.0."
)
VIEWS = 8


def train(data: Path, models: Path, *, seed: int, progress: Progress) -> Path:
    """Train on every speaker but the test fold's; write artifact and card into ``models``.

    Raises:
        CorpusError: ``data`` lacks a corpus.
    """
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(mode=True)
    examples = _heard(data, seed, progress)
    recipe = Recipe()
    calibration = _calibration(examples, recipe, seed, progress)
    head = _fit(examples, (TEST_FOLD,), recipe, seed, progress, "fitting")
    crossed = _cross_validated(examples, recipe, seed, progress, head)
    path = models / f"{KIND}.onnx"
    description = _export(head, calibration, path)
    card(examples, crossed, description, seed=seed).write(path.with_suffix(".md"))
    return path


def _heard(data: Path, seed: int, progress: Progress) -> Examples:
    found = clips(data)
    step = progress.begin("listening to the clips", len(found))
    return heard(found, Statistics().eval(), views=VIEWS, seed=seed, step=step)


def _chosen(examples: Examples, folds: tuple[int, ...]) -> NDArray[np.int64]:
    return np.flatnonzero([trainable(clip, *folds) for clip in examples.clips])


def _measurable(examples: Examples, fold: int) -> NDArray[np.int64]:
    return np.flatnonzero(
        [clip.emotion is not None and held_out(clip, fold) for clip in examples.clips]
    )


def _fit(
    examples: Examples,
    folds: tuple[int, ...],
    recipe: Recipe,
    seed: int,
    progress: Progress,
    title: str,
) -> ToneHead:
    chosen = _chosen(examples, folds)
    step = progress.begin(title, steps(chosen.size, recipe))
    return fitted(examples, chosen, recipe=recipe, seed=seed, step=step)


def _calibration(
    examples: Examples, recipe: Recipe, seed: int, progress: Progress
) -> Calibration:
    """Calibrate a twin that has not heard the validation speakers.

    The model that ships has: there are too few speakers to leave another four actors out.
    """
    folds = (TEST_FOLD, VALIDATION_FOLD)
    twin = _fit(examples, folds, recipe, seed, progress, "fitting the twin for calibration")
    return calibrated(twin, examples, _measurable(examples, VALIDATION_FOLD), seed=seed)


def _cross_validated(
    examples: Examples, recipe: Recipe, seed: int, progress: Progress, head: ToneHead
) -> Crossed:
    parts: dict[tuple[int, int], list[tuple[NDArray[np.int64], NDArray[np.float64]]]] = {}
    for fold in range(FOLDS):
        title = f"cross-validation {fold + 1} of {FOLDS}"
        same = fold == TEST_FOLD
        model = head if same else _fit(examples, (fold,), recipe, seed, progress, title)
        chosen = _measurable(examples, fold)
        for view in (CLEAN, MULAW):
            for before in (0, 3):
                scores = scored(model, examples, chosen, view=view, before=before, seed=seed)
                parts.setdefault((view, before), []).append((chosen, scores))
    return {
        key: (np.concatenate([c for c, _ in value]), np.concatenate([s for _, s in value]))
        for key, value in parts.items()
    }


def _export(head: ToneHead, calibration: Calibration, path: Path) -> dict[str, Any]:
    size = head.mean.shape[0]
    description = {
        "kind": KIND,
        "name": KIND,
        "version": f"1.{_digest(head)}",
        "licence": LICENCE,
        "labels": list(EMOTIONS),
        "features": size,
        "sample_rate": SAMPLE_RATE,
        "temperature": calibration.temperature,
        "abstain_below": calibration.abstain_below,
        "prosody": {"level": LEVEL, "pitch": PITCH, "voicing": VOICING, "pace": PACE},
    }
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


def _digest(head: ToneHead) -> str:
    content = hashlib.sha256()
    for name, weight in sorted(head.state_dict().items()):
        content.update(name.encode())
        content.update(weight.numpy().tobytes())
    return content.hexdigest()[:8]
