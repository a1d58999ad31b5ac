"""From scores to chances, limits and confidence: what must hold whatever the corpus."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.evaluation.calibration import expected_calibration_error, matches_top_vote
from detectors.labels import KOTE
from detectors.text.scoring import (
    Taxonomy,
    emotion_scores,
    estimate_confidence,
    membership,
    sigmoid,
)
from detectors.training.text.calibration import (
    fit_calibration,
    fit_platt,
    fit_thresholds,
    label_valence,
)
from detectors.training.text.examples import LabelledLines
from detectors.training.text.teacher_ko import correct_out_of_fold, fit_label_correlation

RNG = np.random.default_rng(0)
ROWS = 3_000


def made_up() -> tuple[np.ndarray, np.ndarray]:
    """Scores of 44 labels, and labels that come as often as the scores say (on a logit scale)."""
    logits = RNG.normal(-1, 1.5, (ROWS, len(KOTE))).astype(np.float32)
    return logits, RNG.random(logits.shape) < sigmoid(logits)


def test_platt_finds_the_slope_and_offset_that_scores_were_bent_by() -> None:
    logits, truth = made_up()
    slope, offset = fit_platt((logits - 0.5) / 3, truth)
    assert slope == pytest.approx(3, abs=0.6)
    assert offset == pytest.approx(0.5, abs=0.3)


def test_a_rare_labels_threshold_is_drawn_to_the_rule_that_needs_no_truth() -> None:
    logits, truth = made_up()
    lone = np.zeros_like(truth)
    lone[logits[:, 0].argmin(), 0] = True
    free = fit_thresholds(logits[:, :1], truth[:, :1])[0]
    drawn = fit_thresholds(logits[:, :1], lone[:, :1])[0]
    assert drawn == pytest.approx(free, abs=0.4), "one odd row must not move it far"


def test_labels_that_come_together_mend_each_other() -> None:
    both = RNG.random(ROWS) < 0.3
    truth = np.stack([both, both], axis=1)
    clear, noisy = both + RNG.normal(0, 0.4, ROWS), both + RNG.normal(0, 3, ROWS)
    scores = np.stack([clear, noisy], axis=1).astype(np.float32)
    mended = correct_out_of_fold(scores, truth)
    before = np.corrcoef(scores[:, 1], both)[0, 1]
    assert np.corrcoef(mended[:, 1], both)[0, 1] > before + 0.2
    assert fit_label_correlation(scores, truth)(scores).std(0) == pytest.approx([1, 1], abs=0.3)


def test_confidence_is_the_share_of_right_readings_and_the_surest_are_right_more_often() -> None:
    logits, truth = made_up()
    lines = LabelledLines(["말"] * ROWS, [], truth)
    polarity = np.zeros(ROWS, dtype=np.float32)
    found = fit_calibration(logits, lines, Taxonomy.KOTE, polarity=polarity)
    nothing = np.zeros((ROWS, 8), dtype=np.float32)
    scores = emotion_scores(logits, Taxonomy.KOTE, found, nothing)
    votes = truth @ membership(Taxonomy.KOTE)
    sure, right = estimate_confidence(scores, nothing, found), matches_top_vote(votes, scores)
    assert expected_calibration_error(sure.astype(np.float64), right) < 0.1
    surest = sure >= np.quantile(sure, 0.2)
    assert right[surest].mean() > right.mean()
    assert found.polarity_weight == 0, "a polarity that says nothing is not used"


def test_valence_of_labels_lies_between_the_unpleasant_and_the_pleasant() -> None:
    votes = np.zeros((3, 8), dtype=np.float32)
    votes[0, 1], votes[1, 2], votes[2, [1, 2]] = 3, 2, 1
    glad, angry, torn = label_valence(votes)
    assert angry < torn < glad
