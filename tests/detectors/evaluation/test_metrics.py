"""Figures, calibration and thresholds against small examples done by hand."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.evaluation.calibration import (
    abstention_threshold,
    apply_temperature,
    expected_calibration_error,
    find_best_threshold,
    fit_temperature,
)
from detectors.evaluation.metrics import compute_metrics, pick_best_label, roc_auc

TRUTH = np.array([[1, 0], [1, 0], [1, 0], [0, 1]], dtype=bool)
SCORES = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.3, 0.7]])


def test_recall_f1_and_confusion_are_what_counting_gives() -> None:
    found = compute_metrics(
        SCORES, TRUTH, pick_best_label(SCORES, np.array([True, True])), ("a", "b")
    )
    assert found.recall == {"a": pytest.approx(2 / 3), "b": 1.0}
    assert found.uar == pytest.approx(5 / 6)
    assert found.f1 == {"a": pytest.approx(0.8), "b": pytest.approx(2 / 3)}
    assert found.confusion == [[2, 1], [0, 1]]


def test_auc_is_the_share_of_pairs_in_the_right_order_ties_counting_half() -> None:
    scores = np.array([0.1, 0.5, 0.5, 0.9])
    truth = np.array([False, False, True, True])
    assert roc_auc(scores, truth) == pytest.approx(3.5 / 4)
    assert roc_auc(scores, np.ones(4, bool)) is None


def test_labels_nobody_has_are_not_averaged_and_do_not_compete() -> None:
    scores = np.array([[0.1, 0.2, 0.7]])
    truth = np.array([[True, False, False]])
    decided = pick_best_label(scores, truth.any(0))
    assert compute_metrics(scores, truth, decided, ("a", "b", "c")).labels == ("a",)
    assert compute_metrics(scores, truth, decided, ("a", "b", "c")).uar == 1


def test_the_temperature_of_overconfident_scores_is_above_one() -> None:
    rng = np.random.default_rng(0)
    target = rng.integers(0, 3, 3_000)
    honest = np.log(np.where(np.eye(3, dtype=bool)[target], 0.6, 0.2))
    wrong = rng.random(3_000) < 0.4
    honest[wrong] = honest[wrong][:, [1, 2, 0]]
    temperature = fit_temperature(honest * 3, target, np.ones(3_000))
    scores = apply_temperature(honest * 3, temperature)
    assert temperature > 1.5
    correct = scores.argmax(1) == target
    assert expected_calibration_error(scores.max(1), correct) < 0.05


def test_the_threshold_leaves_four_fifths_answered() -> None:
    confidence = np.linspace(0, 1, 1_001)
    assert (confidence >= abstention_threshold(confidence)).mean() == pytest.approx(0.8, abs=0.01)


def test_the_best_threshold_separates_what_can_be_separated() -> None:
    logits = np.array([-3.0, -2.0, -1.0, 1.0, 2.0])
    truth = np.array([False, False, True, True, True])
    assert -2 < find_best_threshold(logits, truth) < -1
