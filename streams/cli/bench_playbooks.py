"""``callmood bench playbooks``: what one event costs on its way through hundreds of rules."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from playbooks.files.loader import PlaybookError, load_library
from streams.bench.playbook_latency import (
    TARGET_MS,
    build_repeated_rulebook,
    build_varied_rulebook,
    generate_calls,
    measure_events,
)
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
    call_events = list(generate_calls(calls))
    library = _load_or_exit(rules)
    figures = []
    for name, rulebook in (
        ("different", build_varied_rulebook(library, count)),
        ("all alike", build_repeated_rulebook(library, count)),
    ):
        with console.status(f"{len(rulebook)} playbooks, {name} ..."):
            costs = measure_events(rulebook, call_events)
        click.echo(
            _render(_build_table(f"one event through {len(rulebook)} playbooks, {name}", costs))
        )
        figures += [_cost_figures(name, cost) for cost in costs]
    if out is not None:
        out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _load_or_exit(rules: Path | None) -> Rulebook:
    try:
        return load_library(rules)
    except PlaybookError as error:
        click.echo(error, err=True)
        sys.exit(1)


def _build_table(title: str, costs: Sequence[EventCost]) -> Table:
    wall = [f"p{percent} ms" for percent in PERCENTILES]
    cpu = [f"CPU p{percent} ms" for percent in (50, 99)]
    table = Table("event", "n", *wall, *cpu, f"aim: p99 {TARGET_MS:g} ms", title=title)
    for cost in costs:
        cells = [f"{cost.percentile(percent):.3f}" for percent in PERCENTILES]
        cells += [f"{cost.percentile(percent, cpu=True):.3f}" for percent in (50, 99)]
        table.add_row(cost.kind, f"{len(cost.wall_ms)}", *cells, _target_cell(cost))
    return table


def _target_cell(cost: EventCost) -> str:
    wall_verdict, cpu_verdict = (
        "met" if cost.percentile(99, cpu=cpu) <= TARGET_MS else "missed" for cpu in (False, True)
    )
    return (
        wall_verdict
        if wall_verdict == cpu_verdict
        else f"{wall_verdict}, in CPU time {cpu_verdict}"
    )


def _cost_figures(name: str, cost: EventCost) -> dict[str, Any]:
    return {
        "playbooks": name,
        "event": cost.kind,
        "n": len(cost.wall_ms),
        "wall_ms": {f"p{percent}": cost.percentile(percent) for percent in PERCENTILES},
        "cpu_ms": {f"p{percent}": cost.percentile(percent, cpu=True) for percent in PERCENTILES},
    }


def _render(table: Table) -> str:
    with console.capture() as capture:
        console.print(table)
    return capture.get()
