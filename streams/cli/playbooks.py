"""``callmood playbooks``: are the rules sound, and do they do what their tests claim?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from detectors.utterance import Language
from playbooks.checks import run_library
from playbooks.loading import PlaybookError, load_library
from streams.cli.late import LateGroup

if TYPE_CHECKING:
    from playbooks.playbook import Playbook

_WHERE = click.argument("where", metavar="[DIR]", required=False, type=click.Path(path_type=Path))


@click.group(cls=LateGroup, late={"dry-run": "streams.cli.dry_run"})
def playbooks() -> None:
    """Check, test, try out playbooks. DIR is a folder or a file; else the built-in library."""


@playbooks.command()
@_WHERE
def check(where: Path | None) -> None:
    """Read every playbook; name every problem with its file and line."""
    library = _loaded(where)
    for playbook in library:
        levels = " > ".join(rung.level for rung in playbook.rungs)
        tests = f"{len(playbook.cases)} tests"
        name = f"{playbook.playbook_id} v{playbook.version}"
        click.echo(f"{name:28} {tests:9} {levels:29} {playbook.title[Language.ENGLISH]}")
    click.echo(f"{len(library)} playbooks, no problems")


@playbooks.command()
@_WHERE
def test(where: Path | None) -> None:
    """Run the tests inside the playbooks."""
    library = _loaded(where)
    outcomes = run_library(library)
    failed = [outcome for outcome in outcomes if not outcome.passed]
    for outcome in outcomes:
        mark = "ok" if outcome.passed else "FAILED"
        click.echo(f"{mark:6} {outcome.playbook.playbook_id:22} {outcome.case.name}")
    for outcome in failed:
        click.echo(f"{outcome.case.where}: “{outcome.case.name}”: {outcome.difference}", err=True)
    click.echo(f"{len(outcomes)} tests of {len(library)} playbooks, {len(failed)} failed")
    sys.exit(1 if failed else 0)


def _loaded(where: Path | None) -> tuple[Playbook, ...]:
    try:
        return load_library(where)
    except PlaybookError as error:
        click.echo(error, err=True)
        count = len(error.problems)
        click.echo(f"{count} problem{'s' * (count > 1)}; nothing was loaded", err=True)
        sys.exit(1)
