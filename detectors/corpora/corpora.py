"""The corpora as typed rows: clips with a speaker, texts with labels, and who is held out."""

from __future__ import annotations

import csv
import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile as sf
import soxr

from detectors.errors import CallmoodError
from detectors.labels import Emotion
from detectors.utterance import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

SPLITS = Path(__file__).parent / "splits"
"""The committed lists of held-out speakers and scripts."""

FOLDS = 5
TEST_FOLD = 0
SCRIPT_PARTS = ((0, 1), (2, 3), (4,))
"""Script folds, counted from the speaker's, that a test speaker is tested on and nobody is trained
on: of the first part in the model that ships, of each in turn in cross-validation."""

VOICE_CORPORA = ("ravdess", "emodb", "korean_emotional", "korean_plain", "baved")
"""The last two carry no emotions: one teaches how Korean varies, one teaches arousal."""


class CorpusError(CallmoodError, ValueError):
    """A corpus is not where or what it should be: names the file, and what to do."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One recorded utterance of an audio corpus.

    Attributes:
        emotion: what was acted; ``None`` where the corpus has only an intensity.
        intensity: where the corpus has one; low, normal or high where ``emotion`` is ``None``.
        fold: of the speaker, 0 to `FOLDS` - 1.
        script_fold: of the sentence where it gives the label away, else ``None``.
        language: BCP 47 primary subtag; empty where not known.
        sex: F, M or empty.
        script: equal for clips of the same sentence (or scene) in the corpus; empty where not
            known.
        arousal: 0 (low) to 1 (high) where people rated it, else ``None``.
        licence: of the clip, in one line.
    """

    path: Path
    corpus: str
    speaker: str
    emotion: Emotion | None
    intensity: str
    subset: str
    fold: int
    script_fold: int | None
    language: str = ""
    sex: str = ""
    script: str = ""
    arousal: float | None = None
    licence: str = ""


@dataclass(frozen=True, slots=True)
class LabelledText:
    """One labelled line. ``load_labels`` are indices into the taxonomy's label list."""

    text: str
    labels: tuple[int, ...]


def load_clips(root: Path, corpora: tuple[str, ...] = VOICE_CORPORA) -> list[Clip]:
    """List the clips below ``root`` in a fixed order.

    Raises:
        CorpusError: a manifest is missing, or a speaker is in no fold.
    """
    speakers = _load_folds(SPLITS / "voice_speakers.csv", "speaker")
    scripts = _load_folds(SPLITS / "voice_scripts.csv", "script_id")
    return [clip for corpus in corpora for clip in _iter_clips(root, corpus, speakers, scripts)]


def _iter_clips(
    root: Path,
    corpus: str,
    speakers: dict[tuple[str, str], int],
    scripts: dict[tuple[str, str], int],
) -> Iterator[Clip]:
    manifest = _require_file(root / corpus / "manifest.csv")
    with manifest.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            speaker = row["speaker"]
            if (corpus, speaker) not in speakers:
                message = f"{manifest}: speaker {speaker!r} is in no fold; add it to the split"
                raise CorpusError(message)
            yield Clip(
                path=root / row["path"],
                corpus=corpus,
                speaker=speaker,
                emotion=Emotion(row["emotion"]) if row["emotion"] else None,
                intensity=row["intensity"],
                subset=row["subset"],
                fold=speakers[corpus, speaker],
                script_fold=scripts.get((corpus, row["script_id"])),
                language=row["language"],
                sex=row["speaker_sex"],
                script=row["script_id"],
                licence=row["licence"],
            )


def speaker_fold(corpus: str, speaker: str) -> int:
    """Fold of a speaker: that of the committed split, else one by a hash.

    The hash keeps speakers in their fold when others are added to the corpus.

    Returns:
        0 to `FOLDS` - 1.
    """
    committed = _load_folds(SPLITS / "voice_speakers.csv", "speaker").get((corpus, speaker))
    if committed is not None:
        return committed
    digest = hashlib.sha256(f"{corpus}\n{speaker}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % FOLDS


def script_fold(corpus: str, script: str) -> int | None:
    """Fold of a sentence that gives its emotion away; ``None`` for all other sentences."""
    return _load_folds(SPLITS / "voice_scripts.csv", "script_id").get((corpus, script))


def describe_weights_licence(clips: Iterable[Clip]) -> str:
    """Name in one line the corpora that weights were trained on, each with its licence."""
    licences: dict[str, set[str]] = {}
    for clip in clips:
        licence = " ".join(clip.licence.split()) or "licence not stated"
        licences.setdefault(clip.corpus, set()).add(licence)
    parts = (f"{corpus} ({'; '.join(sorted(names))})" for corpus, names in sorted(licences.items()))
    return f"Weights: under the terms of what they were trained on: {', '.join(parts)}."


def is_held_out(clip: Clip, fold: int, part: int = 0) -> bool:
    """Whether a clip may measure a model trained without ``fold``: unseen speaker and sentence.

    Args:
        clip: any clip.
        fold: the held-out one.
        part: index into `SCRIPT_PARTS`: which sentences are held out with the fold.
    """
    unseen = clip.script_fold is None or clip.script_fold in _held_out_script_folds(fold, part)
    return clip.fold == fold and unseen


def is_trainable(clip: Clip, fold: int, part: int = 0) -> bool:
    """Whether a clip may train a model that is measured on ``fold``: speaker and sentence differ.

    Args:
        clip: any clip.
        fold: the held-out one.
        part: as for `is_held_out`.
    """
    return clip.fold != fold and clip.script_fold not in _held_out_script_folds(fold, part)


def _held_out_script_folds(fold: int, part: int = 0) -> set[int]:
    return {(fold + step) % FOLDS for step in SCRIPT_PARTS[part]}


@cache
def _load_folds(path: Path, key: str) -> dict[tuple[str, str], int]:
    with path.open(encoding="utf-8", newline="") as lines:
        return {(row["corpus"], row[key]): int(row["fold"]) for row in csv.DictReader(lines)}


def load_sound(path: Path) -> NDArray[np.int16]:
    """Read a sound file's first channel at `SAMPLE_RATE`, ``int16[samples]``.

    Raises:
        CorpusError: missing, or not a sound file.
    """
    try:
        samples, rate = sf.read(path, dtype="float32", always_2d=True)
    except (OSError, RuntimeError) as error:
        message = f"{path}: {str(error).removeprefix(f'Error opening {str(path)!r}: ')}"
        raise CorpusError(message) from error
    mono = samples[:, 0]
    if rate != SAMPLE_RATE:
        mono = soxr.resample(mono, rate, SAMPLE_RATE)
    return np.asarray(np.clip(np.rint(mono * 32_768), -32_768, 32_767), dtype=np.int16)


def load_labels(root: Path, corpus: str) -> tuple[str, ...]:
    """Read a text corpus's label list; a label's position is its number in the corpus.

    Raises:
        CorpusError: the list is missing.
    """
    path = _require_file(root / "text" / corpus / "labels.txt")
    return tuple(path.read_text(encoding="utf-8").strip("\n").split("\n"))


def load_texts(path: Path, *, text: int, label: int) -> list[LabelledText]:
    """Read a tab-separated file without quoting; ``text`` and ``label`` are column numbers.

    Raises:
        CorpusError: the file is missing, or a line is short of columns.
    """
    _require_file(path)
    open_file = gzip.open if path.suffix == ".gz" else open
    with open_file(path, "rt", encoding="utf-8", newline="\n") as lines:
        return [
            _parse_text(path, number, line, (text, label))
            for number, line in enumerate(lines, start=1)
        ]


def _parse_text(path: Path, number: int, line: str, columns: tuple[int, int]) -> LabelledText:
    fields = line.rstrip("\r\n").split("\t")
    try:
        label_numbers = tuple(int(label) for label in fields[columns[1]].split(","))
        return LabelledText(fields[columns[0]], label_numbers)
    except (IndexError, ValueError) as error:
        message = f"{path}:{number}: not text and label numbers in tab-separated columns"
        raise CorpusError(message) from error


def load_ratings(path: Path) -> list[tuple[str, int]]:
    """Read the reviews of NSMC.

    Returns:
        Review and rating, 1-10.

    Raises:
        CorpusError: the file is missing.
    """
    _require_file(path)
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
        next(lines)
        rows = (line.rstrip("\r\n").split("\t") for line in lines)
        return [(row[3], int(row[2])) for row in rows]


def _require_file(path: Path) -> Path:
    if not path.is_file():
        message = f"{path}: no such file; point --data at the folder with the corpora"
        raise CorpusError(message)
    return path


def is_in_fold(row: Mapping[str, str], fold: int) -> bool:
    """Whether a manifest row may measure a model trained without ``fold`` (committed splits)."""
    corpus, script = row.get("corpus", ""), row.get("script_id", "")
    fold_of_speaker = _load_folds(SPLITS / "voice_speakers.csv", "speaker").get(
        (corpus, row.get("speaker", ""))
    )
    fold_of_script = _load_folds(SPLITS / "voice_scripts.csv", "script_id").get((corpus, script))
    return fold_of_speaker == fold and (
        fold_of_script is None or fold_of_script in _held_out_script_folds(fold)
    )
