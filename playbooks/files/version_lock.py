"""``playbooks.lock`` in the rules folder: which content each version of a playbook has.

A line per version: ``<id> <version> sha256:<content hash>``. Versions are only ever added, so
that "version 3 fired on Tuesday" means the same rule for everybody, for ever.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from playbooks.playbook import Playbook
    from playbooks.yaml_nodes import FileProblems

FILE = "playbooks.lock"

VersionKey = tuple[str, int]
"""A playbook's id and its version."""

_LINE = re.compile(r"(\S+) (\d{1,7}) sha256:([0-9a-f]{64})")
_HEADER = "# Written by `callmood playbooks lock`: a changed playbook takes a new version.\n"


@dataclass(frozen=True, slots=True)
class VersionLock:
    """The content hash of every version that was ever locked."""

    hashes: Mapping[VersionKey, str] = field(default_factory=dict)

    def latest_version(self, playbook_id: str) -> int:
        """The highest version of a playbook that is locked; 0 where none is."""
        return max((version for name, version in self.hashes if name == playbook_id), default=0)

    def find_problem(self, playbook: Playbook) -> str | None:
        """What is wrong with a playbook's version: ``what; what to do``."""
        version, latest = playbook.version, self.latest_version(playbook.playbook_id)
        locked_hash = self.hashes.get((playbook.playbook_id, version))
        if locked_hash is not None and locked_hash != playbook.content_hash:
            advice = f"give it version {latest + 1}, then run: callmood playbooks lock"
            return f"it was changed, but is still version {version}; {advice}"
        if version < latest:
            return f"version {version} is older than {latest}, which is locked; go on counting"
        return None

    def is_missing(self, playbook: Playbook) -> bool:
        """This version is not locked yet."""
        return (playbook.playbook_id, playbook.version) not in self.hashes

    def with_all(self, playbooks: Iterable[Playbook]) -> VersionLock:
        """The lock with the versions it lacks."""
        new = {(p.playbook_id, p.version): p.content_hash for p in playbooks if self.is_missing(p)}
        return VersionLock({**self.hashes, **new})

    def to_text(self) -> str:
        """As it is written down."""
        lines = (
            f"{name} {version} sha256:{content_hash}\n"
            for (name, version), content_hash in self._sort_hashes()
        )
        return _HEADER + "".join(lines)

    def _sort_hashes(self) -> list[tuple[VersionKey, str]]:
        return sorted(self.hashes.items())


def parse_lock(content: bytes, problems: FileProblems) -> VersionLock:
    """Read what `VersionLock.to_text` wrote; what is no such line is noted."""
    hashes: dict[VersionKey, str] = {}
    for number, line in enumerate(content.decode("utf-8", errors="replace").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        version = (match.group(1), int(match.group(2))) if match else None
        if match is None or version is None:
            problems.add(number, "not a line of a lock", "take the file from your version control")
        elif hashes.setdefault(version, match.group(3)) != match.group(3):
            what = f"{version[0]} {version[1]} is locked twice"
            problems.add(number, what, "take the file from your version control")
    return VersionLock(hashes)
