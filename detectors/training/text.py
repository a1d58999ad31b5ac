"""`callmood train text`: corpora in; model and card out."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from detectors.labels import EMOTIONS
from detectors.text.emotion import KIND, OF_LANGUAGE
from detectors.training.calibration import best_threshold
from detectors.training.export import versioned
from detectors.training.fitting_text import Recipe, fitted, scored
from detectors.training.text_calibration import calibrated
from detectors.training.text_card import card
from detectors.training.text_examples import MOST_REVIEWS, Parts, english, korean, reviews
from detectors.training.text_graph import written
from detectors.utterance import Language

if TYPE_CHECKING:
    from pathlib import Path

    from detectors.training.fitting_text import Bag
    from detectors.training.progress import Progress
    from detectors.training.text_examples import Lines

LICENCE = (
    "Weights: Apache-2.0, commercial use allowed. Trained on KOTE (MIT), NSMC (CC0 1.0) and "
    "GoEmotions (Apache-2.0)."
)


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
            begin=partial(progress.begin, f"fitting {language}"),
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
    parts[Language.ENGLISH] = english(data, progress.begin("hashing English lines", 51_484))
    return parts, polar


def _description(bags: dict[Language, Bag], parts: dict[Language, Parts]) -> dict[str, Any]:
    thresholds, calibration = {}, {}
    for language, taxonomy in OF_LANGUAGE.items():
        held = parts[language].validation
        logits = scored(bags[language], held.grams)[:, :-1]
        thresholds[str(taxonomy)] = [
            round(best_threshold(logits[:, k], held.truth[:, k]), 4) for k in range(logits.shape[1])
        ]
        calibration[str(taxonomy)] = asdict(calibrated(logits, held, taxonomy))
    description = {
        "kind": KIND,
        "name": KIND,
        "licence": LICENCE,
        "labels": list(EMOTIONS),
        "thresholds": thresholds,
        "calibration": calibration,
    }
    weights = [w.numpy() for bag in bags.values() for w in bag.state_dict().values()]
    return versioned(description, weights)
