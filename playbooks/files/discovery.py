"""Which files of a folder are rule files: the same answer for who loads and who watches."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SUFFIXES = frozenset({".yaml", ".yml"})
_NOT_RULES = (".", "~", "#")
"""Beginnings of names that are no rules: what editors, mounts (``..data``) and version control
keep beside them. Backups such as ``x.yaml~`` and ``x.yaml.swp`` have another ending anyway."""


def rule_files(path: Path) -> list[Path]:
    """Every rule file in ``path``, a folder with all below it or one file, in name order.

    Links to files and folders are followed, each folder once. A link that leads nowhere is
    listed: a rule that cannot be read is a problem, and must not pass for one that is gone.

    Raises:
        OSError: a folder cannot be read. A ``path`` that is not there has no files.
    """
    if path.is_file():
        return [path]
    if not path.exists():
        return []
    return sorted(file for folder in _folders(path) for file in _rules_in(folder))


def _folders(top: Path) -> Iterator[Path]:
    seen = set[str]()
    for name, below, _ in os.walk(top, followlinks=True, onerror=_refuse):
        real = os.path.realpath(name)
        if real in seen:
            below.clear()
            continue
        seen.add(real)
        below[:] = sorted(one for one in below if not one.startswith(_NOT_RULES))
        yield Path(name)


def _refuse(error: OSError) -> None:
    raise error


def _rules_in(folder: Path) -> Iterator[Path]:
    for file in folder.iterdir():
        named_so = file.suffix in SUFFIXES and not file.name.startswith(_NOT_RULES)
        if named_so and not file.is_dir():
            yield file
