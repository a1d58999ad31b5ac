"""`callmood train text`: corpora in; model and card out."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from detectors.labels import EMOTIONS
from detectors.text.model import KIND, LANGUAGE_TAXONOMIES, TextEmotion
from detectors.text.ngrams import OFFSETS, TABLE_ROWS
from detectors.training.onnx_export import add_version
from detectors.training.text.calibration import fit_calibration, fit_platt, fit_thresholds
from detectors.training.text.card import build_card
from detectors.training.text.dialogues import find_best_weight, load_dialogues, score_lines
from detectors.training.text.distillation import build_english_targets, build_korean_targets
from detectors.training.text.examples import load_english, load_korean, load_polar_reviews
from detectors.training.text.linear import LINEAR_SHARE, fit_linear_model
from detectors.training.text.onnx_graph import write_graph
from detectors.training.text.student import (
    StudentConfig,
    StudentModel,
    predict_logits,
    train_student,
)
from detectors.utterance import Language

if TYPE_CHECKING:
    from pathlib import Path

    from detectors.training.progress import Progress
    from detectors.training.text.distillation import DistillationSet
    from detectors.training.text.examples import LabelledLines, TextSplits

LICENCE = (
    "Weights: Apache-2.0, commercial use allowed. Trained on KOTE (MIT), NSMC (CC0 1.0), "
    "GoEmotions (Apache-2.0), songys/Chatbot_data (MIT) and the comments, without their labels, "
    "of kocohub/korean-hate-speech (CC BY-SA 4.0, Moon, Cho and Lee, 2020). The teachers used "
    "Kiwi's language model (Apache-2.0) and all-MiniLM-L6-v2 (Apache-2.0; package MIT)."
)


def train(data: Path, models: Path, *, seed: int, progress: Progress) -> Path:
    """Train both languages; write artifact and card into ``models``.

    Raises:
        CorpusError: ``data`` lacks a corpus, or its labels are others.
    """
    torch.set_num_threads(1)
    splits, polar_reviews = _load_splits(data, progress)
    distillation = {
        Language.KOREAN: build_korean_targets(data, splits[Language.KOREAN], progress),
        Language.ENGLISH: build_english_targets(
            splits[Language.ENGLISH], seed=seed, progress=progress
        ),
    }
    bags = {
        language: train_student(
            distillation_set.training_set,
            recipe=StudentConfig(),
            seed=seed,
            begin=partial(progress.begin, f"fitting {language}"),
        )
        for language, distillation_set in distillation.items()
    }
    _mix_linear_model(bags[Language.ENGLISH], splits[Language.ENGLISH].train, progress)
    _rescale_logits(bags[Language.ENGLISH], distillation[Language.ENGLISH].calibration_lines)
    path = models / f"{KIND}.onnx"
    description = _build_description(bags, distillation)
    write_graph(bags, description, path)
    write_graph(bags, _add_context_weight(path, bags, description), path)
    build_card(path, splits, polar_reviews, seed=seed).write(path.with_suffix(".md"))
    return path


def _load_splits(
    data: Path, progress: Progress
) -> tuple[dict[Language, TextSplits], LabelledLines]:
    # KOTE 7,500 rows and NSMC's clear ratings; GoEmotions 51,549 less those that repeat.
    step = progress.begin("hashing labelled Korean lines", 7_500)
    splits = {Language.KOREAN: load_korean(data, step)}
    polar_reviews = load_polar_reviews(data, progress.begin("hashing reviews", 62_400))[1]
    splits[Language.ENGLISH] = load_english(data, progress.begin("hashing English lines", 51_484))
    return splits, polar_reviews


def _mix_linear_model(bag: StudentModel, lines: LabelledLines, progress: Progress) -> None:
    """Mix a plain linear model in, which calls rare labels better."""
    linear_model = fit_linear_model(lines, partial(progress.begin, "fitting plain English n-grams"))
    labels = lines.truth.shape[1]
    matrix = np.zeros((TABLE_ROWS, labels + 1), dtype=np.float32)
    english_rows = slice(
        OFFSETS[Language.ENGLISH], OFFSETS[Language.ENGLISH] + len(linear_model.matrix)
    )
    matrix[english_rows, :labels] = linear_model.matrix
    bag.mix_linear(matrix, np.append(linear_model.bias, np.float32(0)), LINEAR_SHARE)


def _rescale_logits(bag: StudentModel, calibration_lines: LabelledLines) -> None:
    """Bring logits that lean to the usual, as least squares makes them, back to chances."""
    slope, offset = fit_platt(
        predict_logits(bag, calibration_lines.grams)[:, :-1], calibration_lines.truth
    )
    bag.rescale(np.append(offset, 0.0), np.append(slope, 1.0))


def _build_description(
    bags: dict[Language, StudentModel], distillation: dict[Language, DistillationSet]
) -> dict[str, Any]:
    thresholds_by_taxonomy, calibrations = {}, {}
    for language, taxonomy in LANGUAGE_TAXONOMIES.items():
        calibration_lines = distillation[language].calibration_lines
        student_logits = predict_logits(bags[language], calibration_lines.grams)
        logits = distillation[language].teacher_logits
        logits = student_logits[:, :-1] if logits is None else logits
        thresholds_by_taxonomy[str(taxonomy)] = fit_thresholds(logits, calibration_lines.truth)
        # English has no reviews.
        polarity = (
            student_logits[:, -1]
            if language is Language.KOREAN
            else np.zeros(len(student_logits), np.float32)
        )
        calibrations[str(taxonomy)] = asdict(
            fit_calibration(logits, calibration_lines, taxonomy, polarity=polarity)
        )
    description = {
        "kind": KIND,
        "name": KIND,
        "licence": LICENCE,
        "labels": list(EMOTIONS),
        "thresholds": thresholds_by_taxonomy,
        "calibration": calibrations,
    }
    return _add_version(bags, description)


def _add_context_weight(
    path: Path, bags: dict[Language, StudentModel], description: dict[str, Any]
) -> dict[str, Any]:
    """Settle how much the lines before a short one count, on the calls' dev part."""
    detector = TextEmotion(path)
    calls = [
        call for language in Language for call in load_dialogues(language) if call.part == "dev"
    ]
    weight = find_best_weight(detector, score_lines(detector, calls))
    calibrations = {
        name: asdict(replace(calibration, context_weight=weight))
        for name, calibration in detector.calibration.items()
    }
    content = {key: value for key, value in description.items() if key != "version"}
    return _add_version(bags, {**content, "calibration": calibrations})


def _add_version(bags: dict[Language, StudentModel], description: dict[str, Any]) -> dict[str, Any]:
    return add_version(
        description, [w.numpy() for b in bags.values() for w in b.state_dict().values()]
    )
