"""`callmood evaluate voice`: the voice detector on labelled clips."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from detectors.corpora.corpora import is_in_fold
from detectors.corpora.telephone_channel import Codec
from detectors.evaluation.clip_order import shuffle_within_speakers
from detectors.evaluation.evaluate import read_voice
from detectors.evaluation.scored_item import filter_by_labels
from detectors.labels import EMOTIONS
from detectors.registry import find_voice_detector
from streams.cli.evaluation_input import (
    common_options,
    exit_bad_input,
    load_detector,
    load_rows,
    read_with_bar,
)
from streams.cli.evaluation_output import (
    EvaluationOptions,
    command_line,
    complain,
    write_results,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from detectors.corpora.manifests import ManifestRow


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


@click.command()
@common_options
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
    **given: Any,
) -> None:
    """Read clips: column path; where known, emotion, speaker, corpus, language, speaker_sex.

    Intervals are of whole speakers; figures are broken down by language, sex and age group.
    """
    options = EvaluationOptions(command=command_line(), **given)
    _check_order(in_order=in_order, from_nth=from_nth, shuffle=shuffle, repeats=repeats)
    label_names = _parse_labels(labels)
    rows = _select_rows(load_rows(options.manifests, ["path"]), fold, subset)
    detector = load_detector(lambda: find_voice_detector(model).load())
    orders = read_with_bar(
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


def _check_order(*, in_order: bool, from_nth: int, shuffle: int | None, repeats: int) -> None:
    if not in_order and (from_nth > 1 or shuffle is not None):
        exit_bad_input("--from-nth and --shuffle are about the order of a call: add --in-order")
    if repeats > 1 and shuffle is None:
        exit_bad_input("--repeats hears the same order again and again: add --shuffle SEED")


def _parse_labels(labels: str | None) -> list[str]:
    label_names = [label.strip() for label in labels.split(",")] if labels else []
    if unknown := [label for label in label_names if label not in EMOTIONS]:
        exit_bad_input(f"--labels: {unknown[0]!r} is none of {', '.join(EMOTIONS)}")
    return label_names


def _select_rows(
    rows: list[ManifestRow], fold: int | None, subset: str | None
) -> list[ManifestRow]:
    if fold is not None:
        rows = [row for row in rows if is_in_fold(row.fields, fold)]
    if subset is None:
        return rows
    subsets = ", ".join(sorted({row["subset"] for row in rows if row["subset"]})) or "none"
    if not (selected := [row for row in rows if row["subset"] == subset]):
        exit_bad_input(f"--subset: no row is of {subset!r}; there is: {subsets}")
    return selected


def _build_orders(
    rows: list[ManifestRow], seed: int | None, repeats: int
) -> list[list[ManifestRow]]:
    if seed is None:
        return [rows]
    return [shuffle_within_speakers(rows, seed + number) for number in range(repeats)]
