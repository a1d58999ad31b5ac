"""``callmood run``: the whole line on this machine, with calls to listen to."""

from __future__ import annotations

import os
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from streams.cli.interrupts import end_on_signals
from streams.cli.kafka import start_local
from streams.cli.replay import (
    FILE,
    KEEP_CLIPS,
    assign_call_ids,
    open_gateway,
    prepare_calls,
    with_caller,
)
from streams.cli.run_lock import hold_run_lock
from streams.cli.terminal import console, progress
from streams.home import prepare_home
from streams.ingest.replay.played_call import ReplayCall, ReplayInput, demo_calls
from streams.kafka.admin import ensure_topics, lag
from streams.kafka.connection import BrokerError
from streams.kafka.local import address
from streams.kafka.local.broker import KafkaStartError, LocalKafka
from streams.kafka.local.child_process import ChildError, ChildProcess, start_child
from streams.settings import Settings, settings
from streams.site.server import bind_socket

if TYPE_CHECKING:
    from pathlib import Path

READY_TIMEOUT_S = 60.0
DRAIN_TIMEOUT_S = 60.0
"""``--once`` waits this long for the worker to be done."""

POLL_S = 0.5


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

    A CALL is a recording (stereo: agent left, customer right; WAV, FLAC, MP3, Ogg, AIFF, AU or
    CAF). callmood does not recognise speech: words come from NAME.jsonl beside NAME.wav, the
    call's facts from NAME.json; without them only the voice is read. docs/recordings.md says what
    is in these files.

    CALLMOOD_PORT sets the desk's port, CALLMOOD_KAFKA uses an existing cluster. While it runs,
    `callmood replay` and all others find its Kafka, if their CALLMOOD_HOME is the same.
    """
    if agent and len(calls) != 1:
        message = "--agent belongs to one CALL; use stereo files for several"
        raise click.UsageError(message)
    call_inputs = [
        ReplayInput(path, agent, customer_only=customer_only, keep_clips=keep_clips)
        for path in calls
    ] or demo_calls()
    config = settings()
    with ExitStack() as stack:
        lock = stack.enter_context(hold_run_lock(prepare_home(config.home)))
        bind_socket(config.host, config.port).close()  # before all that takes its time
        prepared = prepare_calls(with_caller(call_inputs, caller))
        end_on_signals()
        try:
            local_stack = _start_local_stack(config, stack)
            lock.publish(local_stack.desk_url)
            _play_calls(assign_call_ids(prepared), local_stack, speed=speed)
            if once:
                _wait_until_done(local_stack)
            else:
                _wait_for_interrupt(local_stack)
        except KeyboardInterrupt:
            click.echo("\nstopping ...")


@dataclass(frozen=True, slots=True)
class _LocalStack:
    """What runs.

    Attributes:
        broker: where Kafka is.
        kafka: the one that was started for this run; ``None``: it was there before.
    """

    settings: Settings
    broker: str
    children: list[ChildProcess]
    kafka: LocalKafka | None = None
    desk_url: str = ""

    def require_all_alive(self) -> None:
        """Notice that one ended.

        Raises:
            ChildError: worker or desk.
            KafkaStartError: Kafka.
        """
        if self.kafka and not self.kafka.is_alive:
            raise KafkaStartError(self.kafka.exit_report())
        for child in self.children:
            if child.process.poll() is not None:
                raise ChildError(child.exit_report())


def _start_local_stack(config: Settings, stack: ExitStack) -> _LocalStack:
    with console.status("starting Kafka ..."):
        broker, kafka = _find_broker(config, stack)
        ensure_topics(broker, config)
    env = {**os.environ, "CALLMOOD_KAFKA": broker, "PYTHONUNBUFFERED": "1"}
    logs = config.home.resolve() / "log"
    with console.status("starting worker and desk ..."):
        children = []
        for name in ("worker", "desk"):
            command = [sys.executable, "-m", "streams.cli", name]
            child = start_child(name, command, log=logs / f"{name}.log", env=env)
            stack.callback(child.stop)
            children.append(child)
        worker, desk = children
        url = desk.wait_for("desk:", timeout_s=READY_TIMEOUT_S)
        worker.wait_for("worker: listening", timeout_s=READY_TIMEOUT_S)
    click.echo(f"kafka: {broker}")
    click.echo(f"desk: {url}")
    return _LocalStack(config, broker, children, kafka, url)


def _find_broker(config: Settings, stack: ExitStack) -> tuple[str, LocalKafka | None]:
    if bootstrap := config.kafka or address.find_running_broker(config.kafka_home):
        return bootstrap, None
    kafka = start_local(config)
    stack.callback(kafka.stop)
    return kafka.bootstrap, kafka


def _play_calls(
    named_calls: list[tuple[str, ReplayCall]], local_stack: _LocalStack, *, speed: float
) -> None:
    title = f"playing {', '.join(call.name for _, call in named_calls)}"
    with (
        open_gateway(local_stack.broker, local_stack.settings) as gateway,
        progress(title) as show,
    ):

        def show_progress(done: int, whole: int) -> None:
            show(done, whole)
            local_stack.require_all_alive()

        try:
            gateway.play(named_calls, speed=speed, progress=show_progress)
        except BrokerError:
            local_stack.require_all_alive()  # why it does not answer, where that is known
            raise


def _wait_until_done(local_stack: _LocalStack) -> None:
    """Until the worker has acknowledged everything; after `DRAIN_TIMEOUT_S` say what is left."""
    deadline = time.monotonic() + DRAIN_TIMEOUT_S
    with console.status("the worker reads the rest ..."):
        while unread_count := lag(local_stack.broker, local_stack.settings):
            local_stack.require_all_alive()
            if time.monotonic() > deadline:
                message = f"{unread_count} messages are not read after {DRAIN_TIMEOUT_S:.0f} s"
                raise BrokerError(message)
            time.sleep(POLL_S)


def _wait_for_interrupt(local_stack: _LocalStack) -> None:
    click.echo("the calls are over; the desk stays until Ctrl-C")
    while True:
        local_stack.require_all_alive()
        time.sleep(POLL_S)
