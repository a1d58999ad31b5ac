"""``callmood bench detectors``: what a reading costs, beside what it should cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from detectors.registry import voice_at
from detectors.text.model import TextEmotion
from detectors.utterance import CONTEXT_LINES, Language
from streams.bench.detector_latency import (
    SECONDS,
    TEXT_AIM_MS,
    VOICE_AIM_MS,
    ReadingCost,
    lines,
    measured,
    said_before,
    utterances,
)
from streams.cli.terminal import console
from streams.settings import settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PERCENTILES = (50, 95, 99)
_NAMES = {Language.KOREAN: "Korean line", Language.ENGLISH: "English line"}


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of the shared data: real speech and lines instead of made-up ones.",
)
@click.option("--readings", default=500, show_default=True, type=click.IntRange(100, 100_000))
@click.option("--json", "out", type=click.Path(path_type=Path), help="Write the figures here.")
def detectors(data: Path | None, readings: int, out: Path | None) -> None:
    """Time single readings, one after the other, features included, with the models in force.

    CPU time stands beside the time that passed: on a machine that others use, only the former is
    ours. Models run on one thread. An aim that is missed is shown, and fails nothing.
    """
    with console.status("reading ..."):
        costs = [*_voice(data, readings), *_text(data, readings)]
    click.echo(_rendered(_table(costs)))
    if out is not None:
        figures = [_figures(cost) for cost in costs]
        out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _voice(data: Path | None, readings: int) -> Iterator[ReadingCost]:
    detector = voice_at(settings().voice).load()
    for seconds in SECONDS:
        items = utterances(seconds, data)
        aim = VOICE_AIM_MS.get(seconds)
        name = f"utterance of {seconds} s"
        yield measured(name, detector.read, items, readings=readings, aim_ms=aim)


def _text(data: Path | None, readings: int) -> Iterator[ReadingCost]:
    detector = TextEmotion()
    for language, name in _NAMES.items():
        for before in (0, CONTEXT_LINES):
            items = lines(language, data, before=before)
            named = f"{name}, {before} before it" if before else name
            yield measured(
                named,
                detector.read,
                items,
                readings=readings,
                aim_ms=TEXT_AIM_MS,
                ready=said_before(detector),
            )


def _table(costs: Sequence[ReadingCost]) -> Table:
    wall = [f"p{one} ms" for one in PERCENTILES]
    cpu = [f"CPU p{one} ms" for one in (50, 99)]
    table = Table("reading", *wall, *cpu, "aim: p99 ms", title="one reading, one core")
    for cost in costs:
        cells = [f"{cost.percentile(one):.2f}" for one in PERCENTILES]
        cells += [f"{cost.percentile(one, cpu=True):.2f}" for one in (50, 99)]
        table.add_row(cost.name, *cells, _aim(cost))
    return table


def _aim(cost: ReadingCost) -> str:
    if cost.aim_ms is None:
        return ""
    passed, computed = ("met" if cost.met(cpu=cpu) else "missed" for cpu in (False, True))
    return f"{cost.aim_ms:.0f}: {passed}, in CPU time {computed}"


def _figures(cost: ReadingCost) -> dict[str, Any]:
    return {
        "reading": cost.name,
        "n": len(cost.wall_ms),
        "wall_ms": {f"p{one}": cost.percentile(one) for one in PERCENTILES},
        "cpu_ms": {f"p{one}": cost.percentile(one, cpu=True) for one in PERCENTILES},
        "aim_p99_ms": cost.aim_ms,
        "met": cost.met(),
        "met_in_cpu_time": cost.met(cpu=True),
    }


def _rendered(table: Table) -> str:
    with console.capture() as shown:
        console.print(table)
    return shown.get()
