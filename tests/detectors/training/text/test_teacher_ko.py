"""The Korean teacher made small: it tells what it learnt of words that only mean the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("kiwipiepy", reason="needs the train extra")

from detectors.training.text import morphemes as morphemes_module
from detectors.training.text.morphemes import embed_morphemes, extract_morphemes
from detectors.training.text.teacher_ko import build_line_features, fit_and_score, score_out_of_fold

if TYPE_CHECKING:
    from pathlib import Path

GLAD = ["정말 기쁘다", "무척 즐겁다", "아주 행복하다", "참 신나다", "정말 즐겁고 행복하다"]
SAD = ["정말 슬프다", "무척 괴롭다", "아주 우울하다", "참 서럽다", "정말 슬프고 괴롭다"]
NEW = ["기쁨이 넘친다", "슬픔이 넘친다"]
MORE = [f"{i}번 창구에서 {i + 1}번 서류를 받으세요" for i in range(60)]


def nothing() -> None:
    """Progress nobody watches."""


@pytest.fixture
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CALLMOOD_CACHE", str(tmp_path))
    return tmp_path / "training"


@pytest.mark.slow
def test_lines_are_taken_apart_once_and_again_when_they_change(
    cached: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = extract_morphemes(GLAD, nothing)
    assert first.starts[-1] == first.ids.size > len(GLAD)
    assert len(list(cached.iterdir())) == 1
    with monkeypatch.context() as without:
        without.setattr(morphemes_module, "_tokenise", None)
        again = extract_morphemes(GLAD, nothing)
    assert np.array_equal(first.ids, again.ids)
    extract_morphemes(SAD, nothing)
    assert len(list(cached.iterdir())) == 2


@pytest.mark.slow
def test_a_teacher_knows_words_it_never_saw_by_what_they_mean(
    cached: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del cached
    monkeypatch.setattr(morphemes_module, "ANCHORS", 20)
    monkeypatch.setattr(morphemes_module, "WIDTH", 16)
    texts = [*GLAD, *SAD, *NEW, *MORE]
    looked = build_line_features(
        texts,
        extract_morphemes(texts, nothing),
        review_rows=np.arange(10),
        ratings=np.array([10] * 5 + [1] * 5),
        step=nothing,
    )
    rows, truth = np.arange(10), np.array([[True, False]] * 5 + [[False, True]] * 5)
    glad, sad = fit_and_score(looked, rows, truth, query_rows=np.array([10, 11]), step=nothing)
    assert glad[0] - glad[1] > sad[0] - sad[1]
    assert score_out_of_fold(looked, rows, truth).shape == (10, 2)


@pytest.mark.slow
def test_what_the_language_model_does_not_know_means_nothing(cached: Path) -> None:
    del cached
    beyond = np.array([2**30], dtype=np.int64)
    known = extract_morphemes(MORE + GLAD + SAD, nothing).ids
    ids = np.concatenate([np.unique(known), beyond])
    with pytest.MonkeyPatch.context() as small:
        small.setattr(morphemes_module, "ANCHORS", 20)
        small.setattr(morphemes_module, "WIDTH", 10)
        vectors = embed_morphemes(ids)
    assert not vectors[-1].any()
    assert np.linalg.norm(vectors[:-1], axis=1).max() == pytest.approx(1, abs=1e-3)
