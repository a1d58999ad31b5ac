"""`callmood evaluate text`: the text detector on labelled lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from detectors.evaluation.evaluate import read_text
from detectors.evaluation.scored_item import label_names
from detectors.text.model import Taxonomy, TextEmotion
from streams.cli.evaluation_input import common_options, load_detector, load_rows, read_with_bar
from streams.cli.evaluation_output import (
    EvaluationOptions,
    command_line,
    complain,
    write_results,
)

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@common_options
@click.option(
    "--taxonomy",
    type=click.Choice(["callmood", "kote", "goemotions"]),
    default="callmood",
    show_default=True,
    help="Whose labels are the columns.",
)
def text(*, in_order: bool, taxonomy: str, root: Path, **given: Any) -> None:
    """Read lines: columns id, text, language (ko, en); where known, call, labels joined by |."""
    del root  # there are no paths
    options = EvaluationOptions(command=command_line(), **given)
    label_taxonomy = None if taxonomy == "callmood" else Taxonomy(taxonomy)
    rows = load_rows(options.manifests, ["id", "text", "language"])
    detector = load_detector(TextEmotion)
    (scored_items,) = read_with_bar(
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
