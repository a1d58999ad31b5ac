"""``callmood bench``: speed is measured, never tested."""

from __future__ import annotations

import click

from streams.cli.lazy_group import LazyCommand, LazyGroup

COMMANDS = {
    "line": LazyCommand(
        "streams.cli.bench_pipeline:line", "Replay calls through the real line, and a plain loop."
    ),
    "screen": LazyCommand(
        "streams.cli.bench_pipeline:screen", "Replay a call with a real browser on the page."
    ),
    "detectors": LazyCommand("streams.cli.bench_detectors:detectors", "Time single readings."),
    "playbooks": LazyCommand(
        "streams.cli.bench_playbooks:playbooks", "Take made-up calls through many playbooks."
    ),
    "dry-run": LazyCommand(
        "streams.cli.bench_dry_run:dry_run", "Make up recorded calls, and try rules on them."
    ),
}


@click.group(cls=LazyGroup, lazy_commands=COMMANDS)
def bench() -> None:
    """Measure the pipeline. Quote ratios within one run: machines differ, and so do hours."""
