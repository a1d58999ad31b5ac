"""``callmood calls``: recorded calls, as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from streams.backtest.call_sorter import Period
from streams.backtest.export import export as write
from streams.backtest.record_lines import LineProblems
from streams.backtest.sources import KAFKA, open_source
from streams.cli.dry_run import (
    RESULT,
    SINCE,
    UNTIL,
    check_writable,
    convert_errors,
    print_problems,
    throttle,
)
from streams.cli.interrupts import end_on_signals
from streams.cli.terminal import progress
from streams.settings import settings

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


@click.group()
def calls() -> None:
    """Keep recorded calls as a file, to try rules on them."""


@calls.command()
@click.option("--to", required=True, type=RESULT, callback=check_writable, help="Gzipped if *.gz.")
@SINCE
@UNTIL
def export(*, to: Path, since: datetime | None, until: datetime | None) -> None:
    """Write what the playbooks' rules look at from Kafka into a file of JSON lines.

    The file has what customers and agents said. Only you may read it; delete it when it has
    served its purpose.
    """
    end_on_signals()
    period, problems = Period(since, until), LineProblems(KAFKA)
    source = open_source(KAFKA, period, settings())
    with progress("exporting messages") as show:
        result = convert_errors(
            lambda: write(source, to, period, problems, on_progress=throttle(show))
        )
    click.echo(f"{to}: {result.calls:,} calls, {result.messages:,} messages")
    print_problems(problems)
