"""What the layouts of public corpora share: a clip with its folds, tables in any encoding."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import soundfile as sf

from detectors.corpora.corpora import Clip, CorpusError, script_fold, speaker_fold
from detectors.voice.preprocessing import SHORTEST_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    Complain = Callable[[str], None]
    """Is told of each row that cannot be used, in one line with its place."""

SOUNDS = (".wav", ".flac")
LFS = b"version https://git-lfs"
FEW, MANY = 1 / 3, 2 / 3
"""Where rated arousal, 0-1, is called low and high."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How one corpus, or family of corpora, lies on disk.

    Attributes:
        name: as on the command line, before the colon.
        title: what it is, in a line.
        licence: of the corpus, in a line; a site's own is what its manifest says.
        looks_for: the files it is made of, for whoever points at the wrong folder.
        rows: yields the clips below a folder in a fixed order.
    """

    name: str
    title: str
    licence: str
    looks_for: str
    rows: Callable[[Path, Complain], Iterator[Clip]]

    def clips(self, root: Path, complain: Complain) -> list[Clip]:
        """List the clips below ``root`` that can be heard; ``complain`` is told of the others.

        Raises:
            CorpusError: there is nothing; says what was looked for.
        """
        found = [clip for clip in self.rows(root, complain) if _audible(clip.path, complain)]
        if not found:
            message = f"{root}: no clip of layout {self.name!r} here; looked for {self.looks_for}"
            raise CorpusError(message)
        return found


def clip(path: Path, *, corpus: str, speaker: str, **known: Any) -> Clip:
    """Make a clip; folds come from the committed split, or from a stable hash of the speaker.

    A rated ``arousal`` (0-1) also gives the intensity, where the corpus has none of its own.
    """
    arousal = known.get("arousal")
    level = "" if arousal is None else "low" if arousal < FEW else "high" if arousal > MANY else ""
    plain = {"emotion": None, "intensity": level or ("" if arousal is None else "normal")}
    return Clip(
        path=path,
        corpus=corpus,
        speaker=speaker,
        fold=speaker_fold(corpus, speaker),
        script_fold=script_fold(corpus, known.get("script", "")),
        **{**plain, "subset": "", **known},
    )


def sounds(root: Path) -> Iterator[Path]:
    """Find the sound files below a folder, sorted by name."""
    if root.is_dir():
        yield from sorted(
            path
            for path in root.rglob("*")
            if path.suffix.lower() in SOUNDS and not path.name.startswith(".")
        )


def scaled(text: str, *, least: float, most: float) -> float | None:
    """Give a rating as 0-1; ``None`` where there is none, or it is out of its range."""
    try:
        rating = float(text)
    except ValueError:
        return None
    return (rating - least) / (most - least) if least <= rating <= most else None


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table and its place, ``file:line``; columns are stripped of spaces."""

    where: str
    fields: list[str]
    header: list[str]

    def __getitem__(self, column: str) -> str:
        """Give a field by its column's name; empty where there is no such column."""
        return self.after(column, 0)

    def after(self, column: str, steps: int) -> str:
        """Give the field ``steps`` to the right of a column: some headers name only the first."""
        if column not in self.header:
            return ""
        place = self.header.index(column) + steps
        return self.fields[place].strip() if place < len(self.fields) else ""


def table(path: Path, columns: tuple[str, ...], complain: Complain) -> Iterator[Line]:
    """Read a comma-separated table, UTF-8 or CP949 (as Korean spreadsheets write it).

    A table that lacks one of the ``columns`` is complained of and yields nothing.
    """
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp949", errors="replace")
    reader = csv.reader(io.StringIO(text, newline=""))
    header = [name.strip() for name in next(reader, [])]
    if missing := [column for column in columns if column not in header]:
        complain(f"{path}:1: no column {', '.join(missing)}; has {', '.join(filter(None, header))}")
        return
    start = reader.line_num + 1
    try:
        for fields in reader:
            if any(field.strip() for field in fields):
                yield Line(f"{path}:{start}", fields, header)
            start = reader.line_num + 1
    except csv.Error as error:
        complain(f"{path}:{start}: {error}; nothing after this line is read")


def mapped(table_of: Mapping[str, Any], label: str, where: str, complain: Complain) -> bool:
    """Whether a corpus's label is one it is known to have; complains where not."""
    if label in table_of:
        return True
    complain(f"{where}: unknown label {label!r}; known are {', '.join(table_of)}")
    return False


def _audible(path: Path, complain: Complain) -> bool:
    try:
        about = sf.info(path)
    except (OSError, RuntimeError):
        complain(f"{path}: {_unheard(path)}")
        return False
    duration_ms = about.frames * 1_000 / about.samplerate
    if duration_ms < SHORTEST_MS:
        complain(f"{path}: {duration_ms:.0f} ms of sound are too short; {SHORTEST_MS} are needed")
    return bool(duration_ms >= SHORTEST_MS)


def _unheard(path: Path) -> str:
    if not path.is_file():
        return "no such sound file"
    with path.open("rb") as stream:
        if stream.read(len(LFS)) == LFS:
            return "only a pointer to a sound; fetch it with `git lfs pull`"
    return "not a sound file that can be read"
