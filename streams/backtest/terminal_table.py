"""A dry-run on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from streams.backtest.instants import zone
from streams.backtest.report import weighed
from streams.backtest.wording import words
from streams.site.filters import clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from detectors.utterance import Language
    from playbooks.review.alert_diff import Tally
    from streams.backtest.report import Report, Row

_NUMBERS = ("before", "after", "gained", "lost", "moved", "same")


def rendered(report: Report, language: Language) -> Iterator[RenderableType]:
    """The summary, the table, the calls in which most changes, and what was left out."""
    t = words(language)
    if missing := report.missing(language):
        yield f"[bold yellow]{escape(missing)}[/]"
    yield f"[bold]{escape(report.summary(language))}[/]"
    yield _table(report, language)
    if others := report.others(language):
        yield f"[dim]{others}[/]"
    if report.found.biggest:
        yield f"[bold]{t('biggest')}[/]"
        yield _calls(report, language)
    for remark in report.remarks(language):
        yield escape(remark)
    if report.found.biggest or report.found.period.since:
        yield f"[dim]{t('zone')}: {escape(zone(report.made_at))}[/]"


def _calls(report: Report, language: Language) -> Table:
    """Those in which most changes, each with its first change."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for call in report.found.biggest:
        first = clock(min(pair.shown.at_ms for pair in call.pairs))
        when = report.shown(call.started_at, language)
        weight = weighed(call, words(language))
        table.add_row(f"  {escape(call.call_id)}", f"[dim]{when}[/]", f"[dim]{first:>5}[/]", weight)
    return table


def _table(report: Report, language: Language) -> Table:
    t = words(language)
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column(t("playbook"), overflow="fold")
    for name in _NUMBERS:
        table.add_column(t(name), justify="right", no_wrap=True)
    table.add_column(t("per_100"), justify="right", no_wrap=True)
    for row in (one for one in report.rows if one.speaks):
        table.add_row(_name(row, language), *_cells(row.tally, report))
    table.add_section()
    table.add_row(f"[bold]{t('total')}[/]", *_cells(report.found.total, report))
    return table


def _name(row: Row, language: Language) -> str:
    t = words(language)
    mark = f" [yellow]({t(row.mark)})[/]" if row.mark else ""
    return f"{escape(row.title[language])}{mark}\n[dim]{row.playbook_id}[/]"


def _cells(tally: Tally, report: Report) -> list[str]:
    signs = {"gained": ("+", "green"), "lost": ("-", "red"), "moved": ("", "yellow")}
    cells = []
    for name in _NUMBERS:
        count = getattr(tally, name)
        sign, colour = signs.get(name, ("", ""))
        cells.append(f"[{colour}]{sign}{count}[/]" if colour and count else f"{count or '·'}")
    return [*cells, f"{report.per_100(tally.before)} → {report.per_100(tally.after)}"]
