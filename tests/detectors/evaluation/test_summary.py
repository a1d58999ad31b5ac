"""Figures and groups of judged items, and the page that is made of them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from detectors.corpora.manifests import ManifestRow
from detectors.evaluation.report import build_report
from detectors.evaluation.scored_item import ScoredItem, SpeakerInfo
from detectors.evaluation.subgroups import build_group_table, measure_groups
from detectors.evaluation.summary import summarise
from detectors.labels import EMOTIONS

FOUR = EMOTIONS[:4]


def item(label: str, said: str, speaker: str = "", **told: str) -> ScoredItem:
    """One that should be ``label`` and is read as ``said`` with confidence .6."""
    scores = [0.6 if emotion == said else 0.4 / 7 for emotion in EMOTIONS]
    return ScoredItem(
        key=f"{speaker}-{label}-{said}", scores=scores, confidence=0.6, abstained=False,
        truth=frozenset({label} if label else ()), speaker=SpeakerInfo(name=speaker, **told),
    )  # fmt: skip


def people(wrong: str = "") -> list[ScoredItem]:
    """Six speakers, three women and three men, four emotions each; ``wrong`` read as fear."""
    return [
        item(label, "fear" if name == wrong else label, name, sex="FM"[name > "c"], language="ko")
        for name in "abcdef"
        for label in FOUR
    ]


def test_of_perfect_readings_every_figure_is_one_and_confidence_is_too_low() -> None:
    found = summarise(people(), EMOTIONS, multi_label=False)
    assert found is not None
    for name in ("uar", "uar_of_four", "macro_f1", "macro_auc", "auc_anger", "accuracy"):
        assert found.values[name] == 1
        assert (found.intervals[name].low, found.intervals[name].high) == (1, 1)
    assert found.values["ece"] == pytest.approx(0.4)
    assert found.values["coverage_gain"] == 0
    assert found.speakers == 6


def test_what_one_group_is_read_like_does_not_show_in_the_other() -> None:
    found = {
        (g.dimension, g.name): g.summary
        for g in measure_groups(people("f"), EMOTIONS, multi_label=False)
    }
    assert set(found) == {("", "all"), ("language", "ko"), ("sex", "F"), ("sex", "M")}
    women, men = found["sex", "F"], found["sex", "M"]
    assert women is not None
    assert men is not None
    assert women.values["ece"] == pytest.approx(0.4)
    assert men.metrics.items == 12
    # Fear competes only where the manifest carries it; as a call's reading it is wrong.
    assert men.values["ece"] == pytest.approx(abs(2 / 3 - 0.6))


def test_what_only_fed_the_normalisation_counts_nowhere() -> None:
    first = [replace(each, is_measured=False) for each in people("a")[:4]]
    (everybody, *_) = measure_groups([*first, *people()[4:]], EMOTIONS, multi_label=False)
    assert everybody.items == 20
    assert everybody.summary is not None
    assert everybody.summary.metrics.items == 20


def test_a_group_without_labels_says_how_often_it_was_answered_at_all() -> None:
    rows = [*people(), item("", "joy", "g", age="teen"), item("", "joy", "h", age="50+")]
    found = build_group_table(measure_groups(rows, EMOTIONS, multi_label=False))
    cells = {row[0]: row for row in found.rows}
    assert cells["age teen"][1] == "1 without a label"
    assert cells["age teen"][found.header.index("answered")] == "1.00"
    assert cells["age unknown"][1] == "24"


def test_with_several_labels_an_item_confidence_is_of_other_labels_and_is_left_out() -> None:
    rows = [item(label, label, name) for name in "ab" for label in FOUR]
    found = summarise(rows, EMOTIONS, multi_label=True)
    assert found is not None
    assert "ece" not in found.values
    assert not found.bins
    assert found.values["accuracy"] == 1


def test_the_json_has_null_where_a_figure_is_undefined() -> None:
    found = summarise([item("joy", "joy")], EMOTIONS, multi_label=False)
    assert found is not None
    content = json.loads(json.dumps(found.as_json(), allow_nan=False))
    assert content["macro_auc"] is None
    assert content["intervals"]["uar"] is None


def test_the_page_has_the_table_the_command_and_the_pictures() -> None:
    found = measure_groups(people(), EMOTIONS, multi_label=False)
    text = str(
        build_report(
            "m on x.csv", "free", found, command="callmood evaluate", plot_links=["p/a.svg"]
        )
    )
    assert "| all | 24 | 6 | 1.00 [1.00, 1.00] |" in text
    assert "![a.svg](p/a.svg)" in text
    assert "`callmood evaluate`" in text


def test_a_voice_is_told_by_corpus_and_its_age_by_subset() -> None:
    fields = {"speaker": "k01", "corpus": "korean_plain", "subset": "50+", "speaker_sex": "F"}
    assert SpeakerInfo.from_row(ManifestRow("m:2", fields)) == SpeakerInfo(
        "korean_plain/k01", "", "F", "50+"
    )
    assert (
        SpeakerInfo.from_row(ManifestRow("m:2", {"subset": "plain-to-emotional", "speaker": ""}))
        == SpeakerInfo()
    )
    assert (
        SpeakerInfo.from_row(ManifestRow("m:2", {"age": "teen", "subset": "adult"})).age == "teen"
    )
