"""Faults that the user can mend, each in one line: what, where, what to do."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from streams.environment import PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails, ValidationError


def describe_error(error: OSError | ValueError) -> str:
    """What the user can mend; empty where the fault is the program's own."""
    if isinstance(error, OSError):
        return describe_os_error(error)
    pydantic_core = sys.modules.get("pydantic_core")  # where it is not loaded, it raised nothing
    if pydantic_core is not None and isinstance(error, pydantic_core.ValidationError):
        return describe_validation_error(error)
    return ""


def describe_validation_error(error: ValidationError) -> str:
    """Name every setting that is wrong; other values, which are not the user's, as they are."""
    faults = error.errors(include_url=False, include_context=False)
    if error.title != "Settings":
        return " ".join(str(error).split())
    return "; ".join(map(_describe_setting, faults)) + " (docs/settings.md explains them)"


def _describe_setting(fault: ErrorDetails) -> str:
    name = ".".join(map(str, fault["loc"])).upper().removeprefix(PREFIX)
    problem = fault["msg"][0].lower() + fault["msg"][1:]
    return f"{PREFIX}{name}={fault['input']}: {problem}"


def describe_os_error(error: OSError, environment: Mapping[str, str] = os.environ) -> str:
    """Name the file, and the setting that leads there."""
    if error.errno == errno.EADDRINUSE:
        return (
            "a port is taken by another program: choose another with CALLMOOD_PORT, "
            "CALLMOOD_WORKER_METRICS_PORT or CALLMOOD_GATEWAY_METRICS_PORT (0: a free one)"
        )
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        place = f"{os.fsdecode(error.filename)}: " if error.filename else ""
        return f"{place}the disk is full: free some, or use a folder on another disk"
    problem = error.strerror or str(error) or type(error).__name__
    if error.filename is None:
        return f"the system refused: {problem}"
    name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else "a file"
    return f"{name}: {problem}; {_suggest_remedy(Path(name), environment)}"


def _suggest_remedy(path: Path, environment: Mapping[str, str]) -> str:
    for setting, default in (("CALLMOOD_CACHE", "~/.cache/callmood"), ("CALLMOOD_HOME", "var")):
        folder = Path(environment.get(setting) or default).expanduser().absolute()
        if path.absolute() == folder or folder in path.absolute().parents:
            return f"set {setting} to a folder that you may write to"
        if path.absolute() in folder.parents:
            return f"{setting} lies below it: set it to a folder that you may write to"
    return "check its permissions and its disk"
