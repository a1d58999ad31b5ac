"""Plain voice models on our splits: how much of a figure is the problem's, how much ours?

Each is fitted on one corpus's training speakers, for every fold, and measured on the fold; how
strongly it is held back (C) is settled among the training speakers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from detectors.corpora.corpora import FOLDS, is_held_out, is_trainable
from detectors.evaluation import weighted_metrics
from detectors.evaluation.bootstrap import bootstrap_interval, point_estimate
from detectors.evaluation.metrics import pick_best_label
from detectors.evaluation.model_card import MarkdownTable, format_ratio_with_interval
from detectors.evaluation.summary import COMMON_EMOTIONS
from detectors.labels import EMOTIONS, Emotion
from detectors.training.baselines.speaker_context import IsolatedView, RunningView, speaker_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from detectors.corpora.corpora import Clip
    from detectors.evaluation.bootstrap import WeightedMetric
    from detectors.training.baselines.speaker_context import ClipView

    BaselineModels = dict[str, tuple[NDArray[np.float64], Callable[[], GridSearchCV]]]
    """By name: features ``[clips, D]``, and what makes the model."""

CORPORA = {"English": "ravdess", "German": "emodb", "Korean": "korean_emotional"}
NEUTRAL_WORDS_SUBSET = "plain-to-emotional"
"""Of the Korean corpus: neutral words in every emotion."""
INNER_FOLDS = 3
UNSEEN_LABEL_SCORE = -1e9
"""Score of a label that the model has not heard of."""
HEADER = ("speech", "model", "heard", "readings", "speakers", "UAR of 4", "UAR of all", "AUC anger")


@dataclass(frozen=True, slots=True)
class ScoredClips:
    """Clips with one score for each of `EMOTIONS`, ``float64[clips, 8]``, higher is likelier."""

    clips: Sequence[Clip]
    scores: NDArray[np.float64]

    def select_subset(self, subset: str) -> ScoredClips:
        """Those of one part of the corpus."""
        indices = [i for i, clip in enumerate(self.clips) if clip.subset == subset]
        return ScoredClips([self.clips[i] for i in indices], self.scores[indices])

    def build_row(self, speech: str, model: str, history: str) -> tuple[str, ...]:
        """A row under `HEADER`."""
        units = [speaker_key(clip) for clip in self.clips]
        cells = [
            format_ratio_with_interval(
                point_estimate(len(units), figure), bootstrap_interval(units, figure)
            )
            for figure in self._figures()
        ]
        return speech, model, history, str(len(units)), str(len(set(units))), *cells

    def _figures(self) -> list[WeightedMetric]:
        truth = np.array([[clip.emotion == emotion for emotion in EMOTIONS] for clip in self.clips])
        four = np.array([emotion in COMMON_EMOTIONS for emotion in EMOTIONS])
        anger = EMOTIONS.index(Emotion.ANGER)
        return [
            weighted_metrics.uar(truth & four, pick_best_label(self.scores, four)),
            weighted_metrics.uar(truth, pick_best_label(self.scores, np.asarray(truth.any(0)))),
            weighted_metrics.auc(self.scores[:, anger], truth[:, anger]),
        ]


def build_logistic_regression() -> GridSearchCV:
    """Logistic regression, balanced over labels; the strength is chosen by grid search."""
    model = LogisticRegression(class_weight="balanced", max_iter=5_000)
    return _build_grid_search(model, [{"model__C": [0.001, 0.01, 0.1, 1.0]}])


def build_support_vector_machine() -> GridSearchCV:
    """Support vector machine, linear or radial, balanced over labels, by grid search."""
    linear = {"model__kernel": ["linear"], "model__C": [0.001, 0.01, 0.1, 1.0]}
    radial = {"model__kernel": ["rbf"], "model__C": [1.0, 10.0]}
    return _build_grid_search(SVC(class_weight="balanced"), [linear, radial])


def _build_grid_search(model: Any, grid: list[dict[str, Any]]) -> GridSearchCV:
    pipeline = make_pipeline(StandardScaler())
    pipeline.steps.append(("model", model))
    folds = GroupKFold(INNER_FOLDS)
    return GridSearchCV(pipeline, grid, cv=folds, scoring="balanced_accuracy")


def build_table(
    clips: Sequence[Clip], models: BaselineModels, step: Callable[[], None]
) -> MarkdownTable:
    """Measure each model on every corpus, its clips alone and after others of the speaker."""
    rows = []
    for name, (features, make_model) in models.items():
        for history, view in (
            ("alone", IsolatedView(features)),
            ("running", RunningView(features)),
        ):
            rows += list(_build_rows(clips, view, make_model, (name, history), step))
    order = {speech: position for position, speech in enumerate(dict.fromkeys(r[0] for r in rows))}
    return MarkdownTable(HEADER, sorted(rows, key=lambda row: order[row[0]]))


def count_steps(models: int) -> int:
    """How often `build_table` reports progress."""
    return models * 2 * (len(CORPORA) * FOLDS + 1)


def _build_rows(
    clips: Sequence[Clip],
    view: ClipView,
    make_model: Callable[[], GridSearchCV],
    names: tuple[str, str],
    step: Callable[[], None],
) -> Iterator[tuple[str, ...]]:
    for speech, corpus in CORPORA.items():
        scored = cross_validate(clips, view, corpus, make_model, step)
        yield scored.build_row(f"{speech} ({corpus})", *names)
        if corpus == "korean_emotional":
            yield scored.select_subset(NEUTRAL_WORDS_SUBSET).build_row(
                f"Korean, {NEUTRAL_WORDS_SUBSET} only", *names
            )
    yield evaluate_across_corpora(clips, view, make_model).build_row(
        "English + German → Korean", *names
    )
    step()


def cross_validate(
    clips: Sequence[Clip],
    view: ClipView,
    corpus: str,
    make_model: Callable[[], GridSearchCV],
    step: Callable[[], None],
) -> ScoredClips:
    """Read every clip that some fold holds out with a model trained without that fold."""
    parts = []
    corpus_indices = [i for i, clip in enumerate(clips) if clip.corpus == corpus and clip.emotion]
    for fold in range(FOLDS):
        train = [i for i in corpus_indices if is_trainable(clips[i], fold)]
        test = [i for i in corpus_indices if is_held_out(clips[i], fold)]
        parts.append(_fit_and_score(make_model(), clips, view, train, test))
        step()
    return ScoredClips(
        [clip for part in parts for clip in part.clips],
        np.concatenate([part.scores for part in parts]),
    )


def evaluate_across_corpora(
    clips: Sequence[Clip], view: ClipView, make_model: Callable[[], GridSearchCV]
) -> ScoredClips:
    """Fit on English and German, measure on all Korean clips: four emotions each."""
    four_emotions = [i for i, clip in enumerate(clips) if clip.emotion in COMMON_EMOTIONS]
    train = [i for i in four_emotions if clips[i].corpus in {"ravdess", "emodb"}]
    test = [i for i in four_emotions if clips[i].corpus == "korean_emotional"]
    return _fit_and_score(make_model(), clips, view, train, test)


def _fit_and_score(
    model: GridSearchCV, clips: Sequence[Clip], view: ClipView, train: list[int], test: list[int]
) -> ScoredClips:
    train_indices, rows = view.select_features(clips, train)
    labels = [str(clips[i].emotion) for i in train_indices]
    model.fit(rows, labels, groups=[speaker_key(clips[i]) for i in train_indices])
    test_indices, rows = view.select_features(clips, test)
    scores = np.full((len(test_indices), len(EMOTIONS)), UNSEEN_LABEL_SCORE)
    columns = [EMOTIONS.index(Emotion(label)) for label in model.classes_]
    # Chances can be compared between folds' models; support vectors have none.
    score_method = (
        "predict_log_proba" if hasattr(model, "predict_log_proba") else "decision_function"
    )
    scores[:, columns] = getattr(model, score_method)(rows)
    return ScoredClips([clips[i] for i in test_indices], scores)
