"""`callmood train text`: corpora in; model and card out."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from detectors.labels import EMOTIONS
from detectors.text.model import KIND, OF_LANGUAGE, TextEmotion
from detectors.text.ngrams import OFFSETS, ROWS
from detectors.training.onnx_export import versioned
from detectors.training.text.calibration import calibrated, platt, thresholds
from detectors.training.text.card import card
from detectors.training.text.dialogues import best_weight, dialogues, told
from detectors.training.text.distillation import english_lessons, korean_lessons
from detectors.training.text.examples import english, korean, reviews
from detectors.training.text.linear import SHARE, wide
from detectors.training.text.onnx_graph import written
from detectors.training.text.student import Bag, Recipe, fitted, scored
from detectors.utterance import Language

if TYPE_CHECKING:
    from pathlib import Path

    from detectors.training.progress import Progress
    from detectors.training.text.distillation import Taught
    from detectors.training.text.examples import Lines, Parts

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
    parts, polar = _parts(data, progress)
    lessons = {
        Language.KOREAN: korean_lessons(data, parts[Language.KOREAN], progress),
        Language.ENGLISH: english_lessons(parts[Language.ENGLISH], seed=seed, progress=progress),
    }
    bags = {
        language: fitted(
            taught.lessons,
            recipe=Recipe(),
            seed=seed,
            begin=partial(progress.begin, f"fitting {language}"),
        )
        for language, taught in lessons.items()
    }
    _widen(bags[Language.ENGLISH], parts[Language.ENGLISH].train, progress)
    _sharpen(bags[Language.ENGLISH], lessons[Language.ENGLISH].labelled)
    path = models / f"{KIND}.onnx"
    description = _description(bags, lessons)
    written(bags, description, path)
    written(bags, _with_context(path, bags, description), path)
    card(path, parts, polar, seed=seed).write(path.with_suffix(".md"))
    return path


def _parts(data: Path, progress: Progress) -> tuple[dict[Language, Parts], Lines]:
    # KOTE 7,500 rows and NSMC's clear ratings; GoEmotions 51,549 less those that repeat.
    step = progress.begin("hashing labelled Korean lines", 7_500)
    parts = {Language.KOREAN: korean(data, step)}
    polar = reviews(data, progress.begin("hashing reviews", 62_400))[1]
    parts[Language.ENGLISH] = english(data, progress.begin("hashing English lines", 51_484))
    return parts, polar


def _widen(bag: Bag, lines: Lines, progress: Progress) -> None:
    """Mix a plain linear model in, which calls rare labels better."""
    found = wide(lines, partial(progress.begin, "fitting plain English n-grams"))
    labels = lines.truth.shape[1]
    matrix = np.zeros((ROWS, labels + 1), dtype=np.float32)
    own = slice(OFFSETS[Language.ENGLISH], OFFSETS[Language.ENGLISH] + len(found.matrix))
    matrix[own, :labels] = found.matrix
    bag.mix(matrix, np.append(found.bias, np.float32(0)), SHARE)


def _sharpen(bag: Bag, held: Lines) -> None:
    """Bring logits that lean to the usual, as least squares makes them, back to chances."""
    slope, offset = platt(scored(bag, held.grams)[:, :-1], held.truth)
    bag.rescale(np.append(offset, 0.0), np.append(slope, 1.0))


def _description(bags: dict[Language, Bag], lessons: dict[Language, Taught]) -> dict[str, Any]:
    limits, calibration = {}, {}
    for language, taxonomy in OF_LANGUAGE.items():
        held = lessons[language].labelled
        own = scored(bags[language], held.grams)
        logits = lessons[language].logits
        logits = own[:, :-1] if logits is None else logits
        limits[str(taxonomy)] = thresholds(logits, held.truth)
        # English has no reviews.
        polarity = own[:, -1] if language is Language.KOREAN else np.zeros(len(own), np.float32)
        calibration[str(taxonomy)] = asdict(calibrated(logits, held, taxonomy, polarity=polarity))
    description = {
        "kind": KIND,
        "name": KIND,
        "licence": LICENCE,
        "labels": list(EMOTIONS),
        "thresholds": limits,
        "calibration": calibration,
    }
    return _versioned(bags, description)


def _with_context(
    path: Path, bags: dict[Language, Bag], description: dict[str, Any]
) -> dict[str, Any]:
    """Settle how much the lines before a short one count, on the calls' dev part."""
    detector = TextEmotion(path)
    calls = [call for each in Language for call in dialogues(each) if call.part == "dev"]
    weight = best_weight(detector, told(detector, calls))
    settled = {
        name: asdict(replace(found, context_weight=weight))
        for name, found in detector.calibration.items()
    }
    content = {key: value for key, value in description.items() if key != "version"}
    return _versioned(bags, {**content, "calibration": settled})


def _versioned(bags: dict[Language, Bag], description: dict[str, Any]) -> dict[str, Any]:
    return versioned(
        description, [w.numpy() for b in bags.values() for w in b.state_dict().values()]
    )
