"""A group of commands that are imported only when somebody uses them."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SHORT_HELP = 65
"""Characters of a summary that is taken from a docstring: with its name, a line."""


@dataclass(frozen=True, slots=True)
class LazyCommand:
    """Where a command is, and what ``--help`` of its group says of it.

    Attributes:
        target: ``module:attribute``.
        summary: one line; it stands for the command's own, which would have to be imported.
        is_hidden: it works, but is not listed: an old name.
    """

    target: str
    summary: str
    is_hidden: bool = False

    def load(self) -> click.Command:
        """Import it.

        Raises:
            TypeError: there is no command in that place.
        """
        module, _, attribute = self.target.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            message = f"{self.target} is no command"
            raise TypeError(message)
        return command


class LazyGroup(click.Group):
    """A group that lists ``lazy_commands`` from their summaries, in the given order.

    Commands that were added to it in the ordinary way come first.
    """

    def __init__(
        self, *args: Any, lazy_commands: Mapping[str, LazyCommand], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.lazy_commands = lazy_commands

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, the hidden ones among them."""
        return [*super().list_commands(ctx), *self.lazy_commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported if need be."""
        entry = self.lazy_commands.get(cmd_name)
        return super().get_command(ctx, cmd_name) if entry is None else entry.load()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List them without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._summarize(ctx)))

    def _summarize(self, ctx: click.Context) -> Iterator[tuple[str, str]]:
        for name in self.list_commands(ctx):
            if name not in self.lazy_commands:
                yield name, self.commands[name].get_short_help_str(SHORT_HELP)
            elif not self.lazy_commands[name].is_hidden:
                yield name, self.lazy_commands[name].summary
