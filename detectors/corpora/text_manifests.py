"""A text corpus's measuring rows as a manifest, so that they are evaluated like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.corpora.corpora import load_texts
from detectors.labels import GOEMOTIONS, KOTE
from detectors.utterance import Language

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from detectors.corpora.corpora import LabelledText

HEADER = ("id", "text", "language", "labels")
CORPORA = ("kote", "goemotions")


def iter_manifest_rows(root: Path, corpus: str) -> Iterator[tuple[str, str, str, str]]:
    """Give the rows, under `HEADER`, that nobody trains on; labels are the corpus's own.

    Texts of GoEmotions that occur among the rows before them are left out.

    Raises:
        CorpusError: a file of the corpus is missing or broken.
    """
    labels, language, rows = _load_kote(root) if corpus == "kote" else _load_goemotions(root)
    for number, row in enumerate(rows):
        names = "|".join(labels[label] for label in row.labels)
        yield f"{corpus}-{number:05}", row.text, language, names


def _load_kote(root: Path) -> tuple[tuple[str, ...], Language, list[LabelledText]]:
    rows = load_texts(root / "text/kote/devtest.tsv", text=1, label=2)
    return KOTE, Language.KOREAN, rows


def _load_goemotions(root: Path) -> tuple[tuple[str, ...], Language, list[LabelledText]]:
    folder = root / "text/goemotions"
    training_texts = {
        row.text
        for name in ("train.tsv.gz", "dev.tsv")
        for row in load_texts(folder / name, text=0, label=1)
    }
    rows = load_texts(folder / "devtest.tsv", text=0, label=1)
    return GOEMOTIONS, Language.ENGLISH, [row for row in rows if row.text not in training_texts]
