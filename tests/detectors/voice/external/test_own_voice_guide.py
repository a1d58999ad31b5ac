"""docs/own-voice-model.md does what it says."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from time import perf_counter

import pytest

from detectors.labels import EMOTIONS
from detectors.registry import find_voice_detector
from detectors.voice.external.conformance import CLAIMS, run_claims
from detectors.voice.external.description import ALLOWED_KEYS

GUIDE = Path("docs/own-voice-model.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_example_makes_a_model_that_keeps_every_promise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("onnxscript", reason="needs the train extra")
    (example,) = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    script = tmp_path / "example.py"
    script.write_text(example, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(script))
    found = list(run_claims(lambda: find_voice_detector("onnx:ours.onnx").load(), perf_counter))
    assert [fault for _, fault in found] == [""] * len(CLAIMS)
    assert find_voice_detector("onnx:ours.onnx").load().version.startswith("2026-11-")


def test_the_guide_has_a_row_for_every_part_and_names_every_label() -> None:
    table = GUIDE.split("## The description")[1].split("## From PyTorch")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert sorted(re.findall(r"`(\w+)`", "".join(rows))) == sorted(ALLOWED_KEYS)
    assert ", ".join(EMOTIONS) in table
