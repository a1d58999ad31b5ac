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
from rich.cells import cell_len

from detectors.evaluation.report import (
    build_label_table,
    build_report,
    relative_links,
    write_plots,
)
from detectors.evaluation.subgroups import Group, build_group_table, measure_groups
from detectors.evaluation.summary import METRIC_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from detectors.evaluation.scored_item import ScoredItem
    from detectors.evaluation.summary import EvaluationSummary

BAD_INPUT = 2
SKIPPED_REMARK_RATIO = 0.05
"""Share of draws without the figure from which an interval needs a remark."""

_OUTPUT_OPTIONS = {"root", "json_path", "predictions", "card", "pictures", "table"}
"""Options about what is written where: they change no figure."""

DATA = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default="../shared/data",
    show_default=True,
    help="Folder with the corpora.",
)


@dataclass(frozen=True, slots=True)
class EvaluationOptions:
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


def check_writable(_ctx: click.Context, option: click.Parameter, path: Path | None) -> Path | None:
    """Refuse a result that could not be written, before hours of work."""
    if path is not None and not os.access(path if path.exists() else path.parent, os.W_OK):
        has_folder = path.parent.is_dir()
        problem = "may not be written" if has_folder else f"there is no folder {path.parent}"
        complain(f"{option.opts[0]} {path}: {problem}; choose another place or make it")
        sys.exit(BAD_INPUT)
    return path


def command_line() -> str:
    """The command as it was given, files by their names alone: it is written into cards."""
    context = click.get_current_context()
    words = ["callmood evaluate", str(context.info_name)]
    for option in context.command.params:
        name, value = str(option.name), context.params[str(option.name)]
        is_given = context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        if is_given and name not in _OUTPUT_OPTIONS:
            values = value if isinstance(value, tuple) else (value,)
            words += [option.opts[0] + _format_value(item) for item in values]
    return " ".join(words)


def _format_value(value: Any) -> str:
    if value is True:
        return ""
    return " " + (_short_name(value) if isinstance(value, Path) else str(value))


def _short_name(path: Path) -> str:
    """The file's name; of one called as every corpus's is, with its folder."""
    return f"{path.parent.name}/{path.name}" if path.name == "manifest.csv" else path.name


def write_results(  # noqa: PLR0913 - what was asked, and what came of it
    options: EvaluationOptions,
    detector: Any,
    labels: Sequence[str],
    *,
    predictions: tuple[str, Sequence[ScoredItem]],
    scored_items: Sequence[ScoredItem],
    multi_label: bool = False,
) -> None:
    """Measure ``scored_items``; write every item of ``predictions``, key column first."""
    key, items = predictions
    read_count = sum(item.is_readable for item in items)
    if not read_count:
        complain("nothing could be read")
        sys.exit(1)
    if options.predictions:
        _write_predictions(options.predictions, key, labels, items)
        click.echo(f"wrote {options.predictions}: {len(items)} items")
    if unread_count := len(items) - read_count:
        click.echo(
            f"left out of the figures: {unread_count} items that could not be read (see above)"
        )
    measured_groups = measure_groups(scored_items, labels, multi_label=multi_label)
    _print_figures(measured_groups, read_count, table=options.table)
    if options.json_path:
        _write_json(
            options.json_path, measured_groups, {"read": read_count, "unread": unread_count}
        )
    _write_card(options, detector, measured_groups)


def _write_predictions(
    path: Path, key: str, labels: Sequence[str], scored_items: Iterable[ScoredItem]
) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([key, *labels, "confidence", "abstained", "arousal", "valence"])
        for item in scored_items:
            scores = (f"{score:.6f}" for score in item.scores)
            abstained = str(item.abstained).lower()
            axes = ("" if axis is None else f"{axis:.6f}" for axis in (item.arousal, item.valence))
            writer.writerow([item.key, *scores, f"{item.confidence:.6f}", abstained, *axes])


def _write_json(path: Path, measured_groups: Sequence[Group], counts: dict[str, int]) -> None:
    overall = measured_groups[0].summary
    content = {
        **counts,
        **(overall.as_json() if overall else {}),
        "groups": [group.as_json() for group in measured_groups[1:]],
    }
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", "utf-8")


def _write_card(
    options: EvaluationOptions, detector: Any, measured_groups: Sequence[Group]
) -> None:
    paths = (
        write_plots(options.pictures, detector.name, measured_groups) if options.pictures else []
    )
    for path in paths:
        click.echo(f"wrote {path}")
    if options.pictures and not paths:
        click.echo("no pictures: they need items with one label each")
    if options.card:
        manifests = " and ".join(map(_short_name, options.manifests))
        title = f"{detector.name} {detector.version} on {manifests}"
        picture_links = relative_links(paths, options.card)
        licence = detector.artifact["licence"]
        build_report(
            title, licence, measured_groups, command=options.command, plot_links=picture_links
        ).write(options.card)
        click.echo(f"wrote {options.card}")


def _print_figures(measured_groups: Sequence[Group], read_count: int, *, table: bool) -> None:
    overall = measured_groups[0].summary
    if overall is None:
        click.echo(f"read {read_count} items; none has a label, so nothing is measured")
    if table:
        click.echo(build_group_table(measured_groups))
        return
    group_table = build_group_table(measured_groups if overall or len(measured_groups) > 1 else ())
    if overall:
        labels = build_label_table(overall)
        _print_aligned([labels.header, *labels.rows])
        click.echo()
    if group_table.rows:
        _print_aligned(list(zip(group_table.header, *group_table.rows, strict=True)))
    if overall:
        _print_remarks(overall)
        _print_confusion(overall)


def _print_aligned(rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as their widest cell; Hangul is two cells wide."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (
            cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)
        )
        click.echo("  ".join(padded).rstrip())


def _print_remarks(overall: EvaluationSummary) -> None:
    resampled = "whole speakers" if overall.speakers else "rows (no speaker is known)"
    click.echo(f"in brackets: 95% intervals, {resampled} drawn anew 1,000 times")
    for name, interval in overall.intervals.items():
        if interval.is_defined and interval.skipped_ratio > SKIPPED_REMARK_RATIO:
            share = f"{interval.skipped_ratio:.0%} of the draws lack a label and are left out"
            click.echo(f"{METRIC_NAMES[name]}: {share} of its interval")


def _print_confusion(overall: EvaluationSummary) -> None:
    metrics = overall.metrics
    if metrics.confusion:
        click.echo("\nconfusion (rows: true, columns: decided, in the order above)")
        pairs = zip(metrics.labels, metrics.confusion, strict=True)
        _print_aligned([(label, *(f"{count:5}" for count in counts)) for label, counts in pairs])
