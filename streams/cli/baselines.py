"""Beside measuring our models: `callmood evaluate yardsticks`, `callmood evaluate manifest`."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from streams.cli.evaluation_output import check_writable, complain

if TYPE_CHECKING:
    from collections.abc import Callable

_TRAIN = "pip install 'callmood[train]'"
INSTALL_HINTS = {
    **dict.fromkeys(("sklearn", "scipy", "threadpoolctl", "torch", "torchaudio"), _TRAIN),
    "opensmile": "pip install --require-hashes -r requirements/yardsticks.txt (licensed for "
    "non-commercial use only), or --without-opensmile",
}
"""What to do about what the yardsticks lack."""


_DATA = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default="../shared/data",
    show_default=True,
    help="Folder with the corpora.",
)


@click.command()
@click.argument("corpus", type=click.Choice(["kote", "goemotions"]))
@_DATA
def manifest(*, corpus: str, data: Path) -> None:
    """Print a text corpus's measuring rows as a manifest for `evaluate text`."""
    from detectors.corpora.corpora import CorpusError  # noqa: PLC0415
    from detectors.corpora.text_manifests import HEADER, iter_manifest_rows  # noqa: PLC0415

    try:
        rows = list(iter_manifest_rows(data, corpus))
    except CorpusError as error:
        complain(str(error))
        sys.exit(1)
    csv.writer(sys.stdout, lineterminator="\n").writerows([HEADER, *rows])


@click.command()
@_DATA
@click.option(
    "--card",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=check_writable,
    help="Write the page here, too.",
)
@click.option(
    "--cache",
    type=click.Path(path_type=Path, file_okay=False),
    default="var/yardsticks",
    show_default=True,
    help="Where sound features are kept, by content.",
)
@click.option("--without-opensmile", is_flag=True, help="Leave out the eGeMAPS rows.")
def yardsticks(*, data: Path, card: Path | None, cache: Path, without_opensmile: bool) -> None:
    """Measure plain baselines on our own splits (needs the `train` extra; takes minutes)."""
    from detectors.corpora.corpora import CorpusError  # noqa: PLC0415
    from streams.cli.terminal import ProgressBars  # noqa: PLC0415

    measure, egemaps = _load_baselines(with_opensmile=not without_opensmile)
    with ProgressBars() as bars:
        try:
            page = measure(data, cache, egemaps=egemaps, progress=bars)
        except CorpusError as error:
            complain(str(error))
            sys.exit(1)
    click.echo(str(page))
    if card:
        page.write(card)
        click.echo(f"wrote {card}")


def _load_baselines(*, with_opensmile: bool) -> tuple[Callable[..., Any], Any]:
    try:
        from detectors.training.baselines.report import measure_baselines  # noqa: PLC0415
        from detectors.training.baselines.voice_features import load_egemaps  # noqa: PLC0415

        return measure_baselines, load_egemaps() if with_opensmile else None
    except ModuleNotFoundError as error:
        if error.name not in INSTALL_HINTS:
            raise
        complain(f"{error.name} is not installed: {INSTALL_HINTS[error.name]}")
        sys.exit(1)
