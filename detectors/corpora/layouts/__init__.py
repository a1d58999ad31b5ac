"""The one list of corpus layouts that `callmood train voice --corpus LAYOUT:PATH` reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from detectors.corpora.corpora import FOLDS, CorpusError, is_held_out
from detectors.corpora.layouts.aihub import AIHUB
from detectors.corpora.layouts.crema_d import CREMA_D
from detectors.corpora.layouts.emodb import EMODB
from detectors.corpora.layouts.iemocap import IEMOCAP
from detectors.corpora.layouts.kemdy import KEMDY
from detectors.corpora.layouts.manifest import MANIFEST
from detectors.corpora.layouts.ravdess import RAVDESS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from detectors.corpora.corpora import Clip
    from detectors.corpora.layouts.layout import Complain, Layout

LAYOUTS: tuple[Layout, ...] = (RAVDESS, CREMA_D, EMODB, IEMOCAP, AIHUB, KEMDY, MANIFEST)


def load_corpora(arguments: Iterable[str], complain: Complain) -> list[Clip]:
    """List the clips of corpora given as ``LAYOUT:PATH``, each file once.

    Raises:
        CorpusError: no such layout, or nothing of it at the path.
    """
    clips_by_path: dict[Path, Clip] = {}
    for argument in arguments:
        layout, root = _parse_corpus(argument)
        for clip in layout.load_clips(root, complain):
            clips_by_path.setdefault(clip.path.resolve(), clip)
    return list(clips_by_path.values())


def _parse_corpus(argument: str) -> tuple[Layout, Path]:
    name, _, path = argument.partition(":")
    layouts = {layout.name: layout for layout in LAYOUTS}
    if name not in layouts or not path:
        message = f"{argument}: must be LAYOUT:PATH; layouts are {', '.join(layouts)}"
        raise CorpusError(message)
    root = Path(path).expanduser()
    if not root.exists():
        message = f"{root}: no such folder; looked for {layouts[name].expected_files}"
        raise CorpusError(message)
    return layouts[name], root


def require_enough_speakers(clips: Sequence[Clip]) -> None:
    """Training measures on each fold in turn, so each needs people to measure on.

    Raises:
        CorpusError: a fold has no labelled clip.
    """
    empty = [
        str(fold)
        for fold in range(FOLDS)
        if not any(clip.emotion is not None and is_held_out(clip, fold) for clip in clips)
    ]
    if empty:
        people = len({(clip.corpus, clip.speaker) for clip in clips})
        message = (
            f"{people} speakers are too few: none with a labelled clip falls into fold "
            f"{' or '.join(empty)} of {FOLDS}; add a corpus (another --corpus)"
        )
        raise CorpusError(message)
