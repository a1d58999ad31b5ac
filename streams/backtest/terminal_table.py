"""A dry-run on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from streams.backtest.instants import format_zone
from streams.backtest.report import describe_changes
from streams.backtest.wording import load_catalogue
from streams.site.filters import clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from detectors.utterance import Language
    from playbooks.review.alert_diff import Tally
    from streams.backtest.report import PlaybookRow, Report

_COLUMNS = ("before", "after", "gained", "lost", "moved", "same")


def render(report: Report, language: Language) -> Iterator[RenderableType]:
    """The summary, the table, the calls in which most changes, and what was left out."""
    t = load_catalogue(language)
    if missing_note := report.missing(language):
        yield f"[bold yellow]{escape(missing_note)}[/]"
    yield f"[bold]{escape(report.summary(language))}[/]"
    yield _playbooks_table(report, language)
    if silent_note := report.others(language):
        yield f"[dim]{silent_note}[/]"
    if report.found.biggest:
        yield f"[bold]{t('biggest')}[/]"
        yield _biggest_calls_table(report, language)
    for remark in report.remarks(language):
        yield escape(remark)
    if report.found.biggest or report.found.period.since:
        yield f"[dim]{t('zone')}: {escape(format_zone(report.made_at))}[/]"


def _biggest_calls_table(report: Report, language: Language) -> Table:
    """Those in which most changes, each with its first change."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for call in report.found.biggest:
        first = clock(min(pair.alert.at_ms for pair in call.pairs))
        when = report.format_instant(call.started_at, language)
        weight = describe_changes(call, load_catalogue(language))
        table.add_row(f"  {escape(call.call_id)}", f"[dim]{when}[/]", f"[dim]{first:>5}[/]", weight)
    return table


def _playbooks_table(report: Report, language: Language) -> Table:
    t = load_catalogue(language)
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column(t("playbook"), overflow="fold")
    for name in _COLUMNS:
        table.add_column(t(name), justify="right", no_wrap=True)
    table.add_column(t("per_100"), justify="right", no_wrap=True)
    for row in (playbook_row for playbook_row in report.rows if playbook_row.speaks):
        table.add_row(_playbook_cell(row, language), *_tally_cells(row.tally, report))
    table.add_section()
    table.add_row(f"[bold]{t('total')}[/]", *_tally_cells(report.found.total, report))
    return table


def _playbook_cell(row: PlaybookRow, language: Language) -> str:
    t = load_catalogue(language)
    mark = f" [yellow]({t(row.mark)})[/]" if row.mark else ""
    return f"{escape(row.title[language])}{mark}\n[dim]{row.playbook_id}[/]"


def _tally_cells(tally: Tally, report: Report) -> list[str]:
    signs = {"gained": ("+", "green"), "lost": ("-", "red"), "moved": ("", "yellow")}
    cells = []
    for name in _COLUMNS:
        count = getattr(tally, name)
        sign, colour = signs.get(name, ("", ""))
        cells.append(f"[{colour}]{sign}{count}[/]" if colour and count else f"{count or '·'}")
    return [*cells, f"{report.per_100(tally.before)} → {report.per_100(tally.after)}"]
