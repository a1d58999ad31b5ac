"""`callmood train topics`: lines that were written for a topic in; the topic model out."""

from __future__ import annotations

import csv
import random
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime as ort
import torch

from detectors.corpora.corpora import load_ratings, load_texts
from detectors.corpora.theme_lines import LINES, THEMES, load_theme_lines
from detectors.text.sentence_pieces import split_words
from detectors.text.topic_model import KIND, MAX_PIECES
from detectors.training.onnx_export import add_version
from detectors.training.text.multilingual_encoder import load_encoder
from detectors.training.text.topic_graph import build_graph, write_graph_file
from detectors.training.text.topic_head import HeadConfig, TopicTargets, fit_head, predict_topics

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.corpora.theme_lines import ThemeLine
    from detectors.training.progress import Progress
    from detectors.training.text.multilingual_encoder import MultilingualEncoder

LICENCE = (
    "Weights: Apache-2.0, commercial use allowed. A part of Google's Universal Sentence Encoder, "
    "multilingual v3 (Apache-2.0), its last layers fitted to lines written for callmood "
    "(Apache-2.0), and to lines of KOTE (MIT), NSMC (CC0 1.0), GoEmotions (Apache-2.0) and "
    "songys/Chatbot_data (MIT) as lines without a topic."
)

CORPUS_LINES = 4_500
"""Of each corpus; a part of them settles thresholds."""

VALIDATION_EVERY_NTH = 3
"""Of the corpus lines: never fitted, they settle thresholds."""

LOOK_ALIKE_WEIGHT = 3.0
OWN_WEIGHT = 2.0
"""How much a look-alike and a line count for their own topic, beside other lines."""

ALLOWED_CORPUS_RATIO = 1e-4
ALLOWED_LOOK_ALIKE_RATIO = 0.02
"""Share of a kind of lines that may lie above a topic's threshold: both must hold."""

DANGERS = ("self_harm", "threat")
ALLOWED_DANGER_RATIO = 0.05
"""Of look-alikes of these: here a missed line is dearer than a false alarm."""

GRAVE_WEIGHT = 0.3
"""Of another grave topic in a line that has one: it may have both, and nobody said."""

GRAVE = ("abuse", "threat", "sexual_harassment")
SEED = 5


def train(data: Path, models: Path, *, seed: int, progress: Progress) -> Path:
    """Fit the topic model and write it into ``models``.

    Raises:
        CorpusError, LinesError: ``data`` lacks a corpus, or a file of lines is broken.
    """
    torch.set_num_threads(1)
    lines = [line for part in ("train", "dev") for line in load_theme_lines(LINES / part)]
    corpus_texts = load_topicless_lines(data)
    texts = [line.text for line in lines]
    encoder = load_encoder([*texts, *corpus_texts])
    step = progress.begin("encoding lines", len(texts) + len(corpus_texts))
    features = encode_lines(encoder, [*texts, *corpus_texts], step)
    targets = build_targets(lines, features[: len(lines)])
    corpus = features[len(lines) :]
    is_validation = np.arange(len(corpus)) % VALIDATION_EVERY_NTH == 0
    thresholds = _fit_thresholds(
        encoder, lines, targets, (corpus[~is_validation], corpus[is_validation]),
        seed=seed, progress=progress,
    )  # fmt: skip
    config = HeadConfig()
    head = fit_head(
        encoder, targets, corpus, seed=seed, step=progress.begin("fitting topics", config.epochs)
    )
    weights = head.export_weights()
    path = models / f"{KIND}.onnx"
    description = _describe(encoder, thresholds, config)
    write_graph_file(
        encoder, weights, add_version(description, [encoder.table, *weights.values()]), path
    )
    return path


def load_topicless_lines(data: Path) -> list[str]:
    """Lines of corpora that no customer said, of the parts that nothing is measured on."""
    rng = random.Random(SEED)  # noqa: S311 - no secret
    reviews = [review for review, _ in load_ratings(data / "text/nsmc/reviews.tsv.gz")]
    with (data / "text/songys_chatbot/ChatbotData.csv").open(encoding="utf-8", newline="") as file:
        # The other half of the questions is measured on.
        chat = [row["Q"] for row in csv.DictReader(file)][::2]
    corpora = (
        [row.text for row in load_texts(data / "text/kote/val.tsv", text=1, label=2)],
        [row.text for row in load_texts(data / "text/goemotions/train.tsv.gz", text=0, label=1)],
        reviews,
        chat,
    )
    return [text for texts in corpora for text in rng.sample(texts, min(CORPUS_LINES, len(texts)))]


def encode_lines(
    encoder: MultilingualEncoder, texts: Sequence[str], step: Callable[[], None]
) -> NDArray[np.float32]:
    """The features of lines, ``float32[lines, 2 * FEATURES]``."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(build_graph(encoder, None).SerializeToString(), options)
    rows = []
    for text in texts:
        pieces = encoder.vocabulary.cut(split_words(text))[-MAX_PIECES:]
        numbers = np.array([piece.number for piece in pieces], dtype=np.int64)
        rows.append(session.run(["features"], {"pieces": numbers})[0][0])
        step()
    return np.array(rows, dtype=np.float32)


def build_targets(lines: Sequence[ThemeLine], features: NDArray[np.float32]) -> TopicTargets:
    """What lines are about: their own theme for certain, of others nobody said so."""
    truth = np.zeros((len(lines), len(THEMES)), np.float32)
    weights = np.ones_like(truth)
    for row, line in enumerate(lines):
        column = THEMES.index(line.theme)
        if line.is_expected and line.theme in GRAVE:
            weights[row, [THEMES.index(theme) for theme in GRAVE]] = GRAVE_WEIGHT
            weights[row, THEMES.index("abuse")] = 0.0
        truth[row, column] = line.is_expected
        weights[row, column] = OWN_WEIGHT if line.is_expected else LOOK_ALIKE_WEIGHT
    return TopicTargets(features, truth, weights)


def _fit_thresholds(  # noqa: PLR0913 - what is fitted, on what, and what settles it
    encoder: MultilingualEncoder,
    lines: Sequence[ThemeLine],
    targets: TopicTargets,
    corpus: tuple[NDArray[np.float32], NDArray[np.float32]],
    *,
    seed: int,
    progress: Progress,
) -> list[float]:
    """Settle thresholds on writers and corpus lines that a model was not fitted to."""
    writers = np.array([line.writer for line in lines])
    held_out_writers = sorted(set(writers) - {line.writer for line in _load_own_lines()})
    logits = np.full(targets.truth.shape, np.nan, np.float32)
    corpus_logits = []
    step = progress.begin("settling thresholds", HeadConfig().epochs * len(held_out_writers))
    for writer in held_out_writers:
        rows = writers == writer
        head = fit_head(encoder, targets.select(~rows), corpus[0], seed=seed, step=step)
        logits[rows] = predict_topics(head, targets.features[rows])
        corpus_logits.append(predict_topics(head, corpus[1]))
    is_measured = ~np.isnan(logits[:, 0])
    return [
        _find_threshold(
            np.concatenate([part[:, column] for part in corpus_logits]),
            _look_alike_logits(lines, targets.truth, logits, is_measured, column),
            ALLOWED_DANGER_RATIO if theme in DANGERS else ALLOWED_LOOK_ALIKE_RATIO,
        )
        for column, theme in enumerate(THEMES)
    ]


def _load_own_lines() -> list[ThemeLine]:
    """Lines to train on: their writers knew the library, so they settle nothing."""
    return load_theme_lines(LINES / "train")


def _look_alike_logits(
    lines: Sequence[ThemeLine],
    truth: NDArray[np.float32],
    logits: NDArray[np.float32],
    is_measured: NDArray[np.bool_],
    column: int,
) -> NDArray[np.float32]:
    is_own = np.array([line.theme == THEMES[column] for line in lines])
    rows = is_measured & is_own & (truth[:, column] == 0)
    return np.asarray(logits[rows, column], dtype=np.float32)


def _find_threshold(
    corpus_logits: NDArray[np.float32],
    look_alike_logits: NDArray[np.float32],
    look_alike_ratio: float,
) -> float:
    """The lowest threshold that keeps to both allowed shares."""
    limits = [
        _upper_quantile(corpus_logits, ALLOWED_CORPUS_RATIO),
        _upper_quantile(look_alike_logits, look_alike_ratio),
    ]
    return round(max(limits), 3)


def _upper_quantile(values: NDArray[np.float32], ratio: float) -> float:
    if not values.size:
        return 0.0
    allowed = int(values.size * ratio)
    return float(np.sort(values)[::-1][allowed]) + 1e-3


def _describe(
    encoder: MultilingualEncoder, thresholds: Sequence[float], config: HeadConfig
) -> dict[str, Any]:
    return {
        "kind": KIND,
        "name": KIND,
        "licence": LICENCE,
        "topics": list(THEMES),
        "thresholds": list(thresholds),
        "recipe": asdict(config),
        "pieces": list(encoder.vocabulary.pieces),
        "piece_scores": list(encoder.vocabulary.scores),
    }
