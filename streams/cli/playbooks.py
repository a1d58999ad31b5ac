"""``callmood playbooks``: are the rules sound, and do they do what their tests claim?"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from detectors.utterance import Language
from playbooks.conditions.reason_wording import word_reason
from playbooks.files.loader import (
    SCHEMA,
    PlaybookError,
    find_lock_file,
    load_library,
    load_lock,
    load_word_lists,
)
from playbooks.review.mutation_testing import find_surviving_mutants
from playbooks.review.test_runner import run_library
from streams.cli.lazy_group import LazyCommand, LazyGroup
from streams.site.translations import load_catalogue

if TYPE_CHECKING:
    from playbooks.alert import Alert
    from playbooks.engine.rulebook import Rulebook

_WHERE = click.argument("where", metavar="[DIR]", required=False, type=click.Path(path_type=Path))


DRY_RUN = LazyCommand(
    "streams.cli.dry_run:dry_run", "Play recorded calls through changed rules; show what differs."
)


@click.group(cls=LazyGroup, lazy_commands={"dry-run": DRY_RUN})
def playbooks() -> None:
    """Check, test, try out playbooks. DIR is a folder or a file; else the built-in library."""


@playbooks.command()
@_WHERE
def check(where: Path | None) -> None:
    """Read every playbook; name every problem with its file and line."""
    library = _load_or_exit(where)
    version_lock = load_lock(where, [])
    for playbook in library:
        levels = " > ".join(rung.level for rung in playbook.rungs)
        tests = f"{len(playbook.cases)} tests"
        name = f"{playbook.playbook_id} v{playbook.version}"
        click.echo(f"{name:28} {tests:9} {levels:29} {playbook.title[Language.ENGLISH]}")
    click.echo(f"{_format_count(library)}, no problems")
    if unlocked := [
        playbook.playbook_id for playbook in library if version_lock.is_missing(playbook)
    ]:
        click.echo(f"not locked yet: {', '.join(unlocked)}; run: callmood playbooks lock")


@playbooks.command()
@_WHERE
@click.option("--mutations", is_flag=True, help="Are the tests good enough?")
def test(where: Path | None, *, mutations: bool) -> None:
    """Run the tests inside the playbooks.

    With --mutations each condition is taken away, one after the other: where no test of the
    playbook fails then, it is said which condition has no test.
    """
    library = _load_or_exit(where)
    outcomes = run_library(library)
    failed = [outcome for outcome in outcomes if not outcome.passed]
    for outcome in outcomes:
        mark = "ok" if outcome.passed else "FAILED"
        click.echo(f"{mark:6} {outcome.playbook.playbook_id:22} {outcome.case.name}")
    for outcome in failed:
        click.echo(
            f"{outcome.case.location}: “{outcome.case.name}”: {outcome.difference}", err=True
        )
        for alert in outcome.alerts:
            click.echo(f"  {_explain_alert(alert)}", err=True)
    click.echo(f"{len(outcomes)} tests of {_format_count(library)}, {len(failed)} failed")
    untested = _report_untested(library, where) if mutations else 0
    sys.exit(1 if failed or untested else 0)


def _explain_alert(alert: Alert) -> str:
    """When an alert came, and why."""
    words = load_catalogue(Language.ENGLISH)
    reasons = "; ".join(word_reason(reason, words) for reason in alert.reasons)
    return f"{alert.at_ms / 1000:g}s {alert.level}: {reasons or 'no reasons'}"


def _report_untested(library: Rulebook, where: Path | None) -> int:
    """Say which conditions could be taken away, and return how many."""
    lists = load_word_lists(where).values()
    shared = {
        exclusion
        for word_list in lists
        for exclusions in word_list.exclusions.values()
        for exclusion in exclusions
    }
    untested = [
        (p, name) for p in library for name in find_surviving_mutants(p, shared_exclusions=shared)
    ]
    for playbook, name in untested:
        first = playbook.cases[0].location
        click.echo(f"{first}: {playbook.playbook_id}: its tests pass also with: {name}", err=True)
    mutant_count = sum(1 for playbook in library for _ in playbook.when.mutations())
    click.echo(
        f"{mutant_count} conditions taken away one by one, {len(untested)} that no test misses"
    )
    return len(untested)


@playbooks.command()
@_WHERE
def lock(where: Path | None) -> None:
    """Tie every version to its content: a playbook that changes later needs a new version.

    Writes playbooks.lock in DIR. Versions are only ever added to it.
    """
    library = _load_or_exit(where)
    lines: list[str] = []
    version_lock = load_lock(where, lines)
    unlocked = [playbook for playbook in library if version_lock.is_missing(playbook)]
    _write_atomically(find_lock_file(where), version_lock.with_all(library).to_text())
    for playbook in unlocked:
        click.echo(f"locked {playbook.playbook_id} v{playbook.version}")
    click.echo(f"{find_lock_file(where)}: {len(unlocked)} new of {_format_count(library)}")


@playbooks.command()
def schema() -> None:
    """Print the JSON Schema of a playbook file, for editors."""
    click.echo(SCHEMA.read_text(encoding="utf-8"), nl=False)


def _write_atomically(file: Path, text: str) -> None:
    """The whole file or none: a worker may be looking."""
    temporary = file.with_suffix(f".{os.getpid()}.part")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(file)
    except OSError as error:
        click.echo(f"{file}: cannot be written ({error.strerror}); nothing was locked", err=True)
        sys.exit(1)


def _format_count(library: Rulebook) -> str:
    return f"{len(library)} playbook{'s' * (len(library) != 1)}"


def _load_or_exit(where: Path | None) -> Rulebook:
    try:
        return load_library(where)
    except PlaybookError as error:
        click.echo(error, err=True)
        count = len(error.problems)
        click.echo(f"{count} problem{'s' * (count > 1)}; nothing was loaded", err=True)
        sys.exit(1)
