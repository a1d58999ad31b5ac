"""``callmood run``: the whole line on this machine, with calls to listen to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deploy.children import Child, ChildError, start_child
from streams.admin import ensure_topics
from streams.cli.kafka import start_local
from streams.cli.replay import name_all, prepare_all
from streams.cli.screen import console, progress
from streams.ingest.playing import Given, PlayedCall, demo_calls
from streams.ingest.replay import Replay
from streams.settings import Settings, settings

if TYPE_CHECKING:
    from types import FrameType

READY_S = 60.0


@click.command()
@click.argument("calls", nargs=-1, type=click.Path(path_type=Path))
@click.option("--speed", default=1.0, show_default=True, type=click.FloatRange(0.1, 100))
@click.option("--once", is_flag=True, help="End when the calls are over.")
def run(calls: tuple[Path, ...], speed: float, *, once: bool) -> None:
    """Start Kafka, worker and desk here, and play CALLs (or the two demo calls).

    CALLMOOD_PORT sets the desk's port, CALLMOOD_KAFKA uses an existing cluster.
    """
    ready = prepare_all([Given(path) for path in calls] or demo_calls())
    for number in (signal.SIGINT, signal.SIGTERM):
        # SIGINT too: a shell that starts us in the background has it ignored.
        signal.signal(number, _interrupt)
    with ExitStack() as stack:
        try:
            children = _start(settings(), stack)
            _play(name_all(ready), children, speed=speed)
            if not once:
                _stay(children)
        except KeyboardInterrupt:
            click.echo("\nstopping ...")
        except ChildError as error:
            raise click.ClickException(str(error)) from None


class _Line:
    """What runs: where its broker is, and its processes."""

    def __init__(self, here: Settings, broker: str, children: list[Child]) -> None:
        self.settings, self.broker, self.children = here, broker, children


def _start(here: Settings, stack: ExitStack) -> _Line:
    with console.status("starting Kafka ..."):
        broker = _broker(here, stack)
        ensure_topics(broker, here)
    env = {**os.environ, "CALLMOOD_KAFKA": broker, "PYTHONUNBUFFERED": "1"}
    logs = here.home.resolve() / "log"
    with console.status("starting worker and desk ..."):
        children = []
        for name in ("worker", "desk"):
            command = [sys.executable, "-m", "streams.cli", name]
            child = start_child(name, command, log=logs / f"{name}.log", env=env)
            stack.callback(child.stop)
            children.append(child)
        worker, desk = children
        url = desk.wait_for("desk:", timeout_s=READY_S)
        worker.wait_for("worker: listening", timeout_s=READY_S)
    click.echo(f"desk: {url}")
    return _Line(here, broker, children)


def _broker(here: Settings, stack: ExitStack) -> str:
    if here.kafka:
        return here.kafka
    kafka = start_local(here)
    stack.callback(kafka.stop)
    return kafka.bootstrap


def _play(named: list[tuple[str, PlayedCall]], line: _Line, *, speed: float) -> None:
    gateway = Replay(line.broker, line.settings)
    names = ", ".join(call.name for _, call in named)
    try:
        with progress(f"playing {names}") as show:

            def shown(done: int, whole: int) -> None:
                show(done, whole)
                _refuse_dead(line.children)

            gateway.play(named, speed=speed, progress=shown)
    finally:
        gateway.close()


def _stay(line: _Line) -> None:
    click.echo("the calls are over; the desk stays until Ctrl-C")
    while True:
        for child in line.children:
            try:
                child.process.wait(timeout=1.0)
            except subprocess.TimeoutExpired:
                continue
            raise ChildError(child.obituary())


def _refuse_dead(children: list[Child]) -> None:
    for child in children:
        if child.process.poll() is not None:
            raise ChildError(child.obituary())


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
