"""``callmood playbooks dry-run``: what would changed rules have done in recorded calls?"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
from rich.console import Console

from detectors.utterance import Language
from playbooks.files.loader import PlaybookError
from streams.backtest.call_sorter import Period
from streams.backtest.dry_run import DryRun
from streams.backtest.html_page import render_page
from streams.backtest.record_lines import LineProblems
from streams.backtest.recorded_call import RecordError
from streams.backtest.report import Names, Report, to_json
from streams.backtest.sources import open_source, parse_time
from streams.backtest.terminal_table import render
from streams.backtest.worker_pool import RulePaths
from streams.cli.interrupts import end_on_signals
from streams.cli.terminal import progress
from streams.settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.backtest.dry_run import DryRunResult, RecordSource

PIPED_WIDTH = 120
MAX_BAR_STEPS = 200
"""A bar moves at most so often: moving it costs more than an event."""


Result = TypeVar("Result")


class TimeParam(click.ParamType):
    """``7d``, ``12h``, or an ISO date and time with its zone."""

    name = "time"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read it."""
        if isinstance(value, datetime):
            return value
        try:
            return parse_time(value, now=datetime.now(UTC))
        except ValueError as error:
            self.fail(str(error), param, ctx)


def check_writable(_ctx: click.Context, _option: click.Parameter, path: Path | None) -> Path | None:
    """Refuse a result that could not be written, before the work."""
    if path is not None and not os.access(path if path.exists() else path.parent, os.W_OK):
        problem = "may not be written" if path.parent.is_dir() else f"there is no {path.parent}"
        message = f"{path}: {problem}; choose another place or make it"
        raise click.BadParameter(message)
    return path


def check_url(_ctx: click.Context, _option: click.Parameter, address: str) -> str:
    """Refuse what no link can lead to."""
    if address and not address.startswith(("http://", "https://")):
        message = f"{address}: an address begins with http:// or https://"
        raise click.BadParameter(message)
    return address


RESULT = click.Path(path_type=Path, dir_okay=False)
SINCE = click.option("--since", type=TimeParam(), help="7d, 12h, or an ISO time with its zone.")
UNTIL = click.option("--until", type=TimeParam(), help="Likewise; up to now if left out.")
RULES = click.Path(path_type=Path, exists=True)


@click.command("dry-run")
@click.option("--rules", required=True, type=RULES, help="The changed rules: a folder or a file.")
@click.option("--against", type=RULES, help="What they are compared with.  [the rules in force]")
@click.option("--calls", required=True, metavar="FILE|TOPIC", help="A record, or `kafka`.")
@SINCE
@UNTIL
@click.option("--html", type=RESULT, callback=check_writable, help="Write a page for people here.")
@click.option(
    "--json", "json_path", type=RESULT, callback=check_writable, help="And one for programs."
)
@click.option(
    "--desk",
    default="",
    callback=check_url,
    metavar="URL",
    help="Of the desk: the page links calls to it.",
)
@click.option(
    "--language",
    type=click.Choice([*map(str, Language)]),
    help="Of all that people read.  [here: en; the page: CALLMOOD_LANGUAGE]",
)
@click.option("--jobs", type=click.IntRange(1, 256), help="Processes.  [one a core]")
@click.option("--strict", is_flag=True, help="One line that cannot be used ends it.")
def dry_run(  # noqa: PLR0913  (one parameter an option)
    *,
    rules: Path,
    against: Path | None,
    calls: str,
    since: datetime | None,
    until: datetime | None,
    html: Path | None,
    json_path: Path | None,
    desk: str,
    language: str | None,
    jobs: int | None,
    strict: bool,
) -> None:
    """Play recorded calls through changed rules; show which alerts come, go or move.

    A record is a file made by `callmood calls export`, or `kafka`: what the topics in
    CALLMOOD_KAFKA still hold. Nothing is sent, and no alert reaches anybody.
    """
    config = settings()
    paths, period = RulePaths(against or config.playbooks, rules), Period(since, until)
    rulebooks = convert_errors(paths.load)
    problems = LineProblems(calls, strict=strict)
    source = convert_errors(lambda: open_source(calls, period, config))
    problems.name = source.name
    result = run_with_bars(DryRun(paths, period, jobs or count_cores()), source, problems)
    against_name = str(paths.before) if paths.before else ""
    names = Names(str(rules), against_name, source.name, in_force=against is None)
    report = Report(result, rulebooks, names, problems, datetime.now(UTC))
    if html:
        text = render_page(report, Language(language or config.language), desk=desk)
        html.write_text(text, encoding="utf-8")
    if json_path:
        text = json.dumps(to_json(report), ensure_ascii=False, indent=2)
        json_path.write_text(f"{text}\n", encoding="utf-8")
    _print_report(report, Language(language or Language.ENGLISH))


def run_with_bars(run: DryRun, source: RecordSource, problems: LineProblems) -> DryRunResult:
    """With two bars: reading, then playing."""
    end_on_signals()
    with progress(f"reading {source.name}") as on_read, progress("playing calls") as on_play:
        return convert_errors(
            lambda: run.run(source, problems, on_read=throttle(on_read), on_play=on_play)
        )


def convert_errors(work: Callable[[], Result]) -> Result:
    """Say what is wrong with rules or records as people need it said.

    Raises:
        click.ClickException: with all of it.
    """
    try:
        return work()
    except PlaybookError as error:
        count = len(error.problems)
        message = f"{error}\n{count} problem{'s' * (count > 1)}; no call was read"
        raise click.ClickException(message) from None
    except RecordError as error:
        raise click.ClickException(str(error)) from None


def throttle(show: Callable[[int, int], None]) -> Callable[[int, int], None]:
    """Pass on only every so many steps, and the last."""
    last_part = -1

    def report(done: int, whole: int) -> None:
        nonlocal last_part
        if (part := done * MAX_BAR_STEPS // max(1, whole)) != last_part:
            last_part = part
            show(done, whole)

    return report


def count_cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2


def print_problems(problems: LineProblems) -> None:
    """On the standard error: lines that were passed over."""
    if problems.count:
        lines = "1 line" if problems.count == 1 else f"{problems.count:,} lines"
        click.echo(f"{lines} could not be used, and passed over:", err=True)
        click.echo("\n".join(f"  {line}" for line in problems.lines), err=True)


def _print_report(report: Report, language: Language) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=PIPED_WIDTH, highlight=False)
    for part in render(report, language):
        console.print(part, highlight=False)
    print_problems(report.problems)
