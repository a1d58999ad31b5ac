"""``callmood settings``: what is set, and what it means."""

from __future__ import annotations

import click

from streams.settings import Settings
from streams.settings import settings as read_settings


@click.command()
def settings() -> None:
    """Show each setting, its value now, and what it means."""
    config = read_settings()
    for name, field in Settings.model_fields.items():
        click.echo(f"CALLMOOD_{name.upper()} = {getattr(config, name)}")
        click.echo(f"    {field.description}")
