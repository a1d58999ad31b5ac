"""What a user can mend ends a command in its own words, whichever module it comes from."""

from __future__ import annotations

import ast
import builtins
import subprocess
from pathlib import Path

INTERNAL = {
    "ContractError",  # a claim about a voice model: `models check` prints it
    "LimitReachedError",  # the worker ends itself, in order
    "MessageError",  # becomes a dead letter
    "PatternError",  # with its place in the file it becomes a line of a PlaybookError
    "BagError",  # a problem of a bundle, in the list that `verify` prints
    "DeskLockedError",  # becomes a StoreError that names the first desk
    "OutboxFullError",  # the answer 503
    "SchemaError",  # becomes a StoreError that names the database
    "PhraseError",  # the same
    "RecordLineError",  # counted, and told with its line
    "TooManySubscribersError",  # the answer 503
    "UnusableUtteranceError",  # no reading of this utterance
}
"""Errors that the program itself answers; every other one must be a `CallmoodError`."""


def _error_classes() -> list[tuple[str, set[str]]]:
    files = subprocess.run(
        ["git", "ls-files", "detectors/*.py", "playbooks/*.py", "streams/*.py"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    return [
        (node.name, {base.id for base in node.bases if isinstance(base, ast.Name)})
        for file in files
        for node in ast.walk(ast.parse(Path(file).read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    ]


def test_every_public_error_is_one_for_the_user_or_is_answered_by_the_program() -> None:
    plain = {
        name
        for name, bases in _error_classes()
        if any(_is_builtin_error(base) for base in bases)
        and "CallmoodError" not in bases
        and not name.startswith("_")
    }
    assert plain - {"CallmoodError"} == INTERNAL


def _is_builtin_error(name: str) -> bool:
    value = getattr(builtins, name, None)
    return isinstance(value, type) and issubclass(value, BaseException)
