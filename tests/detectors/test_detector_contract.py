"""What every registered detector must hold; a new one is tested by being registered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from detectors.artifact import open_artifact
from detectors.detector import DetectorUnavailableError, UnusableUtteranceError
from detectors.labels import EMOTIONS
from detectors.reading import Modality, Reading
from detectors.registry import DETECTORS, DetectorEntry, find_entry, load
from detectors.utterance import Language, Speaker, TimeSpan, TranscriptLine
from tests.detectors.sounds import synthesise_voice, utterance


def line(text: str, language: Language = Language.KOREAN) -> TranscriptLine:
    return TranscriptLine("call-1", Speaker.CUSTOMER, TimeSpan(0, 1_000), text, language)


@dataclass(frozen=True)
class Items:
    """Items of one modality: some to read, some that cannot be."""

    good: Sequence[Any]
    bad: Sequence[Any]
    strange: Sequence[Any]


ITEMS = {
    Modality.VOICE: lambda: Items(
        good=[utterance(synthesise_voice(ms, pitch_hz=hz)) for ms, hz in
              ((2_000, 110), (700, 240), (2_300, 180), (300, 200), (2_100, 140))],
        bad=[utterance(synthesise_voice(100)), utterance(synthesise_voice(2_000) * 0),
             utterance(synthesise_voice(0))],
        strange=[utterance(synthesise_voice(20_000)),
                 utterance(synthesise_voice(1_000, level=90_000)),
                 utterance(synthesise_voice(1_000, level=20))],
    ),
    Modality.TEXT: lambda: Items(
        good=[line("도대체 몇 번을 말해야 합니까"), line("감사합니다"),
              line("I am really worried", Language.ENGLISH), line("네"), line("ok 환불 please")],
        bad=[line(""), line("   "), line("?!... \u200b")],
        strange=[line("ㅋ" * 5_000), line("\ud800 broken \x00 text"), line("e\u0301" * 400),
                 line("日本語 العربية"), line("1234")],
    ),
}  # fmt: skip

Loader = Callable[[DetectorEntry], Any]

each_detector = pytest.mark.parametrize("entry", DETECTORS, ids=lambda entry: entry.name)


@pytest.fixture(scope="module")
def loaded() -> Loader:
    return cache(DetectorEntry.load)


def assert_same(one: Reading, other: Reading) -> None:
    assert replace(one, scores={}, confidence=0, arousal=None) == replace(
        other, scores={}, confidence=0, arousal=None
    )
    assert one.scores == pytest.approx(other.scores, abs=1e-4)
    assert one.confidence == pytest.approx(other.confidence, abs=1e-4)


@each_detector
def test_readings_are_a_distribution_and_carry_the_detectors_name(
    entry: DetectorEntry, loaded: Loader
) -> None:
    detector = loaded(entry)
    for item in ITEMS[entry.modality]().good:
        reading = detector.read(item)
        assert sum(reading.scores.values()) == pytest.approx(1, abs=1e-3)
        assert set(reading.scores) <= set(EMOTIONS)
        assert 0 <= reading.confidence <= 1
        assert (reading.detector, reading.version, reading.modality) == (
            entry.name,
            detector.version,
            entry.modality,
        )


@each_detector
def test_the_same_item_gives_the_same_reading_even_from_a_fresh_detector(
    entry: DetectorEntry, loaded: Loader
) -> None:
    fresh = entry.load()
    for item in ITEMS[entry.modality]().good:
        assert loaded(entry).read(item) == fresh.read(item)


@each_detector
def test_a_batch_reads_like_one_by_one_and_in_order(entry: DetectorEntry, loaded: Loader) -> None:
    items = ITEMS[entry.modality]()
    mixed = [*items.good[:2], items.bad[0], *items.good[2:], *items.bad[1:]]
    results = loaded(entry).read_batch(mixed)
    assert len(results) == len(mixed)
    for item, result in zip(mixed, results, strict=True):
        if any(item is bad for bad in items.bad):
            assert isinstance(result, UnusableUtteranceError)
        else:
            assert_same(result, loaded(entry).read(item))


@each_detector
def test_nothing_in_gives_nothing_out(entry: DetectorEntry, loaded: Loader) -> None:
    assert loaded(entry).read_batch([]) == []


@each_detector
def test_an_agents_speech_is_refused_alone_and_in_a_batch(
    entry: DetectorEntry, loaded: Loader
) -> None:
    for item in ITEMS[entry.modality]().good:
        agents = replace(item, speaker=Speaker.AGENT)
        with pytest.raises(UnusableUtteranceError, match="agent"):
            loaded(entry).read(agents)
        assert isinstance(loaded(entry).read_batch([agents])[0], UnusableUtteranceError)


@each_detector
def test_what_cannot_be_read_is_refused_never_called_neutral(
    entry: DetectorEntry, loaded: Loader
) -> None:
    for item in ITEMS[entry.modality]().bad:
        with pytest.raises(UnusableUtteranceError):
            loaded(entry).read(item)


@each_detector
def test_strange_input_is_read_or_refused_but_breaks_nothing(
    entry: DetectorEntry, loaded: Loader
) -> None:
    for result in loaded(entry).read_batch(ITEMS[entry.modality]().strange):
        assert isinstance(result, Reading | UnusableUtteranceError)


@each_detector
def test_abstaining_keeps_the_scores(entry: DetectorEntry, loaded: Loader) -> None:
    readings = [loaded(entry).read(item) for item in ITEMS[entry.modality]().good]
    threshold_known = [reading for reading in readings if reading.abstained]
    assert all(reading.scores for reading in threshold_known)
    assert len(threshold_known) < len(readings), "a detector that always abstains is broken"


@each_detector
def test_a_missing_model_names_the_file_and_what_to_do(
    entry: DetectorEntry, tmp_path: Path
) -> None:
    with pytest.raises(DetectorUnavailableError, match=r"gone\.onnx.*callmood train"):
        entry.build(tmp_path / "gone.onnx")


@each_detector
def test_a_file_that_is_no_model_is_refused_in_one_line(
    entry: DetectorEntry, tmp_path: Path
) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"not a model")
    with pytest.raises(DetectorUnavailableError) as caught:
        entry.build(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@each_detector
def test_another_kind_of_model_is_refused(entry: DetectorEntry) -> None:
    other = next(each for each in DETECTORS if each is not entry)
    with pytest.raises(DetectorUnavailableError, match=other.name):
        entry.build(other.artifact)


@each_detector
def test_the_model_describes_itself_and_has_a_card_that_says_so(entry: DetectorEntry) -> None:
    description = entry.read_description()
    card = entry.card.read_text(encoding="utf-8")
    assert description["name"] == entry.name
    assert description["version"] in card
    assert description["licence"] in card
    assert str(Path.home()) not in card


@each_detector
def test_the_artifact_is_small_and_carries_no_paths_of_the_machine_it_was_made_on(
    entry: DetectorEntry,
) -> None:
    content = entry.artifact.read_bytes()
    # Text: 147,000 n-grams of two languages with 48 bytes each (decision 10).
    assert len(content) < {Modality.VOICE: 4_000_000, Modality.TEXT: 10_000_000}[entry.modality]
    assert b"site-packages" not in content
    assert b".py" not in content


def test_every_modality_has_one_detector() -> None:
    assert [find_entry(modality).modality for modality in Modality] == list(Modality)
    assert {load(modality).modality for modality in Modality} == set(Modality)


def test_opening_a_graph_without_description_says_so(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="needs the train extra")
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["a"], ["b"])],
        "g",
        [value("a", 1, [1])],
        [value("b", 1, [1])],
    )
    path = tmp_path / "bare.onnx"
    onnx.save(
        onnx.helper.make_model(
            graph, ir_version=9, opset_imports=[onnx.helper.make_opsetid("", 18)]
        ),
        path,
    )
    with pytest.raises(DetectorUnavailableError, match="description"):
        open_artifact(path, kind="voice-tone")
