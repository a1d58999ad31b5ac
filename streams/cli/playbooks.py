"""``callmood playbooks``: are the rules sound, and do they do what their tests claim?"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from detectors.utterance import Language
from playbooks.files.loader import (
    SCHEMA,
    PlaybookError,
    load_library,
    load_lists,
    load_lock,
    lock_file,
)
from playbooks.review.mutation_testing import mutants, unnoticed
from playbooks.review.test_runner import run_library
from streams.cli.lazy_group import LateGroup

if TYPE_CHECKING:
    from playbooks.engine.rulebook import Rulebook

_WHERE = click.argument("where", metavar="[DIR]", required=False, type=click.Path(path_type=Path))


@click.group(cls=LateGroup, late={"dry-run": "streams.cli.dry_run"})
def playbooks() -> None:
    """Check, test, try out playbooks. DIR is a folder or a file; else the built-in library."""


@playbooks.command()
@_WHERE
def check(where: Path | None) -> None:
    """Read every playbook; name every problem with its file and line."""
    library = _loaded(where)
    known = load_lock(where, [])
    for playbook in library:
        levels = " > ".join(rung.level for rung in playbook.rungs)
        tests = f"{len(playbook.cases)} tests"
        name = f"{playbook.playbook_id} v{playbook.version}"
        click.echo(f"{name:28} {tests:9} {levels:29} {playbook.title[Language.ENGLISH]}")
    click.echo(f"{_counted(library)}, no problems")
    if lacking := [playbook.playbook_id for playbook in library if known.lacks(playbook)]:
        click.echo(f"not locked yet: {', '.join(lacking)}; run: callmood playbooks lock")


@playbooks.command()
@_WHERE
@click.option("--mutations", is_flag=True, help="Are the tests good enough?")
def test(where: Path | None, *, mutations: bool) -> None:
    """Run the tests inside the playbooks.

    With --mutations each condition is taken away, one after the other: where no test of the
    playbook fails then, it is said which condition has no test.
    """
    library = _loaded(where)
    outcomes = run_library(library)
    failed = [outcome for outcome in outcomes if not outcome.passed]
    for outcome in outcomes:
        mark = "ok" if outcome.passed else "FAILED"
        click.echo(f"{mark:6} {outcome.playbook.playbook_id:22} {outcome.case.name}")
    for outcome in failed:
        click.echo(f"{outcome.case.where}: “{outcome.case.name}”: {outcome.difference}", err=True)
    click.echo(f"{len(outcomes)} tests of {_counted(library)}, {len(failed)} failed")
    untested = _untested(library, where) if mutations else 0
    sys.exit(1 if failed or untested else 0)


def _untested(library: Rulebook, where: Path | None) -> int:
    """Say which conditions could be taken away, and return how many."""
    lists = load_lists(where).values()
    shared = {f for words in lists for friends in words.but_not.values() for f in friends}
    found = [(p, name) for p in library for name in unnoticed(p, shared=shared)]
    for playbook, name in found:
        first = playbook.cases[0].where
        click.echo(f"{first}: {playbook.playbook_id}: its tests pass also with: {name}", err=True)
    tried = sum(1 for playbook in library for _ in mutants(playbook.when))
    click.echo(f"{tried} conditions taken away one by one, {len(found)} that no test misses")
    return len(found)


@playbooks.command()
@_WHERE
def lock(where: Path | None) -> None:
    """Tie every version to its content: a playbook that changes later needs a new version.

    Writes playbooks.lock in DIR. Versions are only ever added to it.
    """
    library = _loaded(where)
    lines: list[str] = []
    known = load_lock(where, lines)
    new = [playbook for playbook in library if known.lacks(playbook)]
    _write_whole(lock_file(where), known.with_all(library).text())
    for playbook in new:
        click.echo(f"locked {playbook.playbook_id} v{playbook.version}")
    click.echo(f"{lock_file(where)}: {len(new)} new of {_counted(library)}")


@playbooks.command()
def schema() -> None:
    """Print the JSON Schema of a playbook file, for editors."""
    click.echo(SCHEMA.read_text(encoding="utf-8"), nl=False)


def _write_whole(file: Path, text: str) -> None:
    """The whole file or none: a worker may be looking."""
    unfinished = file.with_suffix(f".{os.getpid()}.part")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(file)
    except OSError as error:
        click.echo(f"{file}: cannot be written ({error.strerror}); nothing was locked", err=True)
        sys.exit(1)


def _counted(library: Rulebook) -> str:
    return f"{len(library)} playbook{'s' * (len(library) != 1)}"


def _loaded(where: Path | None) -> Rulebook:
    try:
        return load_library(where)
    except PlaybookError as error:
        click.echo(error, err=True)
        count = len(error.problems)
        click.echo(f"{count} problem{'s' * (count > 1)}; nothing was loaded", err=True)
        sys.exit(1)
