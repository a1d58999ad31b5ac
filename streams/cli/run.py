"""``callmood run``: the whole line on this machine, with calls to listen to."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from streams.cli.interrupts import end_on_signals
from streams.cli.kafka import start_local
from streams.cli.replay import FILE, KEEP_CLIPS, called_by, name_all, prepare_all
from streams.cli.terminal import console, progress
from streams.ingest.replay.gateway import Replay
from streams.ingest.replay.played_call import Given, PlayedCall, demo_calls
from streams.kafka.admin import BrokerError, ensure_topics, lag
from streams.kafka.local import address
from streams.kafka.local.child_process import Child, ChildError, start_child
from streams.settings import Settings, settings

if TYPE_CHECKING:
    from pathlib import Path

READY_S = 60.0
DONE_S = 60.0
"""``--once`` waits this long for the worker to be done."""

LOOK_S = 0.5


@click.command()
@click.argument("calls", nargs=-1, type=FILE)
@click.option("--speed", default=1.0, show_default=True, type=click.FloatRange(0.1, 100))
@click.option("--once", is_flag=True, help="End when the calls are over and read.")
@click.option("--agent", type=FILE, help="The agent's side, where CALL is the customer's alone.")
@click.option("--caller", help="The number that CALLs come from; only its keyed hash travels.")
@click.option(
    "--customer-only", is_flag=True, help="Nobody but the customer is heard on a mono CALL."
)
@KEEP_CLIPS
def run(  # noqa: PLR0913  (one parameter an option)
    *,
    calls: tuple[Path, ...],
    speed: float,
    once: bool,
    agent: Path | None,
    caller: str | None,
    customer_only: bool,
    keep_clips: bool,
) -> None:
    """Start Kafka, worker and desk here, and play CALLs (or the two demo calls).

    A CALL is a WAV or FLAC file (stereo: agent left, customer right). callmood does not recognise
    speech: words come from NAME.jsonl beside NAME.wav, the call's facts from NAME.json; without
    them only the voice is read. docs/recordings.md says what is in these files.

    CALLMOOD_PORT sets the desk's port, CALLMOOD_KAFKA uses an existing cluster. While it runs,
    `callmood replay` and all others find its Kafka, if their CALLMOOD_HOME is the same.
    """
    if agent and len(calls) != 1:
        message = "--agent belongs to one CALL; use stereo files for several"
        raise click.UsageError(message)
    given = [
        Given(path, agent, customer_only=customer_only, keep_clips=keep_clips) for path in calls
    ] or demo_calls()
    ready = prepare_all(called_by(given, caller))
    end_on_signals()
    with ExitStack() as stack:
        try:
            line = _start(settings(), stack)
            _play(name_all(ready), line, speed=speed)
            if once:
                _wait_until_done(line)
            else:
                _stay(line)
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
    click.echo(f"kafka: {broker}")
    click.echo(f"desk: {url}")
    return _Line(here, broker, children)


def _broker(here: Settings, stack: ExitStack) -> str:
    if known := here.kafka or address.running(here.kafka_home):
        return known
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


def _wait_until_done(line: _Line) -> None:
    """Until the worker has acknowledged everything; after `DONE_S` say what is left."""
    deadline = time.monotonic() + DONE_S
    with console.status("the worker reads the rest ..."):
        while left := lag(line.broker, line.settings):
            _refuse_dead(line.children)
            if time.monotonic() > deadline:
                message = f"{left} messages are not read after {DONE_S:.0f} s"
                raise BrokerError(message)
            time.sleep(LOOK_S)


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
