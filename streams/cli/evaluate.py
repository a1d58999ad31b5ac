"""`callmood evaluate`: how good are the shipped detectors on a manifest of one's own?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from streams.cli.baselines import manifest, yardsticks
from streams.cli.evaluate_calls import calls
from streams.cli.evaluation_output import (
    BAD_INPUT,
    EvaluationOptions,
    check_writable,
    command_line,
    complain,
    write_results,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from detectors.corpora.manifests import ManifestRow
    from detectors.evaluation.scored_item import ScoredItem

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group()
def evaluate() -> None:
    """Measure a detector on a manifest, or just write what it reads."""


evaluate.add_command(manifest)
evaluate.add_command(yardsticks)
evaluate.add_command(calls)


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option(
            "--pictures", type=_FOLDER, callback=check_writable,
            help="Draw confusion matrix and reliability diagram (SVG) into this folder.",
        ),
        click.option("--table", is_flag=True, help="Print the model cards' Markdown table."),
        click.option(
            "--card", type=_FILE, callback=check_writable,
            help="Write the figures as a Markdown page.",
        ),
        click.option(
            "--predictions", type=_FILE, callback=check_writable,
            help="Write one row per item as CSV; one that cannot be read abstains.",
        ),
        click.option(
            "--json", "json_path", type=_FILE, callback=check_writable,
            help="Write the figures as JSON, with intervals and by group.",
        ),
        click.option(
            "--in-order", is_flag=True, help="Rows of a speaker (text: call) are in time order."
        ),
        click.option(
            "--root", type=_FOLDER, default=".",
            help="Folder that the manifest's paths start from.  [default: here]",
        ),
        click.option(
            "--manifest", "manifests", type=_FILE, required=True, multiple=True,
            help="CSV; see the shared data. Given more than once: all their rows.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def _voice_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option(
            "--repeats", type=click.IntRange(1), default=1, show_default=True,
            help="With --shuffle: hear everybody in so many orders, and measure all together.",
        ),
        click.option(
            "--shuffle", type=click.IntRange(0), metavar="SEED",
            help="With --in-order: draw the order of each speaker's rows.",
        ),
        click.option(
            "--from-nth", type=click.IntRange(1), default=1, metavar="N",
            help="With --in-order: measure from a speaker's Nth row on; the earlier ones only "
            "feed the running normalisation.",
        ),
        click.option(
            "--codec", type=click.Choice(["none", "mulaw", "alaw"]), default="none",
            show_default=True, help="Send the clips over this codec first.",
        ),
        click.option(
            "--model", default="", metavar="onnx:PATH",
            help="Measure this voice model (docs/own-voice-model.md).  [default: the shipped one]",
        ),
        click.option("--subset", help="Only rows with this in column subset."),
        click.option(
            "--fold", type=click.IntRange(0, 4),
            help="Only what the committed split holds out with this fold.",
        ),
        click.option(
            "--labels", help="Measure only items with these labels, e.g. neutral,joy,anger."
        ),
    ):  # fmt: skip
        command = option(command)
    return command


@evaluate.command()
@_options
@_voice_options
def voice(  # noqa: PLR0913 - one argument an option
    *,
    in_order: bool,
    labels: str | None,
    fold: int | None,
    subset: str | None,
    codec: str,
    from_nth: int,
    shuffle: int | None,
    repeats: int,
    model: str,
    root: Path,
    **common_options: Any,
) -> None:
    """Read clips: column path; where known, emotion, speaker, corpus, language, speaker_sex.

    Intervals are of whole speakers; figures are broken down by language, sex and age group.
    """
    from detectors.corpora.telephone_channel import Codec  # noqa: PLC0415
    from detectors.evaluation.evaluate import read_voice  # noqa: PLC0415
    from detectors.evaluation.scored_item import filter_by_labels  # noqa: PLC0415
    from detectors.labels import EMOTIONS  # noqa: PLC0415
    from detectors.registry import find_voice_detector  # noqa: PLC0415

    options = EvaluationOptions(command=command_line(), **common_options)
    _check_order(in_order=in_order, from_nth=from_nth, shuffle=shuffle, repeats=repeats)
    label_names = _parse_labels(labels)
    rows = _select_rows(_load_rows(options.manifests, ["path"]), fold, subset)
    detector = _load_detector(lambda: find_voice_detector(model).load())
    orders = _read_with_bar(
        _build_orders(rows, shuffle, repeats),
        lambda bar: read_voice(
            bar, detector, root, codec=Codec(codec), in_order=in_order, from_nth=from_nth,
            complain=complain,
        ),
    )  # fmt: skip
    scored_items = [item for order in orders for item in order]
    measured_items = filter_by_labels(scored_items, label_names) if label_names else scored_items
    write_results(
        options, detector, EMOTIONS, predictions=("path", orders[0]), scored_items=measured_items
    )


@evaluate.command()
@_options
@click.option(
    "--taxonomy",
    type=click.Choice(["callmood", "kote", "goemotions"]),
    default="callmood",
    show_default=True,
    help="Whose labels are the columns.",
)
def text(*, in_order: bool, taxonomy: str, root: Path, **common_options: Any) -> None:
    """Read lines: columns id, text, language (ko, en); where known, call, labels joined by |."""
    from detectors.evaluation.evaluate import read_text  # noqa: PLC0415
    from detectors.evaluation.scored_item import label_names  # noqa: PLC0415
    from detectors.text.model import Taxonomy, TextEmotion  # noqa: PLC0415

    del root  # there are no paths
    options = EvaluationOptions(command=command_line(), **common_options)
    label_taxonomy = None if taxonomy == "callmood" else Taxonomy(taxonomy)
    rows = _load_rows(options.manifests, ["id", "text", "language"])
    detector = _load_detector(TextEmotion)
    (scored_items,) = _read_with_bar(
        [rows],
        lambda bar: read_text(bar, detector, label_taxonomy, in_order=in_order, complain=complain),
    )
    multi_label = label_taxonomy is not None
    predictions = ("id", scored_items)
    write_results(
        options,
        detector,
        label_names(label_taxonomy),
        predictions=predictions,
        scored_items=scored_items,
        multi_label=multi_label,
    )


def _check_order(*, in_order: bool, from_nth: int, shuffle: int | None, repeats: int) -> None:
    if not in_order and (from_nth > 1 or shuffle is not None):
        _exit_bad_input("--from-nth and --shuffle are about the order of a call: add --in-order")
    if repeats > 1 and shuffle is None:
        _exit_bad_input("--repeats hears the same order again and again: add --shuffle SEED")


def _parse_labels(labels: str | None) -> list[str]:
    from detectors.labels import EMOTIONS  # noqa: PLC0415

    label_names = [label.strip() for label in labels.split(",")] if labels else []
    if unknown := [label for label in label_names if label not in EMOTIONS]:
        _exit_bad_input(f"--labels: {unknown[0]!r} is none of {', '.join(EMOTIONS)}")
    return label_names


def _select_rows(
    rows: list[ManifestRow], fold: int | None, subset: str | None
) -> list[ManifestRow]:
    from detectors.corpora.corpora import is_in_fold  # noqa: PLC0415

    if fold is not None:
        rows = [row for row in rows if is_in_fold(row.fields, fold)]
    if subset is None:
        return rows
    subsets = ", ".join(sorted({row["subset"] for row in rows if row["subset"]})) or "none"
    if not (selected := [row for row in rows if row["subset"] == subset]):
        _exit_bad_input(f"--subset: no row is of {subset!r}; there is: {subsets}")
    return selected


def _build_orders(
    rows: list[ManifestRow], seed: int | None, repeats: int
) -> list[list[ManifestRow]]:
    from detectors.evaluation.clip_order import shuffle_within_speakers  # noqa: PLC0415

    if seed is None:
        return [rows]
    return [shuffle_within_speakers(rows, seed + number) for number in range(repeats)]


def _exit_bad_input(message: str) -> None:
    complain(message)
    sys.exit(BAD_INPUT)


def _load_detector(load: Callable[[], Any]) -> Any:
    from detectors.detector import DetectorUnavailableError  # noqa: PLC0415

    try:
        return load()
    except DetectorUnavailableError as error:
        complain(str(error))
        sys.exit(1)


def _load_rows(manifests: Iterable[Path], columns: list[str]) -> list[ManifestRow]:
    from detectors.corpora.manifests import ManifestError, read_rows  # noqa: PLC0415

    try:
        return [row for path in manifests for row in read_rows(path, columns, complain)]
    except ManifestError as error:
        complain(str(error))
        sys.exit(BAD_INPUT)


def _read_with_bar(
    orders: list[list[ManifestRow]], read: Callable[[Iterable[ManifestRow]], list[ScoredItem]]
) -> list[list[ScoredItem]]:
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as progress:
        return [read(progress.track(rows, description="reading")) for rows in orders]
