"""``callmood topics``: the list, and making them."""

from __future__ import annotations

import json

import click

from streams.kafka.admin import ensure_topics, require_broker
from streams.settings import settings
from streams.topics import ALL_TOPICS, TOPICS


@click.group()
def topics() -> None:
    """Make and show the topics."""


@topics.command("list")
def list_topics() -> None:
    """Show what each topic carries and how long Kafka keeps it."""
    for topic in (each.limited_to(settings()) for each in ALL_TOPICS):
        days = topic.retention.days
        retention = f"{days} days" if days else f"{topic.retention.seconds // 3600} hours"
        if topic.message is None:
            retention = f"newest, {days} day{'s' * (days > 1)}"
        click.echo(f"{topic.name:40} {retention:16} {topic.description}")


@topics.command()
def create() -> None:
    """Make the topics that are missing, and bring the others to the retention of the settings."""
    config = settings()
    created = ensure_topics(require_broker(config), config)
    click.echo("\n".join(f"made {name}" for name in created) or "all topics are there")


@topics.command()
@click.argument("name", type=click.Choice([topic.name for topic in TOPICS]))
def schema(name: str) -> None:
    """Show the JSON Schema of a topic's messages."""
    message = next(topic.message for topic in TOPICS if topic.name == name)
    if message is not None:
        click.echo(json.dumps(message.model_json_schema(), indent=2, ensure_ascii=False))
