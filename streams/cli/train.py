"""`callmood train`: make the detectors' models from labelled corpora."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from detectors.artifact import MODELS

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path("../shared/data")


class Bars:
    """Draws a bar for every step of a training."""

    def __init__(self, progress: Progress) -> None:
        """Draw on ``progress``, which must have been started."""
        self._progress = progress

    def begin(self, title: str, total: int) -> Callable[[], None]:
        """Start the next bar; the result moves it on by one."""
        task = self._progress.add_task(title, total=total)
        return lambda: self._progress.advance(task)


def bars() -> Progress:
    """Make the progress display of long commands, on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    return Progress(*columns, TimeElapsedColumn(), console=_console())


def _console() -> object:
    from rich.console import Console  # noqa: PLC0415

    return Console(stderr=True)


@click.group()
def train() -> None:
    """Make the detectors' models from labelled corpora."""
