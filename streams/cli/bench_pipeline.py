"""``callmood bench line|screen``: what the whole pipeline costs, beside a plain loop."""

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
from detectors.registry import find_voice_detector, load
from streams.bench.pipeline import OutputReader, PipelineCost, scrape_metrics
from streams.bench.plain_loop import PlainCost, measure_plain
from streams.bench.rotated_recording import rotate
from streams.bench.screen_latency import open_page
from streams.cli.kafka import start_local
from streams.cli.replay import assign_call_ids, prepare_calls
from streams.cli.terminal import console, progress
from streams.ingest.replay.gateway import ReplayGateway
from streams.ingest.replay.played_call import ReplayInput, demo_calls
from streams.kafka.admin import ensure_topics
from streams.kafka.local.child_process import ChildProcess, start_child
from streams.settings import settings

if TYPE_CHECKING:
    from streams.ingest.replay.gateway import ReplayResult
    from streams.ingest.replay.played_call import ReplayCall

TARGET_CALLS_PER_CORE = 250
"""Concurrent two-channel calls a core: the design aim (docs/architecture.md)."""

READY_TIMEOUT_S = 60.0
QUIET_TIMEOUT_S = 3.0


@click.command()
@click.option("--calls", default=20, show_default=True, type=click.IntRange(1, 2_000))
@click.option("--seconds", default=60, show_default=True, type=click.IntRange(10, 3_600))
@click.option("--call", "path", type=click.Path(path_type=Path), help="Instead of the demo calls.")
@click.option("--json", "out", type=click.Path(path_type=Path), help="Write the figures here.")
def line(calls: int, seconds: int, path: Path | None, out: Path | None) -> None:
    """Replay CALLS at real-time speed through the real line, and through a plain loop.

    Prints the latency of each stage, CPU-seconds per call-second of the worker, the same for
    VAD, features and models in one loop without Kafka and Faust, and the ratio.
    """
    prepared = prepare_calls([ReplayInput(path)] if path else demo_calls())
    rotated_calls = [rotate(prepared[n % len(prepared)], n, seconds=seconds) for n in range(calls)]
    with console.status("the plain loop ..."):
        voice = find_voice_detector(settings().voice).load()
        sample = rotated_calls[: max(4, len(prepared))]
        plain = measure_plain(sample, voice=voice, text=load(Modality.TEXT))
    with ExitStack() as stack:
        worker, url, broker = _start_pipeline(stack)
        cost, cpu_s, replay_result = _replay_calls(rotated_calls, url=url, broker=broker)
        del worker
    figures = _build_figures(
        plain, cost, cpu_s=cpu_s, replay_result=replay_result, calls=calls, seconds=seconds
    )
    _print_figures(figures)
    if out is not None:
        out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


@click.command()
@click.argument("call", type=click.Path(path_type=Path))
@click.option("--json", "out", type=click.Path(path_type=Path), help="Write the figures here.")
def screen(call: Path, out: Path | None) -> None:
    """Replay CALL in real time with a real browser on the agent's page.

    Prints how long each stage takes, from the last audio sample of an utterance to the mood and
    the alert as painted by Chromium. Needs the `dev` extra and Chromium.
    """
    (prepared,) = prepare_calls([ReplayInput(call)])
    with ExitStack() as stack:
        _, _, broker = _start_pipeline(stack)
        env = {
            **os.environ,
            "CALLMOOD_KAFKA": broker,
            "CALLMOOD_HOME": str(_make_temporary_home(stack)),
        }
        log = settings().home.resolve() / "log" / "bench-desk.log"
        desk = start_child(
            "desk", [sys.executable, "-m", "streams.cli", "desk", "--port", "0"], log=log, env=env
        )
        stack.callback(desk.stop)
        url = desk.wait_for("desk:", timeout_s=READY_TIMEOUT_S)
        reader = OutputReader(broker, settings())
        stack.callback(reader.close)
        with open_page(f"{url}/agent/{prepared.sheet.agent_id}") as paint_times:
            gateway = ReplayGateway(broker, settings())
            stack.callback(gateway.close)
            with progress(f"playing {prepared.name}") as show:
                replay_result = gateway.play(assign_call_ids([prepared]), progress=show)
            messages = reader.read_messages(quiet_s=QUIET_TIMEOUT_S)
        cost = PipelineCost.from_messages(messages)
        paint_times.add_stages(cost, messages)
    figures = {
        "call": prepared.name,
        "seconds": prepared.recording.duration_ms / 1000,
        "gateway_late_ms": replay_result.max_delay_ms,
        **_latency_figures(cost),
    }
    click.echo(_render(_build_latency_table(figures)))
    click.echo(f"made: {figures['counts']}; gateway at most {replay_result.max_delay_ms} ms late")
    if out is not None:
        out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _make_temporary_home(stack: ExitStack) -> str:
    return stack.enter_context(TemporaryDirectory(prefix="callmood-bench-"))


def _start_pipeline(stack: ExitStack) -> tuple[ChildProcess, str, str]:
    config = settings()
    with console.status("starting Kafka and a worker ..."):
        broker = config.kafka
        if not broker:
            kafka = start_local(config, home=config.home / "bench-kafka")
            stack.callback(kafka.stop)
            broker = kafka.bootstrap
        ensure_topics(broker, config)
        env = {**os.environ, "CALLMOOD_KAFKA": broker, "PYTHONUNBUFFERED": "1"}
        log = config.home.resolve() / "log" / "bench-worker.log"
        command = [sys.executable, "-m", "streams.cli", "worker", "--metrics-port", "0"]
        worker = start_child("worker", command, log=log, env=env)
        stack.callback(worker.stop)
        url = worker.wait_for("worker: metrics at", timeout_s=READY_TIMEOUT_S)
        worker.wait_for("worker: listening", timeout_s=READY_TIMEOUT_S)
    return worker, url, broker


def _replay_calls(
    rotated_calls: list[ReplayCall], *, url: str, broker: str
) -> tuple[PipelineCost, float, ReplayResult]:
    reader = OutputReader(broker, settings())
    gateway = ReplayGateway(broker, settings())
    named_calls = [
        (f"{name}.{n}", call) for n, (name, call) in enumerate(assign_call_ids(rotated_calls))
    ]
    try:
        cpu_before_s = scrape_metrics(url)("process_cpu_seconds_total")
        with progress(f"{len(named_calls)} calls at real-time speed") as show:
            replay_result = gateway.play(named_calls, progress=show)
        cost = PipelineCost.from_messages(reader.read_messages(quiet_s=QUIET_TIMEOUT_S))
        return cost, scrape_metrics(url)("process_cpu_seconds_total") - cpu_before_s, replay_result
    finally:
        gateway.close()
        reader.close()


def _build_figures(  # noqa: PLR0913  (figures of one run)
    plain: PlainCost,
    cost: PipelineCost,
    *,
    cpu_s: float,
    replay_result: ReplayResult,
    calls: int,
    seconds: int,
) -> dict[str, object]:
    line_ratio = cpu_s / (calls * seconds)
    call_seconds = plain.call_seconds or 1.0
    plain_ratio = plain.total_s / call_seconds
    return {
        "calls": calls,
        "seconds": seconds,
        "gateway_late_ms": replay_result.max_delay_ms,
        **_latency_figures(cost),
        "line_cpu_per_call_second": line_ratio,
        "plain_cpu_per_call_second": plain_ratio,
        "plain_endpointing": plain.endpointing_s / call_seconds,
        "plain_voice": plain.voice_s / call_seconds,
        "plain_text": plain.text_s / call_seconds,
        "ratio": line_ratio / plain_ratio if plain_ratio else None,
        "calls_a_core": 1 / line_ratio if line_ratio else None,
    }


def _latency_figures(cost: PipelineCost) -> dict[str, object]:
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


def _build_latency_table(figures: dict[str, object]) -> Table:
    table = Table("stage", "n", "p50 ms", "p99 ms", title="latency")
    stages = figures["latency_ms"]
    for stage, stage_figures in stages.items() if isinstance(stages, dict) else ():
        table.add_row(
            stage,
            str(stage_figures["n"]),
            f"{stage_figures['p50']:.1f}",
            f"{stage_figures['p99']:.1f}",
        )
    return table


def _print_figures(figures: dict[str, object]) -> None:
    latency = _build_latency_table(figures)
    costs = Table("CPU-milliseconds per call-second", "", title="cost")
    for name, label in (
        ("line_cpu_per_call_second", "the pipeline (worker)"),
        ("plain_cpu_per_call_second", "the plain loop"),
        ("plain_endpointing", "  of which VAD and endpointing"),
        ("plain_voice", "  of which voice model, features in it"),
        ("plain_text", "  of which text model"),
    ):
        costs.add_row(label, f"{1000 * float(str(figures[name])):.2f}")
    for table in (latency, costs):
        click.echo(_render(table))
    click.echo(f"line / plain loop: {float(str(figures['ratio'])):.2f}")
    calls_per_core = float(str(figures["calls_a_core"]))
    click.echo(f"calls a core at this cost: {calls_per_core:.0f} (aim: {TARGET_CALLS_PER_CORE})")
    click.echo(f"made: {figures['counts']}; gateway at most {figures['gateway_late_ms']} ms late")


def _render(table: Table) -> str:
    with console.capture() as capture:
        console.print(table)
    return capture.get()
