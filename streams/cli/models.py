"""`callmood models`: which models there are, under which licence, and whether one holds."""

from __future__ import annotations

import click

from streams.cli.lazy_group import LazyCommand, LazyGroup

COMMANDS = {
    "list": LazyCommand("streams.cli.model_list:list_models", "List the detectors."),
    "check": LazyCommand("streams.cli.model_check:check", "Try a voice model of your own."),
}


@click.group(cls=LazyGroup, lazy_commands=COMMANDS)
def models() -> None:
    """Show and check the models behind the readings."""
