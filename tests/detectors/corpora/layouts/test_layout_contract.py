"""What every layout must hold; a new one is tested by being registered (and given a tree)."""

from __future__ import annotations

import csv
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from detectors import labels
from detectors.corpora.corpora import (
    FOLDS,
    SPLITS,
    Clip,
    CorpusError,
    describe_weights_licence,
    load_clips,
    load_sound,
    speaker_fold,
)
from detectors.corpora.layouts import LAYOUTS, load_corpora, require_enough_speakers
from detectors.labels import Emotion
from tests.detectors.corpora.layouts.trees import TREES, Told, Tree

DATA = Path("../shared/data")

each_layout = pytest.mark.parametrize("name", [layout.name for layout in LAYOUTS])


@pytest.fixture
def tree(name: str, tmp_path: Path) -> Tree:
    return TREES[name](tmp_path / "corpus")


def heard(name: str, root: Path) -> tuple[list[Clip], list[str]]:
    complaints: list[str] = []
    return load_corpora([f"{name}:{root}"], complaints.append), complaints


def test_every_layout_has_a_tree_and_no_other() -> None:
    assert sorted(TREES) == sorted(layout.name for layout in LAYOUTS)


@each_layout
def test_every_good_clip_is_listed_with_all_that_is_known(name: str, tree: Tree) -> None:
    found, _ = heard(name, tree.root)
    told = {clip.path.relative_to(tree.root).as_posix(): Told.by(clip) for clip in found}
    assert {key: replace(each, arousal=None) for key, each in told.items()} == {
        key: replace(each, arousal=None) for key, each in tree.told.items()
    }
    for key, each in tree.told.items():
        assert told[key].arousal == pytest.approx(each.arousal)


@each_layout
def test_every_bad_row_is_told_once_in_one_line_with_its_place(name: str, tree: Tree) -> None:
    _, complaints = heard(name, tree.root)
    assert len(complaints) == len(tree.complaints), complaints
    for wanted in tree.complaints:
        (line,) = [line for line in complaints if wanted in line]
        assert line.startswith(str(tree.root))
        assert "\n" not in line


@each_layout
def test_what_is_listed_trains(name: str, tree: Tree) -> None:
    for clip in heard(name, tree.root)[0]:
        assert load_sound(clip.path).dtype == np.int16
        assert clip.emotion is not None or clip.intensity in {"low", "normal", "high"}
        assert clip.corpus
        assert clip.speaker
        assert 0 <= clip.fold < FOLDS


@each_layout
def test_a_second_look_finds_the_same_in_the_same_order(name: str, tree: Tree) -> None:
    assert heard(name, tree.root) == heard(name, tree.root)


@each_layout
def test_a_clip_given_twice_is_listed_once(name: str, tree: Tree) -> None:
    given = f"{name}:{tree.root}"
    assert load_corpora([given, given], lambda _: None) == heard(name, tree.root)[0]


@each_layout
def test_a_folder_without_it_is_told_what_was_looked_for(name: str, tmp_path: Path) -> None:
    (layout,) = [layout for layout in LAYOUTS if layout.name == name]
    for root in (tmp_path, tmp_path / "gone"):
        with pytest.raises(CorpusError) as caught:
            heard(name, root)
        assert str(root) in str(caught.value)
        assert layout.expected_files in str(caught.value)


@each_layout
def test_the_guide_explains_it(name: str) -> None:
    assert f"| `{name}` |" in Path("docs/training.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("given", ["tess:/data", "ravdess", "ravdess:"])
def test_another_layout_is_refused_with_a_list_of_all(given: str) -> None:
    with pytest.raises(CorpusError, match="layouts are ravdess, crema-d, emodb"):
        load_corpora([given], print)


def test_a_manifest_may_be_named_itself(tmp_path: Path) -> None:
    tree = TREES["manifest"](tmp_path)
    assert heard("manifest", tree.root / "clips/manifest.csv") == heard("manifest", tree.root)


def test_a_crema_d_folder_of_sounds_finds_the_table_beside_it(tmp_path: Path) -> None:
    tree = TREES["crema-d"](tmp_path)
    assert heard("crema-d", tree.root / "AudioWAV") == heard("crema-d", tree.root)


def test_an_iemocap_release_may_be_named_itself(tmp_path: Path) -> None:
    tree = TREES["iemocap"](tmp_path)
    assert heard("iemocap", tree.root / "IEMOCAP_full_release") == heard("iemocap", tree.root)


def test_a_table_that_breaks_off_keeps_what_came_before(tmp_path: Path) -> None:
    tree = TREES["manifest"](tmp_path)
    whole = (tree.root / "clips/manifest.csv").read_text("utf-8")
    tree.text("clips/manifest.csv", whole + '"' + "x" * 200_000)
    found, complaints = heard("manifest", tree.root)
    assert len(found) == len(tree.told)
    assert any("manifest.csv:13: field larger than" in line for line in complaints)


def test_a_speaker_s_fold_never_changes_and_the_committed_split_comes_first() -> None:
    # Written down: whoever changes the hash moves trained speakers into the test fold.
    assert [speaker_fold("own", f"c{number}") for number in range(8)] == [4, 4, 1, 4, 0, 0, 3, 3]
    with (SPLITS / "voice_speakers.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            assert speaker_fold(row["corpus"], row["speaker"]) == int(row["fold"])


def test_folds_of_many_speakers_are_about_even() -> None:
    counts = np.bincount([speaker_fold("own", str(number)) for number in range(1_000)])
    assert len(counts) == FOLDS
    assert counts.min() > 150


def test_too_few_speakers_are_told_so() -> None:
    few = [one(f"c{number}") for number in range(3)]
    with pytest.raises(CorpusError, match=r"3 speakers are too few.*falls into fold"):
        require_enough_speakers(few)
    require_enough_speakers([one(f"c{number}") for number in range(60)])
    with pytest.raises(CorpusError, match="60 speakers are too few"):
        require_enough_speakers([replace(one(f"c{number}"), emotion=None) for number in range(60)])


def one(speaker: str) -> Clip:
    fold = speaker_fold("own", speaker)
    return Clip(Path("a.wav"), "own", speaker, Emotion.ANGER, "", "", fold, None)


def test_the_weights_licence_names_every_corpus_and_its_own() -> None:
    mine = replace(one("c1"), licence="our customers'\nconsent")
    assert describe_weights_licence([mine, mine, one("c2")]) == (
        "Weights: under the terms of what they were trained on: "
        "own (licence not stated; our customers' consent)."
    )


@pytest.mark.parametrize(
    "table", ["RAVDESS", "CREMA_D", "EMODB", "IEMOCAP", "AIHUB", "KEMDY"], ids=str.lower
)
def test_every_corpus_has_the_four_emotions_that_are_measured(table: str) -> None:
    known = set(getattr(labels, f"{table}_EMOTIONS").values())
    assert {Emotion.NEUTRAL, Emotion.JOY, Emotion.ANGER, Emotion.SADNESS} <= known


def test_real_file_names_say_what_the_manifests_of_the_shared_data_say() -> None:
    if not DATA.is_dir() and not os.environ.get("CI"):
        pytest.skip("../shared/data is not here")
    for corpus in ("ravdess", "emodb"):
        by_manifest = {clip.path: clip for clip in load_clips(DATA, (corpus,))}
        by_name, complaints = heard(corpus, DATA / corpus)
        assert {clip.path: clip for clip in by_name} == by_manifest
        assert complaints == []
