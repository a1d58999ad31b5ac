"""`callmood train topics`: lines that were written for a topic in; the topic model out."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from detectors.corpora.theme_lines import THEMES
from detectors.text.topic_model import KIND
from detectors.training.onnx_export import add_version
from detectors.training.text.topic_graph import write_graph_file
from detectors.training.text.topic_head import HeadConfig, TopicTargets, fit_head, predict_topics
from detectors.training.topics.limits import find_limits
from detectors.training.topics.ngram_fit import fit_ngrams
from detectors.training.topics.training_lines import load_training_lines

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.training.progress import Progress
    from detectors.training.text.multilingual_encoder import MultilingualEncoder
    from detectors.training.text.topic_head import TopicHead
    from detectors.training.topics.limits import TopicLimits
    from detectors.training.topics.ngram_fit import NgramWeights
    from detectors.training.topics.training_lines import TopicFeatures, TrainingLines

LICENCE = (
    "Weights: Apache-2.0, commercial use allowed. A part of Google's Universal Sentence Encoder, "
    "multilingual v3 (Apache-2.0), its last layers, and weights of n-grams, fitted to lines "
    "written for callmood (Apache-2.0), and to lines of KOTE (MIT), NSMC (CC0 1.0), GoEmotions "
    "(Apache-2.0) and songys/Chatbot_data (MIT) as lines without a topic."
)

VALIDATION_EVERY_NTH = 4
"""Of the lines without a topic: never fitted, they settle thresholds."""

WRITER_FOLDS = 3
"""Each group of writers is held out once, to settle thresholds."""

LIST_AUTHORS = ("c1", "c2", "c3")
"""They knew the word lists, so their lines settle no threshold."""

READERS = ("c2",)
"""Wrote after reading the dev lines: fitted to, but not while those are held out."""


@dataclass(frozen=True, slots=True)
class TopicParts:
    """A fitted model: its logits are the sum of both."""

    head: TopicHead
    ngrams: NgramWeights

    def predict(self, features: TopicFeatures) -> NDArray[np.float32]:
        """Logits of lines, ``float32[lines, topics]``."""
        return predict_topics(self.head, features.encoded) + self.ngrams.predict(features.ngrams)


def train(data: Path, models: Path, *, seed: int, progress: Progress) -> Path:
    """Fit the topic model and write it into ``models``.

    Raises:
        CorpusError, LinesError: ``data`` lacks a corpus, or a file of lines is broken.
    """
    training = load_training_lines(data, progress)
    limits = _fit_limits(training, seed=seed, progress=progress)
    parts = _fit(
        training,
        np.ones(len(training.lines), dtype=bool),
        training.topicless,
        training.ordinary,
        seed=seed,
        progress=progress,
    )
    weights, ngrams = parts.head.export_weights(), parts.ngrams
    arrays: list[NDArray[Any]] = [training.encoder.table, ngrams.table, *weights.values()]
    path = models / f"{KIND}.onnx"
    description = add_version(_describe(training.encoder, limits), arrays)
    write_graph_file(training.encoder, weights, ngrams, description, path)
    return path


def _fit(  # noqa: PLR0913 - what is fitted, to what, and how
    training: TrainingLines,
    rows: NDArray[np.bool_],
    topicless: TopicFeatures,
    ordinary: TopicFeatures,
    *,
    seed: int,
    progress: Progress,
) -> TopicParts:
    """Fit to some of the lines. Those of ordinary calls are shown as often as the known ones."""
    config = HeadConfig()
    known = training.known.select(rows).join(ordinary)
    rest = np.zeros((len(ordinary.encoded), len(THEMES)), np.float32)
    truth = np.concatenate([training.truth[rows], rest])
    weights = np.concatenate([training.weights[rows], np.ones_like(rest)])
    head = fit_head(
        training.encoder,
        TopicTargets(known.encoded, truth, weights),
        topicless.encoded,
        seed=seed,
        step=progress.begin("fitting the encoder's layers", config.epochs),
        config=config,
    )
    step = progress.begin("fitting n-grams", len(THEMES))
    return TopicParts(head, fit_ngrams(known.ngrams, truth, weights, topicless.ngrams, step))


def _fit_limits(training: TrainingLines, *, seed: int, progress: Progress) -> TopicLimits:
    """Settle thresholds and vetoes on writers and lines that a model was not fitted to."""
    is_validation = np.arange(training.topicless.encoded.shape[0]) % VALIDATION_EVERY_NTH == 0
    validation = training.topicless.select(is_validation)
    fitted = training.topicless.select(~is_validation)
    writers = np.array([line.writer for line in training.lines])
    held_out = sorted(set(writers) - set(LIST_AUTHORS))
    logits = np.full(training.truth.shape, np.nan, np.float32)
    ordinary_logits = np.zeros((len(training.ordinary.encoded), len(THEMES)), np.float32)
    parts = []
    for fold in range(WRITER_FOLDS):
        rows = np.isin(writers, held_out[fold::WRITER_FOLDS])
        ordinary_rows = np.arange(len(ordinary_logits)) % WRITER_FOLDS == fold
        # An author of the lists may have read the lines that are held out.
        others = ~rows & ~np.isin(writers, READERS)
        ordinary = training.ordinary.select(~ordinary_rows)
        model = _fit(training, others, fitted, ordinary, seed=seed, progress=progress)
        logits[rows] = model.predict(training.known.select(rows))
        ordinary_logits[ordinary_rows] = model.predict(training.ordinary.select(ordinary_rows))
        parts.append(model.predict(validation))
    return find_limits(training.lines, logits, np.concatenate(parts), ordinary_logits)


def _describe(encoder: MultilingualEncoder, limits: TopicLimits) -> dict[str, Any]:
    return {
        "kind": KIND,
        "name": KIND,
        "licence": LICENCE,
        "topics": list(THEMES),
        **asdict(limits),
        "recipe": asdict(HeadConfig()),
        "pieces": list(encoder.vocabulary.pieces),
        "piece_scores": list(encoder.vocabulary.scores),
    }
