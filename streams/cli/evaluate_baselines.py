"""`callmood evaluate baselines`: how far plain models get on our own splits."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from detectors.corpora.corpora import CorpusError
from streams.cli.evaluation_output import DATA, check_writable, complain
from streams.cli.terminal import ProgressBars

if TYPE_CHECKING:
    from collections.abc import Callable

_TRAIN = "pip install 'callmood[train]'"
INSTALL_HINTS = {
    **dict.fromkeys(("sklearn", "scipy", "threadpoolctl", "torch", "torchaudio"), _TRAIN),
    "opensmile": "pip install --require-hashes -r requirements/baselines.txt (licensed for "
    "non-commercial use only), or --without-opensmile",
}
"""What to do about what the baselines lack."""


@click.command()
@DATA
@click.option(
    "--card",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=check_writable,
    help="Write the page here, too.",
)
@click.option(
    "--cache",
    type=click.Path(path_type=Path, file_okay=False),
    default="var/baselines",
    show_default=True,
    help="Where sound features are kept, by content.",
)
@click.option("--without-opensmile", is_flag=True, help="Leave out the eGeMAPS rows.")
def baselines(*, data: Path, card: Path | None, cache: Path, without_opensmile: bool) -> None:
    """Measure plain baselines on our own splits (needs the `train` extra; takes minutes)."""
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


yardsticks = click.Command(
    "yardsticks",
    params=baselines.params,
    callback=baselines.callback,
    help=baselines.help,
    hidden=True,
    deprecated="It is called `callmood evaluate baselines` now.",
)


def _load_baselines(*, with_opensmile: bool) -> tuple[Callable[..., Any], Any]:
    try:
        report: Any = import_module("detectors.training.baselines.report")
        features: Any = import_module("detectors.training.baselines.voice_features")
        return report.measure_baselines, features.load_egemaps() if with_opensmile else None
    except ModuleNotFoundError as error:
        if error.name not in INSTALL_HINTS:
            raise
        complain(f"{error.name} is not installed: {INSTALL_HINTS[error.name]}")
        sys.exit(1)
