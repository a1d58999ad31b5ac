"""``callmood bench``: speed is measured, never tested."""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click
from rich.table import Table

from detectors.reading import Modality
from detectors.registry import load, voice_at
from streams.bench.pipeline import LineCost, OutputReader, scrape
from streams.bench.plain_loop import PlainCost, measure_plain
from streams.bench.rotated_recording import rotated
from streams.cli.bench_detectors import detectors
from streams.cli.bench_dry_run import dry_run
from streams.cli.bench_playbooks import playbooks
from streams.cli.kafka import start_local
from streams.cli.replay import name_all, prepare_all
from streams.cli.terminal import console, progress
from streams.ingest.replay.gateway import Replay
from streams.ingest.replay.played_call import Given, demo_calls
from streams.kafka.admin import ensure_topics
from streams.kafka.local.child_process import Child, start_child
from streams.settings import settings

if TYPE_CHECKING:
    from streams.ingest.replay.gateway import Played
    from streams.ingest.replay.played_call import PlayedCall

AIM = 250
"""Concurrent two-channel calls a core: the design aim (docs/architecture.md)."""

READY_S = 60.0
QUIET_S = 3.0


@click.group()
def bench() -> None:
    """Measure the line. Quote ratios within one run: machines differ, and so do hours."""


bench.add_command(detectors)
bench.add_command(dry_run)
bench.add_command(playbooks)


@bench.command()
@click.option("--calls", default=20, show_default=True, type=click.IntRange(1, 2_000))
@click.option("--seconds", default=60, show_default=True, type=click.IntRange(10, 3_600))
@click.option("--call", "path", type=click.Path(path_type=Path), help="Instead of the demo calls.")
@click.option("--json", "out", type=click.Path(path_type=Path), help="Write the figures here.")
def line(calls: int, seconds: int, path: Path | None, out: Path | None) -> None:
    """Replay CALLS at real-time speed through the real line, and through a plain loop.

    Prints the latency of each stage, CPU-seconds per call-second of the worker, the same for
    VAD, features and models in one loop without Kafka and Faust, and the ratio.
    """
    ready = prepare_all([Given(path)] if path else demo_calls())
    played_calls = [rotated(ready[n % len(ready)], n, seconds=seconds) for n in range(calls)]
    with console.status("the plain loop ..."):
        voice = voice_at(settings().voice).load()
        few = played_calls[: max(4, len(ready))]
        plain = measure_plain(few, voice=voice, text=load(Modality.TEXT))
    with ExitStack() as stack:
        worker, url, broker = _start(stack)
        cost, cpu_s, played = _run(played_calls, url=url, broker=broker)
        del worker
    figures = _figures(plain, cost, cpu_s=cpu_s, played=played, calls=calls, seconds=seconds)
    _show(figures)
    if out is not None:
        out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


@bench.command()
@click.argument("call", type=click.Path(path_type=Path))
@click.option("--json", "out", type=click.Path(path_type=Path), help="Write the figures here.")
def screen(call: Path, out: Path | None) -> None:
    """Replay CALL in real time with a real browser on the agent's page.

    Prints how long each stage takes, from the last audio sample of an utterance to the mood and
    the alert as painted by Chromium. Needs the `dev` extra and Chromium.
    """
    from streams.bench.screen_latency import watched  # noqa: PLC0415  (playwright is no run-time need)

    (ready,) = prepare_all([Given(call)])
    with ExitStack() as stack:
        _, _, broker = _start(stack)
        env = {**os.environ, "CALLMOOD_KAFKA": broker, "CALLMOOD_HOME": str(_scratch(stack))}
        log = settings().home.resolve() / "log" / "bench-desk.log"
        desk = start_child(
            "desk", [sys.executable, "-m", "streams.cli", "desk", "--port", "0"], log=log, env=env
        )
        stack.callback(desk.stop)
        url = desk.wait_for("desk:", timeout_s=READY_S)
        reader = OutputReader(broker)
        stack.callback(reader.close)
        with watched(f"{url}/agent/{ready.sheet.agent_id}") as seen:
            gateway = Replay(broker, settings())
            stack.callback(gateway.close)
            with progress(f"playing {ready.name}") as show:
                played = gateway.play(name_all([ready]), progress=show)
            messages = reader.messages(quiet_s=QUIET_S)
        cost = LineCost.of(messages)
        seen.add_to(cost, messages)
    figures = {
        "call": ready.name,
        "seconds": ready.recording.duration_ms / 1000,
        "gateway_late_ms": played.late_ms,
        **_latencies(cost),
    }
    click.echo(_rendered(_latency_table(figures)))
    click.echo(f"made: {figures['counts']}; gateway at most {played.late_ms} ms late")
    if out is not None:
        out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _scratch(stack: ExitStack) -> str:
    return stack.enter_context(TemporaryDirectory(prefix="callmood-bench-"))


def _start(stack: ExitStack) -> tuple[Child, str, str]:
    here = settings()
    with console.status("starting Kafka and a worker ..."):
        broker = here.kafka
        if not broker:
            kafka = start_local(here, home=here.home / "bench-kafka")
            stack.callback(kafka.stop)
            broker = kafka.bootstrap
        ensure_topics(broker, here)
        env = {**os.environ, "CALLMOOD_KAFKA": broker, "PYTHONUNBUFFERED": "1"}
        log = here.home.resolve() / "log" / "bench-worker.log"
        command = [sys.executable, "-m", "streams.cli", "worker", "--metrics-port", "0"]
        worker = start_child("worker", command, log=log, env=env)
        stack.callback(worker.stop)
        url = worker.wait_for("worker: metrics at", timeout_s=READY_S)
        worker.wait_for("worker: listening", timeout_s=READY_S)
    return worker, url, broker


def _run(
    played_calls: list[PlayedCall], *, url: str, broker: str
) -> tuple[LineCost, float, Played]:
    reader = OutputReader(broker)
    gateway = Replay(broker, settings())
    named = [(f"{name}.{n}", call) for n, (name, call) in enumerate(name_all(played_calls))]
    try:
        before = scrape(url)("process_cpu_seconds_total")
        with progress(f"{len(named)} calls at real-time speed") as show:
            played = gateway.play(named, progress=show)
        cost = LineCost.of(reader.messages(quiet_s=QUIET_S))
        return cost, scrape(url)("process_cpu_seconds_total") - before, played
    finally:
        gateway.close()
        reader.close()


def _figures(  # noqa: PLR0913  (figures of one run)
    plain: PlainCost, cost: LineCost, *, cpu_s: float, played: Played, calls: int, seconds: int
) -> dict[str, object]:
    line_ratio = cpu_s / (calls * seconds)
    per = plain.call_seconds or 1.0
    plain_ratio = plain.total_s / per
    return {
        "calls": calls,
        "seconds": seconds,
        "gateway_late_ms": played.late_ms,
        **_latencies(cost),
        "line_cpu_per_call_second": line_ratio,
        "plain_cpu_per_call_second": plain_ratio,
        "plain_endpointing": plain.endpointing_s / per,
        "plain_voice": plain.voice_s / per,
        "plain_text": plain.text_s / per,
        "ratio": line_ratio / plain_ratio if plain_ratio else None,
        "calls_a_core": 1 / line_ratio if line_ratio else None,
    }


def _latencies(cost: LineCost) -> dict[str, object]:
    return {
        "counts": dict(cost.counts),
        "latency_ms": {
            stage: {
                **dict(zip(("p50", "p99"), cost.quantiles(stage), strict=True)),
                "n": len(cost.stages[stage]),
            }
            for stage in sorted(cost.stages)
        },
    }


def _latency_table(figures: dict[str, object]) -> Table:
    latency = Table("stage", "n", "p50 ms", "p99 ms", title="latency")
    stages = figures["latency_ms"]
    for stage, one in stages.items() if isinstance(stages, dict) else ():
        latency.add_row(stage, str(one["n"]), f"{one['p50']:.1f}", f"{one['p99']:.1f}")
    return latency


def _show(figures: dict[str, object]) -> None:
    latency = _latency_table(figures)
    costs = Table("CPU-milliseconds per call-second", "", title="cost")
    for name, label in (
        ("line_cpu_per_call_second", "the line (worker)"),
        ("plain_cpu_per_call_second", "the plain loop"),
        ("plain_endpointing", "  of which VAD and endpointing"),
        ("plain_voice", "  of which voice model, features in it"),
        ("plain_text", "  of which text model"),
    ):
        costs.add_row(label, f"{1000 * float(str(figures[name])):.2f}")
    for table in (latency, costs):
        click.echo(_rendered(table))
    click.echo(f"line / plain loop: {float(str(figures['ratio'])):.2f}")
    core = float(str(figures["calls_a_core"]))
    click.echo(f"calls a core at this cost: {core:.0f} (aim: {AIM})")
    click.echo(f"made: {figures['counts']}; gateway at most {figures['gateway_late_ms']} ms late")


def _rendered(table: Table) -> str:
    with console.capture() as shown:
        console.print(table)
    return shown.get()
