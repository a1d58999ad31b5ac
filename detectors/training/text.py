"""`callmood train text`: corpora in; model and card out."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from detectors.labels import EMOTIONS
from detectors.text.emotion import KIND, OF_LANGUAGE, Taxonomy, emotion_scores, membership
from detectors.training.calibration import abstention_threshold, agrees, best_threshold
from detectors.training.fitting_text import Recipe, fitted, scored
from detectors.training.text_card import card
from detectors.training.text_examples import MOST_REVIEWS, Parts, english, korean, reviews
from detectors.training.text_graph import written
from detectors.utterance import Language

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.training.fitting_text import Bag
    from detectors.training.progress import Progress
    from detectors.training.text_examples import Lines

LICENCE = (
    "Weights: Apache-2.0, commercial use allowed. Trained on KOTE (MIT), NSMC (CC0 1.0) and "
    "GoEmotions (Apache-2.0)."
)
POWERS = np.geomspace(0.5, 6.0, 60)


def train(data: Path, models: Path, *, seed: int, progress: Progress) -> Path:
    """Train both languages; write artifact and card into ``models``.

    Raises:
        CorpusError: ``data`` lacks a corpus, or its labels are others.
    """
    torch.set_num_threads(1)
    parts, polar = _parts(data, progress)
    bags = {
        language: fitted(
            parts[language].train,
            polar[0] if language is Language.KOREAN else None,
            recipe=Recipe(),
            seed=seed,
            begin=lambda total, name=language: progress.begin(f"fitting {name}", total),
        )
        for language in Language
    }
    description = _description(bags, parts)
    path = models / f"{KIND}.onnx"
    written(bags, description, path)
    card(path, parts, polar[1], seed=seed).write(path.with_suffix(".md"))
    return path


def _parts(data: Path, progress: Progress) -> tuple[dict[Language, Parts], tuple[Lines, Lines]]:
    # KOTE 7,500 rows and NSMC's clear ratings; GoEmotions 51,549 less those that repeat.
    step = progress.begin("hashing Korean lines", 7_500 + MOST_REVIEWS + 2_400)
    parts = {Language.KOREAN: korean(data, step)}
    polar = reviews(data, step)
    parts[Language.ENGLISH] = english(data, progress.begin("hashing English lines", 51_477))
    return parts, polar


def _description(bags: dict[Language, Bag], parts: dict[Language, Parts]) -> dict[str, Any]:
    thresholds, calibration = {}, {}
    for language, taxonomy in OF_LANGUAGE.items():
        held = parts[language].validation
        logits = scored(bags[language], held.grams)[:, :-1]
        thresholds[str(taxonomy)] = [
            round(best_threshold(logits[:, k], held.truth[:, k]), 4)
            for k in range(logits.shape[1])
        ]
        calibration[str(taxonomy)] = _calibrated(logits, held.truth, taxonomy)
    return {
        "kind": KIND,
        "name": KIND,
        "version": f"1.{_digest(bags)}",
        "licence": LICENCE,
        "labels": list(EMOTIONS),
        "thresholds": thresholds,
        "calibration": calibration,
    }


def _calibrated(
    logits: NDArray[np.float32], truth: NDArray[np.bool_], taxonomy: Taxonomy
) -> dict[str, float]:
    """Choose the power whose highest score is nearest to being right (least Brier score)."""
    votes = truth @ membership(taxonomy)
    told = votes.any(1)
    logits, votes = logits[told], votes[told]

    def brier(power: float) -> float:
        scores = emotion_scores(logits, taxonomy, power)
        return float(((scores.max(1) - agrees(votes, scores)) ** 2).mean())

    power = float(min(POWERS, key=brier))
    confidence = emotion_scores(logits, taxonomy, power).max(1).astype(np.float64)
    return {"power": power, "abstain_below": abstention_threshold(confidence)}


def _digest(bags: dict[Language, Bag]) -> str:
    content = hashlib.sha256()
    for bag in bags.values():
        for weight in bag.state_dict().values():
            content.update(weight.numpy().tobytes())
    return content.hexdigest()[:8]
