"""What the layouts of public corpora share: a clip with its folds, tables in any encoding."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import soundfile as sf

from detectors.corpora.corpora import Clip, CorpusError, script_fold, speaker_fold
from detectors.voice.preprocessing import MIN_SOUND_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    Complain = Callable[[str], None]
    """Is told of each row that cannot be used, in one line with its place."""

SOUND_SUFFIXES = (".wav", ".flac")
LFS_HEADER = b"version https://git-lfs"
LOW_AROUSAL, HIGH_AROUSAL = 1 / 3, 2 / 3
"""Where rated arousal, 0-1, is called low and high."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How one corpus, or family of corpora, lies on disk.

    Attributes:
        name: as on the command line, before the colon.
        title: what it is, in a line.
        licence: of the corpus, in a line; a site's own is what its manifest says.
        expected_files: the files it is made of, for whoever points at the wrong folder.
        iter_clips: yields the clips below a folder in a fixed order.
    """

    name: str
    title: str
    licence: str
    expected_files: str
    iter_clips: Callable[[Path, Complain], Iterator[Clip]]

    def load_clips(self, root: Path, complain: Complain) -> list[Clip]:
        """List the clips below ``root`` that can be heard; ``complain`` is told of the others.

        Raises:
            CorpusError: there is nothing; says what was looked for.
        """
        usable_clips = [
            clip
            for clip in self.iter_clips(root, complain)
            if _is_usable_sound(clip.path, complain)
        ]
        if not usable_clips:
            message = (
                f"{root}: no clip of layout {self.name!r} here; looked for {self.expected_files}"
            )
            raise CorpusError(message)
        return usable_clips


def build_clip(path: Path, *, corpus: str, speaker: str, **fields: Any) -> Clip:
    """Make a clip; folds come from the committed split, or from a stable hash of the speaker.

    A rated ``arousal`` (0-1) also gives the intensity, where the corpus has none of its own.
    """
    arousal = fields.get("arousal")
    intensity = (
        ""
        if arousal is None
        else "low"
        if arousal < LOW_AROUSAL
        else "high"
        if arousal > HIGH_AROUSAL
        else ""
    )
    defaults = {"emotion": None, "intensity": intensity or ("" if arousal is None else "normal")}
    return Clip(
        path=path,
        corpus=corpus,
        speaker=speaker,
        fold=speaker_fold(corpus, speaker),
        script_fold=script_fold(corpus, fields.get("script", "")),
        **{**defaults, "subset": "", **fields},
    )


def find_sound_files(root: Path) -> Iterator[Path]:
    """Find the sound files below a folder, sorted by name."""
    if root.is_dir():
        yield from sorted(
            path
            for path in root.rglob("*")
            if path.suffix.lower() in SOUND_SUFFIXES and not path.name.startswith(".")
        )


def scale_rating(text: str, *, minimum: float, maximum: float) -> float | None:
    """Give a rating as 0-1; ``None`` where there is none, or it is out of its range."""
    try:
        rating = float(text)
    except ValueError:
        return None
    return (rating - minimum) / (maximum - minimum) if minimum <= rating <= maximum else None


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a table and its place, ``file:line``; columns are stripped of spaces."""

    location: str
    fields: list[str]
    header: list[str]

    def __getitem__(self, column: str) -> str:
        """Give a field by its column's name; empty where there is no such column."""
        return self.field_after(column, 0)

    def field_after(self, column: str, offset: int) -> str:
        """Give the field ``offset`` to the right of a column: some headers name only the first."""
        if column not in self.header:
            return ""
        index = self.header.index(column) + offset
        return self.fields[index].strip() if index < len(self.fields) else ""


def read_table(path: Path, columns: tuple[str, ...], complain: Complain) -> Iterator[TableRow]:
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
                yield TableRow(f"{path}:{start}", fields, header)
            start = reader.line_num + 1
    except csv.Error as error:
        complain(f"{path}:{start}: {error}; nothing after this line is read")


def is_known_label(
    mapping: Mapping[str, Any], label: str, location: str, complain: Complain
) -> bool:
    """Whether a corpus's label is one it is known to have; complains where not."""
    if label in mapping:
        return True
    complain(f"{location}: unknown label {label!r}; known are {', '.join(mapping)}")
    return False


def _is_usable_sound(path: Path, complain: Complain) -> bool:
    try:
        info = sf.info(path)
    except (OSError, RuntimeError):
        complain(f"{path}: {_explain_unreadable(path)}")
        return False
    duration_ms = info.frames * 1_000 / info.samplerate
    if duration_ms < MIN_SOUND_MS:
        complain(f"{path}: {duration_ms:.0f} ms of sound are too short; {MIN_SOUND_MS} are needed")
    return bool(duration_ms >= MIN_SOUND_MS)


def _explain_unreadable(path: Path) -> str:
    if not path.is_file():
        return "no such sound file"
    with path.open("rb") as stream:
        if stream.read(len(LFS_HEADER)) == LFS_HEADER:
            return "only a pointer to a sound; fetch it with `git lfs pull`"
    return "not a sound file that can be read"
