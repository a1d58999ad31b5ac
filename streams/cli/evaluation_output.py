"""What `callmood evaluate` leaves behind: figures on the screen, and the files asked for."""

from __future__ import annotations

import csv
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from detectors.evaluation.scored_item import Judged
    from detectors.evaluation.subgroups import Group
    from detectors.evaluation.summary import Figures

BAD_INPUT = 2
WORTH_TELLING = 0.05
"""Share of draws without the figure from which an interval needs a remark."""

_ELSEWHERE = {"root", "json_path", "predictions", "card", "pictures", "table"}
"""Options about what is written where: they change no figure."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The options that both modalities have."""

    command: str
    manifests: tuple[Path, ...]
    predictions: Path | None
    json_path: Path | None
    card: Path | None
    pictures: Path | None
    table: bool


def complain(message: str) -> None:
    """One line on the standard error."""
    click.echo(f"callmood evaluate: {message}", err=True)


def writable(_ctx: click.Context, option: click.Parameter, path: Path | None) -> Path | None:
    """Refuse a result that could not be written, before hours of work."""
    if path is not None and not os.access(path if path.exists() else path.parent, os.W_OK):
        there = path.parent.is_dir()
        what = "may not be written" if there else f"there is no folder {path.parent}"
        complain(f"{option.opts[0]} {path}: {what}; choose another place or make it")
        sys.exit(BAD_INPUT)
    return path


def command_line() -> str:
    """The command as it was given, files by their names alone: it is written into cards."""
    context = click.get_current_context()
    words = ["callmood evaluate", str(context.info_name)]
    for option in context.command.params:
        name, value = str(option.name), context.params[str(option.name)]
        given = context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        if given and name not in _ELSEWHERE:
            values = value if isinstance(value, tuple) else (value,)
            words += [option.opts[0] + _written(each) for each in values]
    return " ".join(words)


def _written(value: Any) -> str:
    if value is True:
        return ""
    return " " + (_short(value) if isinstance(value, Path) else str(value))


def _short(path: Path) -> str:
    """The file's name; of one called as every corpus's is, with its folder."""
    return f"{path.parent.name}/{path.name}" if path.name == "manifest.csv" else path.name


def finish(  # noqa: PLR0913 - what was asked, and what came of it
    asked: Wanted,
    detector: Any,
    labels: Sequence[str],
    *,
    written: tuple[str, Sequence[Judged]],
    judged: Sequence[Judged],
    several: bool = False,
) -> None:
    """Measure ``judged``; write every item of ``written``, whose key column is named first."""
    from detectors.evaluation.subgroups import groups  # noqa: PLC0415

    key, items = written
    read = sum(item.read for item in items)
    if not read:
        complain("nothing could be read")
        sys.exit(1)
    if asked.predictions:
        _write_predictions(asked.predictions, key, labels, items)
        click.echo(f"wrote {asked.predictions}: {len(items)} items")
    if unread := len(items) - read:
        click.echo(f"left out of the figures: {unread} items that could not be read (see above)")
    found = groups(judged, labels, several=several)
    _show(found, read, table=asked.table)
    if asked.json_path:
        _write_json(asked.json_path, found, {"read": read, "unread": unread})
    _write_page(asked, detector, found)


def _write_predictions(
    path: Path, key: str, labels: Sequence[str], judged: Iterable[Judged]
) -> None:
    with path.open("w", encoding="utf-8", newline="") as lines:
        table = csv.writer(lines, lineterminator="\n")
        table.writerow([key, *labels, "confidence", "abstained", "arousal", "valence"])
        for item in judged:
            scores = (f"{score:.6f}" for score in item.scores)
            abstained = str(item.abstained).lower()
            axes = ("" if axis is None else f"{axis:.6f}" for axis in (item.arousal, item.valence))
            table.writerow([item.key, *scores, f"{item.confidence:.6f}", abstained, *axes])


def _write_json(path: Path, found: Sequence[Group], counts: dict[str, int]) -> None:
    whole = found[0].figures
    content = {
        **counts,
        **(whole.as_json() if whole else {}),
        "groups": [group.as_json() for group in found[1:]],
    }
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", "utf-8")


def _write_page(asked: Wanted, detector: Any, found: Sequence[Group]) -> None:
    from detectors.evaluation.report import draw, links, page  # noqa: PLC0415

    paths = draw(asked.pictures, detector.name, found) if asked.pictures else []
    for path in paths:
        click.echo(f"wrote {path}")
    if asked.pictures and not paths:
        click.echo("no pictures: they need items with one label each")
    if asked.card:
        of = " and ".join(map(_short, asked.manifests))
        title = f"{detector.name} {detector.version} on {of}"
        drawn = links(paths, asked.card)
        licence = detector.artifact["licence"]
        page(title, licence, found, command=asked.command, pictures=drawn).write(asked.card)
        click.echo(f"wrote {asked.card}")


def _show(found: Sequence[Group], read: int, *, table: bool) -> None:
    from detectors.evaluation import subgroups  # noqa: PLC0415
    from detectors.evaluation.report import label_table  # noqa: PLC0415

    whole = found[0].figures
    if whole is None:
        click.echo(f"read {read} items; none has a label, so nothing is measured")
    if table:
        click.echo(subgroups.table(found))
        return
    across = subgroups.table(found if whole or len(found) > 1 else ())
    if whole:
        labels = label_table(whole)
        _aligned([labels.header, *labels.rows])
        click.echo()
    if across.rows:
        _aligned(list(zip(across.header, *across.rows, strict=True)))
    if whole:
        _remark(whole)
        _show_confusion(whole)


def _aligned(rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as their widest cell; Hangul is two cells wide."""
    from rich.cells import cell_len  # noqa: PLC0415

    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (cell + " " * (w - cell_len(cell)) for cell, w in zip(row, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def _remark(whole: Figures) -> None:
    from detectors.evaluation.summary import NAMES  # noqa: PLC0415

    drawn = "whole speakers" if whole.speakers else "rows (no speaker is known)"
    click.echo(f"in brackets: 95% intervals, {drawn} drawn anew 1,000 times")
    for name, found in whole.intervals.items():
        if found.known and found.skipped_ratio > WORTH_TELLING:
            share = f"{found.skipped_ratio:.0%} of the draws lack a label and are left out"
            click.echo(f"{NAMES[name]}: {share} of its interval")


def _show_confusion(whole: Figures) -> None:
    measured = whole.measured
    if measured.confusion:
        click.echo("\nconfusion (rows: true, columns: decided, in the order above)")
        pairs = zip(measured.labels, measured.confusion, strict=True)
        _aligned([(label, *(f"{count:5}" for count in counts)) for label, counts in pairs])
