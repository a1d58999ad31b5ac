"""What `callmood evaluate` is given: options, manifests, a detector."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
from rich.progress import Progress

from detectors.corpora.manifests import ManifestError, read_rows
from detectors.detector import DetectorUnavailableError
from streams.cli.evaluation_output import BAD_INPUT, check_writable, complain
from streams.cli.terminal import console

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from detectors.corpora.manifests import ManifestRow
    from detectors.evaluation.scored_item import ScoredItem

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)


def common_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of both modalities."""
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


def exit_bad_input(message: str) -> NoReturn:
    """End the command: what it was given cannot be measured."""
    complain(message)
    sys.exit(BAD_INPUT)


def load_detector(load: Callable[[], Any]) -> Any:
    """The detector, or the end of the command."""
    try:
        return load()
    except DetectorUnavailableError as error:
        complain(str(error))
        sys.exit(1)


def load_rows(manifests: Iterable[Path], columns: list[str]) -> list[ManifestRow]:
    """All rows of all manifests, or the end of the command."""
    try:
        return [row for path in manifests for row in read_rows(path, columns, complain)]
    except ManifestError as error:
        complain(str(error))
        sys.exit(BAD_INPUT)


def read_with_bar(
    orders: list[list[ManifestRow]], read: Callable[[Iterable[ManifestRow]], list[ScoredItem]]
) -> list[list[ScoredItem]]:
    """Read each order of rows, with a bar for each."""
    with Progress(console=console, transient=True) as progress:
        return [read(progress.track(rows, description="reading")) for rows in orders]
