"""``callmood worker``: the processors, in one process. Start as many as there are cores."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from functools import partial

import click

from streams.cli.metrics_server import serve_metrics
from streams.cli.terminal import configure_logging
from streams.kafka.admin import broker_address, ensure_topics
from streams.settings import settings
from streams.worker import Worker

log = logging.getLogger("callmood.worker")


@click.command()
@click.option("--metrics-port", type=int, help="Where /metrics is shown; 0: a free port.")
def worker(metrics_port: int | None) -> None:
    """Listen to the calls on Kafka: find utterances, read them, advise."""
    config = settings()
    configure_logging(config.log_level)
    broker = broker_address(config)
    # Before Kafka is asked anything: a model that does not load is told of at once.
    service = Worker(config, broker=broker, on_ready=_print_ready)
    ensure_topics(broker, config)
    port = config.worker_metrics_port if metrics_port is None else metrics_port
    serve_metrics("worker", host=config.host, port=port, setting="CALLMOOD_WORKER_METRICS_PORT")
    sys.exit(asyncio.run(_run(service)))


def _print_ready() -> None:
    click.echo("worker: listening")
    sys.stdout.flush()


async def _run(service: Worker) -> int:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, service.request_stop)
    reload_tasks = set[asyncio.Task[None]]()
    on_hangup = partial(_handle_hangup, service, reload_tasks, had_terminal=_has_terminal())
    loop.add_signal_handler(signal.SIGHUP, on_hangup)
    return await service.run()


def _handle_hangup(
    service: Worker, reload_tasks: set[asyncio.Task[None]], *, had_terminal: bool
) -> None:
    """SIGHUP: look at the rules now; or, as ever, end with the terminal that was closed."""
    if had_terminal and not _has_terminal():
        service.request_stop()
        return
    reload_task = asyncio.get_running_loop().create_task(service.reload_rules_now())
    reload_tasks.add(reload_task)
    reload_task.add_done_callback(reload_tasks.discard)


def _has_terminal() -> bool:
    """Whether the standard input is a terminal that is still there."""
    return os.isatty(0)
