"""`callmood evaluate`: how good are the shipped detectors on a manifest of one's own?"""

from __future__ import annotations

import csv
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from detectors.training.evaluation import Figures, Judged
    from detectors.training.manifests import Row

BAD_INPUT = 2

_FILE = click.Path(path_type=Path, dir_okay=False)


def _writable(_ctx: click.Context, option: click.Parameter, path: Path | None) -> Path | None:
    """Refuse a result that could not be written, before hours of work."""
    if path is not None and not os.access(path if path.exists() else path.parent, os.W_OK):
        there = path.parent.is_dir()
        what = "may not be written" if there else f"there is no folder {path.parent}"
        _complain(f"{option.opts[0]} {path}: {what}; choose another place or make it")
        sys.exit(BAD_INPUT)
    return path


@click.group()
def evaluate() -> None:
    """Measure a detector on a manifest, or just write what it reads."""


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option(
            "--predictions",
            type=_FILE,
            callback=_writable,
            help="Write one row per item as CSV; one that cannot be read abstains.",
        ),
        click.option(
            "--json",
            "json_path",
            type=_FILE,
            callback=_writable,
            help="Write the figures as JSON.",
        ),
        click.option(
            "--in-order", is_flag=True, help="Rows of one speaker are a call in time order."
        ),
        click.option(
            "--root",
            type=click.Path(path_type=Path, file_okay=False),
            default=".",
            help="Folder that the manifest's paths start from.  [default: here]",
        ),
        click.option("--manifest", type=_FILE, required=True, help="CSV; see the shared data."),
    ):
        command = option(command)
    return command


@evaluate.command()
@_options
@click.option("--labels", help="Measure only items with these labels, e.g. neutral,joy,anger.")
@click.option(
    "--fold",
    type=click.IntRange(0, 4),
    help="Only what the committed split holds out with this fold.",
)
@click.option(
    "--codec",
    type=click.Choice(["none", "mulaw", "alaw"]),
    default="none",
    show_default=True,
    help="Send the clips over this codec first.",
)
def voice(  # noqa: PLR0913 - one argument an option
    manifest: Path,
    root: Path,
    json_path: Path | None,
    predictions: Path | None,
    *,
    in_order: bool,
    labels: str | None,
    fold: int | None,
    codec: str,
) -> None:
    """Read clips: column path; where known, emotion, speaker."""
    from detectors.labels import EMOTIONS  # noqa: PLC0415
    from detectors.training.corpora import in_fold  # noqa: PLC0415
    from detectors.training.evaluation import read_voice  # noqa: PLC0415
    from detectors.training.telephone import Codec  # noqa: PLC0415
    from detectors.voice.tone import VoiceTone  # noqa: PLC0415

    rows = _rows(manifest, ["path"])
    if fold is not None:
        rows = [row for row in rows if in_fold(row.fields, fold)]
    judged = _shown(
        rows,
        lambda bar: read_voice(
            bar, _loaded(VoiceTone), root, codec=Codec(codec), in_order=in_order, complain=_complain
        ),
    )
    kept = labels.split(",") if labels else None
    _finish(judged, EMOTIONS, ("path", predictions), json_path, kept=kept)


@evaluate.command()
@_options
@click.option(
    "--taxonomy",
    type=click.Choice(["callmood", "kote", "goemotions"]),
    default="callmood",
    show_default=True,
    help="Whose labels are the columns.",
)
def text(  # noqa: PLR0913 - one argument an option
    manifest: Path,
    root: Path,
    json_path: Path | None,
    predictions: Path | None,
    *,
    in_order: bool,
    taxonomy: str,
) -> None:
    """Read lines: columns id, text, language (ko, en); where known, labels joined by |."""
    from detectors.text.emotion import Taxonomy, TextEmotion  # noqa: PLC0415
    from detectors.training.evaluation import label_names, read_text  # noqa: PLC0415

    # The first text model reads every line alone, so order changes nothing; paths there are none.
    del root, in_order
    whose = None if taxonomy == "callmood" else Taxonomy(taxonomy)
    rows = _rows(manifest, ["id", "text", "language"])
    judged = _shown(
        rows, lambda bar: read_text(bar, _loaded(TextEmotion), whose, complain=_complain)
    )
    _finish(judged, label_names(whose), ("id", predictions), json_path, several=whose is not None)


def _complain(message: str) -> None:
    click.echo(f"callmood evaluate: {message}", err=True)


def _loaded(detector: Callable[[], Any]) -> Any:
    from detectors.detector import DetectorUnavailableError  # noqa: PLC0415

    try:
        return detector()
    except DetectorUnavailableError as error:
        _complain(str(error))
        sys.exit(1)


def _rows(manifest: Path, columns: list[str]) -> list[Row]:
    from detectors.training.manifests import ManifestError, rows  # noqa: PLC0415

    try:
        return rows(manifest, columns, _complain)
    except ManifestError as error:
        _complain(str(error))
        sys.exit(BAD_INPUT)


def _shown(rows: list[Row], read: Callable[[Iterable[Row]], list[Judged]]) -> list[Judged]:
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as progress:
        return read(progress.track(rows, description="reading"))


def _finish(  # noqa: PLR0913 - what the options say
    judged: list[Judged],
    labels: Sequence[str],
    predictions: tuple[str, Path | None],
    json_path: Path | None,
    *,
    kept: list[str] | None = None,
    several: bool = False,
) -> None:
    from detectors.training.evaluation import figures, only  # noqa: PLC0415

    read = sum(item.read for item in judged)
    if not read:
        _complain("nothing could be read")
        sys.exit(1)
    key, path = predictions
    if path:
        _write_predictions(path, key, labels, judged)
        click.echo(f"wrote {path}: {len(judged)} items")
    if unread := len(judged) - read:
        click.echo(f"left out of the figures: {unread} items that could not be read (see above)")
    found = figures(only(judged, kept) if kept else judged, labels, several=several)
    if found is None:
        click.echo(f"read {read} items; none has a label, so nothing is measured")
    else:
        _print(found)
    if json_path:
        content = {"read": read, "unread": unread, **(found.as_json() if found else {})}
        json_path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", "utf-8")


def _write_predictions(
    path: Path, key: str, labels: Sequence[str], judged: Iterable[Judged]
) -> None:
    with path.open("w", encoding="utf-8", newline="") as lines:
        table = csv.writer(lines, lineterminator="\n")
        table.writerow([key, *labels, "confidence", "abstained"])
        for item in judged:
            scores = (f"{score:.6f}" for score in item.scores)
            abstained = str(item.abstained).lower()
            table.writerow([item.key, *scores, f"{item.confidence:.6f}", abstained])


def _print(found: Figures) -> None:
    from rich.cells import cell_len  # noqa: PLC0415

    measured = found.measured
    wide = max(cell_len(label) for label in measured.labels)

    def padded(label: str) -> str:
        return label + " " * (wide - cell_len(label))

    click.echo(f"{padded('label')}  items  recall     F1    AUC")
    for label in measured.labels:
        auc = f"{measured.auc[label]:.3f}" if label in measured.auc else "    -"
        click.echo(
            f"{padded(label)}  {measured.support[label]:5}   {measured.recall[label]:.3f}"
            f"  {measured.f1[label]:.3f}  {auc}"
        )
    click.echo(
        f"items {measured.items}, UAR {measured.uar:.3f}, macro-F1 "
        f"{measured.macro_f1:.3f}, macro-AUC {measured.macro_auc:.3f}, "
        f"accuracy {found.accuracy:.3f}"
    )
    click.echo(
        f"answered {found.answered_ratio:.3f} of them, accuracy of those "
        f"{found.answered_accuracy:.3f}"
    )
    if measured.confusion:
        click.echo("confusion (rows: true, columns: decided, in the order above)")
        for label, counts in zip(measured.labels, measured.confusion, strict=True):
            click.echo(f"{padded(label)}  " + " ".join(f"{count:5}" for count in counts))
