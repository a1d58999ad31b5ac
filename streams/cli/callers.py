"""``callmood callers``: the right to be forgotten."""

from __future__ import annotations

import re
import sys

import click

from streams.cloudevents import now
from streams.ingest.caller_hash import HASH_DIGITS, CallerHasher, load_caller_key
from streams.kafka.admin import ensure_topics, require_broker
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import BlockingProducer
from streams.messages.callers import CallerEvent
from streams.settings import Settings, settings
from streams.topics import CALLER_EVENTS

SOURCE = "/callmood/callers"


@click.group()
def callers() -> None:
    """Forget a caller."""


@callers.command()
@click.option("--number", help="The caller's number; -: read it from the standard input.")
@click.option("--hash", "known", help="The caller's keyed hash, as the desk's database has it.")
def forget(*, number: str | None, known: str | None) -> None:
    """Forget every earlier call of a caller, in Kafka and on the desk.

    With --number this needs the key that the gateways hash with.
    """
    config = settings()
    caller = _resolve_caller(config, number=number, caller_hash=known)
    broker = require_broker(config)
    ensure_topics(broker, config, alter=False)
    _send(broker, config, CallerEvent(event="forgotten", caller=caller, at=now()))
    click.echo(f"caller {caller} is forgotten, as soon as a worker and the desk read it")


def _resolve_caller(config: Settings, *, number: str | None, caller_hash: str | None) -> str:
    if (number is None) == (caller_hash is None):
        message = "say who: --number NUMBER or --hash HASH"
        raise click.UsageError(message)
    if caller_hash is not None:
        if not re.fullmatch(rf"[0-9a-f]{{{HASH_DIGITS}}}", caller_hash):
            message = f"--hash is {HASH_DIGITS} of the digits 0-9 and a-f"
            raise click.UsageError(message)
        return caller_hash
    text = sys.stdin.readline() if number == "-" else number or ""
    return _hash_number(config, text)


def _hash_number(config: Settings, number: str) -> str:
    """The number's hash; a key that was never made has hashed nobody."""
    if not config.caller_key.exists():
        message = f"there is no key at {config.caller_key}: point CALLMOOD_CALLER_KEY_FILE to it"
        raise click.ClickException(message)
    caller = CallerHasher(load_caller_key(config.caller_key), config.region).hash_number(number)
    if not caller:
        message = (
            f"--number is no telephone number (its country, if it names none: {config.region})"
        )
        raise click.UsageError(message)
    return caller


def _send(broker: str, config: Settings, event: CallerEvent) -> None:
    connection = KafkaConnection.from_settings(broker, config)
    producer = BlockingProducer(connection, source=SOURCE, client_id="callmood-callers")
    try:
        producer.send(CALLER_EVENTS.name, event)
        producer.flush()
    finally:
        producer.close()
