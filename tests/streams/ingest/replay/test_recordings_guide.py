"""docs/recordings.md tells what is so: its examples are read, and every key is in it."""

from __future__ import annotations

import re
from pathlib import Path

from streams.ingest.replay.call_sheet import CallSheet, read_call_sheet
from streams.ingest.replay.played_call import GUIDE
from streams.ingest.replay.transcript import read_transcript

TEXT = Path(GUIDE).read_text(encoding="utf-8")
LINES, SHEET = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)


def test_its_transcript_is_read_without_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "my.jsonl"
    path.write_text(LINES, encoding="utf-8")
    read = read_transcript(path, call_id="my")
    assert (len(read.lines), read.problems) == (3, ())


def test_its_call_sheet_is_one(tmp_path: Path) -> None:
    path = tmp_path / "my.json"
    path.write_text(SHEET, encoding="utf-8")
    assert read_call_sheet(path).queue == "cards"


def test_it_explains_every_key_of_a_call_sheet() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE)) >= set(CallSheet.model_fields)
