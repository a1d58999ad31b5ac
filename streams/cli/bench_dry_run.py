"""``callmood bench dry-run``: how long does it take to try rules on recorded calls?"""

from __future__ import annotations

import json
import resource
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from playbooks.files.loader import LIBRARY
from streams.backtest.call_sorter import Period
from streams.backtest.dry_run import DryRun
from streams.backtest.record_lines import LineProblems
from streams.backtest.sources import RecordFile
from streams.backtest.worker_pool import RulePaths
from streams.bench.sample_calls import generate_record, write_changed_rules
from streams.cli.dry_run import count_cores, run_with_bars


@click.command("dry-run")
@click.option("--calls", default=1_000, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--jobs", type=click.IntRange(1, 256), help="Processes.  [one a core]")
@click.option("--seed", default=1, show_default=True, help="Same seed, same calls.")
@click.option("--keep", type=click.Path(path_type=Path), help="Leave the made-up calls here.")
@click.option("--json", "out", type=click.Path(path_type=Path), help="Write the figures here.")
def dry_run(
    *, calls: int, jobs: int | None, seed: int, keep: Path | None, out: Path | None
) -> None:
    """Make up CALLS of five minutes, and play them through the library and a changed one."""
    with TemporaryDirectory(prefix="callmood-") as folder:
        record = keep or Path(folder) / "calls.jsonl"
        with record.open("wb") as file:
            file.writelines(generate_record(calls, seed=seed))
        rules = write_changed_rules(LIBRARY, Path(folder) / "rules")
        figures = _measure(record, rules, jobs or count_cores())
    click.echo(
        "{calls:,} calls, {events:,} events ({megabytes} MB): {seconds} s with {jobs} jobs, "
        "{events_per_s:,} events/s; {cpu_s} CPU-seconds, {events_per_core_s:,} events/s a core; "
        "{peak_mb} MB at most in one process; {changed} alerts changed".format(**figures)
    )
    if out:
        out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _measure(record: Path, rules: Path, jobs: int) -> dict[str, float]:
    size = record.stat().st_size
    run = DryRun(RulePaths(None, rules), Period(), jobs)
    started, cpu_before_s = time.monotonic(), _cpu_s()
    result = run_with_bars(run, RecordFile(record, size), LineProblems(str(record), strict=True))
    wall_s, cpu_s = time.monotonic() - started, _cpu_s() - cpu_before_s
    return {
        "calls": result.calls,
        "events": result.events,
        "megabytes": round(size / 1e6),
        "jobs": jobs,
        "seconds": round(wall_s, 1),
        "events_per_s": round(result.events / wall_s),
        "cpu_s": round(cpu_s, 1),
        "events_per_core_s": round(result.events / cpu_s),
        "peak_mb": round(max(map(_peak_kb, _PROCESSES)) / 1024),
        "changed": result.total.changed,
    }


_PROCESSES = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def _cpu_s() -> float:
    """Of this process and of those that it started and that are done."""
    return sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, _PROCESSES))


def _peak_kb(who: int) -> int:
    return resource.getrusage(who).ru_maxrss
