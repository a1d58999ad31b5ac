"""``callmood bench detectors``: what a reading costs, beside what it should cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from detectors.registry import find_voice_detector
from detectors.text.model import TextEmotion
from detectors.utterance import CONTEXT_LINES, Language
from detectors.voice.speech_gate import load_speech_gate
from streams.bench.detector_latency import (
    GATE_TARGET_MS_PER_S,
    TEXT_TARGET_MS,
    UTTERANCE_SECONDS,
    VOICE_TARGET_MS,
    ReadingCost,
    build_primer,
    load_lines,
    load_utterances,
    measure_readings,
)
from streams.cli.terminal import console
from streams.settings import settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PERCENTILES = (50, 95, 99)
_LINE_NAMES = {Language.KOREAN: "Korean line", Language.ENGLISH: "English line"}


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
        costs = [
            *_measure_gate(data, readings),
            *_measure_voice(data, readings),
            *_measure_text(data, readings),
        ]
    click.echo(_render(_build_table(costs)))
    if out is not None:
        figures = [_cost_figures(cost) for cost in costs]
        out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _measure_gate(data: Path | None, readings: int) -> Iterator[ReadingCost]:
    gate = load_speech_gate()
    for seconds in UTTERANCE_SECONDS:
        sounds = [item.pcm for item in load_utterances(seconds, data)]
        target_ms = GATE_TARGET_MS_PER_S * seconds
        name = f"speech gate, {seconds} s"
        yield measure_readings(name, gate.split, sounds, readings=readings, target_ms=target_ms)


def _measure_voice(data: Path | None, readings: int) -> Iterator[ReadingCost]:
    detector = find_voice_detector(settings().voice).load()
    for seconds in UTTERANCE_SECONDS:
        items = load_utterances(seconds, data)
        target_ms = VOICE_TARGET_MS.get(seconds)
        name = f"utterance of {seconds} s"
        yield measure_readings(name, detector.read, items, readings=readings, target_ms=target_ms)


def _measure_text(data: Path | None, readings: int) -> Iterator[ReadingCost]:
    detector = TextEmotion()
    for language, name in _LINE_NAMES.items():
        for before in (0, CONTEXT_LINES):
            items = load_lines(language, data, before=before)
            label = f"{name}, {before} before it" if before else name
            yield measure_readings(
                label,
                detector.read,
                items,
                readings=readings,
                target_ms=TEXT_TARGET_MS,
                prepare=build_primer(detector),
            )


def _build_table(costs: Sequence[ReadingCost]) -> Table:
    wall = [f"p{percent} ms" for percent in PERCENTILES]
    cpu = [f"CPU p{percent} ms" for percent in (50, 99)]
    table = Table("reading", *wall, *cpu, "aim: p99 ms", title="one reading, one core")
    for cost in costs:
        cells = [f"{cost.percentile(percent):.2f}" for percent in PERCENTILES]
        cells += [f"{cost.percentile(percent, cpu=True):.2f}" for percent in (50, 99)]
        table.add_row(cost.name, *cells, _target_cell(cost))
    return table


def _target_cell(cost: ReadingCost) -> str:
    if cost.target_ms is None:
        return ""
    wall_verdict, cpu_verdict = (
        "met" if cost.is_met(cpu=cpu) else "missed" for cpu in (False, True)
    )
    return f"{cost.target_ms:g}: {wall_verdict}, in CPU time {cpu_verdict}"


def _cost_figures(cost: ReadingCost) -> dict[str, Any]:
    return {
        "reading": cost.name,
        "n": len(cost.wall_ms),
        "wall_ms": {f"p{percent}": cost.percentile(percent) for percent in PERCENTILES},
        "cpu_ms": {f"p{percent}": cost.percentile(percent, cpu=True) for percent in PERCENTILES},
        "aim_p99_ms": cost.target_ms,
        "met": cost.is_met(),
        "met_in_cpu_time": cost.is_met(cpu=True),
    }


def _render(table: Table) -> str:
    with console.capture() as capture:
        console.print(table)
    return capture.get()
