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

from detectors.corpora.corpora import FOLDS, held_out, trainable
from detectors.evaluation import weighted_metrics
from detectors.evaluation.bootstrap import interval, point
from detectors.evaluation.metrics import best_of
from detectors.evaluation.model_card import Table, ratio_within
from detectors.evaluation.summary import FOUR
from detectors.labels import EMOTIONS, Emotion
from detectors.training.baselines.speaker_context import Alone, Running, speaker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from detectors.corpora.corpora import Clip
    from detectors.evaluation.bootstrap import Figure
    from detectors.training.baselines.speaker_context import View

    Models = dict[str, tuple[NDArray[np.float64], Callable[[], GridSearchCV]]]
    """By name: features ``[clips, D]``, and what makes the model."""

CORPORA = {"English": "ravdess", "German": "emodb", "Korean": "korean_emotional"}
VOICE_ALONE = "plain-to-emotional"
"""Of the Korean corpus: neutral words in every emotion."""
INNER_FOLDS = 3
NEVER = -1e9
"""Score of a label that the model has not heard of."""
HEADER = ("speech", "model", "heard", "readings", "speakers", "UAR of 4", "UAR of all", "AUC anger")


@dataclass(frozen=True, slots=True)
class Scored:
    """Clips with one score for each of `EMOTIONS`, ``float64[clips, 8]``, higher is likelier."""

    clips: Sequence[Clip]
    scores: NDArray[np.float64]

    def of(self, subset: str) -> Scored:
        """Those of one part of the corpus."""
        kept = [i for i, clip in enumerate(self.clips) if clip.subset == subset]
        return Scored([self.clips[i] for i in kept], self.scores[kept])

    def row(self, speech: str, model: str, heard: str) -> tuple[str, ...]:
        """A row under `HEADER`."""
        units = [speaker(clip) for clip in self.clips]
        cells = [
            ratio_within(point(len(units), figure), interval(units, figure))
            for figure in self._figures()
        ]
        return speech, model, heard, str(len(units)), str(len(set(units))), *cells

    def _figures(self) -> list[Figure]:
        truth = np.array([[clip.emotion == emotion for emotion in EMOTIONS] for clip in self.clips])
        four = np.array([emotion in FOUR for emotion in EMOTIONS])
        anger = EMOTIONS.index(Emotion.ANGER)
        return [
            weighted_metrics.uar(truth & four, best_of(self.scores, four)),
            weighted_metrics.uar(truth, best_of(self.scores, np.asarray(truth.any(0)))),
            weighted_metrics.auc(self.scores[:, anger], truth[:, anger]),
        ]


def logistic_regression() -> GridSearchCV:
    """Balanced over labels."""
    model = LogisticRegression(class_weight="balanced", max_iter=5_000)
    return _settled(model, [{"model__C": [0.001, 0.01, 0.1, 1.0]}])


def support_vectors() -> GridSearchCV:
    """Linear or radial, balanced over labels."""
    linear = {"model__kernel": ["linear"], "model__C": [0.001, 0.01, 0.1, 1.0]}
    radial = {"model__kernel": ["rbf"], "model__C": [1.0, 10.0]}
    return _settled(SVC(class_weight="balanced"), [linear, radial])


def _settled(model: Any, grid: list[dict[str, Any]]) -> GridSearchCV:
    pipeline = make_pipeline(StandardScaler())
    pipeline.steps.append(("model", model))
    folds = GroupKFold(INNER_FOLDS)
    return GridSearchCV(pipeline, grid, cv=folds, scoring="balanced_accuracy")


def table(clips: Sequence[Clip], models: Models, step: Callable[[], None]) -> Table:
    """Measure each model on every corpus, its clips alone and after others of the speaker."""
    rows = []
    for name, (features, make) in models.items():
        for heard, view in (("alone", Alone(features)), ("running", Running(features))):
            rows += list(_rows(clips, view, make, (name, heard), step))
    order = {speech: place for place, speech in enumerate(dict.fromkeys(r[0] for r in rows))}
    return Table(HEADER, sorted(rows, key=lambda row: order[row[0]]))


def steps(models: int) -> int:
    """How often `table` reports progress."""
    return models * 2 * (len(CORPORA) * FOLDS + 1)


def _rows(
    clips: Sequence[Clip],
    view: View,
    make: Callable[[], GridSearchCV],
    names: tuple[str, str],
    step: Callable[[], None],
) -> Iterator[tuple[str, ...]]:
    for speech, corpus in CORPORA.items():
        scored = across_folds(clips, view, corpus, make, step)
        yield scored.row(f"{speech} ({corpus})", *names)
        if corpus == "korean_emotional":
            yield scored.of(VOICE_ALONE).row(f"Korean, {VOICE_ALONE} only", *names)
    yield across_corpora(clips, view, make).row("English + German → Korean", *names)
    step()


def across_folds(
    clips: Sequence[Clip],
    view: View,
    corpus: str,
    make: Callable[[], GridSearchCV],
    step: Callable[[], None],
) -> Scored:
    """Measure every clip of a corpus that some fold holds out, by the model without that fold."""
    parts = []
    theirs = [i for i, clip in enumerate(clips) if clip.corpus == corpus and clip.emotion]
    for fold in range(FOLDS):
        train = [i for i in theirs if trainable(clips[i], fold)]
        test = [i for i in theirs if held_out(clips[i], fold)]
        parts.append(_scored(make(), clips, view, train, test))
        step()
    return Scored(
        [clip for part in parts for clip in part.clips],
        np.concatenate([part.scores for part in parts]),
    )


def across_corpora(clips: Sequence[Clip], view: View, make: Callable[[], GridSearchCV]) -> Scored:
    """Fit on English and German, measure on all Korean clips: four emotions each."""
    four = [i for i, clip in enumerate(clips) if clip.emotion in FOUR]
    train = [i for i in four if clips[i].corpus in {"ravdess", "emodb"}]
    test = [i for i in four if clips[i].corpus == "korean_emotional"]
    return _scored(make(), clips, view, train, test)


def _scored(
    model: GridSearchCV, clips: Sequence[Clip], view: View, train: list[int], test: list[int]
) -> Scored:
    fitted, rows = view.of(clips, train)
    labels = [str(clips[i].emotion) for i in fitted]
    model.fit(rows, labels, groups=[speaker(clips[i]) for i in fitted])
    measured, rows = view.of(clips, test)
    scores = np.full((len(measured), len(EMOTIONS)), NEVER)
    columns = [EMOTIONS.index(Emotion(label)) for label in model.classes_]
    # Chances can be compared between folds' models; support vectors have none.
    telling = "predict_log_proba" if hasattr(model, "predict_log_proba") else "decision_function"
    scores[:, columns] = getattr(model, telling)(rows)
    return Scored([clips[i] for i in measured], scores)
