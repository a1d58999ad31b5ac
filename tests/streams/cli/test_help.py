"""What `--help` shows, and what it costs: no command is imported to be listed."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from streams.cli import cli
from streams.cli.lazy_group import LazyGroup


def walk(group: click.Group, *path: str) -> list[tuple[str, ...]]:
    """Every command and every group below, by the words that lead there."""
    context = click.Context(group)
    paths = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        paths.append((*path, name))
        if isinstance(command, click.Group):
            paths += walk(command, *path, name)
    return paths


@pytest.mark.parametrize("words", [(), *walk(cli)], ids=" ".join)
def test_every_help_is_shown_without_marks_of_its_layout(words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(cli, [*words, "--help"])
    assert result.exit_code == 0, result.output
    assert "\\b" not in result.output
    assert "\b" not in result.output


def test_the_first_commands_are_shown_line_by_line() -> None:
    result = CliRunner().invoke(cli, ["--help"])
    lines = [line.strip() for line in result.output.splitlines()]
    assert "callmood run my.wav       your own recording" in lines
    assert "Then:         callmood playbooks test   what the alerts are made of" in lines


@pytest.mark.parametrize(
    "words", [["--help"], ["evaluate", "--help"], ["models", "--help"], ["bench", "--help"]]
)
def test_a_list_of_commands_imports_none_of_them(words: list[str]) -> None:
    script = (
        "import sys; from streams.cli import cli; cli.main(sys.argv[1:], standalone_mode=False);"
        "print([name for name in ('numpy', 'kafka', 'pydantic', 'rich') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_every_group_with_lazy_commands_lists_all_but_the_hidden_ones() -> None:
    evaluate = cli.get_command(click.Context(cli), "evaluate")
    assert isinstance(evaluate, LazyGroup)
    result = CliRunner().invoke(cli, ["evaluate", "--help"])
    for name, entry in evaluate.lazy_commands.items():
        assert (f"\n  {name} " in result.output) is not entry.is_hidden


def test_the_old_name_of_baselines_works_and_says_what_it_is_called_now() -> None:
    missing = ["evaluate", "yardsticks", "--data", "/nowhere", "--without-opensmile"]
    result = CliRunner().invoke(cli, missing)
    assert "It is called `callmood evaluate baselines` now." in result.stderr
    assert "/nowhere" in result.stderr
