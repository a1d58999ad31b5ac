"""What commands show while they work."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

console = Console(stderr=True)


@contextmanager
def progress(description: str) -> Iterator[Callable[[int, int], None]]:
    """A bar that appears with the first step; call what it gives with (done, all)."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    is_hidden = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=is_hidden) as bars:
        task = bars.add_task(description, total=None, visible=False)

        def show(done: int, total: int) -> None:
            bars.update(task, completed=done, total=total, visible=True)

        yield show


class ProgressBars:
    """One bar for each step of long work (`detectors.training.progress.Progress`)."""

    def __init__(self) -> None:
        self._progress = Progress(console=console)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def begin(self, title: str, total: int) -> Callable[[], None]:
        """Start the next bar; the result moves it on by one."""
        task = self._progress.add_task(title, total=total)
        return lambda: self._progress.advance(task)


def configure_logging(level: str) -> None:
    """One line per event on the standard error; libraries speak only when something is wrong."""
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname).1s %(name)s: %(message)s"
    )
    logging.getLogger("callmood").setLevel(level.upper())
