"""Splits hold people (and tell-tale sentences) apart; bad corpora are named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from detectors.corpora.corpora import (
    FOLDS,
    CorpusError,
    is_held_out,
    is_trainable,
    load_clips,
    load_labels,
    load_sound,
    load_texts,
)
from detectors.labels import GOEMOTIONS, KOTE

DATA = Path("../shared/data")


@pytest.fixture
def shared() -> Path:
    if not DATA.is_dir() and not os.environ.get("CI"):
        pytest.skip("../shared/data is not here")
    return DATA


def test_nobody_and_no_telltale_sentence_is_on_both_sides(shared: Path) -> None:
    found = load_clips(shared)
    for fold in range(FOLDS):
        training = [clip for clip in found if is_trainable(clip, fold)]
        measuring = [clip for clip in found if is_held_out(clip, fold)]
        assert training
        assert measuring
        assert not {(c.corpus, c.speaker) for c in training} & {
            (c.corpus, c.speaker) for c in measuring
        }
        assert not {c.script_fold for c in training if c.script_fold is not None} & {
            c.script_fold for c in measuring if c.script_fold is not None
        }


def test_every_speaker_is_held_out_by_exactly_one_fold(shared: Path) -> None:
    for clip in load_clips(shared):
        assert sum(clip.fold == fold for fold in range(FOLDS)) == 1


def test_the_taxonomies_are_the_corpora_s_own_in_their_order(shared: Path) -> None:
    assert load_labels(shared, "kote") == KOTE
    assert load_labels(shared, "goemotions") == GOEMOTIONS


def test_a_missing_corpus_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"ravdess/manifest\.csv: no such file.*--data"):
        load_clips(tmp_path)


def test_a_file_that_is_no_sound_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"ID3 not a wav")
    with pytest.raises(CorpusError, match=r"a\.wav"):
        load_sound(path)


def test_a_bad_text_row_is_named_by_line(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv"
    path.write_text("fine\t3,4\nshort\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"t\.tsv:2"):
        load_texts(path, text=0, label=1)
