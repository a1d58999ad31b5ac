"""The plain linear model beside the English network: fitted, mixed in, and served the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("sklearn", reason="needs the train extra")

from detectors.artifact import load_session
from detectors.labels import GOEMOTIONS, KOTE
from detectors.text.ngrams import OFFSETS, TABLE_ROWS, hash_line
from detectors.training.text.examples import LabelledLines
from detectors.training.text.linear import fit_linear_model
from detectors.training.text.onnx_graph import write_graph
from detectors.training.text.student import StudentConfig, StudentModel, predict_logits
from detectors.utterance import Language

if TYPE_CHECKING:
    from pathlib import Path

    from detectors.training.text.examples import Grams

ENGLISH = ["i am so angry with you", "thank you so much", "this is sad news", "that is fine"]
TOLD = [2, 15, 25, 27]
"""Anger, gratitude, sadness and neutral, as `ENGLISH` has them."""
KOREAN = ["정말 화가 나요", "고맙습니다"]


def grams(texts: list[str], language: Language) -> list[Grams]:
    return [hash_line(text, language) for text in texts]


def lines() -> LabelledLines:
    texts = ENGLISH * 12
    truth = np.zeros((len(texts), len(GOEMOTIONS)), dtype=bool)
    truth[:2] = [[True], [False]]  # a regression needs to see both
    truth[2:, TOLD] = np.eye(len(TOLD), dtype=bool)[
        [(row + 2) % 4 for row in range(len(texts) - 2)]
    ]
    return LabelledLines(texts, grams(texts, Language.ENGLISH), truth)


def test_telling_words_decide_for_their_label() -> None:
    found = fit_linear_model(lines(), lambda _: lambda: None)
    for text, label in zip(ENGLISH, TOLD, strict=True):
        buckets, weights = hash_line(text, Language.ENGLISH)
        said = weights @ found.matrix[buckets - OFFSETS[Language.ENGLISH]] + found.bias
        assert TOLD[said[TOLD].argmax()] == label


def test_the_graph_says_what_the_mixed_model_says_and_korean_is_left_alone(tmp_path: Path) -> None:
    recipe = StudentConfig(width=4, hidden=8)
    bags = {
        Language.KOREAN: StudentModel(recipe, len(KOTE) + 1),
        Language.ENGLISH: StudentModel(recipe, len(GOEMOTIONS) + 1),
    }
    before = predict_logits(bags[Language.KOREAN], grams(KOREAN, Language.KOREAN))
    matrix = (
        np.random.default_rng(0).normal(size=(TABLE_ROWS, len(GOEMOTIONS) + 1)).astype(np.float32)
    )
    bags[Language.ENGLISH].mix_linear(matrix, np.ones(len(GOEMOTIONS) + 1, np.float32), 0.7)
    write_graph(bags, {"kind": "text-emotion"}, tmp_path / "text.onnx")
    session = load_session(tmp_path / "text.onnx")

    def served(text: str, language: Language, output: str) -> np.ndarray:
        buckets, weights = hash_line(text, language)
        padded = np.append(buckets, TABLE_ROWS), np.append(weights, np.float32(0))
        inputs = {"buckets": padded[0][None], "weights": padded[1][None]}
        return np.asarray(session.run([output], inputs)[0][0])

    expected = predict_logits(bags[Language.ENGLISH], grams(ENGLISH, Language.ENGLISH))
    for text, logits in zip(ENGLISH, expected, strict=True):
        found = served(text, Language.ENGLISH, "goemotions")
        assert found == pytest.approx(logits[:-1], abs=0.05), "eight bits round a little"
    for text, logits in zip(KOREAN, before, strict=True):
        assert served(text, Language.KOREAN, "kote") == pytest.approx(logits[:-1], abs=0.02)


def test_a_rescaled_mixture_is_the_mixture_rescaled() -> None:
    bag = StudentModel(StudentConfig(width=4, hidden=8), 3)
    matrix = np.random.default_rng(1).normal(size=(TABLE_ROWS, 3)).astype(np.float32)
    bag.mix_linear(matrix, np.zeros(3, np.float32), 0.5)
    some = grams(ENGLISH, Language.ENGLISH)
    plain = predict_logits(bag, some)
    bag.rescale(np.array([1.0, 0.0, -1.0]), np.array([2.0, 1.0, 0.5]))
    assert predict_logits(bag, some) == pytest.approx(
        plain * [2.0, 1.0, 0.5] + [1.0, 0.0, -1.0], abs=1e-4
    )
