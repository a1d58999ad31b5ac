"""A site's own clips, from a manifest to a model that is plugged in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import soundfile as sf

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("onnxscript", reason="needs the train extra")

from click.testing import CliRunner, Result

from detectors.registry import find_voice_detector
from detectors.training.voice import train
from streams.cli import train as command
from streams.settings import settings
from tests.detectors.sounds import synthesise_voice, utterance

if TYPE_CHECKING:
    from pathlib import Path

PITCH_HZ = {"neutral": 120, "joy": 240, "anger": 300, "sadness": 95}
SPEAKERS = 20


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Twenty people, each with the four emotions, which differ in pitch."""
    rows = ["path,corpus,language,speaker,speaker_sex,emotion,licence"]
    for speaker in range(SPEAKERS):
        for emotion, pitch_hz in PITCH_HZ.items():
            name = f"{speaker}-{emotion}.wav"
            sf.write(tmp_path / name, synthesise_voice(700, pitch_hz=pitch_hz + speaker), 8_000)
            rows.append(f"{name},line,ko,c{speaker},F,{emotion},with our customers' consent")
    path = tmp_path / "manifest.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def trained(*words: str | Path) -> Result:
    return CliRunner().invoke(command.train, ["voice", *map(str, words)])


@pytest.mark.slow
def test_a_manifest_of_one_s_own_becomes_a_model_under_one_s_own_terms(
    monkeypatch: pytest.MonkeyPatch, manifest: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr(train, "VIEWS", 3)
    monkeypatch.setenv("CALLMOOD_CACHE", str(tmp_path / "cache"))
    settings.cache_clear()
    out = tmp_path / "out"
    result = trained("--corpus", f"manifest:{manifest}", "--models", out)
    assert result.exit_code == 0, result.output
    assert "80 clips of 20 speakers" in result.stderr
    entry = find_voice_detector(f"onnx:{out / 'voice-tone.onnx'}")
    assert entry.read_description()["licence"] == (
        "Weights: under the terms of what they were trained on: line (with our customers' consent)."
    )
    assert entry.load().read(utterance()).scores
    card = entry.card.read_text("utf-8")
    assert "| line | 8 kHz mu-law | nothing | 80 |" in card, "its own corpus is measured"
    assert "korean_emotional" not in card


def test_what_is_given_takes_the_place_of_the_data_folder(
    monkeypatch: pytest.MonkeyPatch, manifest: Path, tmp_path: Path
) -> None:
    seen: list[dict[str, Any]] = []

    def trainer(_data: Path, models: Path, **given: Any) -> Path:
        seen.append(given)
        (models / "voice-tone.md").write_text("# card", encoding="utf-8")
        (models / "voice-tone.onnx").write_bytes(b"model")
        return models / "voice-tone.onnx"

    monkeypatch.setattr(command, "_trainer", lambda _: trainer)
    assert trained("--corpus", f"manifest:{manifest}", "--models", tmp_path).exit_code == 0
    assert trained("--models", tmp_path, "--seed", "3").exit_code == 0
    with_clips, without = seen
    assert len(with_clips["clips"]) == SPEAKERS * len(PITCH_HZ)
    assert (without["seed"], "clips" in without) == (3, False)


def test_bad_rows_are_told_and_counted_and_too_few_speakers_end_it(manifest: Path) -> None:
    lines = manifest.read_text("utf-8").splitlines()
    manifest.write_text("\n".join([*lines[:9], "gone.wav,line,ko,c1,F,anger,"]), "utf-8")
    result = trained("--corpus", f"manifest:{manifest}")
    assert result.exit_code == 1
    first, second = result.stderr.splitlines()
    assert first == f"callmood train voice: {manifest.parent / 'gone.wav'}: no such sound file"
    assert second.startswith("callmood train voice: 2 speakers are too few")


def test_another_layout_ends_it_in_one_line(tmp_path: Path) -> None:
    result = trained("--corpus", f"tess:{tmp_path}")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "layouts are ravdess" in result.stderr


def test_the_layouts_are_named_with_their_files_and_licences() -> None:
    result = CliRunner().invoke(command.train, ["layouts"])
    assert result.exit_code == 0
    assert "aihub: AI-Hub dialogue speech" in result.stdout
    assert result.stdout.count("  licence: ") == result.stdout.count("  files: ") == 7
