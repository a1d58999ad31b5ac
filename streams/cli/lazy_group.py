"""Groups whose heavy commands are imported only when somebody uses them."""

from __future__ import annotations

import importlib
from typing import Any

import click


class LazyCommandGroup(click.Group):
    """A group with some commands that live in modules of their own.

    ``late`` says where, by the command's name: ``dry-run`` is the attribute ``dry_run`` of that
    module.
    """

    def __init__(self, *args: Any, late: dict[str, str], **options: Any) -> None:
        super().__init__(*args, **options)
        self._command_modules = late

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Those that are here, then the others."""
        return [*super().list_commands(ctx), *self._command_modules]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import it, if it is one of the others."""
        if cmd_name not in self._command_modules:
            return super().get_command(ctx, cmd_name)
        module = importlib.import_module(self._command_modules[cmd_name])
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command
