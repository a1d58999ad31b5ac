"""``callmood bench playbooks``: what one event costs on its way through hundreds of rules."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from playbooks.files.loader import PlaybookError, load_library
from streams.bench.playbook_latency import AIM_MS, company, copies, events, measured
from streams.cli.terminal import console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playbooks.engine.rulebook import Rulebook
    from streams.bench.playbook_latency import EventCost

PERCENTILES = (50, 95, 99)


@click.command("playbooks")
@click.option("--rules", type=click.Path(path_type=Path), help="Instead of the built-in library.")
@click.option("--count", default=200, show_default=True, type=click.IntRange(1, 5_000))
@click.option("--calls", default=20, show_default=True, type=click.IntRange(2, 1_000))
@click.option("--json", "out", type=click.Path(path_type=Path), help="Write the figures here.")
def playbooks(rules: Path | None, count: int, calls: int, out: Path | None) -> None:
    """Take made-up calls, one event at a time, through COUNT playbooks.

    First as many as a company may have, each asking for something else; then the worst there
    is: the same ones again and again, which all fire at once. CPU time stands beside the time
    that passed: on a machine that others use, only the former is ours.
    """
    told = list(events(calls))
    library = _library(rules)
    figures = []
    for name, book in (
        ("different", company(library, count)),
        ("all alike", copies(library, count)),
    ):
        with console.status(f"{len(book)} playbooks, {name} ..."):
            costs = measured(book, told)
        click.echo(_rendered(_table(f"one event through {len(book)} playbooks, {name}", costs)))
        figures += [_figures(name, cost) for cost in costs]
    if out is not None:
        out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _library(rules: Path | None) -> Rulebook:
    try:
        return load_library(rules)
    except PlaybookError as error:
        click.echo(error, err=True)
        sys.exit(1)


def _table(title: str, costs: Sequence[EventCost]) -> Table:
    wall = [f"p{one} ms" for one in PERCENTILES]
    cpu = [f"CPU p{one} ms" for one in (50, 99)]
    table = Table("event", "n", *wall, *cpu, f"aim: p99 {AIM_MS:g} ms", title=title)
    for cost in costs:
        cells = [f"{cost.percentile(one):.3f}" for one in PERCENTILES]
        cells += [f"{cost.percentile(one, cpu=True):.3f}" for one in (50, 99)]
        table.add_row(cost.kind, f"{len(cost.wall_ms)}", *cells, _aim(cost))
    return table


def _aim(cost: EventCost) -> str:
    passed, computed = (
        "met" if cost.percentile(99, cpu=cpu) <= AIM_MS else "missed" for cpu in (False, True)
    )
    return passed if passed == computed else f"{passed}, in CPU time {computed}"


def _figures(name: str, cost: EventCost) -> dict[str, Any]:
    return {
        "playbooks": name,
        "event": cost.kind,
        "n": len(cost.wall_ms),
        "wall_ms": {f"p{one}": cost.percentile(one) for one in PERCENTILES},
        "cpu_ms": {f"p{one}": cost.percentile(one, cpu=True) for one in PERCENTILES},
    }


def _rendered(table: Table) -> str:
    with console.capture() as shown:
        console.print(table)
    return shown.get()
