"""Manifests to evaluate on: CSV rows with their line numbers, read one bad row at a time."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from detectors.errors import CallmoodError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path


class ManifestError(CallmoodError, ValueError):
    """Nothing of the manifest can be read: it is missing, or lacks a column."""


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """One row of a manifest, with its location (``file:line``)."""

    location: str
    fields: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        """Give a field; empty where the manifest lacks the column."""
        return self.fields.get(column, "")


def read_rows(
    path: Path, columns: Iterable[str], complain: Callable[[str], None]
) -> list[ManifestRow]:
    """Read the rows of a manifest; ``complain`` is told of each that cannot be read.

    Raises:
        ManifestError: no such file, empty, or without one of the ``columns``.
    """
    try:
        # Bytes that are not UTF-8 spoil their own row only.
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
            reader = csv.reader(lines)
            header = next(reader, [])
            missing = [column for column in columns if column not in header]
            if missing:
                message = f"{path}:1: no column {', '.join(missing)}; has {', '.join(header)}"
                raise ManifestError(message.encode("utf-8", "replace").decode())
            return list(_iter_rows(path, header, reader, complain))
    except OSError as error:
        message = f"{path}: {error.strerror}"
        raise ManifestError(message) from error


def _iter_rows(
    path: Path, header: list[str], reader: Iterator[list[str]], complain: Callable[[str], None]
) -> Iterator[ManifestRow]:
    # csv.reader has line_num; the type of its objects has no public name.
    line_number = getattr(reader, "line_num", 1)
    while True:
        first_line = line_number + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            complain(f"{path}:{first_line}: {error}")
            fields = []
        line_number = getattr(reader, "line_num", first_line)
        problem = _find_problem(fields, header)
        if problem:
            complain(f"{path}:{first_line}: {problem}")
        elif fields:
            yield ManifestRow(f"{path}:{first_line}", dict(zip(header, fields, strict=True)))


def _find_problem(fields: list[str], header: list[str]) -> str | None:
    if fields and len(fields) != len(header):
        return f"{len(fields)} fields where the header has {len(header)}"
    try:
        "".join(fields).encode("utf-8")
    except UnicodeEncodeError:
        return "not UTF-8"
    return None
