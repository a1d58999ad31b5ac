"""Lines that people wrote for a theme: some are about it, some only look alike.

A file is named after its writer and its language, ``<writer>.<language>.tsv``: tab-separated,
with the header ``theme expected text``; ``expected`` is ``yes`` or ``no``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from detectors.errors import CallmoodError
from detectors.utterance import Language

if TYPE_CHECKING:
    from collections.abc import Iterator

LINES = Path(__file__).parent / "lines"
"""Lines that come with callmood: to train on, to tune on (dev), to measure on (test)."""

THEMES = (
    "abuse", "threat", "self_harm", "sexual_harassment", "confusion", "regulator", "cancellation",
    "call_for_another", "debt_worries", "lost_card", "mistaken_transfer", "unknown_charge",
    "bereavement", "loan_scam", "voice_phishing", "accident_now", "claim_denied", "mis_selling",
    "serious_illness", "data_leak", "late_delivery", "product_injury", "refund_refused",
)  # fmt: skip
"""The first seven are topics of the text detector as well."""

HEADER = ("theme", "expected", "text")
MAX_FILE_BYTES = 4 << 20


class LinesError(CallmoodError, ValueError):
    """A file of lines cannot be used: names file and line, and what to write instead."""


@dataclass(frozen=True, slots=True)
class ThemeLine:
    """One line of a theme.

    Attributes:
        is_expected: the theme's playbook should fire; else the line only looks alike.
    """

    writer: str
    language: Language
    theme: str
    is_expected: bool
    text: str

    @property
    def unit(self) -> str:
        """What is drawn anew for an interval: a writer's line."""
        return f"{self.writer} {self.language} {self.text}"


def load_theme_lines(folder: Path) -> list[ThemeLine]:
    """Read every file of a folder, in the order of their names.

    Raises:
        LinesError: there is none, or one is not as the module says.
    """
    paths = sorted(folder.glob("*.tsv"))
    if not paths:
        message = f"{folder}: no <writer>.<language>.tsv; point --lines at a folder that has some"
        raise LinesError(message)
    return [line for path in paths for line in _read_file(path)]


def load_ordinary_lines(part: str, folder: Path = LINES) -> list[tuple[str, Language]]:
    """Lines of ordinary calls, about none of the themes: every other one is measured on.

    Args:
        part: ``train`` or ``test``.
        folder: with ``ordinary/<writer>.<language>.txt``, one line of text each.
    """
    paths = sorted((folder / "ordinary").glob("*.txt"))
    lines = [
        (text, _parse_name(path)[1])
        for path in paths
        for text in path.read_text(encoding="utf-8").splitlines()
    ]
    return lines[0 if part == "train" else 1 :: 2]


def _read_file(path: Path) -> list[ThemeLine]:
    writer, language = _parse_name(path)
    if path.stat().st_size > MAX_FILE_BYTES:
        message = f"{path}: more than {MAX_FILE_BYTES >> 20} MB; share the lines out over files"
        raise LinesError(message)
    try:
        rows = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        message = f"{path}: not UTF-8; save it as UTF-8"
        raise LinesError(message) from None
    if not rows or tuple(rows[0].split("\t")) != HEADER:
        message = f"{path}:1: no header; begin with {' '.join(HEADER)}, separated by tabs"
        raise LinesError(message)
    return list(_parse_rows(path, rows[1:], writer, language))


def _parse_name(path: Path) -> tuple[str, Language]:
    writer, _, language = path.stem.partition(".")
    if language not in list(Language):
        message = f"{path}: names no language; call it {writer}.ko.tsv or {writer}.en.tsv"
        raise LinesError(message)
    return writer, Language(language)


def _parse_rows(
    path: Path, rows: list[str], writer: str, language: Language
) -> Iterator[ThemeLine]:
    for number, row in enumerate(rows, start=2):
        if not row.strip():
            continue
        fields = [field.strip() for field in row.split("\t")]
        if len(fields) != len(HEADER) or fields[1] not in {"yes", "no"} or not fields[2]:
            message = f"{path}:{number}: not a theme, yes or no, and a text, separated by tabs"
            raise LinesError(message)
        theme, expected, text = fields
        if theme not in THEMES:
            message = f"{path}:{number}: no theme {theme!r}; there are {', '.join(THEMES)}"
            raise LinesError(message)
        yield ThemeLine(writer, language, theme, expected == "yes", text)
