"""Which files of a folder are rule files: the same answer for who loads and who watches."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SUFFIXES = frozenset({".yaml", ".yml"})
_IGNORED_PREFIXES = (".", "~", "#")
"""Beginnings of names that are no rules: what editors, mounts (``..data``) and version control
keep beside them. Backups such as ``x.yaml~`` and ``x.yaml.swp`` have another ending anyway."""


def find_rule_files(path: Path) -> list[Path]:
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
    return sorted(file for folder in _walk_folders(path) for file in _iterate_rule_files(folder))


def _walk_folders(top: Path) -> Iterator[Path]:
    seen = set[str]()
    for name, subfolders, _ in os.walk(top, followlinks=True, onerror=_raise_error):
        real_path = os.path.realpath(name)
        if real_path in seen:
            subfolders.clear()
            continue
        seen.add(real_path)
        subfolders[:] = sorted(
            folder_name
            for folder_name in subfolders
            if not folder_name.startswith(_IGNORED_PREFIXES)
        )
        yield Path(name)


def _raise_error(error: OSError) -> None:
    raise error


def _iterate_rule_files(folder: Path) -> Iterator[Path]:
    for file in folder.iterdir():
        has_rule_name = file.suffix in SUFFIXES and not file.name.startswith(_IGNORED_PREFIXES)
        if has_rule_name and not file.is_dir():
            yield file
