"""Transcripts as JSON lines: what a recogniser wrote down, one line of one speaker each.

A line is ``{"speaker": "customer", "start_ms": 900, "end_ms": 2400, "text": "..."}``, with
``final`` and ``language`` where they differ from true and the call's language, and the
recogniser's own ``line_id`` (or ``id``) and ``revision`` of the line where it has them. Whatever is
wrong is told all at once, by file and line, and the good lines are kept. Times are repaired
(`streams.ingest.replay.transcript_times`), and ids that cannot be used left out: they cost no line
its words.
"""

from __future__ import annotations

import codecs
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from detectors.utterance import (
    MAX_LINE_LENGTH,
    MAX_REVISION,
    MAX_SOURCE_ID,
    SOURCE_ID,
    Language,
    Speaker,
    TimeSpan,
    TranscriptLine,
)
from streams.ingest.replay.input_file import InputFileError, open_input
from streams.ingest.replay.transcript_times import RawTimes, repair_times

if TYPE_CHECKING:
    from collections.abc import Iterator

Row: TypeAlias = dict[str, Any]

MAX_FILE_BYTES = 20_000_000
"""A day of talk is about 2 MB: a larger file is something else."""

MAX_ROW_BYTES = 65_536
MAX_LISTED_PROBLEMS = 2
"""Problems of a file that are shown one by one; one line sums up more of them."""
MAX_LISTED_KINDS = 3
_MAX_QUOTE_CHARS = 40
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class TranscriptError(InputFileError):
    """A transcript cannot be read at all."""


@dataclass(frozen=True, slots=True)
class TranscriptProblem:
    """One fault of one line, which was left out because of it. ``str`` is the line to show."""

    path: Path
    line: int
    what: str
    todo: str

    def __str__(self) -> str:
        """As compilers say it: ``file:line: what; what to do``."""
        return f"{self.path}:{self.line}: {self.what}; {self.todo}"


@dataclass(frozen=True, slots=True)
class Transcript:
    """What could be read, and what could not.

    Attributes:
        lines: by ``end_ms``, which is when a recogniser has a line.
        problems: in the order of the file; a line may have several.
        notes: one line each: what was repaired in the times of the lines.
    """

    lines: tuple[TranscriptLine, ...]
    problems: tuple[TranscriptProblem, ...] = ()
    notes: tuple[str, ...] = ()

    def warnings(self, path: Path) -> list[str]:
        """What a person is told of it, a few lines however much is wrong."""
        warnings = [f"{path}: {'; '.join(self.notes)}"] if self.notes else []
        if len(self.problems) <= MAX_LISTED_PROBLEMS:
            return [*warnings, *map(str, self.problems)]
        first = self.problems[0]
        count = len({problem.line for problem in self.problems})
        kinds = Counter(problem.todo for problem in self.problems).most_common(MAX_LISTED_KINDS)
        advice = "; ".join(f"{number} times: {todo}" for todo, number in kinds)
        left_out = "1 line is left out" if count == 1 else f"{count} lines are left out"
        warnings.append(f"{path}:{first.line}: {first.what}; {left_out} ({advice})")
        return warnings


class _RowError(ValueError):
    """Faults of one row, each with what to do."""

    def __init__(self, *faults: tuple[str, str]) -> None:
        super().__init__(*faults)
        self.faults = faults


def read_transcript(
    path: Path | str,
    *,
    call_id: str,
    language: Language = Language.KOREAN,
    duration_ms: int | None = None,
) -> Transcript:
    """Read a transcript of one call. Blank lines do not matter.

    Args:
        path: JSON lines in UTF-8.
        call_id: the call that the lines belong to.
        language: of the lines that do not name one.
        duration_ms: of the call's sound, where there is one; tells seconds from milliseconds.

    Raises:
        TranscriptError: nothing in the file can be read; the message is one line.
    """
    path = Path(path)
    rows: list[tuple[int, Row]] = []
    problems: list[TranscriptProblem] = []
    for number, raw in _iter_rows(path):
        try:
            rows.append((number, _check_row(_parse_row(raw))))
        except _RowError as error:
            problems += [TranscriptProblem(path, number, *fault) for fault in error.faults]
    repaired = repair_times(
        [
            RawTimes(number, row.get("start_ms"), row.get("end_ms"), len(row["text"].strip()))
            for number, row in rows
        ],
        duration_ms=duration_ms,
    )
    lines = [
        _build_line(row, span, call_id=call_id, language=language)
        for (_, row), span in zip(rows, repaired.spans, strict=True)
    ]
    lines.sort(key=lambda line: (line.span.end_ms, line.span.start_ms))
    return Transcript(tuple(lines), tuple(problems), tuple(repaired.notes))


def _iter_rows(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the rows that are not blank, with their numbers from 1."""
    content = _read_content(path).removeprefix(codecs.BOM_UTF8)
    for number, raw in enumerate(content.split(b"\n"), start=1):
        if raw.strip():
            yield number, raw


def _read_content(path: Path) -> bytes:
    with open_input(path, expected="a file of JSON lines", error=TranscriptError) as stream:
        content = stream.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        what = f"is larger than {MAX_FILE_BYTES // 1_000_000} MB"
        raise TranscriptError(path, what, "give one call's transcript")
    if content.startswith(_UTF16):
        raise TranscriptError(path, "is UTF-16", "save it as UTF-8")
    return content


def _parse_row(raw: bytes) -> Row:
    """One row as an object."""
    if len(raw) > MAX_ROW_BYTES:
        raise _RowError((f"is {len(raw):,} bytes long", f"keep a line under {MAX_ROW_BYTES:,}"))
    try:
        row = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        what = f"byte {error.start + 1} is not UTF-8"
        raise _RowError((what, "save the file as UTF-8")) from None
    except json.JSONDecodeError as error:
        what = f"is not JSON ({error.msg} at column {error.colno})"
        raise _RowError((what, "write one JSON object a line")) from None
    except (ValueError, RecursionError):  # a number of thousands of digits, thousands of brackets
        raise _RowError(("is not JSON of any use", "write one JSON object a line")) from None
    if not isinstance(row, dict):
        raise _RowError((f"is {_type_name(row)}, not an object", "write one JSON object a line"))
    return row


def _check_row(row: Row) -> Row:
    """The row, its speaker and language in lower case.

    Raises:
        _RowError: something else than its times is wrong.
    """
    for key in ("speaker", "language"):
        if isinstance(row.get(key), str):
            row[key] = row[key].strip().lower()
    faults = [*_find_faults(row)]
    if faults:
        raise _RowError(*faults)
    return row


def _build_line(row: Row, span: TimeSpan, *, call_id: str, language: Language) -> TranscriptLine:
    return TranscriptLine(
        call_id=call_id,
        speaker=Speaker(row["speaker"]),
        span=span,
        text=row["text"].strip(),
        language=Language(row.get("language", language)),
        final=row.get("final", True),
        source_id=_source_id(row),
        revision=_revision(row),
    )


def _find_faults(row: Row) -> Iterator[tuple[str, str]]:
    """Everything that is wrong with a row but its times, each as (what, what to do)."""
    missing = [key for key in ("speaker", "text") if key not in row]
    if missing:
        yield f"lacks {', '.join(missing)}", "add what is missing"
    yield from _choice_faults(row, "speaker", tuple(Speaker))
    yield from _choice_faults(row, "language", tuple(Language))
    yield from _text_faults(row)
    if not isinstance(row.get("final", True), bool):
        yield f"final is {_quote(row['final'])}", "write true or false"


def _source_id(row: Row) -> str:
    """The recogniser's own id of a line; one that cannot be used is none: the words count."""
    given = row.get("line_id", row.get("id"))
    is_id = isinstance(given, str | int) and not isinstance(given, bool)
    text = str(given) if is_id else ""
    return text if len(text) <= MAX_SOURCE_ID and SOURCE_ID.fullmatch(text) else ""


def _revision(row: Row) -> int:
    """The recogniser's number of this state of the line; one that cannot be used is none."""
    number = row.get("revision", 0)
    is_number = isinstance(number, int) and not isinstance(number, bool)
    return number if is_number and 0 <= number <= MAX_REVISION else 0


def _choice_faults(row: Row, key: str, choices: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if key in row and row[key] not in choices:
        yield f"{key} is {_quote(row[key])}", f"write {' or '.join(choices)}"


def _text_faults(row: Row) -> Iterator[tuple[str, str]]:
    text = row.get("text", ...)
    if text is ...:  # told already, as missing
        return
    if not isinstance(text, str):
        yield f"text is {_type_name(text)}", "write the words in quotes"
    elif not text.strip():
        yield "text is empty", "leave the line out"
    elif len(text) > MAX_LINE_LENGTH:
        yield (
            f"text has {len(text):,} characters",
            f"cut it to lines of {MAX_LINE_LENGTH:,} at most",
        )
    elif "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        yield "text holds a character that is none (NUL or half a pair)", "remove it"


def _quote(value: object) -> str:
    """A value as JSON, cut to a length that fits a line; Korean is shown as Korean."""
    raw = json.dumps(value, ensure_ascii=False)
    # What a terminal could not show, or would obey, is shown as its code.
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in raw)
    return text if len(text) <= _MAX_QUOTE_CHARS else f"{text[: _MAX_QUOTE_CHARS - 3]}..."


def _type_name(value: object) -> str:
    names = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "an object" if isinstance(value, dict) else "a number")
