"""Intervals: whose rows are drawn, what is undefined, and that order and chance change nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.evaluation import weighted_metrics
from detectors.evaluation.bootstrap import UNDEFINED, Interval, bootstrap_interval, point_estimate
from detectors.evaluation.calibration import (
    accuracy_at_coverage,
    expected_calibration_error,
    reliability_bins,
)
from detectors.evaluation.metrics import compute_metrics, pick_best_label, roc_auc
from detectors.evaluation.model_card import format_ratio_with_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from detectors.evaluation.bootstrap import WeightedMetric

LABELS = ("a", "b", "c")
FEW_DRAWS = 200


@dataclass(frozen=True, slots=True)
class Rows:
    """Drawn speakers, true labels, scores; a grid of scores, so that ties happen."""

    speakers: list[str]
    target: NDArray[np.int64]
    scores: NDArray[np.float64]

    @property
    def truth(self) -> NDArray[np.bool_]:
        return np.eye(len(LABELS), dtype=bool)[self.target]

    @property
    def decided(self) -> NDArray[np.bool_]:
        return pick_best_label(self.scores, self.truth.any(0))

    @property
    def correct(self) -> NDArray[np.bool_]:
        return np.asarray((self.truth & self.decided).any(1))

    @property
    def confidence(self) -> NDArray[np.float64]:
        return np.asarray(self.scores.max(1))

    def figures(self) -> dict[str, WeightedMetric]:
        return {
            "uar": weighted_metrics.uar(self.truth, self.decided),
            "macro_f1": weighted_metrics.macro_f1(self.truth, self.decided),
            "macro_auc": weighted_metrics.macro_auc(self.scores, self.truth),
            "accuracy": weighted_metrics.accuracy(self.correct),
            "ece": weighted_metrics.calibration_error(self.confidence, self.correct),
            "covered": weighted_metrics.coverage_accuracy(self.confidence, self.correct),
            "gain": weighted_metrics.coverage_gain(self.confidence, self.correct),
        }

    def reordered(self, order: list[int]) -> Rows:
        names = [self.speakers[i] for i in order]
        return Rows(names, self.target[order], self.scores[order])


@st.composite
def drawn_rows(draw: st.DrawFn) -> Rows:
    count = draw(st.integers(2, 40))
    some = {"min_size": count, "max_size": count}
    speakers = draw(st.lists(st.sampled_from(["anna", "ben", "cleo", "미나"]), **some))
    target = draw(st.lists(st.integers(0, 2), **some))
    score = st.integers(0, 20).map(lambda number: number / 20)
    scores = draw(st.lists(st.tuples(score, score, score), **some))
    return Rows(speakers, np.array(target), np.array(scores))


@given(drawn_rows())
def test_with_every_weight_one_each_figure_is_the_plain_one(rows: Rows) -> None:
    plain = compute_metrics(rows.scores, rows.truth, rows.decided, LABELS)
    found = {name: point_estimate(len(rows.target), each) for name, each in rows.figures().items()}
    assert found["uar"] == pytest.approx(plain.uar)
    assert found["macro_f1"] == pytest.approx(plain.macro_f1)
    assert found["macro_auc"] == pytest.approx(plain.macro_auc, nan_ok=True)
    assert found["accuracy"] == pytest.approx(rows.correct.mean())
    ece = expected_calibration_error(rows.confidence, rows.correct)
    assert found["ece"] == pytest.approx(ece)
    assert found["gain"] == pytest.approx(accuracy_at_coverage(rows.confidence, rows.correct).gain)


@given(drawn_rows(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_figure_and_no_interval(rows: Rows, random: object) -> None:
    order = list(range(len(rows.target)))
    random.shuffle(order)  # type: ignore[attr-defined]
    other = rows.reordered(order)
    for name, figure in rows.figures().items():
        before = bootstrap_interval(rows.speakers, figure, draws=FEW_DRAWS)
        after = bootstrap_interval(other.speakers, other.figures()[name], draws=FEW_DRAWS)
        assert (before.low, before.high) == pytest.approx((after.low, after.high), nan_ok=True)
        assert before.skipped_ratio == after.skipped_ratio


@given(drawn_rows())
def test_every_proportion_and_its_interval_lie_between_0_and_1(rows: Rows) -> None:
    for name, figure in rows.figures().items():
        found = bootstrap_interval(rows.speakers, figure, draws=FEW_DRAWS)
        lowest = -1.0 if name == "gain" else 0.0
        for value in (found.low, found.high, point_estimate(len(rows.target), figure)):
            assert math.isnan(value) or lowest - 1e-9 <= value <= 1 + 1e-9
        assert math.isnan(found.low) or found.low <= found.high


@given(drawn_rows())
def test_perfect_scores_are_1_in_every_draw(rows: Rows) -> None:
    perfect = Rows(rows.speakers, rows.target, rows.truth.astype(np.float64))
    figures = perfect.figures()
    for name in ("uar", "macro_f1", "accuracy"):
        assert point_estimate(len(rows.target), figures[name]) == 1
        found = bootstrap_interval(rows.speakers, figures[name], draws=FEW_DRAWS)
        assert (found.low, found.high) == (1.0, 1.0) or not found.is_defined
    assert point_estimate(len(rows.target), figures["ece"]) == 0


@given(st.integers(2, 12), st.integers(1, 5))
def test_where_half_of_the_speakers_are_right_the_interval_holds_the_figure(
    pairs: int, clips: int
) -> None:
    speakers = [f"s{number}" for number in range(2 * pairs) for _ in range(clips)]
    correct = np.array([int(name[1:]) % 2 == 0 for name in speakers])
    found = bootstrap_interval(speakers, weighted_metrics.accuracy(correct))
    assert found.low <= 0.5 <= found.high


def test_speakers_are_drawn_whole_so_more_clips_of_each_prove_nothing_more() -> None:
    right = np.array([True, True, True, False, False, False])
    few = bootstrap_interval(list("abcdef"), weighted_metrics.accuracy(right))
    many = bootstrap_interval(list("abcdef") * 50, weighted_metrics.accuracy(np.tile(right, 50)))
    assert many == few
    alone = bootstrap_interval([None] * 300, weighted_metrics.accuracy(np.tile(right, 50)))
    assert alone.high - alone.low < (few.high - few.low) / 3


def test_an_interval_is_about_as_wide_as_theory_says() -> None:
    correct = np.arange(400) % 4 > 0
    found = bootstrap_interval([""] * 400, weighted_metrics.accuracy(correct))
    expected = 2 * 1.96 * math.sqrt(0.75 * 0.25 / 400)
    assert found.high - found.low == pytest.approx(expected, rel=0.1)


def test_the_same_seed_gives_the_same_interval_and_another_one_about_the_same() -> None:
    correct = np.arange(90) % 3 > 0
    names = [f"s{number % 30:02}" for number in range(90)]
    figure = weighted_metrics.accuracy(correct)
    assert bootstrap_interval(names, figure, seed=1) == bootstrap_interval(names, figure, seed=1)
    assert bootstrap_interval(names, figure, seed=1).low == pytest.approx(
        bootstrap_interval(names, figure, seed=2).low, abs=0.03
    )


def test_a_draw_that_lacks_a_label_is_skipped_and_the_share_of_those_is_known() -> None:
    truth = np.eye(2, dtype=bool)[[0, 0, 0, 1]]
    found = bootstrap_interval(list("abcd"), weighted_metrics.uar(truth, truth))
    assert (found.low, found.high) == (1, 1)
    # No "d" in four draws, or nothing else: (3/4)^4 + (1/4)^4.
    assert found.skipped_ratio == pytest.approx(0.32, abs=0.05)


def test_one_speaker_alone_has_no_interval() -> None:
    assert not bootstrap_interval(["a"] * 9, weighted_metrics.accuracy(np.arange(9) > 3)).is_defined


def test_auc_by_weights_is_auc_of_the_rows_repeated() -> None:
    rng = np.random.default_rng(0)
    scores, truth = np.round(rng.random(30), 1), rng.random(30) < 0.4
    times = rng.integers(0, 4, 30)
    repeated = roc_auc(np.repeat(scores, times), np.repeat(truth, times))
    assert weighted_metrics.auc(scores, truth)(times[None].astype(float))[0] == pytest.approx(
        repeated
    )


@given(drawn_rows())
def test_bins_hold_every_row_once_in_rising_confidence(rows: Rows) -> None:
    bins = reliability_bins(rows.confidence, rows.correct)
    assert sum(each.items for each in bins) == rows.target.size
    edges = [edge for each in bins for edge in (each.low, each.high)]
    assert edges == sorted(edges)
    assert all(each.low - 1e-9 <= each.confidence <= each.high + 1e-9 for each in bins)


def test_silence_on_the_wrong_fifth_gains_a_fifth() -> None:
    confidence = np.linspace(0.1, 1, 10)
    covered = accuracy_at_coverage(confidence, confidence > 0.25)
    assert (covered.overall, covered.at_coverage) == pytest.approx((0.8, 1.0))
    assert covered.gain == pytest.approx(0.2)


def test_silence_gains_nothing_where_confidence_says_nothing() -> None:
    assert accuracy_at_coverage(np.full(10, 0.5), np.arange(10) < 6).gain == pytest.approx(0)


def test_confidence_that_is_always_one_errs_by_the_share_of_errors() -> None:
    assert expected_calibration_error(np.ones(10), np.arange(10) < 7) == pytest.approx(0.3)
    assert expected_calibration_error(np.zeros(0), np.zeros(0, bool)) == 0


@pytest.mark.parametrize(
    ("value", "found", "text"),
    [
        (0.834, Interval(0.78, 0.881), ".83 [.78, .88]"),
        (1.0, Interval(1.0, 1.0), "1.00 [1.00, 1.00]"),
        (-0.051, Interval(-0.12, -0.001), "-.05 [-.12, .00]"),
        (0.9996, Interval(0.99, 1.0), "1.00 [.99, 1.00]"),
        (0.5, UNDEFINED, ".50"),
        (math.nan, UNDEFINED, "-"),
    ],
)
def test_a_card_writes_a_figure_with_its_interval(value: float, found: Interval, text: str) -> None:
    assert format_ratio_with_interval(value, found) == text
