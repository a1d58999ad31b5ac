"""Transcripts: every fault is told at once by file and line, and the good lines are kept."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.utterance import Language, Speaker, TimeSpan, TranscriptLine
from streams.ingest.replay.transcript import (
    MAX_FILE_BYTES,
    Transcript,
    TranscriptError,
    TranscriptProblem,
    read_transcript,
)

GOOD = {"speaker": "customer", "start_ms": 900, "end_ms": 2_400, "text": "이자가 두 번 나갔어요."}


def row(**changes: Any) -> bytes:
    """A good row with some keys changed, or left out where the value is ``...``."""
    fields = {key: value for key, value in (GOOD | changes).items() if value is not ...}
    return json.dumps(fields, ensure_ascii=True).encode()


def read(path: Path, *rows: bytes) -> Transcript:
    path.write_bytes(b"\n".join(rows) + b"\n")
    return read_transcript(path, call_id="call-1")


def told(path: Path, bad: bytes) -> list[str]:
    """The problems of one bad row between two good ones, without their place."""
    transcript = read(path, row(), bad, row(start_ms=3_000, end_ms=4_000))
    assert [line.span.start_ms for line in transcript.lines] == [900, 3_000]
    place = f"{path}:2: "
    assert all(str(problem).startswith(place) for problem in transcript.problems)
    return [str(problem).removeprefix(place) for problem in transcript.problems]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "transcript.jsonl"


def test_a_row_becomes_a_line_of_the_call(path: Path) -> None:
    assert read(path, row()).lines == (
        TranscriptLine(
            call_id="call-1",
            speaker=Speaker.CUSTOMER,
            span=TimeSpan(900, 2_400),
            text="이자가 두 번 나갔어요.",
            language=Language.KOREAN,
            final=True,
        ),
    )


def test_a_row_may_be_partial_and_in_another_language(path: Path) -> None:
    (line,) = read(path, row(final=False, language="en")).lines
    assert (line.final, line.language) == (False, Language.ENGLISH)


def test_the_calls_language_holds_where_a_row_names_none(path: Path) -> None:
    path.write_bytes(row())
    (line,) = read_transcript(path, call_id="c", language=Language.ENGLISH).lines
    assert line.language is Language.ENGLISH


def test_lines_come_in_the_order_they_end(path: Path) -> None:
    rows = [row(start_ms=start, end_ms=end) for start, end in [(500, 900), (100, 700), (0, 900)]]
    spans = [(line.span.start_ms, line.span.end_ms) for line in read(path, *rows).lines]
    assert spans == [(100, 700), (0, 900), (500, 900)]


def test_blank_lines_byte_order_mark_and_other_keys_do_not_matter(path: Path) -> None:
    transcript = read(path, b"\xef\xbb\xbf" + row(confidence=0.9), b"", b"  \r", row() + b"\r")
    assert len(transcript.lines) == 2
    assert transcript.problems == ()


def test_an_empty_transcript_has_no_lines(path: Path) -> None:
    path.touch()
    assert read_transcript(path, call_id="c") == Transcript(())


BAD_ROWS = {
    row(speaker="caller"): 'speaker is "caller"; write customer or agent',
    row(speaker=["customer"]): 'speaker is ["customer"]; write customer or agent',
    row(language="fr"): 'language is "fr"; write ko or en',
    row(text="  "): "text is empty; leave the line out",
    row(text=None): "text is null; write the words in quotes",
    row(text="가" * 4_001): "text has 4,001 characters; cut it to lines of 4,000 at most",
    row(text="\ud800"): "text holds a character that is none (NUL or half a pair); remove it",
    row(text="a\0"): "text holds a character that is none (NUL or half a pair); remove it",
    row(final="yes"): 'final is "yes"; write true or false',
    row(text=..., speaker=...): "lacks speaker, text; add what is missing",
    row(speaker="고객"): 'speaker is "고객"; write customer or agent',
    b'{"text": "\xb0\xa1"}': "byte 11 is not UTF-8; save the file as UTF-8",
    b"{speaker}": (
        "is not JSON (Expecting property name enclosed in double quotes at column 2); "
        "write one JSON object a line"
    ),
    b"[1, 2]": "is a list, not an object; write one JSON object a line",
    b"12": "is a number, not an object; write one JSON object a line",
    b"null": "is null, not an object; write one JSON object a line",
    b"[" * 60_000: "is not JSON of any use; write one JSON object a line",
    b"9" * 5_000: "is not JSON of any use; write one JSON object a line",
    row(text="x" * 70_000): "is 70,068 bytes long; keep a line under 65,536",
}


@pytest.mark.parametrize("bad", BAD_ROWS, ids=lambda bad: bad[:60].decode(errors="replace"))
def test_a_bad_row_costs_one_line_and_nothing_else(path: Path, bad: bytes) -> None:
    assert told(path, bad) == [BAD_ROWS[bad]]


def test_every_fault_is_told_at_once(path: Path) -> None:
    bad = row(speaker="bot", start_ms=-1, text="")
    assert told(path, bad) == [
        'speaker is "bot"; write customer or agent',
        "text is empty; leave the line out",
    ]


def test_speaker_and_language_may_be_in_capitals(path: Path) -> None:
    (line,) = read(path, row(speaker="CUSTOMER", language="EN ")).lines
    assert (line.speaker, line.language) == (Speaker.CUSTOMER, Language.ENGLISH)


def test_three_hundred_bad_rows_are_one_line(path: Path) -> None:
    transcript = read(path, *[row(speaker="상담원", text="x" * (n % 2)) for n in range(300)])
    assert len(transcript.problems) == 450
    (warning,) = transcript.warnings(path)
    assert "300 lines are left out" in warning
    assert "상담원" in warning, "Korean is shown as Korean"


def test_faults_of_many_kinds_are_two_lines_at_most(path: Path) -> None:
    kinds = (
        b"[]",
        b"{",
        row(speaker="alien"),
        row(text=5),
        row(start_ms=None),
        row(start_ms=-5),
        row(start_ms=9_000, end_ms=100),
    )
    transcript = read(path, *(kinds * 50))
    assert len(transcript.lines) == 150
    assert len(transcript.warnings(path)) == 2


def test_what_a_terminal_would_obey_is_shown_as_its_code(path: Path) -> None:
    (problem,) = told(path, row(speaker="\x1b[2J\u202e"))
    assert problem.isprintable()


def test_rows_are_counted_from_one_with_blank_ones(path: Path) -> None:
    transcript = read(path, b"", b"x", row(), b"", row(final=1))
    assert [problem.line for problem in transcript.problems] == [2, 5]
    assert len(transcript.lines) == 1


def test_a_long_value_is_shown_shortened(path: Path) -> None:
    (problem,) = told(path, row(speaker="x" * 5_000))
    assert len(problem) < 100


def test_a_problem_reads_like_a_compilers() -> None:
    problem = TranscriptProblem(Path("a.jsonl"), 7, "text is empty", "leave the line out")
    assert str(problem) == "a.jsonl:7: text is empty; leave the line out"


@settings(max_examples=150, deadline=None)
@given(
    content=st.one_of(st.binary(), st.lists(st.sampled_from([*BAD_ROWS, row()])).map(b"\n".join))
)
def test_any_bytes_are_lines_or_problems(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "transcript.jsonl"
    path.write_bytes(content)
    try:
        transcript = read_transcript(path, call_id="c")
    except TranscriptError as error:
        assert content.startswith((b"\xff\xfe", b"\xfe\xff")), error  # noqa: PT017
        return
    numbers = {problem.line for problem in transcript.problems}
    rows = [raw for raw in content.removeprefix(b"\xef\xbb\xbf").split(b"\n") if raw.strip()]
    assert len(transcript.lines) + len(numbers) == len(rows)
    assert all("\n" not in str(problem) for problem in transcript.problems)


def refusal(path: Path) -> str:
    with pytest.raises(TranscriptError) as caught:
        read_transcript(path, call_id="c")
    return str(caught.value)


def test_a_missing_transcript_is_refused(path: Path) -> None:
    assert refusal(path) == f"{path}: no such file; check the name"


def test_a_folder_is_no_transcript(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"{tmp_path}: is a folder; give a file of JSON lines"


def test_a_huge_file_is_refused(path: Path) -> None:
    path.touch()
    os.truncate(path, MAX_FILE_BYTES + 1)
    assert refusal(path) == f"{path}: is larger than 20 MB; give one call's transcript"


def test_utf16_is_told_once_and_not_for_every_line(path: Path) -> None:
    path.write_text("{}\n" * 100, encoding="utf-16")
    assert refusal(path) == f"{path}: is UTF-16; save it as UTF-8"


@pytest.mark.parametrize(
    "identity",
    [{"line_id": "한글 id~!"}, {"id": {"a": 1}}, {"line_id": "x" * 300}, {"revision": -3}],
)
def test_an_id_of_no_use_costs_no_line_its_words(tmp_path: Path, identity: dict[str, Any]) -> None:
    row = {"speaker": "customer", "start_ms": 0, "end_ms": 900, "text": "죽고 싶어요"} | identity
    (tmp_path / "t.jsonl").write_text(json.dumps(row), encoding="utf-8")
    transcript = read_transcript(tmp_path / "t.jsonl", call_id="c1", language=Language.KOREAN)
    (line,) = transcript.lines
    assert (line.text, line.source_id, line.revision) == ("죽고 싶어요", "", 0)
    assert transcript.problems == ()


@pytest.mark.parametrize("key", ["line_id", "id"])
@pytest.mark.parametrize("given_id", ["utt-7", 7])
def test_a_recognisers_id_and_revision_of_a_line_are_taken(
    path: Path, key: str, given_id: str | int
) -> None:
    row = {"speaker": "customer", "start_ms": 0, "end_ms": 900, "text": "네", "revision": 2}
    path.write_text(json.dumps(row | {key: given_id}), encoding="utf-8")
    line = read_transcript(path, call_id="c").lines[0]
    assert (line.source_id, line.revision) == (str(given_id), 2)
