"""`callmood evaluate calls` on recordings of one's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile as sf
from click.testing import CliRunner

from detectors.utterance import SAMPLE_RATE
from detectors.voice.external.test_signals import synthesise_voice
from streams.cli.evaluate import evaluate

if TYPE_CHECKING:
    from click.testing import Result


DEMO = Path("streams/ingest/replay/demo/bank-ko/call.flac")
STARTS = (SAMPLE_RATE // 2, 5 * SAMPLE_RATE + SAMPLE_RATE // 5)
"""An utterance of the agent, and one of the customer."""
SPOKEN_SAMPLES = 9 * SAMPLE_RATE // 2


def run(*arguments: str) -> Result:
    return CliRunner().invoke(evaluate, ["calls", *arguments])


@pytest.fixture
def stereo(tmp_path: Path) -> Path:
    """Two voices in turn, three utterances left and two right."""
    quiet = np.zeros(SPOKEN_SAMPLES, dtype=np.int16)
    demo, _ = sf.read(DEMO, dtype="int16")
    one, other = (demo[start : start + SPOKEN_SAMPLES, side] for side, start in enumerate(STARTS))
    left = np.concatenate([one, quiet, one, quiet, one, quiet])
    right = np.concatenate([quiet, other, quiet, other, quiet, quiet])
    path = tmp_path / "two.flac"
    sf.write(path, np.stack([left, right], axis=1), SAMPLE_RATE)
    return path


def test_every_channel_of_a_recording_is_played_as_a_voice_of_its_own(
    stereo: Path, tmp_path: Path
) -> None:
    out = tmp_path / "figures.json"
    ran = run("--call", str(stereo), "--json", str(out))
    assert ran.exit_code == 0, ran.output
    figures = json.loads(out.read_text())
    by_name = {one["name"]: one for one in figures["calm"]}
    assert set(by_name) == {"two left", "two right", "real calls"}
    assert by_name["two left"]["utterances"] == 3
    assert by_name["two right"]["utterances"] == 2
    together = by_name["real calls"]
    assert together["utterances"] == 5
    assert together["call_s"] == pytest.approx(54)
    assert sum(together[f"{level}_s"] for level in ("calm", "tense", "upset")) == pytest.approx(54)
    assert figures["angry"] == []


def test_a_mono_file_is_one_voice_and_files_add_up(stereo: Path, tmp_path: Path) -> None:
    mono = tmp_path / "one.wav"
    sf.write(mono, synthesise_voice(3_000), SAMPLE_RATE)
    out = tmp_path / "figures.json"
    assert run("--call", str(mono), "--call", str(stereo), "--json", str(out)).exit_code == 0
    names = [one["name"] for one in json.loads(out.read_text())["calm"]]
    assert names == ["one", "two left", "two right", "real calls"]


def test_nothing_to_play_is_one_clear_line() -> None:
    ran = run()
    assert ran.exit_code == 2
    assert ran.output == ("callmood evaluate: nothing to play: give --data DIR or --call FILE\n")


def test_a_file_that_is_no_recording_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "notes.wav"
    path.write_text("not sound")
    ran = run("--call", str(path))
    assert ran.exit_code == 2
    assert len(ran.output.splitlines()) == 1
    assert "notes.wav" in ran.output


def test_a_folder_without_corpora_is_refused_by_the_manifest_it_lacks(tmp_path: Path) -> None:
    ran = run("--data", str(tmp_path))
    assert ran.exit_code == 2
    assert "manifest.csv" in ran.output
