"""``callmood worker``: the processors, in one process. Start as many as there are cores."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys

import click
from prometheus_client import start_http_server

from streams.cli.terminal import configure_logging
from streams.kafka.admin import broker_address, ensure_topics
from streams.settings import settings
from streams.worker import Worker

log = logging.getLogger("callmood.worker")


@click.command()
@click.option("--metrics-port", type=int, help="Where /metrics is shown; 0: a free port.")
def worker(metrics_port: int | None) -> None:
    """Listen to the calls on Kafka: find utterances, read them, advise."""
    here = settings()
    configure_logging(here.log_level)
    broker = broker_address(here)
    # Before Kafka is asked anything: a model that does not load is told of at once.
    one = Worker(here, broker=broker, on_ready=_say_ready)
    ensure_topics(broker, here)
    port = here.worker_metrics_port if metrics_port is None else metrics_port
    server, _ = start_http_server(port, addr=here.host)
    click.echo(f"worker: metrics at http://{here.host}:{server.server_port}/metrics")
    sys.exit(asyncio.run(_run(one)))


def _say_ready() -> None:
    click.echo("worker: listening")
    sys.stdout.flush()


async def _run(one: Worker) -> int:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, one.ask_to_stop)
    looks = set[asyncio.Task[None]]()
    loop.add_signal_handler(signal.SIGHUP, _hung_up, one, looks, _in_terminal())
    return await one.run()


def _hung_up(one: Worker, looks: set[asyncio.Task[None]], in_terminal: bool) -> None:  # noqa: FBT001
    """SIGHUP: look at the rules now; or, as ever, end with the terminal that was closed."""
    if in_terminal and not _in_terminal():
        one.ask_to_stop()
        return
    look = asyncio.get_running_loop().create_task(one.look_at_rules_now())
    looks.add(look)
    look.add_done_callback(looks.discard)


def _in_terminal() -> bool:
    """Whether the standard input is a terminal that is still there."""
    return os.isatty(0)
